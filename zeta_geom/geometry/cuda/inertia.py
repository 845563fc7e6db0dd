"""The number of eigenvalues of symmetric matrices above α·λ₁ by few, large operations on torch tensors.

`cpu.inertia` gives the counts and their error: blocked LDLᵀ factorisations (Sylvester's law of inertia). The largest
eigenvalue is bracketed by a proposal of float32, repeated squaring, that float64 confirms or leaves open.
"""

import torch

BLOCK = 16  # pivots between two products of the rest: their rank-one updates read and write rows of a block only
SQUARINGS = 10  # the 1024th power: eigenvalues 1 % below the largest have lost a factor of 30,000
# The quotient's relative error, if a second eigenvalue is smaller by a share g and both weigh the same, is below
# g exp(-2 · 1024 g), at most 1 / (2e · 1024).
NEAR = 1.8e-4


def count_by_inertia(
    matrices: torch.Tensor, trace: torch.Tensor, error: torch.Tensor, alpha: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return counts (c,) above alpha times the largest eigenvalue, and where they are undecided (c,).

    Every eigenvalue of `matrices` (c, r, r), positive semidefinite, is off by at most `error` (c,).
    """
    rounding = error / 16 + 1e-15 * matrices.shape[1] ** 2 * trace  # accepted backward error of a factorisation
    low, guess = propose_largest(matrices, trace, error)
    high = guess + rounding
    upper, lower = alpha * (high + error) + error + rounding, alpha * (low - error) - error - rounding
    counts, errors = count_above(matrices, torch.stack([guess, upper, lower], dim=1))
    # written so that a NaN leaves a count undecided
    decided = (errors <= rounding[:, None]).all(dim=1) & (counts[:, 0] == 0) & (counts[:, 1] == counts[:, 2])
    return counts[:, 1], ~(decided & (low > error))


def propose_largest(
    matrices: torch.Tensor, trace: torch.Tensor, error: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a lower bound (c,) of the largest eigenvalue, a Rayleigh quotient, and a likely upper bound (c,)."""
    power = (matrices / trace[:, None, None]).float()
    for _ in range(SQUARINGS):
        power = power @ power
        power = power / power.diagonal(dim1=1, dim2=2).sum(dim=1)[:, None, None]
    # the longest column, nearly: where the diagonal is largest
    place = power.diagonal(dim1=1, dim2=2).argmax(dim=1)[:, None, None]
    vector = power.take_along_dim(place, dim=1)[:, 0].double()
    product = (matrices @ vector[:, :, None])[:, :, 0]
    low = (product * vector).sum(dim=1) / vector.square().sum(dim=1)
    return low, low * (1 + NEAR) + error


def count_above(matrices: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the numbers of eigenvalues of `matrices` (c, r, r) above values (c, s), and their backward errors.

    A count is exact for a matrix whose distance, in the Frobenius norm, is at most the error. A pivot of 0 makes it
    infinite or NaN.
    """
    (c, s), size = values.shape, matrices.shape[1]
    rest = matrices[:, None].repeat(1, s, 1, 1).flatten(0, 1)
    rest.diagonal(dim1=1, dim2=2).sub_(values.reshape(-1, 1))
    counts = torch.zeros(c * s, dtype=torch.int64, device=matrices.device)
    growth = rest.new_zeros(c * s)
    for start in range(0, size, BLOCK):
        block = min(BLOCK, size - start)
        rows = rest[:, :block]
        ratios = torch.empty_like(rows)
        for t in range(block):
            row, ratio = rows[:, t, t:], ratios[:, t, t:]
            torch.div(row, row[:, :1], out=ratio)
            below = rows[:, t + 1 :, t + 1 :]
            below.addcmul_(ratio[:, 1 : block - t, None], row[:, None, 1:], value=-1)
        counts += (rows.diagonal(dim1=1, dim2=2) > 0).sum(dim=1)
        # |d| |l|² of each pivot d and its column l; above the diagonal, as what lies below was never divided
        growth += (rows.triu() * ratios.triu()).sum(dim=2).abs().sum(dim=1)
        rest = rest[:, block:, block:]
        rest.baddbmm_(ratios[:, :, block:].transpose(1, 2), rows[:, :, block:], alpha=-1)
    # the bound of cpu.inertia.count_by_inertia
    return counts.unflatten(0, (c, s)), (1.01 * (size + 4) * 1.2e-16 * growth).unflatten(0, (c, s))
