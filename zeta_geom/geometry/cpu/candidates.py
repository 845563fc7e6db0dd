"""Lists of candidate neighbours, one a query, filled from products of short vectors: see `decisions` for the end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zeta_geom.execution.compiling import njit
from zeta_geom.geometry.cpu.frame import ROUNDING, Placed

__all__ = ["Candidates", "limit_by", "make_candidates", "scan", "tighten"]

STRIP = 32  # products compared at once; a strip without a hit costs no branch
PATIENCE = 2  # a list is shortened after k / PATIENCE + 32 more entries: limits that are late let too many in
NARROW = 64  # columns up to which a distance of its own costs little; a product's error is that of the farthest point
LOOSE = {"reassoc", "contract"}


class Candidates(NamedTuple):
    """What is known of each query's neighbours; a row a query, in the order of the search.

    Parameters
    ----------
    ids : int32 array of shape (q, capacity)
        Points, by their place in the order.
    values : float32 array of shape (q, capacity)
        Their squared distances, within the errors below.
    counts : int64 array of shape (q,)
        How many entries a row has; -1 where they were too many and the row is undecided.
    until : int64 array of shape (q,)
        The number of entries at which a row is next shortened.
    limits : float64 array of shape (q,)
        No neighbour's value exceeds it.
    floors, halves : float32 arrays of shape (q,), (q,)
        A product below floors[i] + (half the square of the point's length) belongs to no neighbour.
    own : int64 array of shape (q,)
        The query's own place among the points, -1 where it is none.
    errors : float64 array of shape (q, 4)
        Absolute error of a value; of a distance by rounding the points; of a product; the square of the short length.
    relative : float
        Relative error of a value; 0 where values come from products.
    k : int
    """

    ids: np.ndarray
    values: np.ndarray
    counts: np.ndarray
    until: np.ndarray
    limits: np.ndarray
    floors: np.ndarray
    halves: np.ndarray
    own: np.ndarray
    errors: np.ndarray
    relative: float
    k: int


def make_candidates(queries: Placed, points: Placed, own: np.ndarray, k: int) -> Candidates:
    """Return empty lists for these queries, with the errors that float32 makes in their distances to the points.

    Shapes: `own` (q,).
    """
    n, capacity = len(queries.full), 4 * k + 64
    d = queries.full.shape[1]
    direct = d <= NARROW or queries.short is not queries.full
    far = max(points.radii.max(), queries.radii.max())
    product = 4 * ROUNDING * (queries.short.shape[1] + 8) * queries.radii * far + 16 * ROUNDING * far**2
    errors = np.empty((n, 4))
    underflow = 2e-38 * (d + 8)  # what float32 loses of a sum of d tiny squares
    errors[:, 0] = underflow if direct else product + underflow
    errors[:, 1] = 2 * ROUNDING * (queries.radii + far)
    errors[:, 2] = product
    errors[:, 3] = np.einsum("np,np->n", queries.short, queries.short, dtype=np.float64)
    return Candidates(
        ids=np.empty((n, capacity), dtype=np.int32),
        values=np.empty((n, capacity), dtype=np.float32),
        counts=np.zeros(n, dtype=np.int64),
        until=np.full(n, k + k // PATIENCE + 32, dtype=np.int64),
        limits=np.full(n, np.inf),
        floors=np.full(n, -np.inf, dtype=np.float32),
        halves=(errors[:, 3] / 2).astype(np.float32),
        own=own,
        errors=errors,
        relative=2 * ROUNDING * (d + 4) if direct else 0.0,
        k=k,
    )


@njit(nogil=True, fastmath=LOOSE)
def scan(products, rows, first_row, columns, first_column, both, row_points, column_points, halves, direct):
    """Add to the candidates of a tile's rows, and of its columns where `both`, whoever may be a neighbour.

    Shapes: `products` (a, b), `row_points` (q, d), `column_points` (n, d), `halves` (n,).
    """
    width = min(products.shape[1], len(halves) - first_column)
    lengths = np.full(products.shape[1], np.inf, dtype=np.float32)
    lengths[:width] = halves[first_column : first_column + width]
    bars = np.full(products.shape[1], np.inf, dtype=np.float32)  # of the columns; infinite where none is to be added
    if both:
        bars[:width] = columns.floors[first_column : first_column + width]
    diagonal = both and first_row == first_column
    one, none = np.float32(1.0), np.float32(0.0)
    for i in range(products.shape[0]):
        row = first_row + i
        half = rows.halves[row]
        own = rows.own[row] - first_column
        for strip in range(products.shape[1] // STRIP):
            floor = rows.floors[row]
            hits = none
            for s in range(STRIP):  # of fixed length, summed as floats: what the compiler turns into vector code
                j = strip * STRIP + s
                hits += one if products[i, j] >= min(floor + lengths[j], half + bars[j]) else none
            if hits == none:
                continue
            for j in range(strip * STRIP, min((strip + 1) * STRIP, width)):
                product = products[i, j]
                for_row = product >= rows.floors[row] + lengths[j]
                for_column = product >= half + bars[j]
                if not (for_row or for_column) or j == own or (diagonal and j <= i):
                    continue
                column = first_column + j
                if direct:
                    value = none
                    for d in range(row_points.shape[1]):
                        difference = row_points[row, d] - column_points[column, d]
                        value += difference * difference
                else:
                    value = max(np.float32(2.0) * (half + lengths[j] - product), none)
                # written out twice: a call here would count references to the arrays for each entry
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
    """Shorten a full list, or leave the row undecided where too many are as near as the k-th to tell apart here."""
    tighten(lists, row)
    if lists.counts[row] > 3 * lists.ids.shape[1] // 4:
        lists.counts[row] = -1
        lists.limits[row] = -1.0
        lists.floors[row] = np.inf
    lists.until[row] = min(lists.counts[row] + lists.k // PATIENCE + 32, lists.ids.shape[1])


@njit(nogil=True)
def tighten(lists: Candidates, row: int) -> None:
    """Keep of a row what may be among its k nearest, and lower its limit to that."""
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
    """Return the k-th smallest of float32 values (n,), counted from 1, by Hoare's selection on a copy.

    numba's np.partition takes 11 s to compile on a slow core, this one less than 1 s.
    """
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
def _set_limit(lists: Candidates, row: int, kth: float) -> float:
    """Set and return the limit of a row of which k points have values of at most `kth`."""
    absolute, moved, product, square = lists.errors[row]
    grow = 1 + lists.relative
    reach = np.sqrt(kth * grow + absolute) + 2 * moved  # k true points lie within it, in the rounded frame
    limit = (reach * reach + absolute) * grow
    lists.limits[row] = limit
    bound = (np.sqrt(limit * grow) + 2 * moved) ** 2 + product
    lists.floors[row] = (square - bound) / 2
    return limit


@njit(nogil=True, fastmath=LOOSE)
def limit_by(lists, first, last, near, queries, points):
    """Set the limits of rows first..last by any k points each: the farther they are, the less it helps.

    Shapes: `near` (q, k), `queries` (q, d), `points` (n, d).
    """
    for row in range(first, last):
        kth = np.float32(0.0)
        for j in range(lists.k):
            value = np.float32(0.0)
            for d in range(points.shape[1]):
                difference = queries[row, d] - points[near[row, j], d]
                value += difference * difference
            kth = max(kth, value)
        _set_limit(lists, row, kth * (1 + 2 * ROUNDING * (points.shape[1] + 4)))
