"""The operations of torch that a call carries out on a device, counted without one; most launch one kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from zeta_geom.mixers import make_mixer
from zeta_geom.rng import seeds

BATCH, N_CLASSES = (32, 3, 32, 32), 10


class Launches(TorchDispatchMode):
    """Count the operations that compute: neither views nor memory that is only reserved."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Note the name of an operation, and carry it out."""
        name = func.overloadpacket.__name__
        aliases = [result.alias_info for result in func._schema.returns]
        views = any(alias is not None and not alias.is_write for alias in aliases)
        if func.namespace == "aten" and not views and not name.startswith(("empty", "new_empty")):
            self.names.append(name)
        return func(*args, **(kwargs or {}))


def launches_of(call: Callable[[], object]) -> list[str]:
    """Return the operations of a call that compute."""
    with Launches() as launches:
        call()
    return launches.names


def launches_of_mixer(name: str) -> tuple[list[str], list[str]]:
    """Return the operations of a mixer's whole call with int labels, and those of `apply`, on fake CUDA tensors."""
    real, seeds.torch_generator = seeds.torch_generator, lambda seed, device: None  # type: ignore[assignment]
    try:
        with FakeTensorMode():
            X, y = torch.rand(BATCH, device="cuda"), torch.zeros(BATCH[0], dtype=torch.int64, device="cuda")
            mixer = make_mixer(name, n_classes=N_CLASSES, random_state=0)
            mixer(X, y)  # makes the tensors that a device keeps
            whole = launches_of(lambda: mixer(X, y))
            Y, plan = torch.rand(BATCH[0], N_CLASSES, device="cuda"), mixer.draw(X.shape, like=X)
            return whole, launches_of(lambda: mixer.apply(X, Y, plan))
    finally:
        seeds.torch_generator = real
