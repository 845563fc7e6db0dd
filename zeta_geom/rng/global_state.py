"""Calls of users' functions, which may draw from the global generators of Python, NumPy and torch."""

from __future__ import annotations

import inspect
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np


def seeded_call(function: Callable[..., Any], *arguments: Any, seed: int) -> Any:
    """Call a function with the global generators seeded, and restore their states.

    These are Python's, NumPy's, and torch's on the CPU.

    Parameters
    ----------
    function : callable
        If it has a parameter `random_state` that is not set, it gets the seed. A call during which torch is loaded is
        repeated, because torch's generator could not be seeded before.
    *arguments
        Passed on.
    seed : int
        At least 0, of any size.

    Returns
    -------
    object
        The function's return value.

    Examples
    --------
    >>> seeded_call(random.random, seed=0) == seeded_call(random.random, seed=0)
    True
    """
    options = {"random_state": seed} if takes_random_state(function) else {}
    had_torch = "torch" in sys.modules
    with _seeded(seed):
        output = function(*arguments, **options)
    if had_torch or "torch" not in sys.modules:
        return output
    with _seeded(seed):
        return function(*arguments, **options)


def takes_random_state(function: Callable[..., object]) -> bool:
    """Return whether a function has a parameter `random_state` that is not set yet.

    Parameters
    ----------
    function : callable
        Any function.

    Examples
    --------
    >>> takes_random_state(lambda X, random_state=None: X)
    True
    """
    if isinstance(function, partial) and "random_state" in function.keywords:
        return False
    try:
        parameter = inspect.signature(function).parameters.get("random_state")
    except (TypeError, ValueError):  # some functions written in C have no signature
        return False
    return parameter is not None and parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed the global generators, of torch only if it is loaded, and restore their states afterwards."""
    torch = sys.modules.get("torch")
    states = random.getstate(), np.random.get_state()  # noqa: NPY002  # a user's function may draw there
    of_torch = None if torch is None else torch.get_rng_state()
    random.seed(seed)
    legacy = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))  # accepts seeds above 2**32
    np.random.set_state(legacy.get_state())  # noqa: NPY002
    if torch is not None:
        torch.default_generator.manual_seed(seed % 2**63)  # the largest seed that torch takes
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        if torch is not None and of_torch is not None:
            torch.set_rng_state(of_torch)
