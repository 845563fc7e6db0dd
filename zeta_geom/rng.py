"""Randomness as an argument: from a seed to the numbers that a backend draws.

No global seed is read or set. Inside a torch loader worker a stream moves to a child of its own, derived from
(own seed, worker seed, rank), so that workers and ranks never repeat each other's draws.
"""

from __future__ import annotations

import copy
import os
import sys
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np

if TYPE_CHECKING:
    import torch

__all__ = ["RandomState", "Stream", "numpy_generator", "torch_generator"]

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
    if _is_torch_generator(random_state):
        return np.random.default_rng(_torch_seed(random_state))
    if random_state is None:
        return np.random.default_rng()
    if isinstance(random_state, Integral) and not isinstance(random_state, (bool, np.bool_)):
        if random_state < 0:
            raise ValueError(f"random_state must be a non-negative int; got {random_state}.")
        return np.random.default_rng(int(random_state))
    raise TypeError(
        "random_state must be None, an int, a numpy.random.Generator, a RandomState or a torch.Generator; "
        f"got {random_state!r}."
    )


def torch_generator(seed: int, device: Any) -> torch.Generator | None:
    """Return a torch.Generator on `device`, seeded.

    Parameters
    ----------
    seed : int
    device : str or torch.device

    Examples
    --------
    >>> torch_generator(3, "cpu").initial_seed()
    3
    """
    import torch

    return torch.Generator(device).manual_seed(seed)


class Stream:
    """One stream of random numbers that serves NumPy arrays and torch tensors on any device.

    Parameters
    ----------
    random_state : None, int, numpy.random.Generator, numpy.random.RandomState or torch.Generator
        Where the stream starts. On the CPU, draws come from this one generator for both backends; on another device
        an int, None or RandomState becomes a torch.Generator there, and a CPU generator is a TypeError.

    Examples
    --------
    >>> Stream(0).uniform((2,)).shape, Stream(0).beta(0.2, (2,)).dtype, sorted(Stream(0).permutation(2).tolist())
    ((2,), dtype('float64'), [0, 1])
    """

    def __init__(self, random_state: RandomState = None) -> None:
        self._given = _is_torch_generator(random_state) or isinstance(random_state, np.random.Generator)
        if self._given:
            self._host: Any = random_state
            self.seed = _draw_seed(random_state)
        else:
            generator = numpy_generator(random_state)
            self.seed = int(random_state) if isinstance(random_state, Integral) else int(generator.integers(2**62))
            self._host = np.random.default_rng(self.seed)
        self._device: dict[str, Any] = {}
        self._worker: tuple[int, int] | None = None

    def child(self, *key: int) -> Stream:
        """Return the Stream that belongs to (seed, *key), independent of this one and of whatever was drawn from it.

        Parameters
        ----------
        *key : int

        Examples
        --------
        >>> bool(Stream(0).child(1).uniform(()) == Stream(0).child(1).uniform(()))
        True
        """
        return Stream(int(self._spawned(key).integers(2**62)))

    def uniform(self, shape: tuple[int, ...], like: Any = None) -> Any:
        """Draw from U[0, 1).

        Parameters
        ----------
        shape : tuple of int
        like : array or tensor, optional
            Its backend and device are those of the result; NumPy without it.

        Returns
        -------
        array of that shape, float64 on the CPU and float32 on another device
        """
        generator, device = self._source(like)
        if device is not None:
            import torch

            return torch.rand(shape, generator=generator, device=device)
        if isinstance(generator, np.random.Generator):
            return _match(np.asarray(generator.random(shape)), like)
        import torch

        return _match(torch.rand(shape, generator=generator, dtype=torch.float64), like)

    def beta(self, alpha: float, shape: tuple[int, ...], like: Any = None) -> Any:
        """Draw from Beta(alpha, alpha).

        Parameters
        ----------
        alpha : float, above 0
        shape, like
            As in `uniform`.

        Returns
        -------
        array of that shape, float64 on the CPU and float32 on another device
        """
        if alpha == 1:
            return self.uniform(shape, like)
        generator, device = self._source(like)
        if isinstance(generator, np.random.Generator):
            return _match(np.asarray(generator.beta(alpha, alpha, shape)), like)
        import torch

        dtype = torch.float32 if device else torch.float64
        concentration = torch.full((2, *shape), alpha, dtype=dtype, device=device)
        # torch's Beta takes no generator. Gamma(a) is Gamma(a + 1) U^(1/a), kept as a logarithm: at small alpha the
        # gammas themselves would underflow.
        gammas = torch._standard_gamma(concentration + 1, generator=generator)
        uniforms = torch.rand(concentration.shape, generator=generator, dtype=dtype, device=device)
        logs = gammas.log() + torch.log1p(-uniforms) / alpha
        return _match(torch.sigmoid(logs[0] - logs[1]), like)

    def permutation(self, n: int, like: Any = None) -> Any:
        """Draw a permutation of 0..n-1: int64 of shape (n,), in the backend and on the device of `like`.

        Parameters
        ----------
        n : int
        like : array or tensor, optional
        """
        generator, device = self._source(like)
        if isinstance(generator, np.random.Generator):
            return _match(generator.permutation(n), like)
        import torch

        return _match(torch.randperm(n, generator=generator, device=device or "cpu"), like)

    def state_dict(self) -> dict[str, Any]:
        """Return a dict, what `load_state_dict` needs to go on from here exactly."""
        return {
            "seed": self.seed,
            "worker": self._worker,
            "host": _get_state(self._host),
            "device": {name: _get_state(generator) for name, generator in self._device.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state`, a dict that `state_dict` returned; ValueError if it is of the other backend."""
        self.seed = state["seed"]
        self._worker = None if state["worker"] is None else tuple(state["worker"])
        if self._worker is not None:
            self._host = np.random.default_rng()  # as in `_enter_worker`, whatever was given
        _set_state(self._host, state["host"])
        self._device = {}
        for name, saved in state["device"].items():
            self._device[name] = torch_generator(self.seed, name)
            _set_state(self._device[name], saved)

    def _source(self, like: Any) -> tuple[Any, Any]:
        """Return the generator for `like` and, where that is not the CPU, its device."""
        self._enter_worker()
        device = getattr(like, "device", None)
        kind = getattr(device, "type", "cpu")
        if kind == "cpu":
            if _is_torch_generator(self._host) and self._host.device.type != "cpu":
                raise TypeError(
                    f"random_state is a torch.Generator on {self._host.device}, but the data lie on the CPU; "
                    "give an int or torch.Generator('cpu')."
                )
            return self._host, None
        if _is_torch_generator(self._host) and self._host.device.type == kind:
            return self._host, device
        if self._given and self._worker is None:
            raise TypeError(
                f"random_state draws on the CPU, but the data lie on {device}; "
                f"give an int or torch.Generator({str(device)!r})."
            )
        name = str(device)
        if name not in self._device:
            self._device[name] = torch_generator(self.seed, device)
        return self._device[name], device

    def _spawned(self, key: tuple[int, ...]) -> np.random.Generator:
        # a spawn key, not a longer seed: to default_rng, [3, 0] and 3 are the same seed
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))

    def _enter_worker(self) -> None:
        """Move to a stream of its own where this runs in a torch loader worker for the first time."""
        loaded = sys.modules.get("torch.utils.data")
        info = loaded.get_worker_info() if loaded is not None else None
        if info is None:
            return
        worker = (int(info.seed), int(os.environ.get("RANK", "0")))
        if worker != self._worker:
            self._worker = worker
            self._host = self._spawned(worker)
            self._device = {}


def _is_torch_generator(value: Any) -> bool:
    loaded = sys.modules.get("torch")
    return loaded is not None and isinstance(value, loaded.Generator)


def _draw_seed(generator: Any) -> int:
    """Draw a seed; the generator advances, so that the next stream made with it has other children."""
    if isinstance(generator, np.random.Generator):
        return int(generator.integers(2**62))
    return _torch_seed(generator)


def _torch_seed(generator: Any) -> int:
    import torch

    return int(torch.randint(2**62, (), generator=generator, device=generator.device).item())


def _match(array: Any, like: Any) -> Any:
    """Return the CPU array `array` in the backend of `like`."""
    loaded = sys.modules.get("torch")
    if loaded is None:
        return array
    if isinstance(like, loaded.Tensor):
        return loaded.as_tensor(array)
    return array.numpy() if isinstance(array, loaded.Tensor) else array


def _get_state(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return copy.deepcopy(generator.bit_generator.state)
    return generator.get_state()


def _set_state(generator: Any, state: Any) -> None:
    if isinstance(generator, np.random.Generator) != isinstance(state, dict):
        raise ValueError("state comes from a stream of the other backend; build the mixer as it was built then.")
    if isinstance(state, dict):
        generator.bit_generator.state = state
    else:
        generator.set_state(state)
