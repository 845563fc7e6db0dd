"""The checked arguments of a sweep, as plain values: its runs and their keys consist of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from zeta_geom.checks.images import to_floats
from zeta_geom.checks.parameters import is_iterable
from zeta_geom.mixers.weights import ANCHORS
from zeta_geom.records.objects import Keyed
from zeta_geom.sweeps.custom.identities import Place, unwrapped
from zeta_geom.sweeps.measures import Points

if TYPE_CHECKING:
    from zeta_geom.features.spaces import FeatureSpace


@dataclass(frozen=True)
class SpaceSpec:
    """The feature space of a sweep, as it was asked for."""

    space: FeatureSpace
    key: Any  # JSON values; None if runs are not kept
    sources: tuple[Path, ...]  # modules whose code it runs, besides that of all sweeps


def check_data(data: object) -> dict[str, Points]:
    """Return the data sets of a sweep, checked."""
    if not isinstance(data, Mapping):
        raise TypeError(f"data must be a mapping of name -> X or (X, y); got {type(data).__name__}. See gamma_sweep.")
    return {str(name): _check_points(str(name), value) for name, value in data.items()}


def _check_points(name: str, value: object) -> Points:
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


def check_space(features: object, channels: str | None, data: Mapping[str, Points], place: Place) -> SpaceSpec | None:
    """Return the feature space of a sweep, None for the points themselves; try it on two points of each data set."""
    if features is None:
        return None
    from zeta_geom.features import to_spaces
    from zeta_geom.features.keeping import SOURCES

    (space, *others) = to_spaces(unwrapped(features), channels).values()
    if others:
        names = ", ".join(each.name for each in (space, *others))
        raise ValueError(f"features must be one space in a sweep; got {names}. Call sweep for each.")
    spec = SpaceSpec(space, space.key, tuple(SOURCES))
    if space.key is None and place.kept:
        value = features if isinstance(features, Keyed) else code_of(space)
        identity = place.key(value, "features", space.name, "the function or module")
        spec = SpaceSpec(space, {"object": identity.key, **layer_of(space)}, (*SOURCES, *identity.sources))
    for points in data.values():
        space.extract(points.X[:2])
    return spec


def code_of(space: FeatureSpace) -> object:
    """Return the function or the module that computes the features of a space without a key."""
    source: Any = space.source
    return source.function if hasattr(source, "function") else source.load()


def layer_of(space: FeatureSpace) -> dict[str, Any]:
    """Return what else determines the features of a space without a key: name, layer, method, input."""
    source: Any = space.source
    run = getattr(source, "run", None)
    method = run.args[0] if isinstance(run, partial) else None
    layer, prepared = getattr(source, "layer", None), getattr(source, "prepare", None)
    stated = None if prepared is None else prepared.stated
    return {"layer": layer, "method": method, "input": stated, "channels": space.channels}


def check_options(
    n_neighbors: object, alpha: float, n_anchors: int | None, seeds: Sequence[int], space: SpaceSpec | None
) -> dict[str, Any]:
    """Return the options that measures may depend on, checked."""
    single = isinstance(n_neighbors, (int, np.integer))
    counts = _sequence([n_neighbors] if single else n_neighbors, "n_neighbors")
    ks = [check_int(k, "n_neighbors", low=2) for k in counts]
    settings: dict[str, Any] = {"n_neighbors": ks, "alpha": check_real(alpha, "alpha", low=0, high=1)}
    settings["split_seed"] = seeds[0] if seeds else 0
    if n_anchors is not None:
        settings["n_anchors"] = check_int(n_anchors, "n_anchors", low=1)
        settings["anchor_seed"] = seeds[0] if seeds else 0
    if space is not None:  # without features the settings, and so the keys, are those of runs without this option
        settings["space"] = {"name": space.space.name, "key": space.key}
    return settings


def check_axes(anchors: object, n_mix: object, gammas: object, seeds: object) -> dict[str, Any]:
    """Return the values of a grid, checked, as lists."""
    gammas = [gammas] if np.isscalar(gammas) else gammas
    values = [None] if gammas is None else _sequence(gammas, "gammas")
    return {
        "anchors": [check_choice(anchor, "anchors", ANCHORS) for anchor in _names(anchors, "anchors")],
        "n_mix": [n if n is None else check_int(n, "n_mix", low=1) for n in _sequence(n_mix, "n_mix")],
        "gammas": [gamma if gamma is None else check_real(gamma, "gammas", allow_inf=True) for gamma in values],
        "seeds": [check_int(seed, "seeds", low=0) for seed in _sequence(seeds, "seeds")],
    }


def _sequence(values: object, name: str) -> list[Any]:
    if not is_iterable(values):
        raise TypeError(f"{name} must be a sequence; got {values!r}. Use a tuple.")
    return list(values)


def _names(values: object, name: str) -> list[str]:
    names = [] if isinstance(values, str) else _sequence(values, name)
    if isinstance(values, str) or not all(isinstance(entry, str) for entry in names):
        raise TypeError(f"{name} must be a sequence of names; got {values!r}. Use a tuple.")
    return names
