"""How the entries of realism, neighborhoods, fidelity and sweeps are called."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from tests.fuzz.entries import case, finite, not_negative
from tests.fuzz.values import COUNT, KS, RANDOM, SEEDS, WIDE, WIDTH, arrays, distributions, labels, points
from zeta_geom import realism
from zeta_geom.sweeps import SweepError

SLOW = 0.3  # of the examples: a sweep takes a quarter of a second

# realism


@case("realism.entropy", check=not_negative)
def _(draw):
    return {"p": draw(distributions(draw(COUNT), draw(WIDTH)))}


def check_nats(nats, arguments):
    assert (nats >= 0).all()
    assert nats.shape == (len(arguments["p"]),)


@case("realism.cross_entropy", "realism.kl_divergence", check=check_nats)
def _(draw):
    n, n_classes = draw(COUNT), draw(WIDTH)
    return {"p": draw(distributions(n, n_classes)), "q": draw(distributions(n, n_classes))}


def log_of(p):
    with np.errstate(divide="ignore"):
        return np.log(p)


@case("realism.cross_entropy_from_log", check=check_nats)
def _(draw):
    n, n_classes = draw(COUNT), draw(WIDTH)
    return {"p": draw(distributions(n, n_classes)), "log_q": log_of(draw(distributions(n, n_classes)))}


def check_report(report, arguments):
    for values in report.values():
        assert (values >= 0).all()


@case("realism.soft_label_report", check=check_report)
def _(draw):
    n, n_classes = draw(COUNT), draw(WIDTH)
    return {"log_p": log_of(draw(distributions(n, n_classes))), "y": draw(distributions(n, n_classes))}


ORACLE = realism.MNISTOracle.pretrained()
READINGS = {
    f"realism.MNISTOracle.{name}": getattr(ORACLE, name) for name in ("log_proba", "predict_proba", "features")
}


@st.composite
def digits(draw, n):
    shape = draw(st.sampled_from(((n, 28, 28), (n, 1, 28, 28))))
    dtype = draw(st.sampled_from(("u1", "f4", "f8", "f2", ">f4")))
    return draw(arrays(shape, (dtype,), ("uniform", "zeros", "normal", "constant", "spiked")))


@case(*READINGS, calls=READINGS, check=finite)
def _(draw):
    return {"images": draw(digits(draw(st.integers(1, 3)))), "batch_size": draw(st.sampled_from((1, 64)))}


def check_trained(model, arguments):
    if arguments["learning_rate"] <= 1 and arguments["weight_decay"] <= 1:  # others may diverge
        finite(model.fc3.bias.detach(), {})


@case("realism.train_lenet", check=check_trained, kept=("epochs", "progress", "augment"))
def _(draw):
    n = draw(st.integers(1, 4))
    return {
        "images": draw(digits(n)), "labels": draw(labels(n, 10)), "epochs": 1, "batch_size": 2,
        "learning_rate": 0.003, "weight_decay": 1e-4, "seed": draw(st.integers(0, 3)), "progress": False,
        "augment": draw(st.booleans()),
    }  # fmt: skip


# neighborhoods


def check_agreement(found, arguments):
    for values in (found.counts, found.soft, found.balanced):
        finite(values, arguments)
        assert ((values >= 0) & (values <= arguments["k"] + 1e-6)).all()


@case("neighborhoods.label_agreement", check=check_agreement)
def _(draw):
    n, q, d = draw(COUNT), draw(st.integers(1, 4)), draw(WIDTH)
    return {
        "train_features": draw(points(n, d)), "train_labels": draw(labels(n)), "test_features": draw(points(q, d)),
        "test_labels": draw(labels(q, soft=False)), "k": draw(KS),
        "metric": draw(st.sampled_from(("cosine", "euclidean"))),
    }  # fmt: skip


def votes(draw):
    n, N, n_classes = draw(COUNT), draw(COUNT), draw(WIDTH)
    indices = np.random.default_rng(draw(SEEDS)).integers(0, N, size=(n, draw(KS)))
    return {
        "indices": indices,
        "votes": draw(distributions(N, n_classes)),
        "labels": draw(distributions(n, n_classes)),
    }


@case("neighborhoods.vote_shares", check=not_negative)
def _(draw):
    given = votes(draw)
    return {"indices": given["indices"], "votes": given["votes"]}


@case("neighborhoods.vote_errors", check=lambda wrong, arguments: wrong.dtype == bool or 1 / 0)
def _(draw):
    return votes(draw)


@case("neighborhoods.embed", check=lambda xy, arguments: finite(xy[0] if xy[1] is None else xy, {}))
def _(draw):
    n, d = draw(COUNT), draw(WIDE)
    return {
        "train_features": draw(points(n, d)), "test_features": draw(st.one_of(st.none(), points(2, d))),
        "random_state": draw(RANDOM), "perplexity": draw(st.sampled_from((1, 1.3, 2))), "n_iter": 1,
        "metric": draw(st.sampled_from(("euclidean", "cosine"))),
    }  # fmt: skip


# fidelity


def check_scores(found, arguments):
    for value in vars(found).values():
        assert not np.isnan(value).any()
        assert (np.asarray(value) >= 0).all()


def pairs(draw):
    d, containers = draw(WIDTH), draw(st.booleans())
    return [draw(points(draw(COUNT), d, containers=containers)) for _ in range(2)]


@case("fidelity.improved_precision_recall", "fidelity.density_coverage", check=check_scores)
def _(draw):
    real, fake = pairs(draw)
    return {"real": real, "fake": fake, "k": draw(KS)}


@case("fidelity.alpha_precision", check=check_scores)
def _(draw):
    real, fake = pairs(draw)
    return {"real": real, "fake": fake, "n_levels": draw(st.integers(2, 9))}


@case("fidelity.beta_recall", check=check_scores)
def _(draw):
    real, fake = pairs(draw)
    return {"real": real, "fake": fake, "k": draw(KS), "n_levels": draw(st.integers(2, 9))}


@case("fidelity.authenticity", check=check_scores)
def _(draw):
    train, fake = pairs(draw)
    return {"train": train, "fake": fake}


@case("fidelity.frechet_distance", check=not_negative)
def _(draw):
    a, b = pairs(draw)
    return {"a": a, "b": b}


@case("fidelity.lenet_frechet_distance", check=not_negative)
def _(draw):
    return {"images_a": draw(digits(draw(st.integers(2, 4)))), "images_b": draw(digits(draw(st.integers(2, 4))))}


@case("fidelity.integrated_score", check=finite)
def _(draw):
    n = draw(st.integers(2, 6))
    return {"curve": draw(arrays((n,))), "levels": np.linspace(0, 1, n)}


# sweeps


def check_sweep(table, arguments):
    assert table.empty or np.isfinite(table[["mean", "std", "seconds"]].to_numpy()).all()


@case("sweeps.gamma_sweep", check=check_sweep, errors=(SweepError,), share=SLOW, kept=("progress", "n_jobs"))
def _(draw):
    n, d = draw(st.integers(8, 12)), draw(WIDE)
    return {
        "X": draw(points(n, d)),
        "y": draw(labels(n)),
        "gammas": draw(st.sampled_from(([2.8], (0, 2), np.array([1.5])))),
        "n_neighbors": draw(KS),
        "measures": draw(st.sampled_from((("dimension",), ("label-error",), ["dimension", "label-error"]))),
        "mixers": draw(st.sampled_from((("zeta",), ("zeta", "mixup")))),
        "seeds": draw(st.sampled_from(((0,), [0, 1]))),
        "n_mix": draw(st.sampled_from(((None,), (2,)))),
        "batch_size": draw(st.sampled_from((4, 32))),
        "n_anchors": draw(st.sampled_from((None, 2, n))),
        "estimator": draw(st.sampled_from((None, "FO", ["FO"]))),
        "grid": draw(st.sampled_from((None, {"zeta": {"n_mix": [2]}}, {"mixup": {"alpha": (0.5, 1)}}))),
        "alpha": 0.05,
        "n_jobs": 1,
        "progress": False,
    }


@case("sweeps.fill_gamma", check=lambda filled, arguments: len(filled) >= len(arguments["table"]) or 1 / 0)
def _(draw):
    return {"table": pd.DataFrame({"gamma": draw(arrays((4,), layouts=("C",))), "mixer": list("abcd")})}


@case("sweeps.sweep", check=check_sweep, errors=(SweepError,), share=SLOW, kept=("gammas", "progress"))
def _(draw):
    X, y = draw(points(10, draw(WIDE))), draw(labels(10))
    data = draw(st.sampled_from(({"a": X}, {"a": (X, y)}, {"a": X, "b": (X[::2], None)})))
    return {"data": data, "gammas": [2.8], "n_neighbors": draw(KS), "mixers": ("zeta",), "progress": False}
