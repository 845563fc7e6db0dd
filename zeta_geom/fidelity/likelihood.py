"""FLD: the likelihood of test samples under Gaussians around the fakes, fitted to the training samples."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from zeta_geom.checks import check_int
from zeta_geom.checks.types import ArrayLike
from zeta_geom.fidelity.neighbor_balls import check_sets, mean_and_spread
from zeta_geom.geometry.cpu.balls import pair_distances
from zeta_geom.rng.seeds import RandomState, numpy_generator

STEPS = 100  # of expectation-maximisation at most
TOLERANCE = 1e-7  # nats per feature: a smaller gain of a step ends the fit
SMALLEST = 1e-12  # least variance of a standardised feature: a copy of a training sample would get 0
CANCELLED = 1e-6  # share of the norms: a product gives smaller distances fewer than ten digits
PER_CENT = 100  # FLD counts in hundredths of a nat per feature, as in the paper


@dataclass(frozen=True)
class FeatureLikelihood:
    """Feature likelihood divergence.

    Parameters
    ----------
    score : float
        FLD: the excess of `test_nll` over `baseline_nll`, times 100. About 0 for fakes that describe the test samples
        as well as real samples do, lower is better, and below 0 is possible.
    gap : float
        The excess of the training samples' likelihood, 100 (train_nll - test_nll): far below 0 if the fakes are
        copies of training samples.
    test_nll, train_nll, baseline_nll : float
        Means of the negative log-likelihoods in nats per feature: of the test and of the training samples under the
        fakes' Gaussians, and of the test samples under those around one half of the training samples.
    excess : float64 array of shape (n,)
        The contribution of each test sample; the score is their mean.

    Examples
    --------
    See `feature_likelihood`.
    """

    score: float
    gap: float
    test_nll: float
    train_nll: float
    baseline_nll: float
    excess: np.ndarray


def feature_likelihood(
    train: ArrayLike,
    test: ArrayLike,
    fake: ArrayLike,
    *,
    max_samples: int = 10_000,
    random_state: RandomState = 0,
) -> FeatureLikelihood:
    """Measure how likely test samples are under Gaussians around the fakes, with widths fitted to training ones.

    Parameters
    ----------
    train : float array of shape (l, d)
        The samples that the fakes were made from, or their features; at least 4.
    test : float array of shape (n, d)
        Samples of the same distribution that were not used, in the same features and units.
    fake : float array of shape (m, d)
        Synthetic samples, in the same features and units.
    max_samples : int
        If there are more training samples or fakes, a random subset of this size is used; memory grows with its
        square.
    random_state : None, int, Generator, RandomState or torch.Generator
        Draws the subsets, and the halves of the training samples for the baseline.

    Returns
    -------
    FeatureLikelihood
        FLD, the generalisation gap, and the likelihoods behind them.

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, the widths differ, or there are fewer than 4 training samples.

    Notes
    -----
    All features are standardised by the training samples; a column that is constant there is only centred. The
    density is p(x) = 1/m Σ_j N(x; fake_j, s_j² I), and the m variances s_j² maximise the likelihood of the training
    samples. FLD = 100 (NLL(test) - baseline), NLL = -1/(n d) Σ_i log p(test_i). A fake on top of a training sample
    gets a variance of almost 0, so that copies give test samples a poor likelihood: copying, poor samples and missing
    modes raise the score. The baseline is NLL(test) under Gaussians around one half of the training samples, with
    variances fitted to the other half; the first half has at most m samples.

    Choices of this project: expectation-maximisation, at most 100 steps, in place of gradient steps; variances of at
    least 1e-12; and, only during the fit, one more component with the mean and the variance of the training samples
    and the weight 1/(m + 1), which explains training samples far from all fakes (published code has one, too). Values
    are therefore close to those of published code, but not equal.

    References
    ----------
    Jiralerspong et al. 2023, "Feature Likelihood Divergence: Evaluating the Generalization of Generative Models Using
    Samples", Section 3; its first version calls it Feature Likelihood Score (FLS).

    Examples
    --------
    >>> train, test, fresh = np.random.default_rng(0).normal(size=(3, 100, 2))
    >>> new, copied = feature_likelihood(train, test, fresh), feature_likelihood(train, test, train)
    >>> abs(new.score) < 30, copied.score > 100
    (True, True)
    """
    X, P, Y = check_sets({"train": train, "test": test, "fake": fake}, (4, 1, 1))
    most = check_int(max_samples, "max_samples", low=4)
    rng = numpy_generator(random_state)
    X, P, Y = standardised(X, P, Y)
    order = rng.permutation(len(X))[:most]
    X = X[order]
    if len(Y) > most:
        Y = Y[rng.choice(len(Y), most, replace=False)]
    half = min(len(X) // 2, len(Y))
    density = fit_widths(Y, X)
    likelihoods, train_nll = -log_density(P, Y, density), -float(log_density(X, Y, density).mean())
    centres = X[:half]
    baseline = -log_density(P, centres, fit_widths(centres, X[half:]))
    excess = PER_CENT * (likelihoods - baseline)
    test_nll = float(likelihoods.mean())
    gap = PER_CENT * (train_nll - test_nll)
    return FeatureLikelihood(float(excess.mean()), gap, test_nll, train_nll, float(baseline.mean()), excess)


def standardised(X: np.ndarray, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return samples as float64 in units of the standard deviations of X, from its means."""
    mean, spread = mean_and_spread(X)
    return tuple((A.astype(np.float64) - mean) / spread for A in (X, *others))


def fit_widths(centres: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return the variances (m,) of equally likely Gaussians around centres (m, d) that maximise the likelihood of X.

    A further component around the mean of X, of fixed variance, explains the samples that are far from all centres. A
    centre that explains no sample, up to underflow, keeps its first variance, which is that of the nearest sample.
    """
    d = centres.shape[1]
    squares = squared_distances(X, centres)
    deviations = ((X - X.mean(axis=0)) ** 2).sum(axis=1)
    background = _log_normal(deviations, max(float(deviations.mean()) / d, SMALLEST), d)
    variances: np.ndarray = np.maximum(squares.min(axis=0) / d, SMALLEST)
    before, shares = -np.inf, np.empty_like(squares)
    for _ in range(STEPS):
        _log_normal(squares, variances, d, out=shares)
        largest = np.maximum(shares.max(axis=1), background)
        shares -= largest[:, None]
        np.exp(shares, out=shares)
        totals = shares.sum(axis=1) + np.exp(background - largest)
        mean = float((largest + np.log(totals)).mean()) / d
        if mean - before < TOLERANCE:
            break
        before = mean
        shares /= totals[:, None]
        weights = shares.sum(axis=0)
        spreads = np.einsum("ij,ij->j", shares, squares)
        np.divide(spreads, d * weights, out=variances, where=weights > np.finfo(np.float64).tiny)
        np.maximum(variances, SMALLEST, out=variances)
    return variances


def log_density(X: np.ndarray, centres: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Return the logarithm of the mean of the Gaussians at X, divided by the number of features, float64 (n,)."""
    d = X.shape[1]
    logs = _log_normal(squared_distances(X, centres), variances, d)
    densities: np.ndarray = (logsumexp(logs, axis=1) - np.log(len(centres))) / d
    return densities


def squared_distances(X: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the squared distances (n, m); small ones, which fix the widths, are sums of squared differences."""
    norms = (X**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)
    squares: np.ndarray = norms - 2 * (X @ centres.T)
    rows, columns = np.nonzero(squares <= CANCELLED * norms)
    squares[rows, columns] = pair_distances(X, centres, rows, columns)
    return squares


def _log_normal(
    squares: np.ndarray, variances: np.ndarray | float, d: int, *, out: np.ndarray | None = None
) -> np.ndarray:
    """Return the log-densities of isotropic Gaussians in d dimensions at these squared distances."""
    logs: np.ndarray = np.divide(squares, -2 * np.asarray(variances), out=out)
    logs -= 0.5 * d * np.log(2 * np.pi * np.asarray(variances))
    return logs
