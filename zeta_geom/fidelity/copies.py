"""Authenticity: fakes that are not copies of a training sample, judged by distances between training samples."""

from dataclasses import dataclass

import numpy as np

from zeta_geom.checks.types import ArrayLike
from zeta_geom.fidelity.neighbor_balls import check_samples, neighbor_radii
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


def authenticity(
    train: ArrayLike, fake: ArrayLike, *, n_jobs: int | None = -1, progress: bool = False
) -> Authenticity:
    """Decide for each fake whether it is farther from its nearest training sample than that sample's neighbour is.

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
