"""Densities of quantities that have limits, such as an entropy, which is never below 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from zeta_geom.checks import check_choice, check_int, check_real, real_array
from zeta_geom.plots.style import METHOD_COLORS, METHOD_LABELS

__all__ = ["density_curve", "reflected_density"]


def reflected_density(
    values: Any, *, bandwidth: float, limits: tuple[float, float], bins: int = 4096
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate a density within limits: a Gaussian kernel, with what passes a limit folded back.

    A plain kernel estimate puts mass below 0 where much of the data lies at 0; this one keeps an area of 1 within
    the limits. Values are counted in narrow bins first, so that a million of them take milliseconds.

    Parameters
    ----------
    values : float array of shape (n,)
        Within `limits`.
    bandwidth : float
        Standard deviation of the kernel, in the unit of `values`; at least a millionth of a bin's width, and at most
        a hundred times that of the limits.
    limits : (float, float)
        Where the quantity begins and ends.
    bins : int
        How many bins lie between the limits; they should be narrow against `bandwidth`.

    Returns
    -------
    x : float64 array of shape (bins,)
        The middles of the bins.
    density : float64 array of shape (bins,)
        Its sum times the width of a bin is 1.

    Raises
    ------
    TypeError, ValueError
        If there is no value, one is no real number or outside the limits, or a parameter is out of range.

    References
    ----------
    Silverman 1986, "Density Estimation for Statistics and Data Analysis", section 2.10 (reflection).

    Examples
    --------
    >>> x, density = reflected_density([0.0, 0.1, 0.5], bandwidth=0.1, limits=(0, 1))
    >>> round(float(density.mean()), 9)
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
            f"{values.max():g}. Count infinite values apart, or floor the probabilities that make them."
        )
    from scipy.ndimage import gaussian_filter1d

    counts, edges = np.histogram(values, bins=bins, range=(low, high))
    smooth = gaussian_filter1d(counts / (values.size * width), bandwidth / width, mode="reflect", truncate=6)
    return (edges[:-1] + edges[1:]) / 2, smooth


def density_curve(
    ax: Any,
    values: Any,
    method: str,
    *,
    bandwidth: float,
    limits: tuple[float, float],
    label: str | None = None,
    **line: Any,
) -> Any:
    """Draw the density of a method's values as a line over a light area.

    Parameters
    ----------
    ax : matplotlib Axes
    values, bandwidth, limits
        As in `reflected_density`.
    method : str
        A key of METHOD_COLORS, which gives the colour and, without `label`, the name in the legend.
    label : str, optional
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
    >>> ax = density_curve(Figure().subplots(), [0.0, 0.2], "zeta", bandwidth=0.1, limits=(0, 1))
    >>> ax.lines[0].get_label()
    'ζ-mixup'
    """
    color = METHOD_COLORS[check_choice(method, "method", METHOD_COLORS)]
    x, density = reflected_density(values, bandwidth=bandwidth, limits=limits)
    ax.plot(x, density, **{"color": color, "label": label or METHOD_LABELS[method], "lw": 1.2} | line)
    ax.fill_between(x, density, color=color, alpha=0.15, lw=0)
    return ax
