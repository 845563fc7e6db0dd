"""How the entries of mixers are called: every method of the table, by its call, by its halves and on a data set."""

import math

import numpy as np
import torch
from hypothesis import strategies as st

from tests.fuzz.entries import case, finite, not_negative
from tests.fuzz.values import RANDOM, arrays, labels, tensors
from tests.mixers.mixer_cases import Brightness
from zeta_geom.mixers import MIXERS, CutMix, ManifoldMixup, MixFeat, RandomMixer, ZetaMixup, make_mixer
from zeta_geom.mixers.table import parameters_of

PARAMETERS = {
    "gamma": (2.8, 0, 1.0, math.inf, (1.7, 4.0)),
    "n_mix": (None, 2, 3),
    "anchor": ("self", "random"),
    "alpha": (1.0, 0.2, 5),
    "n_cells": (1, 2),
    "channels": (None, "first", "last"),
    "p": (2.8, 0),
    "per_sample": (True, False),
    "per_feature": (True, False),
    "layers": (("input",), ("0", "1")),
    "sigma": (0.2, 1.0),
    "model": (Brightness(1000),),
    "teacher": (Brightness(),),
    "mask_size": (1, 4),
    "sparsity": (25.0,),
    "step": (1.0,),
    "max_steps": (1, 2),
    "beta": (0.32, 0),
    "eta": (0.05,),
    "tau": (0.83,),
    "omega": (0.001, 1),
    "part": (2, 20),
    "max_rounds": (1, 4),
    "reg": (0.002, 0.1),
    "decay": (3.0, 0),
    "low": (0.1,),
    "high": (0.8, 1),
    "max_iter": (1, 3),
}
KEPT = ("name", "per_sample", "per_feature", "model", "teacher")
ONE_CLASS = "a batch of one class"  # a warning that is meant
MIXED_FLAVOURS = ("uniform", "uniform", "zeros", "constant", "repeated", "normal", "tiny")


def make(name, params):
    if name == "random-mixer":
        return RandomMixer([ZetaMixup(), CutMix()], check_values=True, **params)
    return make_mixer(name, check_values=True, **params)


def call(name, X, y, n_out, n_classes, **params):
    return make(name, params)(X, y, n_out=n_out, n_classes=n_classes)


def halves(name, X, Y, shape, n_out, like, labels, **params):
    mixer = make(name, params)
    return mixer.apply(X, Y, mixer.draw(shape, n_out=n_out, like=like, labels=labels))


def mix_dataset(name, X, y, batch_size, n_out, n_classes, epoch, **params):
    return make(name, params).mix_dataset(X, y, batch_size=batch_size, n_out=n_out, n_classes=n_classes, epoch=epoch)


def check_mixed(mixed, arguments):
    X_new, Y_new = mixed
    X = arguments["X"]
    if isinstance(X, (np.ndarray, torch.Tensor)):
        assert X_new.dtype == X.dtype
        assert X_new.shape[1:] == X.shape[1:]
    if Y_new is not None:
        shares = np.asarray(Y_new.detach() if isinstance(Y_new, torch.Tensor) else Y_new)
        assert (shares >= -1e-6).all()
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-3)


@st.composite
def batches(draw, m, name):
    """Draw a batch of m samples that the method takes: images, tensors alone, no negative pixels."""
    traits = MIXERS[name].traits if name in MIXERS else ZetaMixup.traits
    images = traits.needs_images or name in ("random-mixer", "supermix") or draw(st.booleans())
    sizes = st.integers(2, 5)
    shape = (m, *draw(st.tuples(sizes, sizes) if images else st.lists(sizes, max_size=2).map(tuple)))
    flavours = ("uniform", "zeros", "constant") if name == "opttransmix" else MIXED_FLAVOURS
    if traits.backends == ("torch",) or draw(st.integers(0, 3)) == 0:
        return draw(tensors(shape, ("float64", "float32", "float16", "bfloat16"), flavours))
    array = draw(arrays(shape, ("f8", "f4", "f2", ">f4"), flavours))
    return abs(array) if name == "opttransmix" else array


def parameters(draw, name):
    if name == "random-mixer":
        return {"p": draw(st.sampled_from((None, (0.4, 0.6)))), "random_state": draw(RANDOM)}
    chosen = {key: draw(st.sampled_from(PARAMETERS[key])) for key in parameters_of(MIXERS[name])}
    return chosen | {"prob": draw(st.sampled_from((1.0, 0.5))), "random_state": draw(RANDOM)}


for _name in (*MIXERS, "random-mixer"):
    _title = f"mixers.MIXERS[{_name}]" if _name in MIXERS else "mixers.RandomMixer"
    _kinds = {_title: call, f"{_title}.mix_dataset": mix_dataset}

    @case(_title, calls=_kinds, check=check_mixed, kept=KEPT, ignored=ONE_CLASS)
    def _(draw, name=_name):
        m = draw(st.integers(3, 7))
        given = {"name": name, "X": draw(batches(m, name)), "y": draw(labels(m))}
        given |= {"n_out": draw(st.sampled_from((None, 2, 9))), "n_classes": draw(st.sampled_from((None, 3)))}
        return given | parameters(draw, name)

    @case(
        f"{_title}.mix_dataset",
        calls=_kinds,
        check=check_mixed,
        kept=KEPT,
        ignored=ONE_CLASS,
    )
    def _(draw, name=_name):
        n = draw(st.integers(4, 9))
        given = {"name": name, "X": draw(batches(n, name)), "y": draw(labels(n)), "epoch": draw(st.integers(0, 2))}
        given |= {"n_out": draw(st.sampled_from((None, 2, 12))), "n_classes": draw(st.sampled_from((None, 3)))}
        return given | {"batch_size": draw(st.sampled_from((4, 32)))} | parameters(draw, name)

    @case(
        f"{_title}.draw+apply",
        calls={f"{_title}.draw+apply": halves},
        check=lambda mixed, arguments: None,
        kept=KEPT,
        ignored=f"invalid value|overflow|{ONE_CLASS}",  # X is not scanned for NaN here
    )
    def _(draw, name=_name):
        m = draw(st.integers(3, 7))
        X = draw(batches(m, name))
        Y = np.random.default_rng(0).dirichlet(np.ones(3), size=m)
        Y = torch.from_numpy(Y) if isinstance(X, torch.Tensor) else Y
        given = {"name": name, "X": X, "Y": draw(st.sampled_from((Y, Y, None))), "shape": X.shape, "labels": Y}
        return given | {"n_out": None, "like": draw(st.sampled_from((None, X)))} | parameters(draw, name)


def run_manifold_mixup(X, y, n_classes, layers, alpha):
    return ManifoldMixup(layers, alpha=alpha).run(MODEL, X, y, n_classes=n_classes)


def run_mixfeat(X, y, n_classes, layers, alpha):
    return MixFeat(layers, sigma=alpha).run(MODEL, X, y, n_classes=n_classes)


MODEL = torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Tanh()).train()
RUNS = {"mixers.ManifoldMixup.run": run_manifold_mixup, "mixers.MixFeat.run": run_mixfeat}


@case(*RUNS, calls=RUNS, check=check_mixed)
def _(draw):
    m = draw(st.integers(2, 6))
    X = draw(tensors((m, 3), ("float64", "float32", "bfloat16"), MIXED_FLAVOURS))
    layers = draw(st.sampled_from((("0",), ("0", "1"))))
    return {
        "X": X,
        "y": draw(labels(m)),
        "n_classes": draw(st.sampled_from((None, 3))),
        "layers": layers,
        "alpha": 0.5,
    }


@case("mixers.p_series_weights", check=lambda weights, arguments: np.testing.assert_allclose(weights.sum(), 1))
def _(draw):
    return {"n": draw(st.integers(1, 9)), "gamma": draw(st.one_of(st.floats(-9, 9), st.floats(allow_nan=False)))}


@case("mixers.zeta_weight_matrix", check=lambda W, arguments: np.testing.assert_allclose(W.sum(axis=1), 1))
def _(draw):
    return {
        "m": draw(st.integers(3, 9)),
        "gamma": draw(st.one_of(st.floats(0, 9), st.floats(min_value=0))),
        "n_mix": draw(st.sampled_from((None, 1, 2, 3))),
        "anchor": draw(st.sampled_from(("self", "random"))),
        "n_out": draw(st.sampled_from((None, 1, 5))),
        "random_state": draw(RANDOM),
    }


@case("mixers.gamma_min", check=not_negative)
def _(draw):
    return {"n_mix": draw(st.sampled_from((None, 2, 3, 1001, 10**9)))}


@case("mixers.lambda_from_gamma", check=finite)
def _(draw):
    return {"gamma": draw(arrays(draw(st.sampled_from(((), (3,), (2, 2))))))}


@case("mixers.gamma_from_lambda", check=lambda gamma, arguments: np.isnan(gamma).any() and 1 / 0)
def _(draw):
    return {"lam": draw(arrays(draw(st.sampled_from(((), (3,), (2, 2)))), flavours=("uniform", "constant")))}
