"""Objects with a stream of random numbers: children, exact resume, and repr."""

import copy
import inspect
from collections.abc import Mapping
from typing import Any, TypedDict, TypeVar

from zeta_geom.checks import check_int
from zeta_geom.rng import RandomState
from zeta_geom.rng.streams import Stream

Self = TypeVar("Self", bound="Seeded")


class Shared(TypedDict, total=False):
    """The parameters of every mixer, for type checkers; `Mixer` documents them."""

    prob: float
    n_classes: int | None
    check_values: bool
    label_smoothing: float
    random_state: RandomState


class Seeded:
    """An object with a stream of random numbers, seeded by `random_state`."""

    def __init__(self, random_state: RandomState) -> None:
        self._stream = Stream(random_state)
        self._parts: tuple[Any, ...] = ()  # mixers inside this one; they draw from its stream

    def child(self: Self, *key: int) -> Self:
        """Return the same mixer with the stream of (seed, *key), independent of earlier draws from this one."""
        return self._on(self._stream.child(*(check_int(part, "key", low=0) for part in key)))

    def _on(self: Self, stream: Stream) -> Self:
        """Return a copy of this mixer that draws from `stream`."""
        mixer = copy.copy(self)
        mixer._stream = stream
        mixer._parts = tuple(part._on(stream) for part in self._parts)
        return mixer

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the stream, for an exact resume."""
        return {"mixer": type(self).__name__} | self._stream.state_dict()

    def load_state_dict(self, state: Mapping[str, object]) -> None:
        """Resume from a state that `state_dict` returned, for any seed of this mixer.

        A Generator passed as `random_state` is set to the state if it is of the same kind; otherwise the mixer gets
        a new one. Parameters such as γ are not part of the state.
        """
        title = type(self).__name__
        if isinstance(state, Mapping) and ("mixer" in state or "format" in state):  # older states have neither
            if (saved := state.get("mixer")) != title:
                raise ValueError(f"state must be that of a {title}; got that of {saved!r}. Make that mixer first.")
            state = {"format": None} | {key: value for key, value in state.items() if key != "mixer"}
        self._stream.load_state_dict(state)

    def __repr__(self) -> str:
        parameters = inspect.signature(type(self)).parameters.values()
        names = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD and p.name != "channels"]
        changed = {"channels": None, "prob": 1.0, "n_classes": None, "check_values": False, "label_smoothing": 0.0}
        names += [name for name, default in changed.items() if getattr(self, name, default) != default]
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"
