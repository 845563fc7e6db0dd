"""Originals and their mixtures: grids in colour or grey in which a place is the same image on every panel."""

from __future__ import annotations

from typing import Any

import numpy as np

from zeta_geom.checks import check_int, check_real, host_array
from zeta_geom.plots.names import as_text, lettered

__all__ = ["picture_grid"]


@lettered
def picture_grid(ax: Any, images: Any, *, columns: int = 6, gap: float = 0.06, title: str = "") -> Any:
    """Draw images as one grid, row by row, in colour or grey, all on the same scale from black to white.

    Levels are drawn as they are: a mixture that is paler than its originals is seen to be so. A pixel's place is
    counted in images: image k lies at column k mod `columns` and row k // `columns` of the axes' data coordinates.

    Parameters
    ----------
    ax : matplotlib Axes
    images : array of shape (n, H, W), or (n, H, W, 3) in colour
        uint8 0..255, or floating 0..1.
    columns : int
        Images in a row.
    gap : float
        Between images, as a share of an image's width; white.
    title : str

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If shape, dtype or range is wrong, `columns` is below 1, or `gap` is not in [0, 0.9].

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = picture_grid(Figure().subplots(), np.zeros((5, 8, 8, 3)), columns=3)
    >>> len(ax.images), float(ax.get_xlim()[1])
    (5, 2.94)
    """
    levels = _unit_levels(images)
    columns, gap = check_int(columns, "columns", low=1), check_real(gap, "gap", low=0, high=0.9)
    n, height, width = levels.shape[:3]
    rows, shape = -(-n // columns), height / width
    for k, image in enumerate(levels):
        top, left = k // columns, k % columns
        box = (left, left + 1 - gap, (top + 1) * shape - gap, top * shape)
        look = {"cmap": "gray", "vmin": 0, "vmax": 1} if image.ndim == 2 else {}
        ax.imshow(image, extent=box, interpolation="antialiased", **look)
    ax.set(xlim=(0, columns - gap), ylim=(rows * shape - gap, 0), aspect="equal", title=as_text(title))
    ax.set_axis_off()
    return ax


def _unit_levels(images: Any) -> np.ndarray:
    levels = host_array(images, "images")
    if levels.ndim not in (3, 4) or levels.shape[3:] not in ((), (3,)) or not levels.size:
        raise ValueError(f"images must have shape (n, H, W) or (n, H, W, 3), n at least 1; got {levels.shape}.")
    if levels.dtype == np.uint8:
        return levels / np.float32(255)
    if levels.dtype.kind != "f":
        raise TypeError(f"images must be uint8 0..255 or floating 0..1; got {levels.dtype}. Divide by their white.")
    if not ((levels >= -1e-3) & (levels <= 1 + 1e-3)).all():  # mixtures round
        raise ValueError(f"floating images must lie in [0, 1]; got {levels.min()} to {levels.max()}.")
    return levels.clip(0, 1)
