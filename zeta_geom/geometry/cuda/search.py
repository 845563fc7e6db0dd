"""Exact nearest neighbours of torch tensors, chunk by chunk, on whatever device they lie.

Nothing inside a chunk waits for the host: what float32 cannot decide is marked, and tried again with more candidates;
what is left then, all float64 distances decide. The judge is the NumPy path.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from zeta_geom.checks import LARGEST
from zeta_geom.checks.scaling import tensor_scale
from zeta_geom.geometry.cuda.memory import full_float32, slices_of, working_memory

__all__ = ["as_tensor_points", "directions", "nearest_chunk", "search_tensor"]

SPARES = (16, 256, 2048)  # candidates beyond k, at first and for what rounding leaves undecided


def as_tensor_points(X: Any, device: torch.device, name: str = "X") -> torch.Tensor:
    """Return X as a finite float32 or float64 tensor of shape (n, d) on `device`, or raise.

    Shapes: `X` (n, d) -> (n, d).
    """
    if not isinstance(X, torch.Tensor) or X.device != device:
        raise TypeError(f"{name} must be a tensor on {device}, as X is; got {getattr(X, 'device', type(X))}.")
    if X.is_complex():
        raise TypeError(f"{name} must hold real numbers; got {X.dtype}.")
    if X.ndim != 2 or X.shape[0] < 1 or X.shape[1] < 1:
        raise ValueError(f"{name} must have shape (n, d), one row a point; got {tuple(X.shape)}.")
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
    """Return rows of length 1 for the cosine distance, as float64; a row of zeros stays one.

    Shapes: `points` (n, d) -> (n, d).
    """
    points = points.double()
    points = points * tensor_scale(points.abs().amax(dim=1, keepdim=True))  # no square underflows
    return torch.nn.functional.normalize(points, dim=1, eps=1e-300)


def search_tensor(
    X: torch.Tensor, Q: torch.Tensor | None, own: torch.Tensor | None, k: int, *, progress: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Find the exact k nearest neighbours, as `knn.search` does.

    Shapes: `X` (n, d), `Q` (q, d), `own` (q,) -> (q, k), (q, k).
    """
    if Q is None:
        Q, own = X, torch.arange(len(X), device=X.device)
    low, high = (extreme.double() for extreme in X.aminmax(dim=0))
    mean = torch.where(low == high, low, X.mean(dim=0, dtype=torch.float64))  # that of a constant column would round
    their_low, their_high = Q.aminmax(dim=0)
    scale = tensor_scale(torch.stack([high - mean, mean - low, their_high - mean, mean - their_low]).amax())
    short = ((X - mean) * scale).float()
    norms = short.double().square().sum(dim=1).float()
    left = torch.arange(len(Q), device=X.device)
    indices, squared = left.new_empty((len(Q), k)), X.new_empty((len(Q), k), dtype=torch.float64)
    for spare in SPARES:
        size = max(1, working_memory(X) // max(16 * len(X), 20 * (k + spare) * X.shape[1]))
        undecided = []
        for part in slices_of(len(left), size, "neighbours", progress):
            rows = left[part]
            excluded = None if own is None else own[rows]
            found = nearest_chunk(X, short, norms, Q[rows], excluded, k, mean, scale, spare)
            indices[rows], squared[rows] = found[:2]
            undecided.append(found[2])
        left = left[torch.cat(undecided)]  # the one wait for the host
        if len(left) == 0:
            break
    for row in left.tolist():
        excluded = None if own is None else own[row : row + 1]
        indices[row], squared[row] = _nearest_directly(X, Q[row], excluded, k)
    return indices, squared


def nearest_chunk(
    X: torch.Tensor,
    short: torch.Tensor,
    norms: torch.Tensor,
    Q: torch.Tensor,
    own: torch.Tensor | None,
    k: int,
    mean: torch.Tensor,
    scale: torch.Tensor,
    spare: int = SPARES[0],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Find the k nearest neighbours of some queries, and say where float32 may have missed one.

    Shapes: `X` (n, d), `short` (n, d), `norms` (n,), `Q` (c, d), `own` (c,), `mean` (d,), `scale` () -> (c, k), (c,
    k), (c,).
    """
    asked = ((Q - mean) * scale).float()
    squares = asked.double().square().sum(dim=1)
    with full_float32(X):
        approximate = torch.addmm(norms, asked, short.T, alpha=-2)
    if own is not None:
        approximate.scatter_(1, own[:, None], math.inf)
    count = min(k + spare, len(X) - (own is not None))
    values, candidates = approximate.topk(count, dim=1, largest=False)
    candidates = candidates.sort(dim=1).values
    exact = (Q.double()[:, None, :] - X[candidates].double()).square().sum(dim=2)
    exact, nearest = exact.sort(dim=1, stable=True)
    indices = candidates.gather(1, nearest)[:, :k]
    # whoever is no candidate is farther than the last of them, less the error of both; see candidates.make_candidates
    far = torch.maximum(norms.max().double(), squares.max()).sqrt()
    rounding, length = torch.finfo(torch.float32).eps / 2, X.shape[1] + 8
    error = 4 * rounding * (length * squares.sqrt() + 4 * far) * far + 2e-38 * length
    outside = values[:, -1].double() + squares - error
    undecided = ~(outside > exact[:, k - 1] * scale**2) & (count < len(X) - (own is not None))  # NaN leaves open
    return indices, exact[:, :k], undecided


def _nearest_directly(
    X: torch.Tensor, query: torch.Tensor, own: torch.Tensor | None, k: int
) -> tuple[torch.Tensor, torch.Tensor]:
    size = max(1, working_memory(X) // (24 * X.shape[1]))
    squared = torch.cat([(part.double() - query.double()).square().sum(dim=1) for part in X.split(size)])
    if own is not None:
        squared = squared.scatter(0, own, math.inf)
    squared, nearest = squared.sort(stable=True)
    return nearest[:k], squared[:k]
