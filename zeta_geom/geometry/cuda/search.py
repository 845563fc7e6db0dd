"""Exact nearest neighbours of torch tensors, chunk by chunk, on their device.

No chunk waits for the host: it marks the queries that float32 leaves undecided, which are searched again with more
candidates, and at last by all float64 distances. Tests compare with the NumPy path.
"""

import math

import torch

from zeta_geom.checks import LARGEST
from zeta_geom.checks.scaling import tensor_scale
from zeta_geom.geometry.cuda.memory import full_float32, slices_of, working_memory

SPARES = (16, 256, 2048)  # candidates beyond k: enough for nearly all queries, for most others, for ties


def as_tensor_points(X: object, device: torch.device, name: str = "X") -> torch.Tensor:
    """Return X as a finite float32 or float64 tensor of shape (n, d) on `device`, or raise."""
    if not isinstance(X, torch.Tensor) or X.device != device:
        raise TypeError(f"{name} must be a tensor on {device}, as X is; got {getattr(X, 'device', type(X))}.")
    if X.is_complex():
        raise TypeError(f"{name} must hold real numbers; got {X.dtype}.")
    if X.ndim != 2 or X.shape[0] < 1 or X.shape[1] < 1:
        raise ValueError(f"{name} must have shape (n, d), one row per point; got {tuple(X.shape)}.")
    X = X.detach()
    if X.dtype not in (torch.float32, torch.float64):
        X = X.float() if X.is_floating_point() else X.double()
    largest = float(X.abs().amax())
    if not math.isfinite(largest):
        raise ValueError(f"{name} must be finite; got NaN or infinite values. Remove or impute them first.")
    if largest > LARGEST:
        raise ValueError(f"{name} must lie within ±{LARGEST:g}; got {largest:g}, whose square overflows. Rescale it.")
    return X


def directions(points: torch.Tensor) -> torch.Tensor:
    """Return float64 rows of length 1, for the cosine distance; a row of zeros stays zero."""
    points = points.double()
    points = points * tensor_scale(points.abs().amax(dim=1, keepdim=True))  # no square underflows
    return torch.nn.functional.normalize(points, dim=1, eps=1e-300)


def search_tensor(
    X: torch.Tensor, Q: torch.Tensor | None, excluded: torch.Tensor | None, k: int, *, progress: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return indices and squared distances (q, k) of the exact k nearest neighbours, as `knn.search` does."""
    if Q is None:
        Q, excluded = X, torch.arange(len(X), device=X.device)
    low, high = (extreme.double() for extreme in X.aminmax(dim=0))
    # the mean of a constant column would be rounded
    mean = torch.where(low == high, low, X.mean(dim=0, dtype=torch.float64))
    query_low, query_high = Q.aminmax(dim=0)
    scale = tensor_scale(torch.stack([high - mean, mean - low, query_high - mean, mean - query_low]).amax())
    short = ((X - mean) * scale).float()
    norms = short.double().square().sum(dim=1).float()
    remaining = torch.arange(len(Q), device=X.device)
    indices, squared = remaining.new_empty((len(Q), k)), X.new_empty((len(Q), k), dtype=torch.float64)
    for spare in SPARES:
        # bytes of a query: its float32 distances, their copy of topk and its indices; float64 coordinates of
        # candidates
        size = max(1, working_memory(X) // max(16 * len(X), 20 * (k + spare) * X.shape[1]))
        undecided = []
        for part in slices_of(len(remaining), size, "neighbours", progress):
            rows = remaining[part]
            left_out = None if excluded is None else excluded[rows]
            indices[rows], squared[rows], unsure = nearest_chunk(
                X, short, norms, Q[rows], left_out, k, mean, scale, spare
            )
            undecided.append(unsure)
        remaining = remaining[torch.cat(undecided)]  # the only wait for the host
        if len(remaining) == 0:
            break
    for row in remaining.tolist():
        left_out = None if excluded is None else excluded[row : row + 1]
        indices[row], squared[row] = _nearest_directly(X, Q[row], left_out, k)
    return indices, squared


def nearest_chunk(
    X: torch.Tensor,
    short: torch.Tensor,
    norms: torch.Tensor,
    Q: torch.Tensor,
    excluded: torch.Tensor | None,
    k: int,
    mean: torch.Tensor,
    scale: torch.Tensor,
    spare: int = SPARES[0],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return indices and squared distances (c, k) of the nearest of c queries, and where float32 may have missed one.

    `short` is X in float32 about the mean, `norms` its squared lengths.
    """
    queries = ((Q - mean) * scale).float()
    squares = queries.double().square().sum(dim=1)
    with full_float32(X):
        approximate = torch.addmm(norms, queries, short.T, alpha=-2)
    if excluded is not None:
        approximate.scatter_(1, excluded[:, None], math.inf)
    others = len(X) - (excluded is not None)
    count = min(k + spare, others)
    values, candidates = approximate.topk(count, dim=1, largest=False)
    candidates = candidates.sort(dim=1).values  # so that the stable sort below gives ties to the lower index
    exact = (Q.double()[:, None, :] - X[candidates].double()).square().sum(dim=2)
    exact, nearest = exact.sort(dim=1, stable=True)
    indices = candidates.gather(1, nearest)[:, :k]
    # any other point is farther than the last candidate, less the error of both: see cpu.candidates.make_candidates
    far = torch.maximum(norms.max().double(), squares.max()).sqrt()
    rounding, length = torch.finfo(torch.float32).eps / 2, X.shape[1] + 8
    error = 4 * rounding * (length * squares.sqrt() + 4 * far) * far + 2e-38 * length
    outside = values[:, -1].double() + squares - error
    undecided = ~(outside > exact[:, k - 1] * scale**2) & (count < others)  # a NaN leaves it open
    return indices, exact[:, :k], undecided


def _nearest_directly(
    X: torch.Tensor, query: torch.Tensor, excluded: torch.Tensor | None, k: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return indices and squared distances (k,) of one query's nearest, by all float64 distances."""
    size = max(1, working_memory(X) // (24 * X.shape[1]))
    squared = torch.cat([(part.double() - query.double()).square().sum(dim=1) for part in X.split(size)])
    if excluded is not None:
        squared = squared.scatter(0, excluded, math.inf)
    squared, nearest = squared.sort(stable=True)
    return nearest[:k], squared[:k]
