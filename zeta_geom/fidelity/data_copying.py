"""C_T: a test of data copying by the distances to training samples, in cells of the space."""

from dataclasses import dataclass

import numpy as np

from zeta_geom.checks import check_int
from zeta_geom.checks.types import ArrayLike
from zeta_geom.fidelity.neighbor_balls import check_sets, one_openmp_thread
from zeta_geom.geometry.knn import knn
from zeta_geom.rng.seeds import RandomState, numpy_generator

SEEDS = 2**31  # number of seeds of k-means
STARTS = 4  # number of starts of k-means; the best is kept


@dataclass(frozen=True)
class DataCopying:
    """A test of data copying.

    Parameters
    ----------
    score : float
        C_T: far below 0 for copies of training samples, about 0 for new samples, and far above 0 for samples that are
        farther from the training samples than test samples are.
    z : float64 array of shape (C,)
        The z-score of each usable cell.
    weights : float64 array of shape (C,)
        Share of the test samples in each usable cell, divided by the sum of these shares.
    n_cells : int
        Number of cells, usable or not.

    Examples
    --------
    See `data_copying`.
    """

    score: float
    z: np.ndarray
    weights: np.ndarray
    n_cells: int


@dataclass(frozen=True)
class CellRanks:
    """Where the fakes rank among the test samples of their cells, by their distance to the training samples."""

    cells: np.ndarray  # int64 (m,), the usable cell of each fake, -1 if its cell is not usable
    ranks: np.ndarray  # float64 (m,), number of test samples of the cell that are nearer, ties counted by half
    tests: np.ndarray  # int64 (C,), number of test samples in each usable cell

    @property
    def weights(self) -> np.ndarray:
        """The share of each usable cell in their test samples, float64 (C,)."""
        weights: np.ndarray = self.tests / self.tests.sum()
        return weights

    def z_scores(self, counts: np.ndarray) -> np.ndarray:
        """Return the z-scores (b, C) of U in the cells; counts (b, m) weigh the fakes; 0 for a cell without fakes."""
        z = np.zeros((len(counts), len(self.tests)))
        for cell, n in enumerate(self.tests):
            inside = self.cells == cell
            m = counts[:, inside].sum(axis=1)
            u = counts[:, inside] @ self.ranks[inside]
            np.divide(u - n * m / 2, np.sqrt(n * m * (n + m + 1) / 12), out=z[:, cell], where=m > 0)
        return z


def data_copying(
    train: ArrayLike,
    test: ArrayLike,
    fake: ArrayLike,
    *,
    n_cells: int = 5,
    min_fakes: int = 20,
    random_state: RandomState = 0,
    n_jobs: int | None = -1,
) -> DataCopying:
    """Test whether fakes lie nearer to the training samples than test samples do, within cells of the space.

    Parameters
    ----------
    train : float array of shape (l, d)
        The samples that the fakes were made from, or their features; at least `n_cells`.
    test : float array of shape (n, d)
        Samples of the same distribution that were not used, in the same features and units.
    fake : float array of shape (m, d)
        Synthetic samples, in the same features and units.
    n_cells : int
        Number of cells, which are the clusters of k-means on the training samples.
    min_fakes : int
        A cell with fewer fakes is not used; 20 as in the experiments of the paper.
    random_state : None, int, Generator, RandomState or torch.Generator
        Draws the starts of k-means.
    n_jobs : int or None
        Number of threads of the search, as in scikit-learn; -1 uses all cores.

    Returns
    -------
    DataCopying
        C_T, and the z-score and the weight of each usable cell.

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, the widths differ, or no cell is usable.

    Notes
    -----
    Within a cell π, L(x) is the distance of x to the nearest training sample of the same cell, and U the Mann-Whitney
    statistic of the fakes over the test samples: the number of pairs with L(fake) > L(test), where ties count 1/2.
    Z_U = (U - n_π m_π / 2) / √(n_π m_π (n_π + m_π + 1) / 12), and C_T is the mean of Z_U over the usable cells,
    weighted by their shares of the test samples. In each cell Z_U has about mean 0 and variance 1 for fakes of the
    training distribution, so that C_T has a variance of Σ weights²: below -3 is strong evidence of copying. A cell
    without test samples, or with fewer than `min_fakes` fakes, is left out. If all distances tie, as for constant
    samples, Z_U is 0. The continuity correction of published code is left out: it shifts all Z_U in one direction.

    References
    ----------
    Meehan, Chaudhuri and Dasgupta 2020, "A Non-Parametric Test to Detect Data-Copying in Generative Models", Sections
    3 and 4: Z_U, cells and C_T.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> train, test, fresh = rng.normal(size=(3, 300, 2))
    >>> bool(data_copying(train, test, train).score < -5), bool(abs(data_copying(train, test, fresh).score) < 2)
    (True, True)
    """
    T, P, Q = check_sets({"train": train, "test": test, "fake": fake}, (1, 1, 1))
    ranks = cell_ranks(T, P, Q, n_cells, min_fakes, random_state, n_jobs)
    if not len(ranks.tests):
        raise ValueError(
            f"no cell has both a test sample and min_fakes={min_fakes} of the {len(Q)} fakes. Lower n_cells or "
            "min_fakes."
        )
    z = ranks.z_scores(np.ones((1, len(Q))))[0]
    return DataCopying(float(z @ ranks.weights), z, ranks.weights, n_cells)


def cell_ranks(
    T: np.ndarray,
    P: np.ndarray,
    Q: np.ndarray,
    n_cells: int,
    min_fakes: int,
    random_state: RandomState,
    n_jobs: int | None,
) -> CellRanks:
    """Return the ranks of the fakes Q among the test samples P in the usable cells of the training samples T."""
    from sklearn.cluster import KMeans  # loads half of SciPy

    if check_int(n_cells, "n_cells", low=1) > len(T):
        raise ValueError(f"n_cells must be at most {len(T)}, the rows of train; got {n_cells}.")
    check_int(min_fakes, "min_fakes", low=1)
    seed = int(numpy_generator(random_state).integers(SEEDS))
    T, P, Q = (X.astype(np.result_type(T, P, Q), copy=False) for X in (T, P, Q))  # KMeans takes one dtype
    clusters = KMeans(min(n_cells, _distinct(T, n_cells)), n_init=STARTS, random_state=seed)
    with one_openmp_thread():
        train_cells, test_cells, fake_cells = clusters.fit(T).labels_, clusters.predict(P), clusters.predict(Q)
    cells, ranks = np.full(len(Q), -1), np.zeros(len(Q))
    tests: list[int] = []
    for cell in range(clusters.n_clusters):
        members = T[train_cells == cell]
        p, q = P[test_cells == cell], np.flatnonzero(fake_cells == cell)
        if not len(members) or not len(p) or len(q) < min_fakes:
            continue
        near_p, near_q = (knn(members, 1, queries=X, n_jobs=n_jobs).distances[:, 0] for X in (p, Q[q]))
        near_p.sort()
        ranks[q] = (np.searchsorted(near_p, near_q, "left") + np.searchsorted(near_p, near_q, "right")) / 2
        cells[q] = len(tests)
        tests.append(len(p))
    return CellRanks(cells, ranks, np.array(tests, dtype=np.int64))


def _distinct(T: np.ndarray, enough: int) -> int:
    """Return the number of distinct rows; `enough` if the first rows have that many, as sorting all takes long."""
    return enough if len(np.unique(T[: 2 * enough], axis=0)) >= enough else len(np.unique(T, axis=0))
