"""Chunks that fit a device's memory, and products in full float32."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from zeta_geom.execution.threads import progress_bar

BYTES = 2**28  # working memory of a device that does not report its own, such as the CPU
SHARE = 0.4  # of the free memory of a GPU: the estimates of a chunk's bytes do not count allocations of libraries


def working_memory(X: torch.Tensor) -> int:
    """Return the number of bytes that a chunk may take on the device of X."""
    if X.device.type == "cuda" and torch.cuda.is_available():
        cached = torch.cuda.memory_reserved(X.device) - torch.cuda.memory_allocated(X.device)  # free, but torch's
        return int((torch.cuda.mem_get_info(X.device)[0] + cached) * SHARE)
    return BYTES


def slices_of(n: int, size: int, description: str, progress: bool) -> Iterator[slice]:
    """Yield slices of `size` that cover 0..n, with a progress bar on a terminal."""
    with progress_bar(n, description, "pt", progress) as bar:
        for start in range(0, n, size):
            yield slice(start, min(start + size, n))
            bar.update(min(size, n - start))


@contextmanager
def full_float32(X: torch.Tensor) -> Iterator[None]:
    """Switch autocast and TF32, which would halve the digits of a product, off within a `with` block."""
    matmul: Any = torch.backends.cuda.matmul
    full: Any
    try:
        name, full, before = "allow_tf32", False, matmul.allow_tf32
    except RuntimeError:  # TF32 was set by its newer name; then torch refuses to read the older one
        name, full, before = "fp32_precision", "ieee", matmul.fp32_precision
    if before != full:
        setattr(matmul, name, full)
    try:
        with torch.autocast(X.device.type, enabled=False):
            yield
    finally:
        if before != full:
            setattr(matmul, name, before)
