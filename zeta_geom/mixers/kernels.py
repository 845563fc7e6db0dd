"""Compiled loops of ζ-mixup: random orders of the rows of a matrix, and weighted sums of few rows.

Orders: each row has its own seed for SplitMix64 (Steele et al. 2014), so a row depends on its seed alone. The shuffle
is Fisher and Yates's. An index below n is the upper part of (44 random bits) × n: at the largest n, 2^20, the
probabilities of two indices differ by at most 2^-24.
"""

import numpy as np

from zeta_geom.execution.compiling import njit

MOST_SAMPLES = 2**20  # 44 bits times this number still fit into 64 bits
WIDTH = 1024  # columns at a time, so that a row of the result stays in the first cache

# the increment and the two multipliers of SplitMix64
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_BITS = np.uint64(44)  # leaves 20 bits for n


@njit(nogil=True, inline="always")
def _below(state, n):
    """Return an index below n from a state of SplitMix64."""
    z = (state ^ (state >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    z = z ^ (z >> np.uint64(31))
    return ((z >> (np.uint64(64) - _BITS)) * np.uint64(n)) >> _BITS


@njit(nogil=True)
def shuffle_rows(seeds, terms, anchored, out):
    """Write `terms` (m,) into each row of `out` (rows, m) in a random order."""
    m = len(terms)
    skip = 1 if anchored else 0
    for k in range(len(seeds)):
        state = seeds[k]
        row = out[k]
        for i in range(m - skip):  # inside out: after step i, the first i + 1 terms stand in random order
            state += _GOLDEN
            j = _below(state, i + 1)
            row[i] = row[j]
            row[j] = terms[i + skip]
        if anchored:
            lead = k % m
            row[m - 1] = row[lead]
            row[lead] = terms[0]


@njit(nogil=True)
def begin_permutations(seeds, m, anchored, out):
    """Write into each row of `out` (rows, T) the first T entries of a random permutation of 0..m-1."""
    samples = np.arange(m).astype(np.int32)
    picks = np.empty(out.shape[1], np.int64)
    for k in range(len(seeds)):
        state = seeds[k]
        for i in range(len(picks)):
            if i == 0 and anchored:
                picks[i] = k % m
            else:
                state += _GOLDEN
                picks[i] = i + np.int64(_below(state, m - i))
            samples[i], samples[picks[i]] = samples[picks[i]], samples[i]
            out[k, i] = samples[i]
        for i in range(len(picks) - 1, -1, -1):  # undo the swaps, so that the next row depends on its seed alone
            samples[i], samples[picks[i]] = samples[picks[i]], samples[i]


@njit(nogil=True)
def gather_rows(orders, terms, values, out):
    """Write Σ_i terms[i] · values[orders[k, i]] into out[k], for each k: `orders` (r, T), `values` (m, d).

    SciPy's sparse product is as fast from warm caches only: elsewhere, building its arrays makes it take three to six
    times as long.
    """
    for start in range(0, values.shape[1], WIDTH):
        stop = min(start + WIDTH, values.shape[1])
        for k in range(len(orders)):
            row, first = out[k, start:stop], values[orders[k, 0], start:stop]
            for column in range(len(row)):
                row[column] = terms[0] * first[column]
            for i in range(1, len(terms)):
                other = values[orders[k, i], start:stop]
                for column in range(len(row)):
                    row[column] += terms[i] * other[column]
