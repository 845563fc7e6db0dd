"""The number of eigenvalues of a neighbourhood above α·λ₁ on torch tensors: `cpu.certified`, chunk by chunk."""

import torch

from zeta_geom.checks.scaling import tensor_scale
from zeta_geom.geometry.cpu.certified import CENTRE, SECTION, SMALLEST
from zeta_geom.geometry.cpu.one_point import SAME
from zeta_geom.geometry.cpu.sturm import LEAST, TINY
from zeta_geom.geometry.cuda.inertia import count_by_inertia
from zeta_geom.geometry.cuda.memory import full_float32, slices_of, working_memory

# The bracket of the largest eigenvalue is cut into 32 intervals six times: to 2^-30 of its width. 33 shifts at once
# cost little more than one, where a bisection would take 30 passes over the matrices' rows.
SHIFTS, ROUNDS = 33, 6


def count_large_eigenvalues(
    X: torch.Tensor, indices: torch.Tensor, ks: tuple[int, ...], alpha: float, *, progress: bool = False
) -> torch.Tensor:
    """Return the dimensions (len(ks), q) of `cpu.counts.pointwise_dimensions` by the rule "FO"."""
    low, high = X.aminmax(dim=0)
    scale = tensor_scale((high.double() - low.double()).amax())
    results = []
    for k in ks:
        side, length = min(k, X.shape[1]), max(k, X.shape[1])
        # bytes of a neighbourhood: three float64 copies of its points, eight of its matrix, the pivots of all shifts
        size = max(1, working_memory(X) // (8 * side * (3 * length + 8 * side) + 2**14))
        neighbors = indices[:, :k]
        parts = [
            count_chunk(X, neighbors[rows], scale, alpha, torch.float32)
            for rows in slices_of(len(neighbors), size, f"dimension, k = {k}", progress)
        ]
        counts, undecided = (torch.cat(part) for part in zip(*parts))
        remaining = undecided.nonzero()[:, 0]  # the only wait for the host
        for rows in remaining.split(size):
            counts[rows] = count_chunk(X, neighbors[rows], scale, alpha, torch.float64)[0]
        results.append(counts)
    return torch.stack(results)


def count_chunk(
    X: torch.Tensor, indices: torch.Tensor, scale: torch.Tensor, alpha: float, dtype: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return counts and undecided neighbourhoods, both (c,), of neighbours `indices` (c, k); products in `dtype`."""
    k, d = indices.shape[1], X.shape[1]
    points = X[indices]
    one_point = _are_one_point(points)
    points = points.to(torch.promote_types(X.dtype, dtype))  # float64 products are of float64 differences
    first = points[:, :1]
    centre = first + (points[:, :CENTRE] - first).mean(dim=1, keepdim=True)  # exact where a column is constant
    points = ((points - centre) * scale.to(points.dtype)).to(dtype)
    factors = points.transpose(1, 2) if k < d else points  # (c, length, side), side at most length
    total = factors.new_zeros((len(indices), factors.shape[2], factors.shape[2]), dtype=torch.float64)
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
    # the bounds of cpu.certified: of the products, and of the float64 work on the matrix
    error = (1.01 * (SECTION + 4) * torch.finfo(dtype).eps / 2 + 1e-15 * total.shape[1] ** 2) * trace
    if dtype == torch.float32:
        with full_float32(X):
            counts, undecided = count_by_inertia(total, trace, error, alpha)
    else:
        counts, undecided = _count_by_sturm(total, error, alpha)
    undecided = undecided | (trace < SMALLEST)
    return torch.where(one_point, 0, counts), undecided & ~one_point


def _count_by_sturm(matrices: torch.Tensor, error: torch.Tensor, alpha: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what `inertia.count_by_inertia` does, from the tridiagonal form; `matrices` are overwritten."""
    diagonal, beside = _tridiagonalise(matrices)
    low, high = _bracket_largest(diagonal, beside)
    largest = (low + high) / 2
    counts = _count_above(diagonal, beside, alpha * largest[:, None])[:, 0]
    margins = torch.stack([alpha * (high + error) + error, alpha * (low - error) - error], dim=1)
    at_least, at_most = _count_above(diagonal, beside, margins).unbind(dim=1)
    return counts, (at_least != at_most) | ~(low > error)  # a NaN leaves it open


def _are_one_point(points: torch.Tensor) -> torch.Tensor:
    """Return where neighbourhoods (c, k, d) are one point, as `cpu.one_point.one_points` does."""
    low, high = (extreme.double() for extreme in points.aminmax(dim=1))
    tolerance = SAME * torch.finfo(points.dtype).eps
    return (high - low <= tolerance * torch.maximum(high, -low)).all(dim=1)


def _tridiagonalise(matrices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Reduce symmetric matrices (c, r, r) to tridiagonal form: diagonal (c, r) and off-diagonal (c, r - 1).

    They are overwritten: new matrices in each step would all stay in memory, as the diagonal is a view of them.
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
    """Return the numbers of eigenvalues of tridiagonal matrices above their values (c, s), by signs of pivots."""
    counts = torch.zeros_like(values, dtype=torch.int64)
    pivot = torch.ones_like(values)
    squares = beside.square()
    for i in range(diagonal.shape[1]):
        pivot = diagonal[:, i, None] - values - (squares[:, i - 1, None] / pivot if i else 0.0)
        pivot = torch.where(pivot == 0, -TINY, pivot)
        counts += pivot > 0
    return counts


def _bracket_largest(diagonal: torch.Tensor, beside: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return bounds (c,) and (c,) of the largest eigenvalues of tridiagonal matrices."""
    reach = torch.nn.functional.pad(beside.abs(), (1, 0)) + torch.nn.functional.pad(beside.abs(), (0, 1))
    low, high = diagonal.amax(dim=1), (diagonal + reach).amax(dim=1)
    steps = torch.linspace(0, 1, SHIFTS, dtype=low.dtype, device=low.device)
    for _ in range(ROUNDS):
        values = low[:, None] + (high - low)[:, None] * steps
        below = (_count_above(diagonal, beside, values[:, 1:-1]) > 0).sum(dim=1, keepdim=True)
        low, high = values.gather(1, below)[:, 0], values.gather(1, below + 1)[:, 0]
    return low, high
