"""Feature space: a map of classes with test samples as squares, test images with predictions, and rows of means."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from zeta_geom.checks import check_labels, check_points, real_array
from zeta_geom.checks.types import ArrayLike
from zeta_geom.plots.images import picture
from zeta_geom.plots.names import ROW, as_label, lettered
from zeta_geom.plots.style import METHOD_COLORS, OKABE_ITO

CLASS_COLORS = (
    *(OKABE_ITO[name] for name in ("blue", "orange", "green", "vermillion", "purple", "sky", "yellow", "grey")),
    "#6B3E00",  # a shade of orange
    "#9AD8C1",  # a tint of green
)


@lettered
def class_map(
    ax: Axes,
    train_xy: ArrayLike,
    train_labels: ArrayLike,
    class_names: Sequence[str],
    test_xy: ArrayLike | None = None,
    test_labels: ArrayLike | None = None,
) -> Axes:
    """Draw training samples as dots in the colour of their class, test samples as squares, and the classes' names.

    Parameters
    ----------
    ax, train_xy, test_xy : matplotlib Axes, and float arrays of shape (n, 2) and (q, 2)
        Axes to draw on, and training and test samples on the map.
    train_labels, test_labels : int arrays of shape (n,) and (q,), or (n, 1) and (q, 1)
        Their classes, which give the colours.
    class_names : sequence of K str
        One for each class, written on the training sample nearest to the median of the class.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If a shape is wrong, a label has no name, or there are more classes than colours.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> len(class_map(Figure().subplots(), [[0.0, 0.0], [1.0, 1.0]], [0, 1], ["a", "b"]).texts)
    2
    """
    if len(class_names) > len(CLASS_COLORS):
        raise ValueError(
            f"class_names must hold at most {len(CLASS_COLORS)} names, one per colour; got {len(class_names)}."
        )
    colors = np.array(CLASS_COLORS)
    xy, labels = _labelled(train_xy, train_labels, "train", len(class_names))
    ax.scatter(xy[:, 0], xy[:, 1], c=colors[labels], s=3, linewidths=0, alpha=0.55, rasterized=True, zorder=1)
    if test_xy is not None:
        squares, truth = _labelled(test_xy, test_labels, "test", len(class_names))
        look: dict[str, Any] = {"marker": "s", "edgecolors": "black", "linewidths": 0.8, "zorder": 2}
        ax.scatter(squares[:, 0], squares[:, 1], c=colors[truth], s=42, **look)
        if max(map(len, class_names)) == 1:  # a letter fits into a square, so that colour is not the only sign
            thin = [withStroke(linewidth=1, foreground="white")]
            for place, label in zip(squares, truth):
                look = {"ha": "center", "va": "center_baseline", "fontsize": 5, "path_effects": thin}
                ax.text(float(place[0]), float(place[1]), as_label(class_names[label]), **look)
    for label in np.unique(labels):
        members = xy[labels == label]
        centre = members[np.linalg.norm(members - np.median(members, axis=0), axis=1).argmin()]
        outline = withStroke(linewidth=2.5, foreground="white")
        look = {"ha": "center", "va": "center", "fontweight": "bold", "path_effects": [outline]}
        ax.text(float(centre[0]), float(centre[1]), as_label(class_names[label]), **look)
    ax.set_aspect("equal", adjustable="datalim")
    return ax


@lettered
def predicted_picture(ax: Axes, image: ArrayLike, truth: str, predictions: Mapping[str, str]) -> Axes:
    """Draw a grey image with its class above it and each method's predicted class below it, in the method's colour.

    Parameters
    ----------
    ax, image : matplotlib Axes, and array of shape (H, W)
        Axes to draw on, and grey levels: 0 is drawn white, the largest value black.
    truth, predictions : str, and mapping of str to str
        Name of the true class, and a key of METHOD_COLORS -> name of the predicted class, from left to right.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> predicted_picture(Figure().subplots(), np.eye(4), "4", {"erm": "9", "zeta": "4"}).texts[0].get_text()
    '9'
    """
    picture(ax, image)
    ax.set_title(as_label(truth), fontsize=7, pad=2)
    for place, (method, name) in enumerate(predictions.items()):
        x = (place + 0.5) / len(predictions)
        look: dict[str, Any] = {"color": METHOD_COLORS[method], "fontsize": 7, "fontweight": "bold"}
        ax.text(x, -0.06, as_label(name), ha="center", va="top", transform=ax.transAxes, **look)
    return ax


@lettered
def interval_rows(
    ax: Axes, means: ArrayLike, lows: ArrayLike, highs: ArrayLike, seeds: Sequence[ArrayLike], names: Sequence[str]
) -> Axes:
    """Draw a row for each name: the mean and its interval, as a bar and in numbers, and a dot for each seed below.

    Parameters
    ----------
    ax, means, lows, highs : matplotlib Axes, and float arrays of shape (rows,)
        Axes to draw on, means, and the ends of their intervals.
    seeds, names : sequences of float arrays and of str
        Values of the single seeds for each mean, and names from top to bottom.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> interval_rows(Figure().subplots(), [1.0], [0.5], [1.5], [[0.8, 1.2]], ["all"]).get_yticklabels()[0].get_text()
    'all'
    """
    columns = [_numbers(values, name) for values, name in ((means, "means"), (lows, "lows"), (highs, "highs"))]
    several = seeds if isinstance(seeds, (tuple, list)) else np.atleast_1d(real_array(seeds, "seeds"))
    dots = [_numbers(values, "seeds") for values in several]
    lengths = [*map(len, columns), len(dots), len(names)]
    if len(set(lengths)) > 1:
        raise ValueError(f"means, lows, highs, seeds and names must have equal lengths; got {lengths}.")
    rows = -np.arange(len(names))
    for row, mean, low, high, values in zip(rows, *columns, dots):
        ax.plot(values, np.full(len(values), row - 0.2), "o", color=OKABE_ITO["sky"], ms=3, zorder=1)
        ax.text(mean, row + 0.18, f"{mean:+.1f} [{low:+.1f}, {high:+.1f}]", ha="center", va="bottom", fontsize=7)
        ax.errorbar(
            mean, row, xerr=[[mean - low], [high - mean]], fmt="D", color="black", ms=3.5, capsize=3, zorder=2
        )
    ax.axvline(0, color=OKABE_ITO["grey"], lw=0.8, ls=":")
    ax.set(yticks=rows, yticklabels=[as_label(name, ROW) for name in names], ylim=(rows[-1] - 0.6, 0.7))
    return ax


def _numbers(values: ArrayLike, name: str) -> np.ndarray:
    numbers = real_array(values, name)
    if numbers.ndim != 1:
        raise ValueError(f"{name} must have one axis; got shape {numbers.shape}.")
    return numbers.astype(np.float64)


def _labelled(xy: ArrayLike, labels: ArrayLike | None, name: str, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    points = check_points(xy, f"{name}_xy")
    if points.shape[1] != 2:
        raise ValueError(f"{name}_xy must have two columns; got shape {points.shape}.")
    labels = check_labels(labels, f"{name}_labels", n=len(points), n_classes=n_classes)
    if labels.ndim != 1:
        raise ValueError(f"{name}_labels must be classes, int (n,); got shape {labels.shape}.")
    return points, labels
