"""A t-SNE map of training features, onto which test samples are placed."""

import os
from collections.abc import Callable

import numpy as np

from zeta_geom import rng
from zeta_geom.checks import check_int, check_real
from zeta_geom.checks.scaling import column_references, power_of_two_scale
from zeta_geom.checks.types import ArrayLike
from zeta_geom.neighborhoods.features import check_features

PLACING_PERPLEXITY = 5  # openTSNE's advice for points added to a map
PLACING_NEIGHBORS = 25  # openTSNE's default: the number of neighbours at whose median an added point starts
REACH = 2.0**30  # largest coordinate of a placed point, where the training features span about 1; see `_within_reach`


def embed(
    train_features: ArrayLike,
    test_features: ArrayLike | None = None,
    *,
    random_state: rng.RandomState = None,
    perplexity: float = 30,
    metric: str = "euclidean",
    n_iter: int = 500,
    n_jobs: int = 1,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Embed training samples in the plane by t-SNE, and place test samples on the same map.

    The training samples alone determine the map; each test sample is then optimised against it, independently of
    others. Sources: van der Maaten and Hinton 2008; Poličar et al. 2024 (openTSNE); Abhishek et al. 2024, Fig. 8.

    Parameters
    ----------
    train_features, test_features : float arrays of shape (n, d) and (q, d)
        Features of the training and (optional) test samples, d at least 2; their unit does not change the map.
    random_state : None, int, Generator, RandomState or torch.Generator
        The same seed gives the same map.
    perplexity : float
        The effective number of neighbours of a training sample, at most (n - 1) / 3.
    metric : {"euclidean", "cosine"}
        The distance between features.
    n_iter, n_jobs : int
        Steps after the 250 of early exaggeration, and threads; several threads help only with many samples.

    Returns
    -------
    train_xy : float64 array of shape (n, 2)
        The map, with the middle of its range at 0 on both axes.
    test_xy : float64 array of shape (q, 2), or None without `test_features`

    Raises
    ------
    TypeError, ValueError
        If features are not finite and 2-D, are all equal, or their widths differ, or a parameter is out of range.

    Examples
    --------
    >>> [xy.shape for xy in embed(np.eye(40), np.eye(40)[:3], random_state=0, perplexity=5, n_iter=10)]
    [(40, 2), (3, 2)]
    """
    X, Q = check_features(train_features, test_features, metric, min_samples=4)
    if X.shape[1] < 2:
        raise ValueError(f"train_features must have at least 2 columns for a map in the plane; got {X.shape}.")
    if not (X[1:] - X[:-1]).any():
        raise ValueError("train_features must have at least two distinct rows; all rows are equal.")
    limit = (len(X) - 1) / 3
    if check_real(perplexity, "perplexity", low=1) > limit:
        raise ValueError(
            f"perplexity must be at most (n - 1) / 3 = {limit:g} for {len(X)} samples; got {perplexity}. "
            "Lower it or give more samples."
        )
    threads = min(check_int(n_jobs, "n_jobs", low=1), os.cpu_count() or 1)
    n_iter = check_int(n_iter, "n_iter", low=1)

    from openTSNE import TSNE

    tsne = TSNE(
        perplexity=perplexity,
        n_iter=n_iter,
        metric=metric,
        neighbors="exact",  # precomputed neighbours could not place new points
        n_jobs=threads,
        random_state=int(rng.numpy_generator(random_state).integers(2**31)),
    )
    rescale = _rescaling(X, metric)
    embedding = tsne.fit(rescale(X))
    if Q is None:
        return _centred(embedding), None
    placed = embedding.transform(  # transform centres `embedding` in place
        _within_reach(rescale(Q)), perplexity=min(PLACING_PERPLEXITY, limit), k=min(PLACING_NEIGHBORS, len(X) - 1)
    )
    return _centred(embedding), np.array(placed, dtype=np.float64)


def _rescaling(X: np.ndarray, metric: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that centres and scales features to about 1: openTSNE searches bandwidths from 1 on."""
    references = column_references(X.astype(np.float64, copy=False)) if metric == "euclidean" else np.zeros(1)
    scale = power_of_two_scale(float(np.abs(X - references).max()))
    return lambda points: (points.astype(np.float64, copy=False) - references) * scale


def _within_reach(points: np.ndarray) -> np.ndarray:
    """Move far points closer along their direction: openTSNE gives NaN for points farther than 1e16."""
    sizes = np.abs(points).max(axis=1, keepdims=True)
    closer: np.ndarray = points * (REACH / np.maximum(sizes, REACH))
    return closer


def _centred(embedding: ArrayLike) -> np.ndarray:
    xy: np.ndarray = np.array(embedding, dtype=np.float64)
    xy -= (xy.max(axis=0) + xy.min(axis=0)) / 2
    return xy
