"""Authenticity: which fakes are no copies of a training sample, by the distances between training samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zeta_geom.fidelity.neighbour_balls import (
    ball_members,
    check_samples,
    nearest_indices,
    neighbour_radii,
    pair_distances,
)

__all__ = ["Authenticity", "authenticity"]


@dataclass(frozen=True)
class Authenticity:
    """Which fakes are no copies.

    Parameters
    ----------
    score : float
        The mean of `authentic`.
    authentic : bool array of shape (m,)

    Examples
    --------
    See `authenticity`.
    """

    score: float
    authentic: np.ndarray


def authenticity(train: Any, fake: Any, *, n_jobs: int | None = -1, progress: bool = False) -> Authenticity:
    """Say of each fake whether it is farther from its nearest training sample than that one's own neighbour is.

    Parameters
    ----------
    train : float array of shape (n, d)
        Training samples, or their features; at least 2.
    fake : float array of shape (m, d)
        Synthetic samples, in the same features and units.
    n_jobs : int or None
        Number of threads, as in scikit-learn; -1 is one for each core.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    Authenticity

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, or the widths differ.

    Notes
    -----
    With i* the nearest training sample of fake_j and NND_1 the distance to the nearest other training sample,
    authentic_j = 1[‖fake_j - train_i*‖ > NND_1(train_i*)], strictly. Of several training samples equally near,
    that of the largest NND_1 counts, so that the order of the samples changes nothing. A copy of a training sample is
    never authentic; NND_1 of one that is there twice is 0, and every fake near it that is no exact copy is authentic.

    Independent samples of the training distribution do not score 1: fake_j fails where it and train_i* are each
    other's nearest neighbours, of probability 1/(2 - I) for many samples, I the share of a ball that a second one of
    the same size through its centre covers. The score is 1/3 in one dimension, 0.38 in two, and tends to 1/2.

    Published code looks NND_1 up by the index of a fake, the one nearest to each training sample, in the array of the
    training samples, where i* belongs.

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
    own = neighbour_radii(X, 1, n_jobs=n_jobs, progress=progress)
    nearest = nearest_indices(X, Y, 1, n_jobs=n_jobs, progress=progress)
    reach = pair_distances(Y, X, np.arange(len(Y)), nearest[:, 0])
    equally_near = ball_members(Y, reach, X, values=-own, n_jobs=n_jobs, progress=progress)
    authentic = reach > -equally_near.least
    return Authenticity(float(authentic.mean()), authentic)
