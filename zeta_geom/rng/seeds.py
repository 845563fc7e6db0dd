"""Randomness as an argument: from what a user gives to a generator. No global seed is read or set."""

from __future__ import annotations

import multiprocessing
import sys
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np

from zeta_geom.rng.ranks import launched_rank

if TYPE_CHECKING:
    import torch

__all__ = [
    "RandomState",
    "is_torch_generator",
    "loader_rank",
    "numpy_generator",
    "process_rank",
    "seed_from",
    "torch_generator",
]

RandomState: TypeAlias = Union[int, np.random.Generator, np.random.RandomState, "torch.Generator", None]


def numpy_generator(random_state: RandomState = None) -> np.random.Generator:
    """Return the NumPy generator that `random_state` stands for.

    Parameters
    ----------
    random_state : None, int, numpy.random.Generator, numpy.random.RandomState or torch.Generator
        None is fresh entropy; an int is a seed; a Generator is used itself, and advances; from a RandomState or a
        torch.Generator one seed is drawn.

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    TypeError
        If `random_state` is anything else.
    ValueError
        If it is a negative int.

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
    shown = " ".join(repr(random_state).split())  # a SeedSequence's has several lines
    made = isinstance(random_state, (np.random.SeedSequence, np.random.BitGenerator))
    raise TypeError(
        "random_state must be None, an int, a numpy.random.Generator, a RandomState or a torch.Generator; "
        f"got {shown:.100}.{' Give numpy.random.default_rng of it.' if made else ''}"
    )


def torch_generator(seed: int, device: Any) -> torch.Generator | None:
    """Return a torch.Generator on `device`, seeded.

    Parameters
    ----------
    seed : int
        Of any size; torch takes 64 bits, and a longer one is hashed to as many.
    device : str or torch.device

    Examples
    --------
    >>> torch_generator(3, "cpu").initial_seed()
    3
    """
    import torch

    if seed >= 2**64:
        seed = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
    return torch.Generator(device).manual_seed(seed)


def is_torch_generator(value: Any) -> bool:
    """Say whether `value` is a torch.Generator, without importing torch.

    Parameters
    ----------
    value : object

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


def seed_from(generator: Any) -> int:
    """Draw a seed; the generator advances, so that the next stream made with it has other children.

    Parameters
    ----------
    generator : numpy.random.Generator or torch.Generator
        One on a device makes the host wait.

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
    """Return this process's number among those that train together, None where nothing says so.

    Returns
    -------
    int or None
        What the process group of torch.distributed says, else the variables that a launcher sets; see `ranks`.

    Raises
    ------
    ValueError
        If such a variable holds no number from 0 on.

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
    """Return the rank of the process whose loader worker this one is; 0 where nothing says so.

    Parameters
    ----------
    process, rank : int
        The process that pickled what is asked here, and its rank. If it has started this worker afresh, its word
        counts: the worker has no process group, and its environment may hold other ranks.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        As `process_rank`.

    Examples
    --------
    >>> loader_rank(0, 1) == (process_rank() or 0)
    True
    """
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid == process:
        return rank
    return process_rank() or 0
