"""Who of a query's candidates are its neighbours, decided by float64 distances."""

from __future__ import annotations

import numpy as np

from zeta_geom.execution.compiling import njit
from zeta_geom.geometry.cpu.candidates import tighten

__all__ = ["decide", "decide_sets", "nearest_directly", "squared_distances"]

LOOSE = {"reassoc", "contract"}


@njit(nogil=True, fastmath=LOOSE)
def decide(lists, first, last, X, order, Q, query_order, indices, squared):
    """Sort the candidates of rows first..last by their float64 distances, ties to the lower index, and keep k.

    Shapes: `X` (n, d), `Q` (q, d), `order` (n,), `query_order` (q,), `indices` and `squared` (q, k).
    """
    for row in range(first, last):
        if lists.counts[row] < 0:
            continue
        tighten(lists, row)
        query = query_order[row]
        near = np.sort(order[lists.ids[row, : lists.counts[row]]])
        exact = np.empty(len(near))
        for j in range(len(near)):
            exact[j] = squared_distance(Q, query, X, near[j])
        nearest = np.argsort(exact, kind="mergesort")[: lists.k]
        for j in range(lists.k):
            indices[query, j] = near[nearest[j]]
            squared[query, j] = exact[nearest[j]]


@njit(nogil=True, fastmath=LOOSE)
def decide_sets(lists, first, last, X, order, Q, query_order, cuts, indices):
    """Put the candidates of rows first..last into an order whose first k are the k nearest, for each k of `cuts`.

    Float32 sorts them; only those that its error leaves on both sides of a cut are sorted by their float64 distances.

    Shapes: `indices` (q, k).
    """
    for row in range(first, last):
        if lists.counts[row] < 0:
            continue
        tighten(lists, row)
        count = lists.counts[row]
        values = lists.values[row, :count].astype(np.float64)
        by_value = np.argsort(values, kind="mergesort")  # compiled for other lines already
        near, values = order[lists.ids[row, :count]][by_value], values[by_value]
        absolute, moved, _, _ = lists.errors[row]
        at_least = np.sqrt(np.maximum(values * (1 - lists.relative) - absolute, 0.0)) - moved
        at_most = np.sqrt(values * (1 + lists.relative) + absolute) + moved
        query = query_order[row]
        for cut in cuts:
            start, end = cut, cut
            while cut < count and start > 0 and at_most[start - 1] >= at_least[cut]:
                start -= 1
            while end < count and at_least[end] <= at_most[cut - 1]:
                end += 1
            if start == cut or end == cut:
                continue
            among = np.sort(near[start:end])
            exact = np.empty(len(among))
            for j in range(len(among)):
                exact[j] = squared_distance(Q, query, X, among[j])
            near[start:end] = among[np.argsort(exact, kind="mergesort")]
        indices[query] = near[: lists.k]


@njit(nogil=True, fastmath=LOOSE)
def squared_distance(Q, query, X, point):
    """Sum the squared differences of two rows in float64."""
    total = 0.0
    for d in range(X.shape[1]):
        difference = np.float64(Q[query, d]) - np.float64(X[point, d])
        total += difference * difference
    return total


@njit(nogil=True)
def squared_distances(Q, X, near):
    """Return the float64 squared distances (q, c) of queries (q, d) to the rows `near` (q, c) of X (n, d)."""
    result = np.empty(near.shape)
    for i in range(near.shape[0]):
        for j in range(near.shape[1]):
            result[i, j] = squared_distance(Q, i, X, near[i, j])
    return result


@njit(nogil=True)
def nearest_directly(X, Q, rows, excluded, k, indices, squared):
    """Find the k nearest of some queries by all of their float64 distances, ties to the lower index.

    Shapes: `X` (n, d), `Q` (q, d), `rows` (r,), `excluded` (r,), `indices` and `squared` (q, k).
    """
    distances = np.empty(len(X))
    for i in range(len(rows)):
        for point in range(len(X)):
            distances[point] = squared_distance(Q, rows[i], X, point)
        if excluded[i] >= 0:
            distances[excluded[i]] = np.inf
        nearest = np.argsort(distances, kind="mergesort")[:k]
        for j in range(k):
            indices[rows[i], j] = nearest[j]
            squared[rows[i], j] = distances[nearest[j]]
