"""The labellings of Co-Mixup: which input each cell of each output comes from, by graph cuts.

The energy is that of Kim et al. 2021, "Co-Mixup", Eq. 4, with the constants' scales of the authors' code. For m
inputs, outputs j, and n cells k of a grid, with labels z_jk in 0..m-1 and o_ji the number of cells of output j that
come from input i:

    E = Σ_jk u[z_jk, k]  +  β/n · (pairs of neighbouring cells of an output with different labels)
        +  γ/n · Σ_j o_j · h(A (Σ_{j' ≠ j} o_j')),        h(q) = q where q > τ n, else 0.

The first sum holds saliency and the prior, the second smoothness; the last punishes outputs that are like the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NO_GAIN = 1e-12  # relative: smaller decreases of the energy are rounding


@dataclass(frozen=True)
class Energy:
    """The energy of labellings (outputs, b, b).

    Parameters
    ----------
    unary : float64 array of shape (m, b, b)
        The cost u of each input in each cell.
    compatibility : float64 array of shape (m, m)
        The matrix A.
    smoothness, diversity, threshold : float
        β, γ and τ.
    """

    unary: np.ndarray
    compatibility: np.ndarray
    smoothness: float
    diversity: float
    threshold: float

    def __call__(self, labels: np.ndarray) -> float:
        """Return E of int labels (outputs, b, b)."""
        costs = sum(self.cost(one) for one in labels)
        return float(costs) + self.overlap(self.counts(labels))

    def cost(self, labels: np.ndarray) -> float:
        """Return the first two terms of one output, labels (b, b)."""
        cells = np.take_along_axis(self.unary, labels[None], axis=0)[0]
        borders = np.count_nonzero(labels[1:] != labels[:-1]) + np.count_nonzero(labels[:, 1:] != labels[:, :-1])
        return float(cells.sum() + self.smoothness / labels.size * borders)

    def counts(self, labels: np.ndarray) -> np.ndarray:
        """Return the number of cells of each output from each input, float64 (outputs, m)."""
        inputs = np.arange(len(self.unary))
        held: np.ndarray = (labels.reshape(len(labels), -1, 1) == inputs).sum(axis=1, dtype=np.float64)
        return held

    def overlap(self, counts: np.ndarray) -> float:
        """Return the last term, from the counts of `counts`."""
        others = self.exceeding(counts.sum(axis=0) - counts)
        return float(self.diversity / self.unary[0].size * (counts * others).sum())

    def exceeding(self, counts: np.ndarray) -> np.ndarray:
        """Return h(A q) for counts q (..., m)."""
        weighted = counts @ self.compatibility.T
        return np.where(weighted > self.threshold * self.unary[0].size, weighted, 0.0)


def lower(energy: Energy, labels: np.ndarray, rounds: int) -> np.ndarray:
    """Return labels (outputs, b, b) of lower energy, changed output by output; the energy never rises.

    With the other outputs fixed, the overlap counts as 2 γ/n h(A q) per cell of each input, which is exact above the
    threshold, and α-expansion lowers the sum (Boykov, Veksler and Zabih 2001). The labels that it finds are taken if
    the energy itself falls.
    """
    from maxflow.fastmin import aexpansion_grid

    labels, m = labels.copy(), len(energy.unary)
    counts, best = energy.counts(labels), energy(labels)
    different = energy.smoothness / labels[0].size * (1.0 - np.eye(m))
    for _ in range(rounds):
        before = best
        for j, one in enumerate(labels):
            punished = 2 * energy.diversity / one.size * energy.exceeding(counts.sum(axis=0) - counts[j])
            unary = np.ascontiguousarray(np.moveaxis(energy.unary + punished[:, None, None], 0, -1))
            proposed = aexpansion_grid(unary, different, labels=one.copy())
            trial = counts.copy()
            trial[j] = energy.counts(proposed[None])[0]
            change = energy.cost(proposed) - energy.cost(one) + energy.overlap(trial) - energy.overlap(counts)
            if change < -NO_GAIN * abs(best):
                labels[j], counts, best = proposed, trial, best + change
        if best == before:
            break
    return labels
