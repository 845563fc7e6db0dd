"""The Vendi score: the effective number of different samples, by the eigenvalues of a similarity matrix."""

import numpy as np
from scipy.special import entr

from zeta_geom.checks import check_choice, check_int, check_points
from zeta_geom.checks.scaling import common_unit
from zeta_geom.checks.types import ArrayLike
from zeta_geom.rng.seeds import RandomState, numpy_generator

KERNELS = ("cosine", "gaussian")


def vendi_score(
    X: ArrayLike,
    *,
    kernel: str = "cosine",
    max_samples: int = 2000,
    random_state: RandomState = 0,
) -> float:
    """Return the Vendi score: the effective number of different samples, 1 for copies of one sample, at most n.

    Parameters
    ----------
    X : float array of shape (n, d)
        Samples, or their features.
    kernel : {"cosine", "gaussian"}
        The similarity of two samples: their cosine, or exp(-‖x - y‖² / (2 s²)) with s² the median of the squared
        distances of different rows.
    max_samples : int
        If there are more samples, a random subset of this size is used: the score grows with n, so compare equal
        numbers only, and state them.
    random_state : None, int, Generator, RandomState or torch.Generator
        Draws the subset.

    Returns
    -------
    float
        From 1 to min(n, max_samples).

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, or a parameter is out of range.

    Notes
    -----
    With K the matrix (n, n) of similarities, K_ii = 1, and λ_i the eigenvalues of K / n: VS = exp(-Σ λ_i log λ_i).
    If no two samples are similar, the score is n; for g groups of equal size, each of copies of one sample, it is g
    if the groups are not similar. The cosine of rows in one orthant, such as images, is large, so that their score is
    small. A row of zeros has no direction: it counts as similar only to other rows of zeros. The score needs no
    reference: it rewards any diversity, also noise.

    References
    ----------
    Friedman and Dieng 2022, "The Vendi Score: A Diversity Evaluation Metric for Machine Learning", Definition 3.1;
    the bandwidth of the Gaussian kernel is the median heuristic (Gretton et al. 2012).

    Examples
    --------
    >>> round(vendi_score([[1.0, 0.0], [0.0, 2.0]]), 12), round(vendi_score([[1.0, 0.0], [2.0, 0.0]]), 12)
    (2.0, 1.0)
    """
    check_choice(kernel, "kernel", KERNELS)
    (points,) = common_unit(check_points(X))
    most = check_int(max_samples, "max_samples", low=1)
    if len(points) > most:
        points = points[np.sort(numpy_generator(random_state).choice(len(points), most, replace=False))]
    if kernel == "cosine":
        return float(effective_number(unit_rows(points), np.ones((1, len(points))))[0])
    return _from_spectrum(np.linalg.eigvalsh(_gaussian(points.astype(np.float64)) / len(points)))


def unit_rows(X: np.ndarray) -> np.ndarray:
    """Return rows of length 1, float64 (n, d + 1); the last column is 1 for rows of zeros, else 0."""
    X = X.astype(np.float64)
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    zero = lengths == 0
    return np.hstack([X / np.where(zero, 1.0, lengths), zero])


def effective_number(rows: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the Vendi scores (b,) of weighted samples with the cosine kernel; `rows` (n, c) have length 1.

    The eigenvalues that are not 0 are those of the smaller of the Gram matrix (n, n) and the moment matrix (c, c).
    """
    n, c = rows.shape
    scores: np.ndarray = np.empty(len(counts))
    gram = rows @ rows.T if n <= c else None
    for draw, weights in enumerate(counts):
        shares = weights / weights.sum()
        if gram is None:
            matrix = (rows * shares[:, None]).T @ rows
        else:
            roots = np.sqrt(shares)
            matrix = roots[:, None] * gram * roots
        scores[draw] = _from_spectrum(np.linalg.eigvalsh(matrix))
    return scores


def _gaussian(X: np.ndarray) -> np.ndarray:
    from scipy.spatial.distance import pdist, squareform

    distances: np.ndarray = pdist(X, "sqeuclidean")
    positive = distances[distances > 0]  # copies do not count for the scale
    scale = float(np.median(positive)) if len(positive) else 1.0
    kernel: np.ndarray = squareform(np.exp(-distances / (2 * scale))) + np.eye(len(X))
    return kernel


def _from_spectrum(eigenvalues: np.ndarray) -> float:
    """Return the exponential of the entropy of eigenvalues; rounding may make one negative, or their sum not 1."""
    shares = np.maximum(eigenvalues, 0)
    return float(np.exp(entr(shares / shares.sum()).sum()))
