"""Images: grids in grey or in colour, one image alone, and its soft label as bars."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from zeta_geom.checks import check_int, check_real, host_array, real_array
from zeta_geom.checks.types import ArrayLike
from zeta_geom.plots.names import as_text, lettered

INK = "gray_r"  # dark on white: less ink on paper, and frames in colour stand out
GAP = 2  # pixels between the images of a grid: room for a frame of 1.1 points


@lettered
def image_grid(
    ax: Axes,
    images: ArrayLike,
    *,
    columns: int = 10,
    marked: Iterable[int] = (),
    color: str = "black",
    title: str = "",
) -> Axes:
    """Draw many grey images as one grid, row by row, with a frame around some of them.

    Parameters
    ----------
    ax, images : matplotlib Axes, and array of shape (n, H, W)
        Axes to draw on, and grey levels: 0 is drawn white, the largest value of all images black.
    columns, marked : int, and ints
        Number of images in a row, and indices of the images that get a frame, numbered from 1 in this order.
    color, title : str
        Colour of the frames, and title of the axes.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If the shape is wrong, or an index in `marked` is out of range.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> image_grid(Figure().subplots(), np.ones((6, 8, 8)), columns=3, marked=[4]).images[0].get_array().shape
    (22, 32)
    """
    images = real_array(images, "images")
    columns = check_int(columns, "columns", low=1)
    if images.ndim != 3 or not images.size:
        raise ValueError(f"images must have shape (n, H, W), without a 0; got shape {images.shape}.")
    n, height, width = images.shape
    rows = -(-n // columns)
    canvas = np.zeros((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP))  # a gap around them, for frames
    corners = [(GAP + k // columns * (height + GAP), GAP + k % columns * (width + GAP)) for k in range(n)]
    for image, (top, left) in zip(images, corners):
        canvas[top : top + height, left : left + width] = image
    ax.imshow(canvas, cmap=INK, vmin=0, interpolation="nearest")
    for number, k in enumerate(marked, start=1):
        top, left = corners[check_int(k, "marked", low=0, high=n - 1)]
        _frame(ax, left, top, width, height, color, str(number))
    ax.set_title(as_text(title))
    ax.set_axis_off()
    return ax


@lettered
def picture_grid(ax: Axes, images: ArrayLike, *, columns: int = 6, gap: float = 0.06, title: str = "") -> Axes:
    """Draw images as one grid, row by row, in colour or grey, all on the same scale from black to white.

    The unit of the axes is the width of an image: image k is at column k mod `columns` and row k // `columns`.

    Parameters
    ----------
    ax, images : matplotlib Axes, and array of shape (n, H, W), or (n, H, W, 3) in colour
        Axes to draw on, and images with levels uint8 0..255, or floating 0..1.
    columns, gap : int and float
        Number of images in a row, and the space between images as a share of an image's width.
    title : str
        Title of the axes.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If shape, dtype or range is wrong, `columns` is below 1, or `gap` is not in [0, 0.9] and below H / W.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> len(picture_grid(Figure().subplots(), np.zeros((5, 8, 8, 3)), columns=3).images)
    5
    """
    levels = _unit_levels(images)
    columns, gap = check_int(columns, "columns", low=1), check_real(gap, "gap", low=0, high=0.9)
    n, height, width = levels.shape[:3]
    rows, shape = -(-n // columns), height / width
    if gap >= shape:
        raise ValueError(f"gap must be below the height of an image, {shape:g} of its width; got {gap:g}.")
    for k, image in enumerate(levels):
        top, left = k // columns, k % columns
        box = (left, left + 1 - gap, (top + 1) * shape - gap, top * shape)
        look: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": 1} if image.ndim == 2 else {}
        ax.imshow(image, extent=box, interpolation="antialiased", **look)
    ax.set(xlim=(0, columns - gap), ylim=(rows * shape - gap, 0), aspect="equal", title=as_text(title))
    ax.set_axis_off()
    return ax


def picture(ax: Axes, image: ArrayLike, *, color: str = "black") -> Axes:
    """Draw one grey image in a coloured frame.

    Parameters
    ----------
    ax, image : matplotlib Axes, and array of shape (H, W)
        Axes to draw on, and grey levels: 0 is drawn white, the largest value black.
    color : str
        The colour of the frame.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If the shape is wrong.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> picture(Figure().subplots(), np.eye(8)).images[0].get_array().shape
    (8, 8)
    """
    image = real_array(image, "image")
    if image.ndim != 2 or not image.size:
        raise ValueError(f"image must have shape (H, W), without a 0; got shape {image.shape}.")
    ax.imshow(image, cmap=INK, vmin=0, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, edgecolor=color, linewidth=1.2)
    return ax


def soft_label_bars(ax: Axes, label: ArrayLike, predicted: ArrayLike | None = None, *, color: str = "black") -> Axes:
    """Draw a soft label as one bar for each class, and a prediction for the same image as dots on stems.

    Parameters
    ----------
    ax, label, predicted : matplotlib Axes, and float arrays of shape (K,)
        Axes to draw on, and shares from 0 to 1: the label, and optionally a prediction, drawn in black.
    color : str
        The colour of the bars.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If a shape is wrong or a share lies outside [0, 1].

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> len(soft_label_bars(Figure().subplots(), [0.7, 0.3, 0], [0.1, 0.1, 0.8]).patches)
    3
    """
    label = _shares(label, "label")
    classes = np.arange(len(label))
    ax.bar(classes, label, width=0.8, color=color, label="soft label")
    if predicted is not None:
        predicted = _shares(predicted, "predicted")
        if len(predicted) != len(label):
            raise ValueError(f"predicted must have the {len(label)} classes of label; got {len(predicted)}.")
        ax.vlines(classes, 0, predicted, color="black", lw=0.7)
        ax.plot(classes, predicted, "o", color="black", ms=2.2, clip_on=False, label="oracle", zorder=3)
    ax.set(xlim=(-0.7, len(label) - 0.3), ylim=(0, 1), xticks=classes, yticks=(0, 0.5, 1))
    ax.set_yticklabels(("0", "", "1"))
    return ax


def _unit_levels(images: ArrayLike) -> np.ndarray:
    levels = host_array(images, "images")
    if levels.ndim not in (3, 4) or levels.shape[3:] not in ((), (3,)) or not levels.size:
        raise ValueError(f"images must have shape (n, H, W) or (n, H, W, 3), n at least 1; got {levels.shape}.")
    if levels.dtype == np.uint8:
        return levels / np.float32(255)
    if levels.dtype.kind != "f":
        raise TypeError(f"images must be uint8 0..255 or floating 0..1; got {levels.dtype}. Divide by white's level.")
    if not ((levels >= -1e-3) & (levels <= 1 + 1e-3)).all():  # mixtures round
        raise ValueError(f"floating images must lie in [0, 1]; got {levels.min()} to {levels.max()}.")
    return levels.clip(0, 1)


def _shares(values: ArrayLike, name: str) -> np.ndarray:
    shares = real_array(values, name).astype(np.float64)
    if shares.ndim != 1 or not len(shares):
        raise ValueError(f"{name} must have shape (K,); got shape {shares.shape}.")
    if not ((shares >= -1e-6) & (shares <= 1 + 1e-6)).all():  # float32 labels round
        raise ValueError(f"{name} must lie in [0, 1]; got values from {shares.min()} to {shares.max()}.")
    return shares


def _frame(ax: Axes, left: int, top: int, width: int, height: int, color: str, text: str) -> None:
    edge = (left - 1.5, top - 1.5)  # pixel k reaches from k - 0.5 to k + 0.5
    ax.add_patch(Rectangle(edge, width + 2, height + 2, fill=False, edgecolor=color, lw=1.1))
    ax.text(left, top, text, color=color, fontsize=5.5, fontweight="bold", va="top", ha="left")
