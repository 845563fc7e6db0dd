"""One stream of random numbers for NumPy arrays and torch tensors, with a state that resumes exactly.

In a torch loader worker a stream moves to the child of (its seed, the worker's seed, the rank), so workers and ranks
never repeat each other's draws.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

import zeta_geom.rng.seeds as seeds
from zeta_geom.checks.types import Array, Shape
from zeta_geom.rng.capturing import host_may_draw
from zeta_geom.rng.states import FORMAT, bytes_of, copy_state, plain_state, read_state, set_bytes

if TYPE_CHECKING:
    import torch


class Stream:
    """One stream of random numbers that serves NumPy arrays and torch tensors on any device.

    Parameters
    ----------
    random_state : None, int, numpy.random.Generator, numpy.random.RandomState or torch.Generator
        Seeds the stream. On the CPU, one generator serves both backends; on another device an int, None or
        RandomState becomes a torch.Generator there, and a CPU generator raises TypeError. A number for a whole batch,
        such as the box of CutMix, may still be drawn on the host: see `may_draw_on_host`.
    """

    _shared = False  # whether the host generator is the caller's
    _pickled_by = (0, 0)  # the id of a process, and its rank

    def __init__(self, random_state: seeds.RandomState = None) -> None:
        if isinstance(random_state, np.random.Generator) or seeds.is_torch_generator(random_state):
            self._host: seeds.AnyGenerator = random_state
            self._shared = True
            self.seed = seeds.seed_from(random_state)
        else:
            generator = seeds.numpy_generator(random_state)
            self.seed = int(random_state) if isinstance(random_state, Integral) else int(generator.integers(2**62))
            self._host = np.random.default_rng(self.seed)
        self._device: dict[str, torch.Generator] = {}
        self._saved: dict[str, bytes] = {}  # loaded states of generators that no draw has used yet
        self._choices: np.random.Generator | None = None
        self._worker: tuple[int, int] | None = None

    def child(self, *key: int) -> Stream:
        """Return the Stream of (seed, *key), independent of this one and of draws from it."""
        return Stream(int(self._spawned(key).integers(2**62)))

    def uniform(self, shape: Shape, like: Array | None = None) -> Any:
        """Draw from U[0, 1)."""
        generator, device = self._source(like)
        if isinstance(generator, np.random.Generator):
            return _match(np.asarray(generator.random(shape)), like)
        import torch

        if device is not None:
            return torch.rand(shape, generator=generator, device=device)
        return _match(torch.rand(shape, generator=generator, dtype=torch.float64), like)

    def beta(self, alpha: float, shape: Shape, like: Array | None = None) -> Any:
        """Draw from Beta(alpha, alpha)."""
        if alpha == 1:
            return self.uniform(shape, like)
        generator, device = self._source(like)
        if isinstance(generator, np.random.Generator):
            return _match(np.asarray(generator.beta(alpha, alpha, shape)), like)
        logs = _log_gammas(alpha, (2, *shape), generator, device)
        return _match((logs[0] - logs[1]).sigmoid(), like)

    def permutation(self, n: int, like: Array | None = None) -> Any:
        """Draw a permutation of 0..n-1, int64 of shape (n,)."""
        generator, device = self._source(like)
        if isinstance(generator, np.random.Generator):
            return _match(generator.permutation(n), like)
        import torch

        return _match(torch.randperm(n, generator=generator, device=device or "cpu"), like)

    def normal(self, shape: Shape, like: Array | None = None) -> Any:
        """Draw from N(0, 1)."""
        generator, device = self._source(like)
        if isinstance(generator, np.random.Generator):
            return _match(np.asarray(generator.standard_normal(shape)), like)
        import torch

        dtype = torch.float32 if device else torch.float64
        return _match(torch.randn(shape, generator=generator, dtype=dtype, device=device), like)

    def dirichlet(self, alpha: float, rows: int, size: int, like: Array | None = None) -> Any:
        """Draw each row from Dir(alpha, ..., alpha), of shape (rows, size)."""
        generator, device = self._source(like)
        if isinstance(generator, np.random.Generator):
            return _match(generator.dirichlet(np.full(size, alpha), rows), like)
        return _match(_log_gammas(alpha, (rows, size), generator, device).softmax(dim=1), like)

    def row_seeds(self, rows: int) -> np.ndarray:
        """Draw a seed for each row of a compiled kernel, on the CPU: uint64 of shape (rows,)."""
        generator, _ = self._source(None)
        if isinstance(generator, np.random.Generator):
            return generator.random(rows).view(np.uint64)  # the bits of floats take a quarter of the time of integers
        import torch

        limits = torch.iinfo(torch.int64)
        return torch.randint(limits.min, limits.max, (rows,), generator=generator).numpy().view(np.uint64)

    def may_draw_on_host(self) -> bool:
        """Return whether the host may draw one number for a whole batch on a device.

        Not if a torch.Generator is the source, and not while a CUDA graph is captured, which would repeat it.
        """
        return isinstance(self._host, np.random.Generator) and host_may_draw()

    def generator_for(self, like: torch.Tensor) -> torch.Generator:
        """Return the generator that draws on the device of a tensor."""
        generator: torch.Generator = self._source(like)[0]  # type: ignore[assignment]
        return generator

    def choice(self) -> float:
        """Draw a float from U[0, 1) on the host, for a choice of the program."""
        if not host_may_draw():
            raise RuntimeError(
                "RandomMixer, and prob below 1, cannot be captured: the host chooses for each batch. Call the mixer."
            )
        self._enter_worker()
        if not seeds.is_torch_generator(self._host):
            return float(self._host.random())
        if self._choices is None:  # the host would wait for a torch.Generator on a device
            self._choices = self._spawned((0,))
        return float(self._choices.random())

    def state_dict(self) -> dict[str, Any]:
        """Return the state for an exact resume as ints, strings, lists and dicts."""
        device = {name: content.hex() for name, content in self._saved.items()}
        return {
            "format": FORMAT,
            "seed": self.seed,
            "worker": None if self._worker is None else list(self._worker),
            "host": plain_state(self._host),
            "device": device | {name: bytes_of(generator).hex() for name, generator in self._device.items()},
            "choices": None if self._choices is None else plain_state(self._choices),
        }

    def load_state_dict(self, state: Mapping[str, object]) -> None:
        """Resume from a dict that `state_dict` returned; TypeError or ValueError leave the stream unchanged.

        A generator passed as `random_state` gets the state if it is of the same kind; otherwise it is replaced.
        """
        loaded = read_state(state, self._host)  # raises on any fault, before anything is changed
        shared = self._shared and self._worker is None and loaded.worker is None
        if not (shared and copy_state(loaded.host, self._host)):
            self._host, self._shared = loaded.host, False
        self.seed, self._worker, self._choices = loaded.seed, loaded.worker, loaded.choices
        self._device, self._saved = {}, loaded.device

    def _source(self, like: Array | None) -> tuple[seeds.AnyGenerator, torch.device | None]:
        """Return the generator for `like`, and the device unless it is the CPU."""
        self._enter_worker()
        device: Any = getattr(like, "device", None)
        kind = getattr(device, "type", "cpu")
        if kind == "cpu":
            if seeds.is_torch_generator(self._host) and self._host.device.type != "cpu":
                raise TypeError(
                    f"random_state is a torch.Generator on {self._host.device}, but the data lie on the CPU; "
                    "give an int or torch.Generator('cpu')."
                )
            return self._host, None
        if seeds.is_torch_generator(self._host) and self._host.device.type == kind:
            return self._host, device
        if self._shared and self._worker is None:
            raise TypeError(
                f"random_state draws on the CPU, but the data lie on {device}; "
                f"give an int or torch.Generator({str(device)!r})."
            )
        name = str(device)
        if name not in self._device:
            self._device[name] = seeds.torch_generator(self.seed, device)
            # a run may resume on a GPU of another number
            saved = [name] if name in self._saved else [key for key in self._saved if key.startswith(kind)]
            if len(saved) == 1:
                set_bytes(self._device[name], self._saved.pop(saved[0]))
        return self._device[name], device

    def __getstate__(self) -> dict[str, Any]:
        """Include the rank, for a spawned worker, which cannot read it."""
        rank = None
        with suppress(ValueError):  # raised in the worker, if one is started
            rank = seeds.process_rank()
        return self.__dict__ | ({} if rank is None else {"_pickled_by": (os.getpid(), rank)})

    def _spawned(self, key: tuple[int, ...]) -> np.random.Generator:
        # a spawn key, not a longer seed: to default_rng, [3, 0] and 3 are the same seed
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))

    def _enter_worker(self) -> None:
        """On the first draw in a torch loader worker, move to the worker's child stream."""
        loaded = sys.modules.get("torch.utils.data")
        info = loaded.get_worker_info() if loaded is not None else None
        if info is None:
            return
        worker = (int(info.seed), seeds.loader_rank(*self._pickled_by))
        if worker != self._worker:
            self._worker = worker
            self._host = self._spawned(worker)
            self._device, self._saved = {}, {}


def _log_gammas(alpha: float, shape: Shape, generator: torch.Generator, device: torch.device | None) -> torch.Tensor:
    """Draw logarithms of Gamma(alpha) by a torch.Generator, which torch's Beta and Dirichlet do not accept."""
    import torch

    dtype = torch.float32 if device else torch.float64
    concentration = torch.full(shape, alpha, dtype=dtype, device=device)
    # Gamma(a) is Gamma(a + 1) U^(1/a); at small alpha the gammas themselves would underflow
    gammas = torch._standard_gamma(concentration + 1, generator=generator)
    uniforms = torch.rand(shape, generator=generator, dtype=dtype, device=device)
    return gammas.log() + torch.log1p(-uniforms) / alpha


def _match(array: Array, like: Array | None) -> Any:
    """Return an array on the CPU in the backend of `like`."""
    loaded = sys.modules.get("torch")
    if loaded is None:
        return array
    if isinstance(like, loaded.Tensor):
        return loaded.as_tensor(array)
    return array.numpy() if isinstance(array, loaded.Tensor) else array
