"""Copies of training samples: by the distances between training samples, and by those to held-out samples."""

from dataclasses import dataclass

import numpy as np

from zeta_geom.checks import check_real
from zeta_geom.checks.types import ArrayLike
from zeta_geom.fidelity.neighbor_balls import check_samples, check_sets, neighbor_radii
from zeta_geom.geometry.cpu.balls import ball_members, pair_distances
from zeta_geom.geometry.knn import knn


@dataclass(frozen=True)
class Authenticity:
    """Fakes that are not copies of a training sample.

    Parameters
    ----------
    score : float
        The mean of `authentic`.
    authentic : bool array of shape (m,)
        Whether each fake is authentic.

    Examples
    --------
    See `authenticity`.
    """

    score: float
    authentic: np.ndarray


@dataclass(frozen=True)
class NearerToTraining:
    """Fakes that are nearer to a training sample than to a held-out one.

    Parameters
    ----------
    score : float
        The mean of `nearer`; 1/2 is expected of new samples of the same distribution.
    low, high : float
        The Clopper-Pearson interval of the score.
    nearer : float64 array of shape (m,)
        1 for a fake that is nearer to the training samples, 0 for one that is nearer to the held-out ones, 1/2 for
        equal distances.

    Examples
    --------
    See `nearer_to_training`.
    """

    score: float
    low: float
    high: float
    nearer: np.ndarray


def authenticity(
    train: ArrayLike, fake: ArrayLike, *, n_jobs: int | None = -1, progress: bool = False
) -> Authenticity:
    """Decide for each fake whether its nearest training sample is closer to another training sample than to the fake.

    Parameters
    ----------
    train : float array of shape (n, d)
        Training samples, or their features; at least 2.
    fake : float array of shape (m, d)
        Synthetic samples, in the same features and units.
    n_jobs : int or None
        Number of threads, as in scikit-learn; -1 uses all cores.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    Authenticity
        Score and decisions.

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, or the widths differ.

    Notes
    -----
    With i* the nearest training sample of fake_j and NND_1 the distance to the nearest other training sample,
    authentic_j = 1[‖fake_j - train_i*‖ > NND_1(train_i*)], strictly. Among equally near training samples the one with
    the largest NND_1 counts, so that the order of the samples changes nothing. A copy of a training sample is never
    authentic. NND_1 of a duplicated training sample is 0, so every fake near it that is not an exact copy is
    authentic.

    Independent samples of the training distribution do not score 1: fake_j fails if it and train_i* are each other's
    nearest neighbours. The probability of that is 1/(2 - I) for many samples, with I the share of a ball that a
    second ball of the same size through its centre covers. The score is 1/3 in one dimension, 0.38 in two, and tends
    to 1/2.

    Published code looks up NND_1 in the array of training samples by the index of a fake (the nearest to each
    training sample) in place of i*.

    References
    ----------
    Alaa et al. 2022, "How Faithful is your Synthetic Data? Sample-level metrics for evaluating and auditing
    generative models", authenticity.

    Examples
    --------
    >>> authenticity([[0.0], [1.0], [5.0]], [[0.0], [2.5], [4.0]]).authentic
    array([False,  True, False])
    """
    X, Y = check_samples(train, fake, ("train", "fake"), min_samples=(2, 1))
    gaps = neighbor_radii(X, 1, n_jobs=n_jobs, progress=progress)
    nearest = knn(X, 1, queries=Y, n_jobs=n_jobs, progress=progress).indices
    distances = pair_distances(Y, X, np.arange(len(Y)), nearest[:, 0])
    equally_near = ball_members(Y, distances, X, values=-gaps, n_jobs=n_jobs, progress=progress)
    authentic = distances > -equally_near.least_value
    return Authenticity(float(authentic.mean()), authentic)


def nearer_to_training(
    train: ArrayLike,
    heldout: ArrayLike,
    fake: ArrayLike,
    *,
    confidence: float = 0.95,
    n_jobs: int | None = -1,
    progress: bool = False,
) -> NearerToTraining:
    """Measure the share of the fakes whose nearest training sample is nearer than their nearest held-out sample.

    Parameters
    ----------
    train : float array of shape (n, d)
        The samples that the fakes were made from, or their features.
    heldout : float array of shape (n, d)
        As many samples of the same distribution that were not used, in the same features and units.
    fake : float array of shape (m, d)
        Synthetic samples, in the same features and units.
    confidence : float
        Confidence of the interval, above 0 and below 1.
    n_jobs : int or None
        Number of threads, as in scikit-learn; -1 uses all cores.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    NearerToTraining
        The share with its interval, and the decision for each fake.

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, the widths differ, or `train` and `heldout` have different sizes.

    Notes
    -----
    If training and held-out samples are equally many draws of one distribution, and the fakes do not depend on which
    half is which, each fake is nearer to either half with probability 1/2, in any space and distance. A larger share
    shows that the fakes depend on the training samples. The interval is the exact one of a binomial share (Clopper
    and Pearson 1934); ties, which count by half, make it an approximation. It treats the halves as fixed and the
    fakes as independent: over new halves the share varies up to 1.2 times as much (normal points in 2 to 20
    dimensions), and fakes that crowd around few samples vary more.

    References
    ----------
    The test is a choice of this project, a simple relative of Meehan et al. 2020, "A Non-Parametric Test to Detect
    Data-Copying in Generative Models". Clopper and Pearson 1934 give the interval.

    Examples
    --------
    >>> result = nearer_to_training([[0.0], [4.0]], [[1.0], [5.0]], [[0.2], [4.1], [5.0], [0.5]])
    >>> result.nearer, result.score
    (array([1. , 1. , 0. , 0.5]), 0.625)
    """
    confidence = check_real(confidence, "confidence", low=0, high=1, strict=True)
    X, H, Y = check_sets({"train": train, "heldout": heldout, "fake": fake}, (1, 1, 1))
    if len(X) != len(H):
        raise ValueError(
            f"heldout must have as many rows as train, {len(X)}; got {len(H)}. Leave rows out of the larger "
            "set, which is nearer by its size alone."
        )
    to_train, to_heldout = (knn(A, 1, queries=Y, n_jobs=n_jobs, progress=progress).distances[:, 0] for A in (X, H))
    nearer = np.where(to_train == to_heldout, 0.5, to_train < to_heldout)
    low, high = binomial_interval(float(nearer.sum()), len(nearer), confidence)
    return NearerToTraining(float(nearer.mean()), low, high, nearer)


def binomial_interval(hits: float, n: int, confidence: float) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a share of hits among n; hits may count by half."""
    from scipy.stats import beta

    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, hits, n - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, n - hits)) if hits < n else 1.0
    return low, high
