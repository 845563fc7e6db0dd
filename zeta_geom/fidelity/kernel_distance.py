"""The kernel distance: an unbiased squared maximum mean discrepancy of features with a cubic kernel."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from zeta_geom.checks import check_int
from zeta_geom.checks.types import ArrayLike
from zeta_geom.fidelity.neighbor_balls import check_samples
from zeta_geom.rng.seeds import RandomState, numpy_generator

ROWS = 512  # of a tile of the kernel matrix: with 10,000 columns 40 MiB of float64
LARGEST_CUBED = 1e45  # largest feature: sums of the cubes of products of two such values stay finite


@dataclass(frozen=True)
class KernelDistance:
    """Unbiased estimates of the squared maximum mean discrepancy.

    Parameters
    ----------
    score : float
        The mean of `subsets`; about 0 for two samples of one distribution, and often below 0 there.
    std : float
        The standard deviation of `subsets`; 0 for a single subset.
    subsets : float64 array of shape (n_subsets,)
        The estimate of each pair of subsets; one value if all samples are used at once.

    Examples
    --------
    See `kernel_distance`.
    """

    score: float
    std: float
    subsets: np.ndarray


def kernel_distance(
    a: ArrayLike,
    b: ArrayLike,
    *,
    subset_size: int | None = None,
    n_subsets: int = 100,
    random_state: RandomState = 0,
) -> KernelDistance:
    """Estimate the squared maximum mean discrepancy of two samples with the kernel (x·y / d + 1)³, without bias.

    Parameters
    ----------
    a : float array of shape (n, d)
        Features of one sample; at least 2 rows.
    b : float array of shape (m, d)
        Features of the other.
    subset_size : int, optional
        Number of rows of each subset, drawn without replacement from each sample; 1,000 is usual. By default all
        rows are used at once: that estimate has the smallest variance, and does not depend on `random_state`.
    n_subsets : int
        Number of pairs of subsets; ignored without `subset_size`.
    random_state : None, int, Generator, RandomState or torch.Generator
        Draws the subsets.

    Returns
    -------
    KernelDistance
        The mean over the subsets, their standard deviation, and their values.

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, have fewer than 2 rows or values beyond 1e45, the widths differ,
        or a subset is larger than a sample.

    Notes
    -----
    With k(x, y) = (x·y / d + 1)³, the estimate is 1/(n (n - 1)) Σ_{i≠j} k(a_i, a_j) + 1/(m (m - 1)) Σ_{i≠j} k(b_i,
    b_j) - 2/(n m) Σ_{i,j} k(a_i, b_j). Unlike the Fréchet distance, it has no bias that depends on the number of
    samples. It changes with the unit and the origin of the features: compare values in one space only. On Inception
    features it is called KID. Two constant samples at the same place have the distance 0.

    References
    ----------
    Bińkowski et al. 2018, "Demystifying MMD GANs", Section 4 and Appendix: kernel, estimator and subsets. Gretton et
    al. 2012, "A kernel two-sample test", Equation 3, is the estimator.

    Examples
    --------
    >>> kernel_distance([[0.0], [1.0]], [[1.0], [3.0]]).score
    28.0
    """
    A, B = check_samples(a, b, ("a", "b"), min_samples=(2, 2), keep_unit=True)
    A, B = A.astype(np.float64), B.astype(np.float64)
    for X, name in ((A, "a"), (B, "b")):
        if (largest := float(np.abs(X).max())) > LARGEST_CUBED:
            raise ValueError(f"{name} must lie within ±{LARGEST_CUBED:g}, or the kernel overflows; got {largest:g}.")
    if subset_size is None:
        values = np.array([_distance(A, B)])
    else:
        most = min(len(A), len(B))
        if check_int(subset_size, "subset_size", low=2) > most:
            raise ValueError(f"subset_size must be at most {most}, the rows of the smaller set; got {subset_size}.")
        rng = numpy_generator(random_state)
        pairs = _subsets(A, B, subset_size, check_int(n_subsets, "n_subsets", low=1), rng)
        values = np.array([_distance(*pair) for pair in pairs])
    return KernelDistance(float(values.mean()), float(values.std()), values)


def resampled_kernel_distances(values: np.ndarray, counts: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return the distance of each weighted sample from a reference; counts (b, n) weigh the rows of values (n, d).

    Pairs of draws of the same row are left out, because they are no pairs of different samples. With weights of 1
    this is the unbiased estimate.
    """
    draws, squares = counts.sum(axis=1), (counts**2).sum(axis=1)
    within, repeated, between = (np.zeros(len(counts)) for _ in range(3))
    for rows, kernel, diagonal in _tiles(values):
        within += np.einsum("br,br->b", counts[:, rows], counts @ kernel.T)
        repeated += counts[:, rows] @ diagonal
        between += counts[:, rows] @ _kernel(values[rows], reference).mean(axis=1)
    pairs = draws**2 - squares
    # a resample of one row, drawn again and again, has no pairs; all its draws have the kernel's diagonal
    within = np.where(pairs > 0, within / np.where(pairs > 0, pairs, 1.0), repeated / draws)
    total = sum(kernel.sum() for _, kernel, _ in _tiles(reference)) / (len(reference) * (len(reference) - 1))
    distances: np.ndarray = within + total - 2 * between / draws
    return distances


def _distance(A: np.ndarray, B: np.ndarray) -> float:
    return float(resampled_kernel_distances(A, np.ones((1, len(A))), B)[0])


def _subsets(
    A: np.ndarray, B: np.ndarray, size: int, n_subsets: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for _ in range(n_subsets):
        yield tuple(X[rng.choice(len(X), size, replace=False)] for X in (A, B))  # type: ignore[misc]


def _kernel(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    kernel: np.ndarray = (X @ Y.T / X.shape[1] + 1) ** 3
    return kernel


def _tiles(X: np.ndarray) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Yield slices of rows, their kernel with all rows but 0 on the diagonal, and the values of the diagonal."""
    for start in range(0, len(X), ROWS):
        rows = slice(start, min(start + ROWS, len(X)))
        kernel = _kernel(X[rows], X)
        places = np.arange(rows.stop - start), np.arange(start, rows.stop)
        diagonal = kernel[places]
        kernel[places] = 0
        yield rows, kernel, diagonal
