"""The mixers, backends and dtypes that the tests of mixers run over."""

import math

import numpy as np
import torch

from zeta_geom.mixers import MIXERS

VARIANTS = {
    "zeta": ("zeta", {}),
    "zeta-random": ("zeta", {"anchor": "random"}),
    "zeta-t3": ("zeta", {"n_mix": 3, "gamma": 2.0}),
    "zeta-range": ("zeta", {"gamma": (1.72865, 4.0)}),
    "zeta-inf": ("zeta", {"gamma": math.inf}),
    "mixup": ("mixup", {}),
    "mixup-per-sample": ("mixup", {"per_sample": True}),
    "mixup-alpha": ("mixup", {"alpha": 0.2}),
}
VARIANTS |= {name: (name, {}) for name in MIXERS if name not in VARIANTS}
DTYPES = [
    *(("numpy", name) for name in ("float16", "float32", "float64")),
    *(("torch", name) for name in ("float16", "bfloat16", "float32", "float64")),
]
TOLERANCE = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 1e-5, "float64": 1e-12}


def batch(backend, dtype, shape=(7, 2, 3), seed=0):
    X = np.random.default_rng(seed).normal(size=shape)
    return X.astype(dtype) if backend == "numpy" else torch.from_numpy(X).to(getattr(torch, dtype))


def to_numpy(array):
    return array.detach().double().numpy() if isinstance(array, torch.Tensor) else np.asarray(array, np.float64)


def soft(m, n_classes, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(n_classes), size=m)


LABELS = np.array([0, 1, 2, 0, 1, 2, 2])
