"""The mixers, backends and dtypes over which the tests of mixers run, and plain loops that several tests use."""

import math
from functools import cache

import numpy as np
import torch

from zeta_geom.mixers import MIXERS, CutMix, RandomMixer, ZetaMixup, make_mixer
from zeta_geom.mixers.image_mixer import ImageMixer


class Brightness(torch.nn.Module):
    """A teacher for images of any shape, to which all are of the last class: its rows all come back."""

    def __init__(self, n_classes=3):
        super().__init__()
        self.n_classes = n_classes

    def forward(self, x):
        steps = torch.arange(self.n_classes).to(x)
        return x.flatten(1).mean(dim=1, keepdim=True).abs() * (steps + 1) + 1e-3 * steps


VARIANTS = {
    "zeta": ("zeta", {}),
    "zeta-random": ("zeta", {"anchor": "random"}),
    "zeta-t3": ("zeta", {"n_mix": 3, "gamma": 2.0}),
    "zeta-range": ("zeta", {"gamma": (1.72865, 4.0)}),
    "zeta-inf": ("zeta", {"gamma": math.inf}),
    "mixup": ("mixup", {}),
    "mixup-per-sample": ("mixup", {"per_sample": True}),
    "mixup-alpha": ("mixup", {"alpha": 0.2}),
    "p-series-pairs-negative": ("p-series-pairs", {"gamma": (-2.0, 2.0)}),
    "dirichlet-sparse": ("dirichlet", {"alpha": 0.2}),
    "local-synthetic-instances-random": ("local-synthetic-instances", {"n_mix": 3, "anchor": "random"}),
    "cutmix-alpha": ("cutmix", {"alpha": 0.5}),
    "cutmix-per-sample": ("cutmix", {"per_sample": True}),
    "cutmix-zeta": ("cutmix-zeta", {"n_mix": 3}),
    "gridmix": ("gridmix", {"n_cells": 3}),
    "mixfeat-batch": ("mixfeat", {"per_feature": False}),
    "supermix": ("supermix", {"teacher": Brightness(), "max_steps": 2}),
    "co-mixup": ("co-mixup", {"model": Brightness(1000), "n_cells": 2, "part": 3}),
    "opttransmix": ("opttransmix", {"max_iter": 5}),
    "zeta-sometimes": ("zeta", {"prob": 0.5}),
    "random-mixer": ("", {}),
}
VARIANTS = {name: (name, {}) for name in MIXERS} | VARIANTS
DTYPES = [
    *(("numpy", name) for name in ("float16", "float32", "float64")),
    *(("torch", name) for name in ("float16", "bfloat16", "float32", "float64")),
]
TOLERANCE = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 1e-5, "float64": 1e-12}
SHAPE = (7, 2, 4, 5)
LABELS = np.array([0, 1, 2, 0, 1, 2, 2])


def build(variant, seed=0, **more):
    name, params = VARIANTS[variant]
    if variant == "random-mixer":
        return RandomMixer([ZetaMixup(), CutMix(channels="first")], [0.6, 0.4], random_state=seed, **more)
    if issubclass(MIXERS[name], ImageMixer):
        params = {"channels": "first"} | params
    return make_mixer(name, random_state=seed, **(params | more))


TRAITS = {variant: build(variant).traits for variant in VARIANTS}


def batch(backend, dtype, shape=SHAPE, seed=0):
    X = np.random.default_rng(seed).random(size=shape)
    return X.astype(dtype) if backend == "numpy" else torch.from_numpy(X).to(getattr(torch, dtype))


@cache
def plan_type(variant):
    like = batch(TRAITS[variant].backends[0], "float32")
    labels = np.eye(3, dtype=np.float32)[LABELS]
    labels = torch.from_numpy(labels) if isinstance(like, torch.Tensor) else labels
    return type(build(variant).draw(SHAPE, like=like, labels=labels))


def first_of_each_plan(variants):
    """Name, of some variants, the first that draws each kind of plan: those that draw one kind share their code."""
    return set({plan_type(name): name for name in reversed(list(variants))}.values())


def to_numpy(array):
    return array.detach().double().numpy() if isinstance(array, torch.Tensor) else np.asarray(array, np.float64)


def soft(m, n_classes, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(n_classes), size=m)


def zeta_by_loop(X, Y, orders, gamma):
    """Eqs. 5 and 6, one row at a time: w_i = s_i^-γ / Σ j^-γ."""
    n_mix = len(orders[0])
    norm = math.fsum(j**-gamma for j in range(1, n_mix + 1))
    X_new, Y_new = np.zeros((len(orders), *X.shape[1:])), np.zeros((len(orders), Y.shape[1]))
    for k, order in enumerate(orders):
        for rank, i in enumerate(order, start=1):
            X_new[k] += rank**-gamma / norm * X[i]
            Y_new[k] += rank**-gamma / norm * Y[i]
    return X_new, Y_new


def labels_by_share(Y, plan, share):
    return np.array([(1 - share) * Y[k % len(Y)] + share * Y[j] for k, j in enumerate(plan.partners)])
