"""The local dimension in one call: by local PCA or another estimator, on arrays and on tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zeta_geom.checks import check_jobs, check_points, check_real
from zeta_geom.checks.points import is_tensor
from zeta_geom.checks.types import ArrayLike
from zeta_geom.geometry.estimators.running import check_features, estimate_by, resolve_estimator
from zeta_geom.geometry.estimators.table import FO
from zeta_geom.geometry.knn import Neighbors, as_tensors, without_parts
from zeta_geom.geometry.local_pca import LocalPCA, check_neighbor_counts, draw_anchors
from zeta_geom.rng.seeds import RandomState

if TYPE_CHECKING:
    import torch


@without_parts
def local_dimension(
    X: ArrayLike,
    n_neighbors: int | tuple[int, ...] = (8, 128),
    alpha: float = 0.05,
    *,
    estimator: object = FO,
    neighbors: Neighbors | None = None,
    n_anchors: int | None = None,
    random_state: RandomState = None,
    n_jobs: int | None = -1,
    progress: bool = False,
) -> dict[int, Any]:
    """Estimate the local intrinsic dimension at each point, for each number of neighbours.

    `zeta_geom.scale.local_dimension` gives the same integers for points that outgrow memory or one machine.
    Source: Abhishek et al. 2024, Figure 6.

    Parameters
    ----------
    X : array-like or tensor of shape (n, d)
        Finite points. A torch tensor gives tensors on its device; on CUDA the work is done there.
    n_neighbors : int, or tuple of int
        k ≥ 2, below n.
    alpha : float
        Threshold of the Fukunaga-Olsen rule; only "FO" uses it.
    estimator : str, or scikit-dimension estimator
        A name: "FO" (local PCA), "MLE", "TLE", "MOM", "MADA", "ESS", "TwoNN", "GRIDE" or "CA-PCA", which this package
        computes, or "CorrInt", "DANCo", "FisherS", "KNN", "MiND_ML" or "PH", which scikit-dimension computes;
        `ESTIMATORS` describes them. Or an estimator of scikit-dimension, a copy for each k. All but "FO" get the k
        nearest different points: copies of a point count once, and each copy gets the same dimension. The dimension
        is NaN where the estimator gives no finite number; one warning counts these points.
    neighbors : Neighbors, optional
        The result of `knn(X, k)` with k at least the largest of `n_neighbors`; searched by default.
    n_anchors, random_state, n_jobs, progress
        As in `LocalPCA`, which also gives the standard error. Anchors are refused if scikit-dimension computes;
        `random_state` is also the seed of those of its estimators that draw.

    Returns
    -------
    dict of int -> ndarray of shape (n,), or (n_anchors,)
        int64 for "FO", float64 for all others.

    Raises
    ------
    TypeError, ValueError
        If X is not 2-D and finite, has one feature, k ≥ n, n_anchors is out of range, `estimator` is no name and
        accepts no neighbours, or k is not below the number of different points.

    Examples
    --------
    >>> line = [[float(i), 2.0 * i] for i in range(20)]
    >>> local_dimension(line, 8)[8].mean().item()
    1.0
    >>> from zeta_geom.manifolds import make_curved_manifold
    >>> X, _ = make_curved_manifold(2000, random_state=0)  # 3 dimensions
    >>> {name: local_dimension(X, 16, estimator=name)[16].mean().round(1).item() for name in ("FO", "ESS")}
    {'FO': 3.1, 'ESS': 3.2}
    """
    check_jobs(n_jobs)
    resolved = resolve_estimator(estimator, random_state)
    if is_tensor(X) and X.device.type != "cpu":
        if resolved != FO:
            raise TypeError(
                f"estimator must be 'FO' for a tensor on {X.device}; got {estimator!r}. Move X to the CPU."
            )
        return _dimension_on_device(X, n_neighbors, alpha, neighbors, n_anchors, random_state, progress)
    tensors, X = is_tensor(X), check_points(X)
    ks = check_neighbor_counts(n_neighbors, len(X))
    if resolved == FO:
        pca = LocalPCA(
            ks, alpha=alpha, n_anchors=n_anchors, random_state=random_state, n_jobs=n_jobs, progress=progress
        )
        dimensions = dict(zip(ks, pca.fit_pw(X, precomputed_knn=neighbors).dimension_pw_, strict=True))
    else:
        if n_anchors is not None and not isinstance(resolved, str):
            raise ValueError(f"n_anchors needs an estimator of this package; got {n_anchors} with {estimator!r}.")
        anchors = None if n_anchors is None else draw_anchors(n_anchors, len(X), random_state)
        how: Any = {"anchors": anchors, "n_jobs": n_jobs, "progress": progress}
        dimensions = estimate_by(resolved, check_features(X), neighbors, ks, **how)
    return dict(zip(ks, as_tensors(*dimensions.values()))) if tensors else dimensions


def _dimension_on_device(
    X: torch.Tensor,
    n_neighbors: int | tuple[int, ...],
    alpha: float,
    neighbors: Neighbors | None,
    n_anchors: int | None,
    random_state: RandomState,
    progress: bool,
) -> dict[int, torch.Tensor]:
    """Estimate on the tensor's own device."""
    import torch

    from zeta_geom.geometry.cuda.counts import count_large_eigenvalues
    from zeta_geom.geometry.cuda.search import as_tensor_points, search_tensor

    X = check_features(as_tensor_points(X, X.device))
    ks = check_neighbor_counts(n_neighbors, len(X))
    alpha = check_real(alpha, "alpha", low=0, high=1)
    queries = anchors = None
    if n_anchors is not None:
        anchors = torch.from_numpy(draw_anchors(n_anchors, len(X), random_state)).to(X.device)
        queries = X[anchors]
    if neighbors is None:
        indices = search_tensor(X, queries, anchors, max(ks), progress=progress)[0]
    else:
        indices = neighbors.indices if anchors is None else neighbors.indices[anchors]
    counts = count_large_eigenvalues(X, indices, ks, alpha, progress=progress)
    return dict(zip(ks, counts, strict=True))
