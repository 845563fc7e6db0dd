"""Densities of bounded quantities, such as an entropy, which is never negative."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from zeta_geom.checks import check_choice, check_int, check_real, real_array
from zeta_geom.checks.types import ArrayLike
from zeta_geom.plots.style import METHOD_COLORS, METHOD_LABELS


def reflected_density(
    values: ArrayLike, *, bandwidth: float, limits: tuple[float, float], bins: int = 4096
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate a density within limits by a Gaussian kernel; mass beyond a limit is reflected at it.

    Values are first counted in narrow bins. Source: Silverman 1986, "Density Estimation", section 2.10 (reflection).

    Parameters
    ----------
    values : float array of shape (n,)
        Values within `limits`.
    bandwidth : float
        Standard deviation of the kernel: at least 1e-6 widths of a bin, at most 100 widths of the limits.
    limits : (float, float)
        Lower and upper bound of the quantity.
    bins : int
        Number of bins between the limits; a bin should be narrower than `bandwidth`.

    Returns
    -------
    x, density : float64 arrays of shape (bins,)
        Centres of the bins, and the density there, whose area is 1.

    Raises
    ------
    TypeError, ValueError
        If there is no value, a value is not a real number within the limits, or a parameter is out of range.

    Examples
    --------
    >>> float(reflected_density([0.0, 0.1, 0.5], bandwidth=0.1, limits=(0, 1))[1].mean().round(9))
    1.0
    """
    values = real_array(values, "values").astype(np.float64)
    bins = check_int(bins, "bins", low=2)
    low = check_real(limits[0], "limits[0]")
    high = check_real(limits[1], "limits[1]", low=low, strict=True)
    width = (high - low) / bins
    bandwidth = check_real(bandwidth, "bandwidth", low=1e-6 * width, high=100 * (high - low))
    if values.ndim != 1 or not values.size:
        raise ValueError(f"values must have shape (n,) with n at least 1; got shape {values.shape}.")
    if not ((values >= low) & (values <= high)).all():
        raise ValueError(
            f"values must lie within limits=[{low:g}, {high:g}]; got values from {values.min():g} to "
            f"{values.max():g}. Count infinite values apart, or put a floor under the probabilities they come from."
        )
    from scipy.ndimage import gaussian_filter1d

    counts, edges = np.histogram(values, bins=bins, range=(low, high))
    smooth = gaussian_filter1d(counts / (values.size * width), bandwidth / width, mode="reflect", truncate=6)
    return (edges[:-1] + edges[1:]) / 2, smooth


def density_curve(
    ax: Axes,
    values: ArrayLike,
    method: str,
    *,
    bandwidth: float,
    limits: tuple[float, float],
    label: str | None = None,
    **line: Any,
) -> Axes:
    """Draw the density of a method's values as a line over a light area.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw on.
    values, bandwidth, limits : as in `reflected_density`
        The density.
    method, label : str
        A key of METHOD_COLORS, and the text of the legend, by default the method's name.
    **line
        Passed to `ax.plot`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        As in `reflected_density`, or if the method is unknown.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> density_curve(Figure().subplots(), [0.0, 0.2], "zeta", bandwidth=0.1, limits=(0, 1)).lines[0].get_label()
    'ζ-mixup'
    """
    color = METHOD_COLORS[check_choice(method, "method", METHOD_COLORS)]
    x, density = reflected_density(values, bandwidth=bandwidth, limits=limits)
    look: dict[str, Any] = {"color": color, "label": label or METHOD_LABELS[method], "lw": 1.2} | line
    ax.plot(x, density, **look)
    ax.fill_between(x, density, color=color, alpha=0.15, lw=0)
    return ax
