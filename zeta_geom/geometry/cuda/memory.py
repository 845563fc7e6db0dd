"""What the work on torch tensors shares: chunks that fit the device, its scale, products with all of their digits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from tqdm import tqdm

__all__ = ["full_float32", "slices_of", "working_memory"]

BYTES = 2**28  # of working memory where the device does not tell


def working_memory(X: torch.Tensor) -> int:
    """Return how many bytes a chunk may take on the device of X."""
    if X.device.type == "cuda" and torch.cuda.is_available():
        kept = torch.cuda.memory_reserved(X.device) - torch.cuda.memory_allocated(X.device)  # by torch, for the next
        return int((torch.cuda.mem_get_info(X.device)[0] + kept) * 0.4)
    return BYTES


def slices_of(n: int, size: int, description: str, progress: bool) -> Iterator[slice]:
    """Yield slices of `size` that cover 0..n, with a progress bar on a terminal."""
    bar = tqdm(total=n, desc=description, unit="pt", leave=False, delay=2, disable=None if progress else True)
    with bar:
        for start in range(0, n, size):
            yield slice(start, min(start + size, n))
            bar.update(min(size, n - start))


@contextmanager
def full_float32(X: torch.Tensor) -> Iterator[None]:
    """Keep autocast and TF32, which would halve the digits, away from a product."""
    matmul: Any = torch.backends.cuda.matmul
    full: Any
    try:
        name, full, before = "allow_tf32", False, matmul.allow_tf32
    except RuntimeError:  # TF32 was allowed by the newer name, and torch then refuses to read the older one
        name, full, before = "fp32_precision", "ieee", matmul.fp32_precision
    if before != full:
        setattr(matmul, name, full)
    try:
        with torch.autocast(X.device.type, enabled=False):
            yield
    finally:
        if before != full:
            setattr(matmul, name, before)
