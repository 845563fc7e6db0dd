"""The arguments `mixers` and `grid` of a sweep: names, mixers, callables, and the axes of their parameters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from zeta_geom.checks import check_choice, check_int, check_real
from zeta_geom.checks.importing import import_named, is_builtin
from zeta_geom.checks.parameters import is_iterable
from zeta_geom.mixers import MIXERS, Mixer
from zeta_geom.mixers.image_mixer import with_channels
from zeta_geom.mixers.seeded import Shared
from zeta_geom.mixers.table import parameters_of
from zeta_geom.mixers.weights import ANCHORS
from zeta_geom.sweeps.custom.identities import Place, unwrapped
from zeta_geom.sweeps.grid import ORIGINAL, MixerSpec

RULE = "names, mixers, callables f(X, y) -> (X, Y), or pairs (one of these, parameters)"


def mixer_specs(mixers: object, grid: object, place: Place, channels: str | None) -> dict[str, MixerSpec]:
    """Return the mixers of a sweep by their labels, with the axes of their parameters."""
    specs: dict[str, MixerSpec] = {}
    for label, value in _entries(mixers):
        spec = _spec(label, value, place, channels)
        if spec.label == ORIGINAL:
            raise ValueError(f"mixers must not use the label {ORIGINAL!r}, which the unmixed data have.")
        if spec.label in specs:
            raise ValueError(f"mixers must have different labels; got {spec.label!r} twice. Give a mapping.")
        specs[spec.label] = spec
    if grid is None:
        return specs
    if not isinstance(grid, Mapping):
        raise TypeError(f"grid must map mixers to mappings of parameter -> values; got {grid!r:.60}.")
    for label, axes in grid.items():
        if label not in specs and label in MIXERS:
            specs[label] = _spec(None, label, place, channels)
        if label not in specs:
            raise ValueError(f"grid must name mixers of the sweep, {', '.join(specs)}, or in MIXERS; got {label!r}.")
        specs[label] = replace(specs[label], grid=_axes(specs[label], axes))
    return specs


def _entries(mixers: object) -> list[tuple[str | None, Any]]:
    if isinstance(mixers, Mapping):
        return [(str(label), value) for label, value in mixers.items()]
    if isinstance(mixers, Mixer) or callable(mixers) or not is_iterable(mixers):
        raise TypeError(f"mixers must be a sequence of names, mixers or callables; got {mixers!r:.60}. Use a tuple.")
    return [(None, value) for value in mixers]


def _spec(label: str | None, value: Any, place: Place, channels: str | None) -> MixerSpec:
    params: dict[str, Any] = {}
    if isinstance(value, (tuple, list)) and len(value) == 2 and isinstance(value[1], Mapping):
        value, params = value[0], {str(key): plain(part) for key, part in value[1].items()}
    if isinstance(value, str) and ":" in value:
        label, value = label or value, import_named(value, "mixers")
    if isinstance(value, str):
        return _named(label or value, value, params, channels)
    mixer = unwrapped(value)
    if isinstance(mixer, Mixer):
        return _of_object(label, value, mixer, params, place, channels)
    if not callable(mixer) or isinstance(mixer, type) or is_builtin(mixer):
        raise TypeError(f"mixers must be {RULE}, such as pairs (name, parameters); got {value!r:.60}.")
    from zeta_geom.audits.methods.libraries import name_of
    from zeta_geom.sweeps.custom.mixer_functions import SOURCE, MixerFunction

    mixing = MixerFunction(label or name_of(mixer), mixer, channels)
    identity = place.identify(value, "mixers", mixing.label, "the function")
    spec = MixerSpec(mixing.label, None, params, mixing, identity.key, (SOURCE, *identity.sources), mixing.parameters)
    _check_known(spec, params)
    return spec


def _named(label: str, name: str, params: dict[str, Any], channels: str | None) -> MixerSpec:
    """Return the spec of a mixer in MIXERS, in the form and with the key of the first versions."""
    parameters = parameters_of(MIXERS[check_choice(name, "mixers", MIXERS)])
    free = parameters.keys() - params.keys()
    if channels is not None and "channels" in free:
        params = params | {"channels": channels}
    known = tuple(key for key in (*parameters, *Shared.__annotations__) if key != "random_state")
    return MixerSpec(label, name, params, known=known, free=frozenset(free & {"gamma", "n_mix", "anchor"}))


def _of_object(
    label: str | None, value: object, mixer: Mixer, params: dict[str, Any], place: Place, channels: str | None
) -> MixerSpec:
    from zeta_geom.sweeps.custom.mixer_objects import SOURCE, MixerObject

    if params:
        raise ValueError(f"parameters of a mixer object must be set where it is made; got {params} with {mixer!r}.")
    if mixer.traits.space == "features":
        raise ValueError(f"{mixer!r} mixes inside a network, which a sweep has not; mix the output of its layer.")
    mixer = with_channels(mixer, channels)
    mixing = MixerObject(mixer)
    label = label or next((name for name, kind in MIXERS.items() if kind is type(mixer)), type(mixer).__name__)
    keyed = value if value is not unwrapped(value) else mixer
    identity = place.identify(keyed, "mixers", label, "its class")
    return MixerSpec(label, None, {}, mixing, identity.key, (SOURCE, *identity.sources), mixing.parameters)


def _axes(spec: MixerSpec, axes: object) -> dict[str, list[Any]]:
    """Return the values of each parameter in a grid, checked."""
    if not isinstance(axes, Mapping):
        raise TypeError(f"grid must map mixers to mappings of parameter -> values; got {axes!r:.60}.")
    _check_known(spec, axes)
    checked = {}
    for name, values in axes.items():
        if name in spec.params:
            raise ValueError(
                f"grid must not vary {name} of {spec.label!r}, which mixers sets; leave one of them out."
            )
        if not is_iterable(values):
            raise TypeError(f"grid must hold sequences of values; got {values!r:.60} for {name}. Use a list.")
        if not (listed := [_axis_value(name, plain(value)) for value in values]):
            raise ValueError(f"grid must hold at least one value of each parameter; got none for {name}.")
        checked[str(name)] = listed
    return checked


def _check_known(spec: MixerSpec, names: Iterable[str]) -> None:
    for name in names:
        if name == "random_state":
            raise ValueError("random_state must not be in grid or mixers; seeds= varies it.")
        if spec.known is not None and name not in spec.known:
            known = ", ".join(spec.known) or "no parameters"
            raise TypeError(f"mixer {spec.label!r} takes {known}; got {name!r}.")


def _axis_value(name: str, value: object) -> Any:
    """Return a value of an axis; those with a column of their own in every table are checked here."""
    if name == "gamma":
        return check_real(value, "gamma in grid", allow_inf=True)
    if name == "n_mix":
        return value if value is None else check_int(value, "n_mix in grid", low=1)
    if name == "anchor":
        return check_choice(value, "anchor in grid", ANCHORS)
    try:
        json.dumps(value)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"grid must hold numbers, texts, None, or lists of these; got {type(value).__name__} for {name}."
        ) from error
    return value


def plain(value: object) -> Any:
    """Return a number of NumPy as one of Python."""
    return value.item() if isinstance(value, np.generic) else value
