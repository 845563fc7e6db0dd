"""How many eigenvalues of a neighbourhood exceed α·λ₁, on torch tensors: `certified`, chunk by chunk."""

from __future__ import annotations

import torch

from zeta_geom.checks.scaling import tensor_scale
from zeta_geom.geometry.cpu.certified import NEAR, SECTION, SMALLEST
from zeta_geom.geometry.cpu.one_point import SAME
from zeta_geom.geometry.cpu.sturm import LEAST
from zeta_geom.geometry.cuda.memory import full_float32, slices_of, working_memory

__all__ = ["count_chunk", "count_large_eigenvalues"]

SHIFTS, ROUNDS = 33, 6  # the largest eigenvalue lies in one of 32 intervals, six times over: to 2^-30 of the first


def count_large_eigenvalues(
    X: torch.Tensor, indices: torch.Tensor, ks: tuple[int, ...], alpha: float, *, progress: bool = False
) -> torch.Tensor:
    """Count the covariance eigenvalues above alpha times the largest, as `pointwise_dimensions` does.

    Shapes: `X` (n, d), `indices` (ks) -> (ks).
    """
    low, high = X.aminmax(dim=0)
    scale = tensor_scale((high.double() - low.double()).amax())
    results = []
    for k in ks:
        side, length = min(k, X.shape[1]), max(k, X.shape[1])
        size = max(1, working_memory(X) // (8 * side * (3 * length + 8 * side) + 2**14))
        near = indices[:, :k]
        parts = [
            count_chunk(X, near[rows], scale, alpha, torch.float32)
            for rows in slices_of(len(near), size, f"dimension, k = {k}", progress)
        ]
        counts, undecided = (torch.cat(part) for part in zip(*parts))
        left = undecided.nonzero()[:, 0]  # the one wait for the host
        for rows in left.split(size):
            counts[rows] = count_chunk(X, near[rows], scale, alpha, torch.float64)[0]
        results.append(counts)
    return torch.stack(results)


def count_chunk(
    X: torch.Tensor, near: torch.Tensor, scale: torch.Tensor, alpha: float, dtype: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor]:
    """Count the large eigenvalues of some neighbourhoods, and say where the products' dtype cannot tell.

    Shapes: `X` (n, d), `near` (c, k), `scale` () -> (c,), (c,).
    """
    k, d = near.shape[1], X.shape[1]
    points = X[near]
    same = _are_one_point(points)
    points = points.to(torch.promote_types(X.dtype, dtype))  # float64 products are of float64 differences
    first = points[:, :1]
    centre = first + (points[:, :NEAR] - first).mean(dim=1, keepdim=True)  # exact where a column is constant
    points = ((points - centre) * scale.to(points.dtype)).to(dtype)
    factors = points.transpose(1, 2) if k < d else points  # (c, length, side), of which side is the smaller
    total = factors.new_zeros((len(near), factors.shape[2], factors.shape[2]), dtype=torch.float64)
    with full_float32(X):
        for section in factors.split(SECTION, dim=1):
            total += section.transpose(1, 2) @ section
    trace = total.diagonal(dim1=1, dim2=2).sum(dim=1)
    if k < d:
        total -= total.mean(dim=2, keepdim=True)
        total -= total.mean(dim=1, keepdim=True)
    else:
        sums = points.sum(dim=1, dtype=torch.float64)
        total -= sums[:, :, None] * sums[:, None, :] / k
    error = (1.01 * (SECTION + 4) * torch.finfo(dtype).eps / 2 + 1e-15 * total.shape[1] ** 2) * trace
    diagonal, beside = _tridiagonalise(total)
    low, high = _bracket_largest(diagonal, beside)
    largest = (low + high) / 2
    counts = _count_above(diagonal, beside, alpha * largest[:, None])[:, 0]
    margins = torch.stack([alpha * (high + error) + error, alpha * (low - error) - error], dim=1)
    sure, at_most = _count_above(diagonal, beside, margins).unbind(dim=1)
    undecided = (sure != at_most) | ~(low > error) | (trace < SMALLEST)  # NaN leaves open
    return torch.where(same, 0, counts), undecided & ~same


def _are_one_point(points: torch.Tensor) -> torch.Tensor:
    """Say where neighbourhoods (c, k, d) are one point, as `one_points` does."""
    low, high = (extreme.double() for extreme in points.aminmax(dim=1))
    tolerance = SAME * torch.finfo(points.dtype).eps
    return (high - low <= tolerance * torch.maximum(high, -low)).all(dim=1)


def _tridiagonalise(matrices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Reduce symmetric matrices (c, r, r) to a diagonal (c, r) and what lies beside it (c, r - 1), by reflections.

    The matrices are overwritten: new ones in each step would all be kept, for the diagonal is a view of them.
    """
    side = matrices.shape[1]
    diagonal, beside = [], []
    rest = matrices
    for _ in range(side - 1):
        diagonal.append(rest[:, 0, 0])
        column, rest = rest[:, 1:, 0], rest[:, 1:, 1:]
        length = -torch.copysign(column.square().sum(dim=1).sqrt(), column[:, 0])
        beside.append(length)
        v = torch.cat([column[:, :1] - length[:, None], column[:, 1:]], dim=1)
        half = v.square().sum(dim=1, keepdim=True) / 2
        inverse = torch.where(half > LEAST, 1 / half, 0.0)
        y = (rest @ v[:, :, None])[:, :, 0] * inverse
        q = y - (v * y).sum(dim=1, keepdim=True) * inverse / 2 * v
        rest.baddbmm_(torch.stack([v, q], dim=2), torch.stack([q, v], dim=1), alpha=-1)
    diagonal.append(rest[:, 0, 0])
    return torch.stack(diagonal, dim=1), torch.stack(beside, dim=1) if beside else matrices[:, 0, :0]


def _count_above(diagonal: torch.Tensor, beside: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Count the eigenvalues of tridiagonal matrices above each of their values (c, s), by signs of pivots."""
    counts = torch.zeros_like(values, dtype=torch.int64)
    pivot = torch.ones_like(values)
    squares = beside.square()
    for i in range(diagonal.shape[1]):
        pivot = diagonal[:, i, None] - values - (squares[:, i - 1, None] / pivot if i else 0.0)
        pivot = torch.where(pivot == 0, -1e-300, pivot)
        counts += pivot > 0
    return counts


def _bracket_largest(diagonal: torch.Tensor, beside: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Bracket the largest eigenvalue of tridiagonal matrices: (c,) and (c,)."""
    reach = torch.nn.functional.pad(beside.abs(), (1, 0)) + torch.nn.functional.pad(beside.abs(), (0, 1))
    low, high = diagonal.amax(dim=1), (diagonal + reach).amax(dim=1)
    steps = torch.linspace(0, 1, SHIFTS, dtype=low.dtype, device=low.device)
    for _ in range(ROUNDS):
        values = low[:, None] + (high - low)[:, None] * steps
        below = (_count_above(diagonal, beside, values[:, 1:-1]) > 0).sum(dim=1, keepdim=True)
        low, high = values.gather(1, below)[:, 0], values.gather(1, below + 1)[:, 0]
    return low, high
