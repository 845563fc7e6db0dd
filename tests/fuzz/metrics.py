"""How the entries of fidelity by models, kernels and copies, and of calibration, are called."""

import numpy as np
from hypothesis import strategies as st

from tests.fuzz.entries import case, finite
from tests.fuzz.values import COUNT, KS, RANDOM, WIDTH, distributions, labels, points

SLOW = 0.3  # of the examples: each fits models


def sets(draw, *names):
    d, containers = draw(WIDTH), draw(st.booleans())
    return {name: draw(points(draw(COUNT), d, containers=containers)) for name in names}


def check_score(result, arguments):
    assert not np.isnan(result.score)


@case("fidelity.kernel_distance", check=lambda result, arguments: finite(result.score, {}))
def _(draw):
    size = draw(st.one_of(st.none(), st.integers(2, 4)))
    return sets(draw, "a", "b") | {"subset_size": size, "n_subsets": 3, "random_state": draw(RANDOM)}


@case("fidelity.realism_scores", check=lambda scores, arguments: (scores >= 0).all() or 1 / 0)
def _(draw):
    return sets(draw, "real", "fake") | {"k": draw(KS), "pruned": draw(st.booleans())}


@case("fidelity.rarity_scores", check=lambda result, arguments: finite(result.rarity[result.inside], {}))
def _(draw):
    return sets(draw, "real", "fake") | {"k": draw(KS)}


@case("fidelity.vendi_score", check=lambda score, arguments: score >= 1 - 1e-9 or 1 / 0)
def _(draw):
    return sets(draw, "X") | {"max_samples": draw(st.sampled_from((2, 2000)))}


@case("fidelity.nearer_to_training", check=check_score)
def _(draw):
    return sets(draw, "train", "heldout", "fake")


@case("fidelity.data_copying", check=check_score, share=SLOW)
def _(draw):
    return sets(draw, "train", "test", "fake") | {"n_cells": draw(st.integers(1, 3)), "min_fakes": 1}


@case("fidelity.feature_likelihood", check=check_score, share=SLOW)
def _(draw):
    return sets(draw, "train", "test", "fake")


@case("fidelity.discriminator_auc", check=lambda result, arguments: 0 <= result.auc <= 1 or 1 / 0, share=SLOW)
def _(draw):
    return sets(draw, "real", "fake") | {"n_folds": 2}


@case("fidelity.affinity", check=check_score, share=SLOW)
def _(draw):
    given = sets(draw, "train", "clean", "augmented")
    return given | {f"{name}_labels": draw(labels(len(X), soft=name != "clean")) for name, X in given.items()}


@case("fidelity.diversity", check=check_score, share=SLOW)
def _(draw):
    given = sets(draw, "clean", "augmented")
    return given | {f"{name}_labels": draw(labels(len(X))) for name, X in given.items()}


@case("realism.calibration", check=lambda result, arguments: 0 <= result.ece <= 1 or 1 / 0)
def _(draw):
    n, n_classes = draw(COUNT), draw(WIDTH)
    return {"p": draw(distributions(n, n_classes)), "y": draw(distributions(n, n_classes)), "n_bins": 3}
