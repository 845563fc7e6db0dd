"""The contenders of the benchmark of mixers: this package, others, and lower bounds of arithmetic and memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from zeta_geom.mixers import CutMix, CutMixZeta, DirichletMixup, GridMix, LocalSyntheticInstances, Mixup, ZetaMixup
from zeta_geom.mixers.kernels import shuffle_rows

Calls = dict[str, Callable[[], Any]]
GAMMA = 2.8
N_CLASSES = 10
LAMBDA = 0.3  # replaces a draw in the timing of mixup's bare arithmetic
DRAWS = "draw: "  # prefix of the ways to draw m permutations


def contenders(X: Any) -> Calls:
    """Return the calls that are timed on a batch X of shape (m, ...), a NumPy array or a tensor."""
    shape, m = tuple(X.shape), X.shape[0]
    xp = np if isinstance(X, np.ndarray) else torch
    flat = X.reshape(m, -1)
    compute = flat if flat.dtype in (xp.float32, xp.float64) else None
    y = np.arange(m) % N_CLASSES
    labels = y if xp is np else torch.from_numpy(y).to(X.device)
    mixers = {"mixup": Mixup, "Dirichlet": DirichletMixup}
    if len(shape) > 2:
        mixers |= {"CutMix": CutMix, "CutMix + ζ": CutMixZeta, "GridMix": GridMix}
    zeta = ZetaMixup(GAMMA, n_classes=N_CLASSES, random_state=0)
    calls: Calls = {"copy": lambda: xp.asarray(X).copy() if xp is np else X.clone()}
    if compute is not None:
        calls |= floors(xp, compute) | by_fft(xp, compute)
    calls |= {"ζ-mixup": lambda: zeta(X), "ζ-mixup, labels": lambda: zeta(X, labels)}
    if m >= 1024:
        few = ZetaMixup(GAMMA, n_mix=32, random_state=0)
        calls["ζ-mixup, T = 32"] = lambda: few(X)
    for name, kind in mixers.items():
        mixer = kind(random_state=0)
        calls[name] = lambda mixer=mixer: mixer(X)
    if compute is not None:
        local = LocalSyntheticInstances(random_state=0)
        calls["local synthetic instances"] = lambda: local(X)
    if xp is torch and len(shape) > 2 and compute is not None:
        calls |= libraries(X, labels)
    return calls


def floors(xp: Any, flat: Any) -> Calls:
    """Return the bare matrix product, mixup's bare arithmetic, and every way to draw m permutations of m."""
    m = flat.shape[0]
    draws = dict(ways_to_draw(xp, m, flat))
    W = xp.ones((m, m), dtype=flat.dtype) if xp is np else torch.ones(m, m, dtype=flat.dtype, device=flat.device)
    partners = np.random.default_rng(0).permutation(m)
    partners = partners if xp is np else torch.from_numpy(partners).to(flat.device)
    literal = {"mixup, literal": lambda: LAMBDA * flat + (1 - LAMBDA) * flat[partners]}
    return {"product": lambda: W @ flat} | literal | {DRAWS + name: draw for name, draw in draws.items()}


def ways_to_draw(xp: Any, m: int, flat: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield each method that a backend has; on the CPU both have the compiled one."""
    rng = np.random.default_rng(0)
    if xp is torch:
        yield "argsort", lambda: torch.rand(m, m, device=flat.device).argsort(1)
    if xp is np:
        yield "argsort", lambda: rng.random((m, m), dtype=np.float32).argsort(axis=1)
        order = np.arange(m)
        yield "permuted", lambda: rng.permuted(np.broadcast_to(order, (m, m)), axis=1)
    if xp is np or flat.device.type == "cpu":
        ranks = np.arange(m, dtype=np.float32)

        def compiled() -> np.ndarray:
            out = np.empty((m, m), dtype=np.float32)
            shuffle_rows(rng.integers(0, 2**64, m, dtype=np.uint64), ranks, False, out)
            return out

        yield "compiled", compiled


def by_fft(xp: Any, flat: Any) -> Calls:
    """Return ζ-mixup with the weights of the paper's authors: argsort, FFT rotation, reciprocal power."""
    m = flat.shape[0]
    rng = np.random.default_rng(0)
    columns = np.arange(m) if xp is np else torch.arange(m, device=flat.device)
    frequencies = np.fft.fftfreq(m) if xp is np else torch.fft.fftfreq(m, device=flat.device)

    def mix() -> Any:
        if xp is np:
            ranks = rng.random((m, m)).argsort(axis=1)
        else:
            ranks = torch.rand(m, m, device=flat.device).argsort(1)
        shift = columns - ranks.argmin(1)  # moves the first rank to the diagonal
        turn = xp.exp(-2j * np.pi * shift[:, None] * frequencies[None, :])
        ranks = xp.round(xp.fft.ifft(xp.fft.fft(ranks) * turn).real) + 1
        weights = 1 / ranks**GAMMA
        weights = weights / weights.sum(1)[:, None]
        return (weights.astype(flat.dtype) if xp is np else weights.to(flat.dtype)) @ flat

    return {"ζ-mixup by FFT": mix}


def libraries(X: torch.Tensor, y: torch.Tensor) -> Calls:
    """Return torchvision's and timm's mixers, which take labels; timm's works in place, on a separate copy."""
    from timm.data import Mixup as TimmMixup
    from torchvision.transforms import v2

    batch = X.clone()
    mixup, cutmix = (kind(num_classes=N_CLASSES) for kind in (v2.MixUp, v2.CutMix))
    timm = TimmMixup(mixup_alpha=1.0, label_smoothing=0.0, num_classes=N_CLASSES)
    return {
        "torchvision MixUp": lambda: mixup(X, y),
        "torchvision CutMix": lambda: cutmix(X, y),
        "timm Mixup": lambda: timm(batch, y),
    }
