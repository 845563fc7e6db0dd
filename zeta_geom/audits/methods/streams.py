"""The global generators of Python, NumPy and torch, replaced while a transform of a library draws from them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

State = tuple[Any, Any, "torch.Tensor"]  # of Python's generator, of NumPy's, and of torch's


class GlobalStream:
    """Replaces the state of the global generators, from which transforms draw, in its context."""

    def __init__(self, seed: int) -> None:
        import torch

        legacy = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))  # accepts seeds above 2**32
        self.saved: State = (
            random.Random(seed).getstate(),
            legacy.get_state(),
            torch.Generator().manual_seed(seed).get_state(),
        )

    def __enter__(self) -> None:
        self._swap()

    def __exit__(self, *_: object) -> None:
        self._swap()

    def _swap(self) -> None:
        before = _state()
        _set_state(self.saved)
        self.saved = before

    @staticmethod
    def mark() -> Callable[[], None]:
        """Return a function that restores the present state of the generators."""
        states = _state()
        return lambda: _set_state(states)


def _state() -> State:
    import torch

    return random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002  # transforms draw there


def _set_state(states: State) -> None:
    import torch

    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    torch.set_rng_state(states[2])
