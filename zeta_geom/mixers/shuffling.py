"""Permutations of every row of a matrix, drawn by compiled loops: the costly half of ζ-mixup on small batches.

Each row has a seed of its own, from which SplitMix64 makes its numbers, so that a row depends on its seed alone. The
shuffle is Fisher and Yates's. An index below n is the upper part of (44 random bits) × n: at the largest n, 2^20, an
index is more or less probable than another by at most 2^-24.
"""

from __future__ import annotations

import numpy as np

from zeta_geom.execution.compiling import njit

__all__ = ["MOST_SAMPLES", "begin_permutations", "shuffle_rows"]

MOST_SAMPLES = 2**20

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_BITS = np.uint64(44)


@njit(nogil=True, inline="always")
def _below(state, n):
    """Return an index below n from a state of SplitMix64."""
    z = (state ^ (state >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    z = z ^ (z >> np.uint64(31))
    return ((z >> (np.uint64(64) - _BITS)) * np.uint64(n)) >> _BITS


@njit(nogil=True)
def shuffle_rows(seeds, terms, own_leads, out):
    """Write `terms` into each row of `out` in an order of its own.

    Shapes: `seeds` (rows,), `terms` (m,), `out` (rows, m).
    """
    m = len(terms)
    skip = 1 if own_leads else 0
    for k in range(len(seeds)):
        state = seeds[k]
        row = out[k]
        for i in range(m - skip):  # inside out: after step i, the first i + 1 terms stand in random order
            state += _GOLDEN
            j = _below(state, i + 1)
            row[i] = row[j]
            row[j] = terms[i + skip]
        if own_leads:
            lead = k % m
            row[m - 1] = row[lead]
            row[lead] = terms[0]


@njit(nogil=True)
def begin_permutations(seeds, m, own_leads, out):
    """Write into each row of `out` the first of a random order of 0..m-1.

    Shapes: `seeds` (rows,), `out` (rows, T).
    """
    samples = np.arange(m).astype(np.int32)
    picks = np.empty(out.shape[1], np.int64)
    for k in range(len(seeds)):
        state = seeds[k]
        for i in range(len(picks)):
            if i == 0 and own_leads:
                picks[i] = k % m
            else:
                state += _GOLDEN
                picks[i] = i + np.int64(_below(state, m - i))
            samples[i], samples[picks[i]] = samples[picks[i]], samples[i]
            out[k, i] = samples[i]
        for i in range(len(picks) - 1, -1, -1):  # back in order, so that the next row depends on its own seed alone
            samples[i], samples[picks[i]] = samples[picks[i]], samples[i]
