"""The checked arguments of a sweep, as plain values: its runs and their keys consist of them."""

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
from zeta_geom.checks.grey_levels import to_floats
from zeta_geom.mixers.weights import ANCHORS
from zeta_geom.sweeps.measures import MEASURES, Points


def check_data(data: object) -> dict[str, Points]:
    """Return the data sets of a sweep, checked."""
    if not isinstance(data, Mapping):
        raise TypeError(f"data must be a mapping of name -> X or (X, y); got {type(data).__name__}. See gamma_sweep.")
    return {str(name): _check_points(str(name), value) for name, value in data.items()}


def _check_points(name: str, value: Any) -> Points:
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


def check_space(features: Any, channels: str | None, data: Mapping[str, Points], folder: object) -> Any:
    """Return the feature space of a sweep, None for the points themselves; try it on two points of each data set."""
    if features is None:
        return None
    from zeta_geom.features import to_spaces

    (space, *others) = to_spaces(features, channels).values()
    if others:
        names = ", ".join(each.name for each in (space, *others))
        raise ValueError(f"features must be one space in a sweep; got {names}. Call sweep for each.")
    if space.key is None and folder is not None:
        raise ValueError(
            f"features of runs in a folder must be a space whose code and weights can be known; got {space.name!r}. "
            "Leave out folder, or name a space: 'lenet', 'imagenet', 'timm:MODEL'."
        )
    for points in data.values():
        space.extract(points.X[:2])
    return space


def check_options(
    measures: object,
    n_neighbors: object,
    alpha: float,
    n_anchors: int | None,
    seeds: Sequence[int],
    space: Any = None,
) -> dict[str, dict[str, Any]]:
    """Return the options of each measure, checked, without those that the measure does not depend on."""
    single = isinstance(n_neighbors, (int, np.integer))
    counts = _sequence([n_neighbors] if single else n_neighbors, "n_neighbors")
    ks = [check_int(k, "n_neighbors", low=2) for k in counts]
    settings: dict[str, Any] = {"n_neighbors": ks, "alpha": check_real(alpha, "alpha", low=0, high=1)}
    if n_anchors is not None:
        settings["n_anchors"] = check_int(n_anchors, "n_anchors", low=1)
        settings["anchor_seed"] = seeds[0] if seeds else 0
    if space is not None:  # without features the settings, and so the keys, are those of runs without this option
        settings["space"] = {"name": space.name, "key": space.key}
    if not (names := _names(measures, "measures")):
        raise ValueError(f"measures must name at least one of {', '.join(MEASURES)}; got none.")
    known = {name: MEASURES[check_choice(name, "measures", MEASURES)] for name in names}
    return {
        name: {option: settings[option] for option in measure.options if option in settings}
        for name, measure in known.items()
    }


def check_axes(mixers: object, anchors: object, n_mix: object, gammas: object, seeds: object) -> dict[str, Any]:
    """Return the values of a grid, checked: mixers as a mapping or a list of names, all else as lists."""
    gammas = [gammas] if np.isscalar(gammas) else gammas
    return {
        "mixers": _labelled_mixers(mixers) if isinstance(mixers, Mapping) else _names(mixers, "mixers"),
        "anchors": [check_choice(anchor, "anchors", ANCHORS) for anchor in _names(anchors, "anchors")],
        "n_mix": [n if n is None else check_int(n, "n_mix", low=1) for n in _sequence(n_mix, "n_mix")],
        "gammas": [check_real(gamma, "gammas", allow_inf=True) for gamma in _sequence(gammas, "gammas")],
        "seeds": [check_int(seed, "seeds", low=0) for seed in _sequence(seeds, "seeds")],
    }


def _labelled_mixers(mixers: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Return a mapping of mixers, whose values must be pairs of a name and parameters."""
    for pair in mixers.values():
        if not (isinstance(pair, (tuple, list)) and len(pair) == 2 and isinstance(pair[1], Mapping)):
            raise TypeError(f"mixers must map labels to pairs (name, parameters); got {pair!r:.60}.")
    return mixers


def _sequence(values: object, name: str) -> list[Any]:
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable) or getattr(values, "ndim", 1) == 0:
        raise TypeError(f"{name} must be a sequence; got {values!r}. Use a tuple.")
    return list(values)


def _names(values: object, name: str) -> list[str]:
    names = [] if isinstance(values, str) else _sequence(values, name)
    if isinstance(values, str) or not all(isinstance(entry, str) for entry in names):
        raise TypeError(f"{name} must be a sequence of names; got {values!r}. Use a tuple.")
    return names
