"""Lists of candidate neighbours, one per query, filled from products of short vectors; `decisions` picks from them.

A product proposes, a bound on its error keeps every true neighbour on the list (Higham 2002, section 3.1: a sum of n
products is off by at most n·u/(1 - n·u) times the sum of their absolute values, in any order; u = 2^-24).
"""

from typing import NamedTuple

import numpy as np

from zeta_geom.execution.compiling import njit
from zeta_geom.geometry.cpu.frame import ROUNDING, Placed

STRIP = 32  # products compared together: two AVX-512 registers, so that a strip without a hit costs one branch
PATIENCE = 2  # shorten a list after k / PATIENCE + 32 new entries: earlier costs selections, later admits too many
SPARE = 32  # new entries at least between two shortenings, for small k
NARROW = 64  # columns up to which a direct distance is cheap; its error is relative, that of a product is not
# sums may be reordered and contracted into FMAs, which vectorises them; NaN and infinities keep their meaning
LOOSE = {"reassoc", "contract"}


class Candidates(NamedTuple):
    """Candidate neighbours of each query; one row per query, in the order of the search."""

    ids: np.ndarray  # int32 (q, capacity): places of the points in the order of the search
    values: np.ndarray  # float32 (q, capacity): squared distances, within the errors below
    counts: np.ndarray  # int64 (q,): entries of a row; -1 if the row overflowed and is undecided
    until: np.ndarray  # int64 (q,): number of entries at which a row is shortened next
    limits: np.ndarray  # float64 (q,): upper bound of the values of the k nearest
    floors: np.ndarray  # float32 (q,): a product below floors[i] + |point|² / 2 belongs to no neighbour
    halves: np.ndarray  # float32 (q,): half the squared lengths of the short vectors
    excluded: np.ndarray  # int64 (q,): place of the point that is the query itself; -1 if there is none
    errors: np.ndarray  # float64 (q, 4): of a value, of a rounded distance, of a product; squared short length
    relative: float  # relative error of a value; 0 if values come from products
    k: int


def make_candidates(queries: Placed, points: Placed, excluded: np.ndarray, k: int) -> Candidates:
    """Return empty lists for these queries, with the bounds of float32's errors in their distances to the points."""
    # room for the k nearest, the entries between two shortenings and ties: a row is given up at 3 k + 48 ties
    n, capacity = len(queries.full), 4 * k + 64
    d = queries.full.shape[1]
    direct = d <= NARROW or queries.short is not queries.full
    far = max(points.radii.max(), queries.radii.max())
    # A value is 2 (|q|²/2 + |p|²/2 - qp). The product is off by n · u · |q| · far; rounding the halves and the two
    # sums by u · (1 + 1 + 2) · far². Twice that is an error of 2 n u |q| far + 8 u far², and doubling the first-order
    # terms bounds the exact ones for n up to millions: hence 4 and 16. The 8 extra terms are for the comparisons.
    product = 4 * ROUNDING * (queries.short.shape[1] + 8) * queries.radii * far + 16 * ROUNDING * far**2
    errors = np.empty((n, 4))
    underflow = 2e-38 * (d + 8)  # of each of d squares, float32's smallest normal number, 1.2e-38, may be lost
    errors[:, 0] = underflow if direct else product + underflow
    errors[:, 1] = 2 * ROUNDING * (queries.radii + far)  # rounding moves a point by u times its length; doubled
    errors[:, 2] = product
    errors[:, 3] = np.einsum("np,np->n", queries.short, queries.short, dtype=np.float64)
    return Candidates(
        ids=np.empty((n, capacity), dtype=np.int32),
        values=np.empty((n, capacity), dtype=np.float32),
        counts=np.zeros(n, dtype=np.int64),
        until=np.full(n, k + k // PATIENCE + SPARE, dtype=np.int64),
        limits=np.full(n, np.inf),
        floors=np.full(n, -np.inf, dtype=np.float32),
        halves=(errors[:, 3] / 2).astype(np.float32),
        excluded=excluded,
        errors=errors,
        relative=2 * ROUNDING * (d + 4) if direct else 0.0,  # d sums and the difference and square of each; doubled
        k=k,
    )


@njit(nogil=True, fastmath=LOOSE)
def scan(products, rows, first_row, columns, first_column, both, row_points, column_points, halves, direct):
    """Add the possible neighbours in a tile to the candidates of its rows, and of its columns if `both`."""
    width = min(products.shape[1], len(halves) - first_column)
    lengths = np.full(products.shape[1], np.inf, dtype=np.float32)
    lengths[:width] = halves[first_column : first_column + width]
    bars = np.full(products.shape[1], np.inf, dtype=np.float32)  # floors of the columns; infinite: add nothing
    if both:
        bars[:width] = columns.floors[first_column : first_column + width]
    diagonal = both and first_row == first_column
    hit, zero = np.float32(1.0), np.float32(0.0)
    for i in range(products.shape[0]):
        row = first_row + i
        half = rows.halves[row]
        excluded = rows.excluded[row] - first_column
        for strip in range(products.shape[1] // STRIP):
            floor = rows.floors[row]
            hits = zero
            for s in range(STRIP):  # a fixed length and a sum of floats: LLVM vectorises this
                j = strip * STRIP + s
                hits += hit if products[i, j] >= min(floor + lengths[j], half + bars[j]) else zero
            if hits == zero:
                continue
            for j in range(strip * STRIP, min((strip + 1) * STRIP, width)):
                product = products[i, j]
                for_row = product >= rows.floors[row] + lengths[j]
                for_column = product >= half + bars[j]
                if not (for_row or for_column) or j == excluded or (diagonal and j <= i):
                    continue
                column = first_column + j
                if direct:
                    value = zero
                    for d in range(row_points.shape[1]):
                        difference = row_points[row, d] - column_points[column, d]
                        value += difference * difference
                else:
                    value = max(np.float32(2.0) * (half + lengths[j] - product), zero)
                # written out twice: numba would count references to the arrays at each call of a function here
                if for_row and value <= rows.limits[row]:
                    count = rows.counts[row]
                    rows.ids[row, count] = column
                    rows.values[row, count] = value
                    rows.counts[row] = count + 1
                    if count + 1 == rows.until[row]:
                        _make_room(rows, row)
                if for_column and value <= columns.limits[column]:
                    count = columns.counts[column]
                    columns.ids[column, count] = row
                    columns.values[column, count] = value
                    columns.counts[column] = count + 1
                    if count + 1 == columns.until[column]:
                        _make_room(columns, column)
                        bars[j] = columns.floors[column]


@njit(nogil=True)
def _make_room(lists: Candidates, row: int) -> None:
    """Shorten a full list; leave the row undecided if too many candidates are as close as the k-th."""
    tighten(lists, row)
    if lists.counts[row] > 3 * lists.ids.shape[1] // 4:  # it would be shortened again after every few entries
        lists.counts[row] = -1
        lists.limits[row] = -1.0
        lists.floors[row] = np.inf
    lists.until[row] = min(lists.counts[row] + lists.k // PATIENCE + SPARE, lists.ids.shape[1])


@njit(nogil=True)
def tighten(lists: Candidates, row: int) -> None:
    """Drop the candidates of a row that cannot be among its k nearest, and lower its limit."""
    count = lists.counts[row]
    if count < lists.k:
        return
    limit = _set_limit(lists, row, float(kth_smallest(lists.values[row, :count], lists.k)))
    kept = 0
    for j in range(count):
        if lists.values[row, j] <= limit:
            lists.ids[row, kept] = lists.ids[row, j]
            lists.values[row, kept] = lists.values[row, j]
            kept += 1
    lists.counts[row] = kept


@njit(nogil=True)
def kth_smallest(values, k):
    """Return the k-th smallest of float32 values (n,), counted from 1, by Hoare's selection on a copy."""
    # numba's np.partition takes 11 s to compile on a slow core, this less than 1 s
    values = values.copy()
    first, last, place = 0, len(values) - 1, k - 1
    while first < last:
        pivot = values[(first + last) // 2]
        i, j = first, last
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if place <= j:
            last = j
        elif place >= i:
            first = i
        else:
            break
    return values[place]


@njit(nogil=True)
def _set_limit(lists, row, kth):
    """Set and return the limit of a row; k of its points have values of at most `kth`."""
    absolute, moved, product, square = lists.errors[row]
    grow = 1 + lists.relative
    # twice `moved`: k true distances are at most sqrt(kth) plus one move, and rounding moves each back by one more
    reach = np.sqrt(kth * grow + absolute) + 2 * moved
    limit = (reach * reach + absolute) * grow
    lists.limits[row] = limit
    # |q|² + |p|² - 2qp > bound drops a pair by its product alone: qp < (|q|² - bound) / 2 + |p|² / 2
    bound = (np.sqrt(limit * grow) + 2 * moved) ** 2 + product
    lists.floors[row] = (square - bound) / 2
    return limit


@njit(nogil=True, fastmath=LOOSE)
def limit_by(lists, first, last, indices, queries, points):
    """Set the limits of rows first..last by the distances of any k points `indices` (q, k); close ones help most."""
    for row in range(first, last):
        kth = np.float32(0.0)
        for j in range(lists.k):
            value = np.float32(0.0)
            for d in range(points.shape[1]):
                difference = queries[row, d] - points[indices[row, j], d]
                value += difference * difference
            kth = max(kth, value)
        _set_limit(lists, row, kth * (1 + 2 * ROUNDING * (points.shape[1] + 4)))
