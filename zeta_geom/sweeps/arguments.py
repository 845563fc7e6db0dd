"""The arguments of a sweep, checked, as plain values: what its runs and their keys are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from zeta_geom.checks import (
    check_choice,
    check_finite,
    check_int,
    check_labels,
    check_points,
    check_real,
    count_classes,
    host_array,
)
from zeta_geom.mixers.weights import ANCHORS
from zeta_geom.records.files import to_floats
from zeta_geom.sweeps.measures import MEASURES, Points

__all__ = ["check_axes", "check_data", "check_options"]


def check_data(name: str, value: Any) -> Points:
    """Return a data set, checked."""
    X, y = value if isinstance(value, tuple) else (value, None)
    X = host_array(X, "X")
    if X.ndim > 2:
        X = to_floats(X)
        check_finite(X)
        if len(X) < 3:
            raise ValueError(f"X of {name!r} must have at least 3 images; got shape {X.shape}.")
    else:
        X = check_points(X, min_samples=3)
    points = Points(X, None if y is None else check_labels(y, n=len(X)))
    if points.Y is not None:
        count_classes(points.Y, f"y of {name!r}")
    return points


def check_options(
    measures: Any, n_neighbors: Any, alpha: Any, n_anchors: Any, seeds: Sequence[int]
) -> dict[str, dict[str, Any]]:
    """Return the options of each measure, checked; those that a measure does not depend on are left out."""
    one = isinstance(n_neighbors, (int, np.integer))
    ks = [check_int(k, "n_neighbors", low=2) for k in _several([n_neighbors] if one else n_neighbors, "n_neighbors")]
    settings: dict[str, Any] = {"n_neighbors": ks, "alpha": check_real(alpha, "alpha", low=0, high=1)}
    if n_anchors is not None:
        settings["n_anchors"] = check_int(n_anchors, "n_anchors", low=1)
        settings["anchor_seed"] = seeds[0] if seeds else 0
    if not (measures := _names(measures, "measures")):
        raise ValueError(f"measures must name at least one of {', '.join(MEASURES)}; got none.")
    known = {name: MEASURES[check_choice(name, "measures", MEASURES)] for name in measures}
    return {
        name: {option: settings[option] for option in measure.options if option in settings}
        for name, measure in known.items()
    }


def check_axes(mixers: Any, anchors: Any, n_mix: Any, gammas: Any, seeds: Any) -> dict[str, Any]:
    """Return the values of a grid, checked: mixers as a mapping or a list of names, all else as lists."""
    axes: dict[str, Any] = {"mixers": mixers if isinstance(mixers, Mapping) else _names(mixers, "mixers")}
    axes |= {"anchors": [check_choice(anchor, "anchors", ANCHORS) for anchor in _names(anchors, "anchors")]}
    axes |= {"n_mix": [n if n is None else check_int(n, "n_mix", low=1) for n in _several(n_mix, "n_mix")]}
    axes |= {"gammas": _numbers(gammas)}
    return axes | {"seeds": [check_int(seed, "seeds", low=0) for seed in _several(seeds, "seeds")]}


def _numbers(gammas: Any) -> list[float]:
    several = [gammas] if np.isscalar(gammas) else _several(gammas, "gammas")
    return [check_real(gamma, "gammas", allow_inf=True) for gamma in several]


def _several(values: Any, name: str) -> list[Any]:
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable) or getattr(values, "ndim", 1) == 0:
        raise TypeError(f"{name} must be a sequence; got {values!r}. Use a tuple.")
    return list(values)


def _names(names: Any, name: str) -> list[str]:
    found = [] if isinstance(names, str) else _several(names, name)
    if isinstance(names, str) or not all(isinstance(one, str) for one in found):
        raise TypeError(f"{name} must be a sequence of names; got {names!r}. Use a tuple.")
    return found
