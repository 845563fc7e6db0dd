"""Feature space: a map coloured by class with test samples as squares, and test images with their predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zeta_geom.checks import check_labels, check_points, real_array
from zeta_geom.plots.images import picture
from zeta_geom.plots.names import ROW, as_label, lettered
from zeta_geom.plots.style import METHOD_COLORS, OKABE_ITO

__all__ = ["CLASS_COLORS", "class_map", "interval_rows", "predicted_picture"]

CLASS_COLORS = (
    *(OKABE_ITO[name] for name in ("blue", "orange", "green", "vermillion", "purple", "sky", "yellow", "grey")),
    "#6B3E00",  # a shade of orange
    "#9AD8C1",  # a tint of green
)


@lettered
def class_map(
    ax: Any,
    train_xy: Any,
    train_labels: Any,
    class_names: Sequence[str],
    test_xy: Any = None,
    test_labels: Any = None,
) -> Any:
    """Draw training samples as dots in their class's colour, its name at its centre, and test samples as squares.

    A class's centre is its sample that is nearest to the class's median, so that the name stands on the class.

    Parameters
    ----------
    ax : matplotlib Axes
    train_xy : float array of shape (n, 2)
    train_labels : int array of shape (n,) or (n, 1)
    class_names : sequence of K str
    test_xy : float array of shape (q, 2), optional
    test_labels : int array of shape (q,) or (q, 1), optional
        The true classes, which fill the squares.

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
    >>> ax = class_map(Figure().subplots(), [[0.0, 0.0], [1.0, 1.0]], [0, 1], ["a", "b"], [[0.5, 0.5]], [1])
    >>> [text.get_text() for text in ax.texts]
    ['b', 'a', 'b']
    """
    from matplotlib.patheffects import withStroke

    if len(class_names) > len(CLASS_COLORS):
        raise ValueError(f"class_names must be at most {len(CLASS_COLORS)}, one a colour; got {len(class_names)}.")
    colors = np.array(CLASS_COLORS)
    xy, labels = _labelled(train_xy, train_labels, "train", len(class_names))
    ax.scatter(*xy.T, c=colors[labels], s=3, linewidths=0, alpha=0.55, rasterized=True, zorder=1)
    if test_xy is not None:
        squares, truth = _labelled(test_xy, test_labels, "test", len(class_names))
        ax.scatter(*squares.T, c=colors[truth], s=42, marker="s", edgecolors="black", linewidths=0.8, zorder=2)
        if max(map(len, class_names)) == 1:  # a letter fits: the class does not hang on the colour alone
            thin = [withStroke(linewidth=1, foreground="white")]
            for place, label in zip(squares, truth):
                ax.text(
                    *place,
                    as_label(class_names[label]),
                    ha="center",
                    va="center_baseline",
                    fontsize=5,
                    path_effects=thin,
                )
    for label in np.unique(labels):
        own = xy[labels == label]
        centre = own[np.linalg.norm(own - np.median(own, axis=0), axis=1).argmin()]
        outline = withStroke(linewidth=2.5, foreground="white")
        ax.text(
            *centre, as_label(class_names[label]), ha="center", va="center", fontweight="bold", path_effects=[outline]
        )
    ax.set_aspect("equal", adjustable="datalim")
    return ax


@lettered
def predicted_picture(ax: Any, image: Any, truth: str, predictions: Mapping[str, str]) -> Any:
    """Draw a grey image with its class above it, and under it what each method takes it for, in the method's colour.

    Parameters
    ----------
    ax : matplotlib Axes
    image : array of shape (H, W)
    truth : str
        The name of the true class.
    predictions : mapping of str to str
        A key of METHOD_COLORS -> the name of a class, from left to right.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = predicted_picture(Figure().subplots(), np.eye(4), "4", {"erm": "9", "zeta": "4"})
    >>> [text.get_text() for text in ax.texts]
    ['9', '4']
    """
    picture(ax, image)
    ax.set_title(as_label(truth), fontsize=7, pad=2)
    for place, (method, name) in enumerate(predictions.items()):
        ax.text(
            (place + 0.5) / len(predictions),
            -0.06,
            as_label(name),
            color=METHOD_COLORS[method],
            transform=ax.transAxes,
            ha="center",
            va="top",
            fontsize=7,
            fontweight="bold",
        )
    return ax


@lettered
def interval_rows(ax: Any, means: Any, lows: Any, highs: Any, seeds: Sequence[Any], names: Sequence[str]) -> Any:
    """Draw a row for each name: the mean and its interval in black, in numbers too, and the seeds' dots under it.

    Parameters
    ----------
    ax : matplotlib Axes
    means, lows, highs : float arrays of shape (rows,)
    seeds : sequence of float arrays
        The values behind each mean.
    names : sequence of str
        From top to bottom.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If there are not as many of each.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = interval_rows(Figure().subplots(), [1.0], [0.5], [1.5], [[0.8, 1.2]], ["all"])
    >>> ax.get_yticklabels()[0].get_text()
    'all'
    """
    means, lows, highs = (_numbers(*each) for each in ((means, "means"), (lows, "lows"), (highs, "highs")))
    several = seeds if isinstance(seeds, (tuple, list)) else np.atleast_1d(real_array(seeds, "seeds"))
    seeds = [_numbers(values, "seeds") for values in several]
    if not len(means) == len(lows) == len(highs) == len(seeds) == len(names):
        raise ValueError(
            "means, lows, highs, seeds and names must be as many; "
            f"got {[len(each) for each in (means, lows, highs, seeds, names)]}."
        )
    rows = -np.arange(len(names))
    for row, mean, low, high, values in zip(rows, means, lows, highs, seeds):
        ax.plot(values, np.full(len(values), row - 0.2), "o", color=OKABE_ITO["sky"], ms=3, zorder=1)
        ax.text(mean, row + 0.18, f"{mean:+.1f} [{low:+.1f}, {high:+.1f}]", ha="center", va="bottom", fontsize=7)
        ax.errorbar(
            mean, row, xerr=[[mean - low], [high - mean]], fmt="D", color="black", ms=3.5, capsize=3, zorder=2
        )
    ax.axvline(0, color=OKABE_ITO["grey"], lw=0.8, ls=":")
    ax.set(yticks=rows, yticklabels=[as_label(name, ROW) for name in names], ylim=(rows[-1] - 0.6, 0.7))
    return ax


def _numbers(values: Any, name: str) -> np.ndarray:
    numbers = real_array(values, name)
    if numbers.ndim != 1:
        raise ValueError(f"{name} must have one axis; got shape {numbers.shape}.")
    return numbers.astype(np.float64)


def _labelled(xy: Any, labels: Any, name: str, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    points = check_points(xy, f"{name}_xy")
    if points.shape[1] != 2:
        raise ValueError(f"{name}_xy must have two columns; got shape {points.shape}.")
    labels = check_labels(labels, f"{name}_labels", n=len(points), n_classes=n_classes)
    if labels.ndim != 1:
        raise ValueError(f"{name}_labels must be classes, int (n,); got shape {labels.shape}.")
    return points, labels
