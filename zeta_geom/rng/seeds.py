"""Randomness as an argument: from `random_state` to a generator. No global seed is read or set."""

from __future__ import annotations

import multiprocessing
import sys
from numbers import Integral
from typing import TYPE_CHECKING, TypeAlias, Union

import numpy as np

from zeta_geom.rng.ranks import launched_rank

if TYPE_CHECKING:
    import torch
    from typing_extensions import TypeIs

RandomState: TypeAlias = Union[int, np.random.Generator, np.random.RandomState, "torch.Generator", None]
AnyGenerator: TypeAlias = Union[np.random.Generator, "torch.Generator"]


def numpy_generator(random_state: RandomState = None) -> np.random.Generator:
    """Return the NumPy generator for a `random_state`; raise TypeError or ValueError if it is not valid.

    Parameters
    ----------
    random_state : None, int, numpy.random.Generator, numpy.random.RandomState or torch.Generator
        None: fresh entropy. An int: a seed, at least 0. A Generator is returned unchanged. From a RandomState or a
        torch.Generator a seed is drawn.

    Returns
    -------
    numpy.random.Generator

    Examples
    --------
    >>> numpy_generator(0).integers(10)
    np.int64(8)
    """
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(0, 2**32, size=4, dtype=np.uint32))
    if is_torch_generator(random_state):
        return np.random.default_rng(seed_from(random_state))
    if random_state is None:
        return np.random.default_rng()
    if isinstance(random_state, Integral) and not isinstance(random_state, (bool, np.bool_)):
        if random_state < 0:
            raise ValueError(f"random_state must be a non-negative int; got {random_state}.")
        return np.random.default_rng(int(random_state))
    shown = " ".join(repr(random_state).split())  # the repr of a SeedSequence has several lines
    wrappable = isinstance(random_state, (np.random.SeedSequence, np.random.BitGenerator))
    raise TypeError(
        "random_state must be None, an int, a numpy.random.Generator, a RandomState or a torch.Generator; "
        f"got {shown:.100}.{' Give numpy.random.default_rng(random_state).' if wrappable else ''}"
    )


def torch_generator(seed: int, device: torch.device | str) -> torch.Generator:
    """Return a torch.Generator on `device`, seeded.

    Parameters
    ----------
    seed : int
        Of any size; a seed of over 64 bits, torch's limit, is hashed.
    device : str or torch.device
        Where the generator lives.

    Examples
    --------
    >>> torch_generator(3, "cpu").initial_seed()
    3
    """
    import torch

    if seed >= 2**64:
        seed = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
    return torch.Generator(device).manual_seed(seed)


def is_torch_generator(value: object) -> TypeIs[torch.Generator]:
    """Return whether `value` is a torch.Generator, without importing torch.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_torch_generator(np.random.default_rng(0))
    False
    """
    loaded = sys.modules.get("torch")
    return loaded is not None and isinstance(value, loaded.Generator)


def seed_from(generator: AnyGenerator) -> int:
    """Draw a seed; the generator advances, so a second seed differs.

    Parameters
    ----------
    generator : numpy.random.Generator or torch.Generator
        The host waits for a generator on a device.

    Returns
    -------
    int
        In [0, 2^62).

    Examples
    --------
    >>> seed_from(np.random.default_rng(0)) < 2**62
    True
    """
    if isinstance(generator, np.random.Generator):
        return int(generator.integers(2**62))
    import torch

    return int(torch.randint(2**62, (), generator=generator, device=generator.device).item())


def process_rank() -> int | None:
    """Return the rank of this process among those that train together, or None if it is unknown.

    Returns
    -------
    int or None
        From the process group of torch.distributed, otherwise from the variables of a launcher; see `ranks`.

    Raises
    ------
    ValueError
        If such a variable does not hold a non-negative integer.

    Examples
    --------
    >>> process_rank() is None or process_rank() >= 0
    True
    """
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return int(distributed.get_rank())
    return launched_rank()


def loader_rank(process: int, rank: int) -> int:
    """Return the rank of the process that started this loader worker, as `process_rank` does; 0 if it is unknown.

    Parameters
    ----------
    process, rank : int
        The process that pickled the stream, and its rank. If that process spawned this worker, its rank is
        returned: the worker has no process group, and its environment may hold other ranks.

    Returns
    -------
    int

    Examples
    --------
    >>> loader_rank(0, 1) == (process_rank() or 0)
    True
    """
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid == process:
        return rank
    return process_rank() or 0
