"""Fake CUDA tensors that tell where work would wait for the host, and the mark of tests that need a real device."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from zeta_geom.rng import seeds

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def devices(values):
    types = set()
    for value in values:
        if isinstance(value, torch.Tensor):
            types.add(value.device.type)
        elif isinstance(value, (list, tuple)):
            types |= devices(value)
    return types


class NoWaiting(TorchDispatchMode):
    """Raise where a value leaves the device, or a tensor crosses over."""

    WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "item", "is_nonzero")

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in self.WAITING:
            raise RuntimeError(f"{name} waits for the host")
        out = func(*args, **(kwargs or {}))
        # a number wrapped as a tensor of no dimension lies on the CPU and is passed as an argument of the kernel
        tensors = [a for a in args if not (isinstance(a, torch.Tensor) and a.ndim == 0 and name not in ("_to_copy",))]
        if len(devices([*tensors, out])) > 1:
            raise RuntimeError(f"{name} copies across devices")
        return out


@pytest.fixture
def no_waiting(monkeypatch):
    if torch.version.cuda is None:
        pytest.skip("this torch is built without CUDA: no fake cuda tensors")
    monkeypatch.setattr(seeds, "torch_generator", lambda seed, device: None)  # there is no device to make it on
    with FakeTensorMode(), NoWaiting():
        yield
