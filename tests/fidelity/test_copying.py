"""Copying of training samples: the share nearer to them, C_T, the likelihood of test samples; SciPy as the judge."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from scipy.stats import binomtest, mannwhitneyu, multivariate_normal, norm
from sklearn.cluster import KMeans

from zeta_geom.fidelity import data_copying, feature_likelihood, nearer_to_training
from zeta_geom.fidelity.data_copying import cell_ranks
from zeta_geom.fidelity.likelihood import SMALLEST, fit_widths, log_density

MEASURES = {nearer_to_training: "heldout", data_copying: "test", feature_likelihood: "test"}


@pytest.fixture(scope="module")
def halves():
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 400, 3))  # training, held-out and new samples


@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_the_share_and_its_interval_are_those_of_a_loop_and_of_scipy(halves, confidence):
    train, held, fake = halves
    fake = np.vstack([fake[:100], train[:60] + 0.01])
    result = nearer_to_training(train, held, fake, confidence=confidence)
    nearer = cdist(fake, train).min(axis=1) < cdist(fake, held).min(axis=1)
    np.testing.assert_array_equal(result.nearer, nearer)
    interval = binomtest(int(nearer.sum()), len(fake)).proportion_ci(confidence)
    assert (result.low, result.high) == pytest.approx((interval.low, interval.high), rel=1e-12)
    assert result.score == nearer.mean()


def test_shares_at_the_ends_and_ties(halves):
    train, held, fake = halves
    assert nearer_to_training(train, held, train).score == 1
    none = nearer_to_training(train, held, held)
    assert (none.score, none.low) == (0, 0)
    assert 0 < none.high < 0.01
    tied = nearer_to_training(train, train, fake)
    assert (tied.score, set(tied.nearer)) == (0.5, {0.5})
    assert tied.low < 0.5 < tied.high
    constant = nearer_to_training(np.ones((3, 2)), np.ones((3, 2)), np.ones((5, 2)))
    assert constant.score == 0.5


def test_the_interval_covers_one_half_for_new_samples():
    rng = np.random.default_rng(1)
    results = [nearer_to_training(*rng.normal(size=(3, 60, 2)), n_jobs=1) for _ in range(200)]
    assert 0.85 < np.mean([result.low <= 0.5 <= result.high for result in results]) <= 1
    assert abs(np.mean([result.score for result in results]) - 0.5) < 0.02


def test_z_scores_are_those_of_scipys_mann_whitney_test(halves):
    train, test, fake = halves
    fake = np.vstack(
        [fake[:150], train[:90] + 0.05 * fake[:90]]
    )  # without ties, which SciPy corrects the variance for
    result = data_copying(train, test, fake, n_cells=4, random_state=0)
    clusters = KMeans(4, n_init=4, random_state=int(np.random.default_rng(0).integers(2**31))).fit(train)
    expected, sizes = [], []
    for cell in range(4):
        members = train[clusters.labels_ == cell]
        p, q = (X[clusters.predict(X) == cell] for X in (test, fake))
        distances = [cdist(X, members).min(axis=1) for X in (q, p)]
        judged = mannwhitneyu(*distances, alternative="less", method="asymptotic", use_continuity=False)
        expected.append(norm.ppf(judged.pvalue))
        sizes.append(len(p))
    np.testing.assert_allclose(result.z, expected, rtol=1e-6)
    np.testing.assert_allclose(result.weights, np.array(sizes) / 400)
    assert result.score == pytest.approx(result.z @ np.array(sizes) / 400)
    ranks = cell_ranks(train, test, fake, 4, 1, 0, 1)
    assert (ranks.cells >= 0).all()
    assert ranks.ranks[ranks.cells == 0].sum() == mannwhitneyu(*_distances(clusters, train, test, fake)).statistic


def _distances(clusters, train, test, fake):
    members = train[clusters.labels_ == 0]
    return [cdist(X[clusters.predict(X) == 0], members).min(axis=1) for X in (fake, test)]


def test_copies_new_and_far_samples_are_told_apart(halves):
    train, test, fresh = halves
    noisy = fresh + np.random.default_rng(2).normal(size=fresh.shape)
    sets = {"copies": train, "new": fresh, "noisy": noisy}
    scores = {name: data_copying(train, test, X, n_cells=3).score for name, X in sets.items()}
    assert scores["copies"] < -8
    assert abs(scores["new"]) < 2
    assert scores["noisy"] > 3
    z = [data_copying(*np.random.default_rng(seed).normal(size=(3, 100, 2)), n_cells=1).score for seed in range(150)]
    assert abs(np.mean(z)) < 0.3
    assert 0.8 < np.std(z) < 1.2


def test_cells_without_samples_are_left_out(halves):
    train, test, fake = halves
    far = np.vstack([train, train[:50] + 100])
    part = data_copying(far, test, fake, n_cells=2)
    assert (len(part.z), part.n_cells) == (1, 2)  # the far cell has no test sample
    assert part.weights.tolist() == [1]
    with pytest.raises(
        ValueError, match=r"no cell has both a test sample and min_fakes=500 of the 400 fakes\. Lower"
    ):
        data_copying(train, test, fake, min_fakes=500)
    with pytest.raises(ValueError, match="n_cells must be at most 3, the rows of train; got 5"):
        data_copying(train[:3], test, fake)
    constant = np.ones((40, 2))
    assert data_copying(constant, constant, constant).score == 0


def test_the_likelihood_is_that_of_scipys_gaussians():
    rng = np.random.default_rng(4)
    X, centres, variances = rng.normal(size=(30, 3)), rng.normal(size=(5, 3)), rng.gamma(1.0, size=5)
    parts = [multivariate_normal(mean, v * np.eye(3)).pdf(X) for mean, v in zip(centres, variances)]
    np.testing.assert_allclose(log_density(X, centres, variances), np.log(np.mean(parts, axis=0)) / 3, rtol=1e-10)


def test_the_widths_maximise_the_likelihood():
    rng = np.random.default_rng(5)
    X, centres = rng.normal(size=(60, 2)), rng.normal(size=(3, 2))

    def loss(logs):
        spread = ((X - X.mean(axis=0)) ** 2).sum(axis=1).mean() / 2
        parts = [multivariate_normal(mean, np.exp(v) * np.eye(2)).pdf(X) for mean, v in zip(centres, logs)]
        parts.append(multivariate_normal(X.mean(axis=0), spread * np.eye(2)).pdf(X))
        return -np.log(np.sum(parts, axis=0)).mean()

    ours = np.log(fit_widths(centres, X))
    best = minimize(loss, ours + 0.3, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-12, "maxiter": 2000})
    assert loss(ours) == pytest.approx(best.fun, abs=2e-5)
    np.testing.assert_allclose(ours, best.x, atol=0.05)
    far = fit_widths(np.vstack([centres, [[1e4, 0.0]]]), X)  # explains nothing
    assert np.isfinite(far).all()
    assert fit_widths(X[:1], X[:1]).tolist() == [SMALLEST]


def test_likelihood_tells_new_copied_and_poor_samples_apart(halves):
    train, test, fresh = halves
    new = feature_likelihood(train, test, fresh)
    assert new.score == pytest.approx(new.excess.mean())
    assert new.score == pytest.approx(100 * (new.test_nll - new.baseline_nll))
    copied, noisy = feature_likelihood(train, test, train), feature_likelihood(train, test, 3 * fresh)
    collapsed = feature_likelihood(train, test, np.repeat(fresh[:1], 50, axis=0))
    assert abs(new.score) < 10
    assert min(copied.score, noisy.score, collapsed.score) > new.score + 5
    assert copied.gap < -100 < new.gap - 10
    again = feature_likelihood(3 * train - 7, 3 * test - 7, 3 * fresh - 7)  # standardised
    assert again.score == pytest.approx(new.score, abs=1e-6)
    few = feature_likelihood(train, test, fresh, max_samples=100)
    assert len(few.excess) == 400
    assert few.score != new.score
    constant = feature_likelihood(*[np.hstack([X, np.full((400, 1), 7.1)]) for X in halves])
    assert np.isfinite(constant.score)
    ones = np.ones((8, 2))
    assert feature_likelihood(ones, ones, ones).score == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("measure", MEASURES)
def test_wrong_sets_are_refused_by_name(measure, halves):
    train, held, fake = halves
    name = MEASURES[measure]
    with pytest.raises(ValueError, match=f"{name} must have as many columns as train, 3; got 2"):
        measure(train, held[:, :2], fake)
    with pytest.raises(ValueError, match="fake must have as many columns as train, 3; got 2"):
        measure(train, held, fake[:, :2])
    with pytest.raises(ValueError, match="fake must be finite"):
        measure(train, held, np.where(fake == fake[1, 1], np.nan, fake))
    with pytest.raises(ValueError, match="train must have at least"):
        measure(train[:0], held, fake)
    with pytest.raises(ValueError, match=f"{name} must have at least"):
        measure(train, held[:0], fake)
    if measure is nearer_to_training:
        with pytest.raises(ValueError, match=r"heldout must have as many rows as train, 400; got 399\. Leave"):
            measure(train, held[1:], fake)
        with pytest.raises(ValueError, match="confidence must be a number in"):
            measure(train, held, fake, confidence=1)
