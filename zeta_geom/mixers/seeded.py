"""What draws from a stream of its own: children of it, exact resume, and a repr without it."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from typing import Any, TypedDict, TypeVar

from zeta_geom.checks import check_int
from zeta_geom.rng import RandomState
from zeta_geom.rng.streams import Stream

__all__ = ["Seeded", "Shared"]

Self = TypeVar("Self", bound="Seeded")


class Shared(TypedDict, total=False):
    """The parameters that every mixer has, for type checkers; `Mixer` says what they mean."""

    prob: float
    n_classes: int | None
    check_values: bool
    random_state: RandomState


class Seeded:
    """An object with a stream of random numbers.

    Parameters
    ----------
    random_state : None, int, Generator, RandomState or torch.Generator
        Where the stream starts.
    """

    def __init__(self, random_state: RandomState) -> None:
        self._stream = Stream(random_state)
        self._parts: tuple[Any, ...] = ()  # mixers that this one is made of; they draw from its stream

    def child(self: Self, *key: int) -> Self:
        """Return a mixer alike whose stream belongs to (seed, *key), whatever was drawn from this one."""
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

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from the state that `state_dict` returned, whatever this mixer was seeded with.

        A Generator that was given as `random_state` is set to the state where that is of its kind; otherwise the
        mixer goes on with a generator of its own. γ, α and other parameters are no part of the state.
        """
        own = type(self).__name__
        if isinstance(state, Mapping) and ("mixer" in state or "format" in state):  # older states have neither
            given = state.get("mixer")
            if not isinstance(given, str) or given != own:
                raise ValueError(f"state must be that of a {own}; got that of {given!r}. Build the same mixer first.")
            state = {"format": None} | {key: value for key, value in state.items() if key != "mixer"}
        self._stream.load_state_dict(state)

    def __repr__(self) -> str:
        parameters = inspect.signature(type(self)).parameters.values()
        own = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD and p.name != "channels"]
        changed = {"channels": None, "prob": 1.0, "n_classes": None, "check_values": False}
        shown = own + [name for name, default in changed.items() if getattr(self, name, default) != default]
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"
