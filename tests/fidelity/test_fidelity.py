import subprocess
import sys
from math import prod

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from scipy.special import betainc

from zeta_geom.datasets import load
from zeta_geom.fidelity import (
    alpha_precision,
    authenticity,
    beta_recall,
    density_coverage,
    frechet_distance,
    improved_precision_recall,
    integrated_score,
    lenet_frechet_distance,
)
from zeta_geom.realism import MNISTOracle

NEIGHBOUR_METRICS = [improved_precision_recall, density_coverage, beta_recall]
METRICS = [*NEIGHBOUR_METRICS, alpha_precision, authenticity]


def members(centres, k, points):
    """Which points lie in which closed balls, from the whole matrix of squared distances."""
    within = cdist(centres, centres, "sqeuclidean")
    np.fill_diagonal(within, np.inf)
    return cdist(centres, points, "sqeuclidean") <= np.sort(within, axis=1)[:, k - 1, None]


def plain_alpha(real, fake, levels):
    centre = real.mean(axis=0)
    radii = np.quantile(np.linalg.norm(real - centre, axis=1), levels)
    return (np.linalg.norm(fake - centre, axis=1)[:, None] <= radii).mean(axis=0)


def plain_beta(real, fake, k, levels):
    """R_β by the definition: the nearest fake of each core, and whether it lies in the ball."""
    within, between = cdist(real, real), cdist(real, fake)
    np.fill_diagonal(within, np.inf)
    depth = np.linalg.norm(fake - fake.mean(axis=0), axis=1)
    shares = []
    for radius in np.quantile(depth, levels):
        core = between[:, depth <= radius]
        shares.append((core.min(axis=1, initial=np.inf) <= np.sort(within, axis=1)[:, k - 1]).mean())
    return np.array(shares)


def plain_authentic(train, fake):
    within, between = cdist(train, train, "sqeuclidean"), cdist(fake, train, "sqeuclidean")
    np.fill_diagonal(within, np.inf)
    tied = between == between.min(axis=1, keepdims=True)
    return between.min(axis=1) > np.where(tied, within.min(axis=1), -1).max(axis=1)


def assert_same(result, other):
    for name, value in vars(result).items():
        np.testing.assert_array_equal(value, getattr(other, name), err_msg=name)


@st.composite
def samples(draw):
    """Two samples: on a grid, where ties abound, or of reals, with copies within and between them, far or near 0."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m, d = draw(st.integers(4, 40)), draw(st.integers(4, 40)), draw(st.integers(1, 6))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    if draw(st.booleans()):
        X, Y = (generator.integers(-2, 3, size=(size, d)).astype(dtype) for size in (n, m))
        return X, Y
    offset = draw(st.sampled_from([0.0, 1e3, 1e6]))
    X, Y = ((offset + generator.normal(size=(size, d))).astype(dtype) for size in (n, m))
    X[: n // 4], Y[: m // 3] = X[-(n // 4) :], X[generator.integers(n, size=m // 3)]
    return X, Y


@settings(max_examples=40, deadline=None)
@given(samples(), st.integers(1, 3))
def test_balls_agree_with_the_whole_distance_matrix(drawn, k):
    X, Y = drawn
    in_real, in_fake = members(X, k, Y), members(Y, k, X)
    result = improved_precision_recall(X, Y, k=k, n_jobs=1)
    np.testing.assert_array_equal(result.precision_pw, in_real.any(axis=0))
    np.testing.assert_array_equal(result.recall_pw, in_fake.any(axis=0))
    assert (result.precision, result.recall) == (result.precision_pw.mean(), result.recall_pw.mean())
    dense = density_coverage(X, Y, k=k, n_jobs=1)
    np.testing.assert_array_equal(dense.density_pw, in_real.sum(axis=0) / k)
    np.testing.assert_array_equal(dense.coverage_pw, in_real.any(axis=1))
    assert (dense.density, dense.coverage) == (in_real.sum() / (k * len(Y)), dense.coverage_pw.mean())
    np.testing.assert_array_equal(authenticity(X, Y, n_jobs=1).authentic, plain_authentic(X, Y))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0, 1e4])
def test_tiles_and_threads_change_nothing(monkeypatch, dtype, offset):
    generator = np.random.default_rng(0)
    X, Y = ((offset + generator.normal(size=(size, 30))).astype(dtype) for size in (301, 250))
    Y[:100] = X[100:200]
    whole = [metric(X, Y) for metric in METRICS]
    monkeypatch.setattr("zeta_geom.geometry.cpu.balls.ROWS", 7)
    monkeypatch.setattr("zeta_geom.geometry.cpu.balls.COLUMNS", 11)
    for metric, before in zip(METRICS, whole):
        assert_same(metric(X, Y), before)
    assert_same(whole[0], improved_precision_recall(X, Y, k=3))
    np.testing.assert_array_equal(whole[1].density_pw, members(X, 5, Y).sum(axis=0) / 5)
    assert whole[1].density_pw[:100].all()


@settings(max_examples=40, deadline=None)
@given(samples(), st.integers(1, 3))
def test_levels_agree_with_quantiles_of_real_distances(drawn, k):
    X, Y = (points.astype(np.float64) for points in drawn)
    middle = X.mean(axis=0)
    X, Y = X - middle, Y - middle
    Y += 1e-4 * np.sqrt(np.arange(1, len(Y) + 1))[:, None]  # no ties, which the judge's rounding decides
    alpha, beta = alpha_precision(X, Y, n_levels=8), beta_recall(X, Y, k=k, n_levels=8, n_jobs=1)
    between = (np.arange(7) + 0.4637) / 7
    for result, judge in ((alpha, plain_alpha(X, Y, between)), (beta, plain_beta(X, Y, k, between))):
        np.testing.assert_allclose((result.ranks[:, None] <= between).mean(axis=0), judge)
        np.testing.assert_array_equal(result.curve, (result.ranks[:, None] <= result.levels).mean(axis=0))
        assert result.score == integrated_score(result.curve, result.levels)
        assert -1e-12 <= result.score <= 1
    assert beta.curve[-1] == density_coverage(X, Y, k=k).coverage


def test_hand_examples_on_a_line():
    real, fake = np.array([[0.0], [1.0], [3.0], [6.0]]), np.array([[-1.0], [2.0], [10.0]])
    result = improved_precision_recall(real, fake, k=1)  # real balls reach 1, 1, 2, 3; those of fakes 3, 3, 8
    assert result.precision_pw.tolist() == [True, True, False]
    assert result.recall_pw.tolist() == [True, True, True, True]
    assert improved_precision_recall(fake, real, k=1).recall_pw.tolist() == [True, True, False]
    dense = density_coverage(real, fake, k=1)
    assert dense.density_pw.tolist() == [1, 2, 0]
    assert dense.coverage_pw.tolist() == [True, True, True, False]
    alpha = alpha_precision([[-4.0], [-2.0], [0.0], [2.0], [4.0]], [[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
    assert alpha.ranks.tolist() == [0, 0.125, 0.25, 0.625, 0.75, np.inf]
    beta = beta_recall(real, [[0.0], [2.0], [4.0]], k=1)
    assert beta.ranks.tolist() == [0.5, 0, 0, 0.5]
    assert authenticity(real, [[0.0], [0.5], [1.5], [2.5], [9.5]]).authentic.tolist() == [False] * 4 + [True]


@pytest.mark.parametrize("copies", [1, 2, 7])
@pytest.mark.parametrize("points", [np.random.default_rng(3).normal(size=(60, 4)), np.arange(40.0)[:, None]])
def test_a_copy_of_the_real_samples_is_perfect_however_often_each_point_is_there(points, copies):
    X = np.repeat(points, copies, axis=0)
    Y = X[np.random.default_rng(1).permutation(len(X))]
    result, dense, beta = improved_precision_recall(X, Y), density_coverage(X, Y), beta_recall(X, Y)
    assert result.precision == result.recall == dense.coverage == beta.curve[-1] == 1
    if copies == 7:
        assert dense.density == 7 / 5
    elif copies == 1 and points.shape[1] > 1:
        assert dense.density == 6 / 5  # each ball holds its k neighbours and its within centre
    assert alpha_precision(X, Y).score > 0.95
    assert authenticity(X, Y).score == 0


def test_far_fakes_are_worth_nothing():
    X, Y = np.random.default_rng(0).normal(size=(2, 50, 3))
    Y += 1e6
    result, dense = improved_precision_recall(X, Y), density_coverage(X, Y)
    assert (result.precision, result.recall, dense.density, dense.coverage) == (0, 0, 0, 0)
    for curve in (alpha_precision(X, Y), beta_recall(X, Y)):
        assert np.isinf(curve.ranks).all()
        assert not curve.curve.any()
        assert curve.score == pytest.approx(0, abs=1e-12)
    assert authenticity(X, Y).score == 1


def test_constant_points_have_defined_values():
    X, Y = np.full((9, 2), 0.1), np.full((7, 2), 0.1)
    result, dense = improved_precision_recall(X, Y), density_coverage(X, Y)
    assert (result.precision, result.recall, dense.density, dense.coverage) == (1, 1, 9 / 5, 1)
    for curve in (alpha_precision(X, Y), beta_recall(X, Y)):
        assert not curve.ranks.any()
        assert curve.score == pytest.approx(0, abs=1e-12)
    assert authenticity(X, Y).score == 0
    assert authenticity(X, Y + 1e-9).score == 1
    assert density_coverage(X, Y + 1e-9).density == 0
    assert frechet_distance(X, Y) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("n", "m", "k"), [(20, 30, 5), (12, 6, 2)])
def test_density_and_coverage_have_the_expectations_of_the_paper(n, m, k):
    generator = np.random.default_rng(5)
    result = [density_coverage(*np.split(generator.normal(size=(n + m, 3)), [n]), k=k, n_jobs=1) for _ in range(150)]
    for name, expected in [
        ("density", 1),
        ("coverage", 1 - prod(n - i for i in range(1, k + 1)) / prod(n + m - i for i in range(1, k + 1))),
    ]:
        values = np.array([getattr(one, name) for one in result])
        assert abs(values.mean() - expected) < 4 * values.std() / np.sqrt(len(values))


def test_levels_of_two_samples_of_one_distribution_follow_the_diagonal():
    X, Y = np.random.default_rng(2).normal(size=(2, 3000, 2))
    assert alpha_precision(X, Y).score > 0.97
    assert beta_recall(X, Y).score > 0.93
    assert beta_recall(X, Y, k=1).score == pytest.approx(0.5, abs=0.05)
    assert alpha_precision(X, 0.5 * Y).score < 0.7
    assert beta_recall(X, X[(np.linalg.norm(X, axis=1) < 1)]).curve[-1] < 0.6


@pytest.mark.parametrize("d", [1, 2, 8])
def test_authenticity_of_independent_samples_is_one_less_the_share_of_mutual_neighbours(d):
    """A fake fails where it and its nearest are each other's nearest: 1/(2 - I), I the overlap of two unit balls."""
    X, Y = np.random.default_rng(4).random(size=(2, 4000, d))
    Z = np.concatenate([X, X + 1], axis=0) if d == 1 else X
    overlap = betainc((d + 1) / 2, 0.5, 0.75)
    assert authenticity(Z, Y).score == pytest.approx(1 - 1 / (2 - overlap), abs=0.04)


def test_the_nearest_training_sample_of_the_widest_gap_counts_in_a_tie():
    train = np.array([[0.0], [2.0], [2.5], [-5.0]])  # 1 is as near to 0 (gap 2) as to 2 (gap 0.5)
    for order in ([0, 1, 2, 3], [1, 0, 2, 3]):
        assert not authenticity(train[order], [[1.0]]).authentic[0]
    assert authenticity([[0.0], [0.5], [2.0], [2.5]], [[1.25]]).authentic[0]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("source", ["reals", "grid"])
def test_the_order_of_the_samples_only_orders_the_values(metric, source):
    generator = np.random.default_rng(7)
    X, Y = generator.normal(size=(2, 90, 3)) if source == "reals" else generator.integers(4, size=(2, 90, 3)) / 4
    Y = Y[:70]
    p, q = generator.permutation(90), generator.permutation(70)
    before, after = metric(X, Y), metric(X[p], Y[q])
    for name, value in vars(before).items():
        if np.ndim(value) == 1 and len(value) in (90, 70):
            value = value[p if len(value) == 90 else q]
        np.testing.assert_array_equal(getattr(after, name), value, err_msg=name)


@pytest.mark.parametrize("metric", [*METRICS, frechet_distance])
def test_lists_frames_tensors_and_strides_are_read(metric):
    X, Y = np.random.default_rng(0).integers(9, size=(2, 30, 4)).astype(np.float32)
    before = metric(X, Y)
    frames = pd.DataFrame(X), torch.from_numpy(Y)
    for inputs in [(X.tolist(), Y), frames, (np.asfortranarray(X), np.repeat(Y, 2, axis=1)[:, ::2])]:
        if metric is frechet_distance:
            assert metric(*inputs) == pytest.approx(before, rel=1e-12)
        else:
            assert_same(metric(*inputs), before)


@pytest.mark.parametrize("metric", [*METRICS, frechet_distance])
def test_wrong_samples_are_refused_by_name(metric):
    first, second = ("a", "b") if metric is frechet_distance else ("real", "fake")
    first = "train" if metric is authenticity else first
    good = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.raises(ValueError, match=f"{second} must have as many columns as {first}, 3; got 2. Pass both"):
        metric(good, good[:, :2])
    with pytest.raises(ValueError, match=f"{second} must be finite; got 1 NaN"):
        metric(good, np.where(good == good[1, 1], np.nan, good))
    with pytest.raises(ValueError, match=f"{first} must have at least 2 row"):
        metric(good[:1], good)
    with pytest.raises(ValueError, match=rf"{second} must have at least \d row"):
        metric(good, good[:0])
    with pytest.raises(ValueError, match=f"{first} must have shape"):
        metric(good.ravel(), good)
    with pytest.raises(TypeError, match=f"{first} must hold real numbers"):
        metric(good.astype(str), good)


@pytest.mark.parametrize("metric", NEIGHBOUR_METRICS)
def test_k_out_of_range_is_refused(metric):
    good = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.raises(ValueError, match=r"k must be at most 19 for the 20 rows of real.* got 20\. Lower k"):
        metric(good, good, k=20)
    with pytest.raises(ValueError, match="k must be an integer in"):
        metric(good, good, k=0)
    with pytest.raises(TypeError, match="k must be an integer"):
        metric(good, good, k=2.0)
    metric(good, good, k=19)


def test_fewer_fakes_than_neighbours_is_an_error_for_recall_alone():
    X = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.raises(ValueError, match="k must be at most 1 for the 2 rows of fake"):
        improved_precision_recall(X, X[:2])
    assert density_coverage(X, X[:1]).density > 0


@pytest.mark.parametrize(
    ("curve", "levels", "error", "message"),
    [
        ([0.0, 1.0], [0.0, 0.5, 1.0], ValueError, "curve must have a share for each of the 3 levels"),
        (0.5, [0.0, 1.0], ValueError, "curve must have a share"),
        ([0.0, np.nan], [0.0, 1.0], ValueError, "curve must be finite"),
        ([0.0, 1.0], [0.1, 1.0], ValueError, "levels must increase from 0 to 1"),
        ([0.0, 1.0, 1.0], [0.0, 0.0, 1.0], ValueError, "levels must increase from 0 to 1"),
        (["a", "b"], [0.0, 1.0], TypeError, "curve must hold real numbers"),
    ],
)
def test_integrated_score_refuses(curve, levels, error, message):
    with pytest.raises(error, match=message):
        integrated_score(curve, levels)
    with pytest.raises(ValueError, match="n_levels must be an integer in"):
        alpha_precision([[0.0], [1.0]], [[0.0]], n_levels=1)


def test_integrated_score_of_closed_forms():
    levels = np.linspace(0, 1, 2001)
    curves = np.stack([levels, levels**2, 0 * levels, 1 + 0 * levels, 0.5 + 0 * levels, levels / 2])
    expected = [1, 2 / 3, 0, 0, 0.5, 0.5]
    np.testing.assert_allclose(integrated_score(curves, levels), expected, atol=1e-6)
    assert integrated_score(curves.reshape(2, 3, -1), levels).shape == (2, 3)
    assert isinstance(integrated_score(curves[0], levels), float)


def test_frechet_distance_has_its_closed_forms():
    generator = np.random.default_rng(6)
    X, shift = generator.normal(size=(200, 5)), np.arange(5.0)
    assert frechet_distance(X, X[::-1]) == pytest.approx(0, abs=1e-12)
    assert all(frechet_distance(X[:n], X[:n]) >= 0 for n in range(2, 60))
    assert frechet_distance(X, X + shift) == pytest.approx(shift @ shift, rel=1e-12)
    second_moment = np.cov(X.T).trace() + (X.mean(axis=0) ** 2).sum()
    assert frechet_distance(X, 3 * X) == pytest.approx((3 - 1) ** 2 * second_moment, rel=1e-12)
    a, b = np.array([[1.0], [4.0], [7.0]]), np.array([[0.0], [1.0]])  # means 4, 0.5; deviations 3, √½
    assert frechet_distance(a, b) == pytest.approx(3.5**2 + (3 - 0.5**0.5) ** 2, rel=1e-12)


@pytest.mark.parametrize(("n", "m", "rel"), [(60, 40, 1e-10), (4, 7, 1e-4)])  # roots of singular matrices are rough
def test_frechet_distance_agrees_with_a_matrix_root(n, m, rel):
    generator = np.random.default_rng(8)
    A, B = generator.normal(size=(n, 6)) @ generator.normal(size=(6, 6)), generator.normal(size=(m, 6)) + 1
    S, T = np.cov(A.T), np.cov(B.T)
    root = np.real(sqrtm(S))
    inner = np.sqrt(np.linalg.eigvalsh(root @ T @ root).clip(0)).sum()
    expected = ((A.mean(axis=0) - B.mean(axis=0)) ** 2).sum() + np.trace(S + T) - 2 * inner
    assert frechet_distance(A, B) == pytest.approx(expected, rel=rel)
    assert frechet_distance(B, A) == pytest.approx(frechet_distance(A, B), rel=1e-12)
    assert frechet_distance(A, A) == pytest.approx(0, abs=1e-12)


def test_lenet_frechet_distance_is_that_of_the_oracles_features():
    images = load("mnist-sample").X_train[:120]
    dark = (images * 0.3).astype(np.uint8)
    features = MNISTOracle.pretrained().features
    assert lenet_frechet_distance(images, dark) == frechet_distance(features(images), features(dark))
    assert lenet_frechet_distance(images, images) == pytest.approx(0, abs=1e-8)
    with pytest.raises(ValueError, match="images_b must hold at least 2 images"):
        lenet_frechet_distance(images, images[:1])
    with pytest.raises(ValueError, match=r"images_a: images must have shape \(n, 28, 28\)"):
        lenet_frechet_distance(images[:, :20], images)


def test_the_room_loads_without_torch():
    code = "import sys, zeta_geom.fidelity; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
