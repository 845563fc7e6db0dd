"""Improved precision and recall: shares of samples on the manifold of the other set, a union of balls."""

from dataclasses import dataclass

import numpy as np

from zeta_geom.checks.types import ArrayLike
from zeta_geom.fidelity.neighbor_balls import check_k, check_samples, neighbor_radii
from zeta_geom.geometry.cpu.balls import ball_members


@dataclass(frozen=True)
class PrecisionRecall:
    """Shares of the samples that lie on the other set's manifold.

    Parameters
    ----------
    precision, recall : float
        The means of `precision_pw` and `recall_pw`.
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
    real: ArrayLike, fake: ArrayLike, *, k: int = 3, n_jobs: int | None = -1, progress: bool = False
) -> PrecisionRecall:
    """Decide which fakes lie on the real samples' manifold, and which real samples lie on the fakes' manifold.

    Parameters
    ----------
    real : float array of shape (n, d)
        Real samples, or their features.
    fake : float array of shape (m, d)
        Synthetic samples, in the same features and units.
    k : int
        A ball reaches to its centre's k-th neighbour, k below n and m; 3 as in the paper.
    n_jobs : int or None
        Number of threads, as in scikit-learn; -1 uses all cores.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    PrecisionRecall
        Both shares, and the decisions for each sample.

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, the widths differ, or k is out of range.

    Notes
    -----
    precision = (1/m) Σ_j 1[∃i: ‖fake_j - real_i‖ ≤ NND_k(real_i)], with NND_k(real_i) the distance of real_i to its
    k-th nearest other real sample; recall is the same with the roles exchanged. Balls are closed, as in the paper: if
    every real sample exists k + 1 times, the radii are 0 and exactly the copies are inside. Published code (prdc)
    uses open balls and returns 0 then.

    References
    ----------
    Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative models", Equations 1, 2.

    Examples
    --------
    >>> result = improved_precision_recall([[0.0], [1.0], [2.0]], [[2.5], [3.5], [4.5]], k=1)
    >>> result.precision_pw, result.recall_pw
    (array([ True, False, False]), array([False, False,  True]))
    """
    X, Y = check_samples(real, fake, ("real", "fake"), min_samples=(2, 2))
    k = check_k(k, Y, "fake") if len(Y) < len(X) else check_k(k, X, "real")
    inside = []
    for centres, points in ((X, Y), (Y, X)):
        radii = neighbor_radii(centres, k, n_jobs=n_jobs, progress=progress)
        inside.append(ball_members(centres, radii, points, n_jobs=n_jobs, progress=progress).balls_around_point > 0)
    precision_pw, recall_pw = inside
    return PrecisionRecall(float(precision_pw.mean()), float(recall_pw.mean()), precision_pw, recall_pw)
