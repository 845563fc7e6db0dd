"""Parallel coordinates of trained models: γ, weight decay and test accuracy, one smooth curve for each model."""

from functools import cache

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.ticker import MaxNLocator

from zeta_geom.checks import check_real, real_array
from zeta_geom.checks.types import ArrayLike
from zeta_geom.mixers import gamma_min as theorem_1

BELOW = "#D0D0D0"  # colour of models below γ_min
DECAY_TICKS = np.array([1, 2, 5])[:, None] * 10.0 ** np.arange(-7, 1)  # ticks within the axis are drawn
STEPS = 60  # points of a curve between two columns


@cache
def accuracy_colors() -> ListedColormap:
    """Return the colour map of accuracies: plasma without its yellow end, which is invisible on white.

    Returns
    -------
    matplotlib ListedColormap

    Examples
    --------
    >>> [round(float(channel), 2) for channel in accuracy_colors()(0.0)]
    [0.05, 0.03, 0.53, 1.0]
    """
    return ListedColormap(colormaps["plasma"](np.linspace(0, 0.82, 256)), "accuracy")


def parallel_models(
    ax: Axes, gamma: ArrayLike, weight_decay: ArrayLike, accuracy: ArrayLike, *, gamma_min: float | None = None
) -> Axes:
    """Draw one curve for each model through its γ, weight decay (log scale) and accuracy, which gives the colour.

    Models with γ below `gamma_min` are light grey, and clipped to the range of the others if there are two or more.

    Parameters
    ----------
    ax, gamma, weight_decay, accuracy : matplotlib Axes, and float arrays of shape (n,)
        Axes to draw on, and values of n ≥ 1 models; weight decays above 0, accuracies in per cent.
    gamma_min : float, optional
        Theorem 1's constant by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If the arrays have different lengths, are empty or not finite, or a weight decay is not above 0.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> parallel_models(Figure().subplots(), [1.0, 2.0], [1e-4, 1e-3], [80.0, 90.0]).lines[0].get_color()
    '#D0D0D0'
    """
    gamma_min = theorem_1() if gamma_min is None else check_real(gamma_min, "gamma_min")
    arrays = ((gamma, "gamma"), (weight_decay, "weight_decay"), (accuracy, "accuracy"))
    columns = [real_array(values, name).astype(np.float64) for values, name in arrays]
    if columns[0].ndim != 1 or not columns[0].size or len({column.shape for column in columns}) > 1:
        shapes = ", ".join(str(column.shape) for column in columns)
        raise ValueError(
            f"gamma, weight_decay and accuracy must have the same shape (n,), n at least 1; got {shapes}."
        )
    if not all(np.isfinite(column).all() for column in columns) or (columns[1] <= 0).any():
        raise ValueError("gamma, weight_decay and accuracy must be finite, and weight decays above 0.")
    columns[1] = np.log10(columns[1])
    below = columns[0] < gamma_min
    scaled = [*columns[:2], columns[2][~below] if (~below).sum() > 1 else columns[2]]
    limits = [_limits(column, least) for column, least in zip(scaled, (0.1, 0.01, 0.1))]
    heights = np.stack([(column - low) / (high - low) for column, (low, high) in zip(columns, limits)], axis=1)
    heights = heights.clip(0, 1)
    t = np.linspace(0, 1, STEPS)
    ease = t * t * (3 - 2 * t)  # smoothstep: the curve is level at each column
    x = np.concatenate([t, 1 + t])
    for k in sorted(range(len(heights)), key=lambda k: (not below[k], columns[2][k])):
        left, middle, right = heights[k]
        y = np.concatenate([left + (middle - left) * ease, middle + (right - middle) * ease])
        color = BELOW if below[k] else accuracy_colors()(right)
        ax.plot(x, y, color=color, lw=0.9, alpha=0.85, zorder=1 if below[k] else 2)
    _draw_columns(ax, limits, gamma_min)
    return ax


def _limits(column: np.ndarray, least: float) -> tuple[float, float]:
    """Return the limits of an axis: the range of the values, widened by `least` if they are all equal."""
    low, high = float(column.min()), float(column.max())
    return (low, high) if high > low else (low - least, high + least)


def _draw_columns(ax: Axes, limits: list[tuple[float, float]], gamma_min: float) -> None:
    """Draw the three axes with ticks and names; the last axis is the colour bar."""
    decays = np.sort(DECAY_TICKS.ravel())
    round_ones = MaxNLocator(6, steps=[1, 2, 5, 10])
    ticks = [round_ones.tick_values(*limits[0]), np.log10(decays), round_ones.tick_values(*limits[2])]
    texts = [_same_decimals(ticks[0]), [_power(decay) for decay in decays], _same_decimals(ticks[2])]
    ax.imshow(np.linspace(0, 1, 256)[:, None], cmap=accuracy_colors(), extent=(2, 2.05, 0, 1), aspect="auto",
              origin="lower", zorder=3)  # fmt: skip
    for place, (low, high), values, names in zip(range(3), limits, ticks, texts):
        ax.plot((place, place), (0, 1), color="black", lw=0.9, zorder=4)
        for value, name in zip(values, names):
            if low - 1e-9 <= value <= high + 1e-9:
                _tick(ax, place, (value - low) / (high - low), name)
    low, high = limits[0]
    if low < gamma_min < high:
        _tick(ax, 0, (gamma_min - low) / (high - low), r"$\gamma_{\min}$", length=0.11)
    ax.set(xlim=(-0.25, 2.25), ylim=(-0.03, 1.03), yticks=[], xticks=range(3))
    ax.set_xticklabels(("γ", "weight decay", "test accuracy / %"))
    ax.tick_params(axis="x", length=0, labelsize=8)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _tick(ax: Axes, place: int, height: float, name: str, length: float = 0.025) -> None:
    """Draw a tick and its name: left of the first axis, right of the second and of the colour bar."""
    start, way = ((0.0, -1), (1.0, 1), (2.05, 1))[place]
    ax.plot((start, start + way * length), (height, height), color="black", lw=0.7, zorder=4)
    side = "right" if way < 0 else "left"
    where = start + way * (length + 0.015)
    ax.text(where, height, name, ha=side, va="center", fontsize=6.5, zorder=5, bbox=_halo())


def _same_decimals(values: np.ndarray) -> list[str]:
    """Write numbers with the same number of decimals."""
    decimals = max(len(f"{value:g}".partition(".")[2]) for value in values)
    return [f"{value:.{decimals}f}" for value in values]


def _power(value: float) -> str:
    digit, exponent = f"{value:.0e}".split("e")
    return rf"${digit} \cdot 10^{{{int(exponent)}}}$"


def _halo() -> dict[str, object]:
    return {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.6}
