"""Improved precision and recall: who lies on the other set's manifold, a union of balls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zeta_geom.fidelity.neighbour_balls import ball_members, check_neighbours, check_samples, neighbour_radii

__all__ = ["PrecisionRecall", "improved_precision_recall"]


@dataclass(frozen=True)
class PrecisionRecall:
    """Shares of the samples that lie on the other set's manifold.

    Parameters
    ----------
    precision, recall : float
        The means of what follows.
    precision_pw : bool array of shape (m,)
        Whether each fake lies in a ball of a real sample.
    recall_pw : bool array of shape (n,)
        Whether each real sample lies in a ball of a fake.

    Examples
    --------
    See `improved_precision_recall`.
    """

    precision: float
    recall: float
    precision_pw: np.ndarray
    recall_pw: np.ndarray


def improved_precision_recall(
    real: Any, fake: Any, *, k: int = 3, n_jobs: int | None = -1, progress: bool = False
) -> PrecisionRecall:
    """Measure which fakes lie on the manifold of the real samples, and which real samples on that of the fakes.

    Parameters
    ----------
    real : float array of shape (n, d)
        Real samples, or their features.
    fake : float array of shape (m, d)
        Synthetic samples, in the same features and units.
    k : int
        The neighbour that a ball reaches to, below n and m; 3 is the paper's.
    n_jobs : int or None
        Number of threads, as in scikit-learn; -1 is one for each core.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    PrecisionRecall

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, the widths differ, or k is out of range.

    Notes
    -----
    precision = (1/m) Σ_j 1[∃i: ‖fake_j - real_i‖ ≤ NND_k(real_i)], with NND_k(real_i) the distance of real_i to its
    k-th nearest other real sample; recall is the same with the roles exchanged. Balls are closed, as in the paper:
    where every real sample is there k + 1 times, the radii are 0 and exactly the copies are inside. Published code
    (prdc) takes < and gives 0 there.

    References
    ----------
    Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative models", Equations 1, 2.

    Examples
    --------
    >>> found = improved_precision_recall([[0.0], [1.0], [2.0]], [[2.5], [3.5], [4.5]], k=1)
    >>> found.precision_pw, found.recall_pw
    (array([ True, False, False]), array([False, False,  True]))
    """
    X, Y = check_samples(real, fake, ("real", "fake"), min_samples=(2, 2))
    k = check_neighbours(k, Y, "fake") if len(Y) < len(X) else check_neighbours(k, X, "real")
    inside = []
    for centres, points in ((X, Y), (Y, X)):
        radii = neighbour_radii(centres, k, n_jobs=n_jobs, progress=progress)
        inside.append(ball_members(centres, radii, points, n_jobs=n_jobs, progress=progress).balls > 0)
    precision_pw, recall_pw = inside
    return PrecisionRecall(float(precision_pw.mean()), float(recall_pw.mean()), precision_pw, recall_pw)
