"""One stream of random numbers for NumPy arrays and torch tensors, with a state that resumes exactly.

Inside a torch loader worker a stream moves to a child of its own, derived from (own seed, worker seed, rank), so that
workers and ranks never repeat each other's draws.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from numbers import Integral
from typing import Any

import numpy as np

from zeta_geom.rng.seeds import (
    RandomState,
    is_torch_generator,
    loader_rank,
    numpy_generator,
    process_rank,
    seed_from,
    torch_generator,
)
from zeta_geom.rng.states import FORMAT, bytes_of, copy_state, plain_state, read_state, set_bytes

__all__ = ["Stream"]


class Stream:
    """One stream of random numbers that serves NumPy arrays and torch tensors on any device.

    Parameters
    ----------
    random_state : None, int, numpy.random.Generator, numpy.random.RandomState or torch.Generator
        Where the stream starts. On the CPU, draws come from this one generator for both backends; on another device
        an int, None or RandomState becomes a torch.Generator there, and a CPU generator is a TypeError.
    """

    _pickled_by = (0, 0)  # a process, by its number, and its rank

    def __init__(self, random_state: RandomState = None) -> None:
        self._given = is_torch_generator(random_state) or isinstance(random_state, np.random.Generator)
        if self._given:
            self._host: Any = random_state
            self.seed = seed_from(random_state)
        else:
            generator = numpy_generator(random_state)
            self.seed = int(random_state) if isinstance(random_state, Integral) else int(generator.integers(2**62))
            self._host = np.random.default_rng(self.seed)
        self._device: dict[str, Any] = {}
        self._saved: dict[str, bytes] = {}  # states of generators on devices that were not needed since
        self._choices: np.random.Generator | None = None
        self._worker: tuple[int, int] | None = None

    def child(self, *key: int) -> Stream:
        """Return the Stream of (seed, *key), independent of this one and of what was drawn from it."""
        return Stream(int(self._spawned(key).integers(2**62)))

    def uniform(self, shape: tuple[int, ...], like: Any = None) -> Any:
        """Draw from U[0, 1)."""
        generator, device = self._source(like)
        if device is not None:
            import torch

            return torch.rand(shape, generator=generator, device=device)
        if isinstance(generator, np.random.Generator):
            return _match(np.asarray(generator.random(shape)), like)
        import torch

        return _match(torch.rand(shape, generator=generator, dtype=torch.float64), like)

    def beta(self, alpha: float, shape: tuple[int, ...], like: Any = None) -> Any:
        """Draw from Beta(alpha, alpha)."""
        if alpha == 1:
            return self.uniform(shape, like)
        generator, device = self._source(like)
        if isinstance(generator, np.random.Generator):
            return _match(np.asarray(generator.beta(alpha, alpha, shape)), like)
        logs = _log_gammas(alpha, (2, *shape), generator, device)
        return _match((logs[0] - logs[1]).sigmoid(), like)

    def permutation(self, n: int, like: Any = None) -> Any:
        """Draw a permutation of 0..n-1: int64 of shape (n,), in the backend and on the device of `like`."""
        generator, device = self._source(like)
        if isinstance(generator, np.random.Generator):
            return _match(generator.permutation(n), like)
        import torch

        return _match(torch.randperm(n, generator=generator, device=device or "cpu"), like)

    def normal(self, shape: tuple[int, ...], like: Any = None) -> Any:
        """Draw from N(0, 1)."""
        generator, device = self._source(like)
        if isinstance(generator, np.random.Generator):
            return _match(np.asarray(generator.standard_normal(shape)), like)
        import torch

        dtype = torch.float32 if device else torch.float64
        return _match(torch.randn(shape, generator=generator, dtype=dtype, device=device), like)

    def dirichlet(self, alpha: float, rows: int, size: int, like: Any = None) -> Any:
        """Draw from Dir(alpha, ..., alpha), once a row.

        Returns shape (rows, size).
        """
        generator, device = self._source(like)
        if isinstance(generator, np.random.Generator):
            return _match(generator.dirichlet(np.full(size, alpha), rows), like)
        return _match(_log_gammas(alpha, (rows, size), generator, device).softmax(dim=1), like)

    def row_seeds(self, rows: int) -> np.ndarray:
        """Draw a seed for each row of a compiled kernel, on the CPU: uint64 of shape (rows,)."""
        generator, _ = self._source(None)
        if isinstance(generator, np.random.Generator):
            return generator.random(rows).view(np.uint64)  # the bits of the floats: a quarter of the time of integers
        import torch

        limits = torch.iinfo(torch.int64)
        return torch.randint(limits.min, limits.max, (rows,), generator=generator).numpy().view(np.uint64)

    def choice(self) -> float:
        """Draw a float from U[0, 1) on the host, wherever the data lie, to decide what the program does next."""
        self._enter_worker()
        if not is_torch_generator(self._host):
            return float(self._host.random())
        if self._choices is None:  # a torch.Generator on a device would make the host wait
            self._choices = self._spawned((0,))
        return float(self._choices.random())

    def state_dict(self) -> dict[str, Any]:
        """Return a dict of ints, texts, lists and dicts, what `load_state_dict` needs to go on from here exactly."""
        device = {name: kept.hex() for name, kept in self._saved.items()}
        return {
            "format": FORMAT,
            "seed": self.seed,
            "worker": None if self._worker is None else list(self._worker),
            "host": plain_state(self._host),
            "device": device | {name: bytes_of(generator).hex() for name, generator in self._device.items()},
            "choices": None if self._choices is None else plain_state(self._choices),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`, a dict that `state_dict` returned, or raise TypeError or ValueError and stay as it is.

        A generator that was given is set to the state where that is of its kind; else the stream gets one of its own.
        """
        found = read_state(state, self._host)  # whatever is wrong with it raises here
        shared = self._given and self._worker is None and found.worker is None
        if not (shared and copy_state(found.host, self._host)):
            self._host, self._given = found.host, False
        self.seed, self._worker, self._choices = found.seed, found.worker, found.choices
        self._device, self._saved = {}, found.device

    def _source(self, like: Any) -> tuple[Any, Any]:
        """Return the generator for `like` and, where that is not the CPU, its device."""
        self._enter_worker()
        device = getattr(like, "device", None)
        kind = getattr(device, "type", "cpu")
        if kind == "cpu":
            if is_torch_generator(self._host) and self._host.device.type != "cpu":
                raise TypeError(
                    f"random_state is a torch.Generator on {self._host.device}, but the data lie on the CPU; "
                    "give an int or torch.Generator('cpu')."
                )
            return self._host, None
        if is_torch_generator(self._host) and self._host.device.type == kind:
            return self._host, device
        if self._given and self._worker is None:
            raise TypeError(
                f"random_state draws on the CPU, but the data lie on {device}; "
                f"give an int or torch.Generator({str(device)!r})."
            )
        name = str(device)
        if name not in self._device:
            self._device[name] = torch_generator(self.seed, device)
            # a run may go on with a GPU of another number
            alike = [name] if name in self._saved else [each for each in self._saved if each.startswith(kind)]
            if len(alike) == 1:
                set_bytes(self._device[name], self._saved.pop(alike[0]))
        return self._device[name], device

    def __getstate__(self) -> dict[str, Any]:
        """Take the rank along to a worker that is started afresh and does not know it."""
        rank = None
        with suppress(ValueError):  # it is raised in the worker, if there ever is one
            rank = process_rank()
        return self.__dict__ | ({} if rank is None else {"_pickled_by": (os.getpid(), rank)})

    def _spawned(self, key: tuple[int, ...]) -> np.random.Generator:
        # a spawn key, not a longer seed: to default_rng, [3, 0] and 3 are the same seed
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))

    def _enter_worker(self) -> None:
        """Move to a stream of its own where this runs in a torch loader worker for the first time."""
        loaded = sys.modules.get("torch.utils.data")
        info = loaded.get_worker_info() if loaded is not None else None
        if info is None:
            return
        worker = (int(info.seed), loader_rank(*self._pickled_by))
        if worker != self._worker:
            self._worker = worker
            self._host = self._spawned(worker)
            self._device, self._saved = {}, {}


def _log_gammas(alpha: float, shape: tuple[int, ...], generator: Any, device: Any) -> Any:
    """Draw logarithms of Gamma(alpha) by a torch.Generator, which torch's own Beta and Dirichlet do not take."""
    import torch

    dtype = torch.float32 if device else torch.float64
    concentration = torch.full(shape, alpha, dtype=dtype, device=device)
    # Gamma(a) is Gamma(a + 1) U^(1/a); at small alpha the gammas themselves would underflow
    gammas = torch._standard_gamma(concentration + 1, generator=generator)
    uniforms = torch.rand(shape, generator=generator, dtype=dtype, device=device)
    return gammas.log() + torch.log1p(-uniforms) / alpha


def _match(array: Any, like: Any) -> Any:
    """Return the CPU array `array` in the backend of `like`."""
    loaded = sys.modules.get("torch")
    if loaded is None:
        return array
    if isinstance(like, loaded.Tensor):
        return loaded.as_tensor(array)
    return array.numpy() if isinstance(array, loaded.Tensor) else array
