"""Neighbours among the candidates, decided by float64 distances."""

import numpy as np

from zeta_geom.execution.compiling import njit
from zeta_geom.geometry.cpu.candidates import tighten

LOOSE = {"reassoc", "contract"}  # one compiled sum serves all: equal pairs get equal distances in every search


@njit(nogil=True, fastmath=LOOSE)
def decide(lists, first, last, X, order, Q, query_order, indices, squared):
    """Sort candidates of rows first..last by float64 distances, ties to the lower index, and keep k in `indices`."""
    for row in range(first, last):
        if lists.counts[row] < 0:
            continue
        tighten(lists, row)
        query = query_order[row]
        candidates = np.sort(order[lists.ids[row, : lists.counts[row]]])
        exact = np.empty(len(candidates))
        for j in range(len(candidates)):
            exact[j] = squared_distance(Q, query, X, candidates[j])
        nearest = np.argsort(exact, kind="mergesort")[: lists.k]  # stable: ties go to the lower index
        for j in range(lists.k):
            indices[query, j] = candidates[nearest[j]]
            squared[query, j] = exact[nearest[j]]


@njit(nogil=True, fastmath=LOOSE)
def decide_sets(lists, first, last, X, order, Q, query_order, cuts, indices):
    """Order the candidates of rows first..last so that the first c are the c nearest, for each c of `cuts`.

    Float32 values sort them; float64 distances sort those whose error intervals reach across a cut.
    """
    for row in range(first, last):
        if lists.counts[row] < 0:
            continue
        tighten(lists, row)
        count = lists.counts[row]
        values = lists.values[row, :count].astype(np.float64)
        by_value = np.argsort(values, kind="mergesort")  # `decide` needs its compiled code anyway
        candidates, values = order[lists.ids[row, :count]][by_value], values[by_value]
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
            unsure = np.sort(candidates[start:end])
            exact = np.empty(len(unsure))
            for j in range(len(unsure)):
                exact[j] = squared_distance(Q, query, X, unsure[j])
            candidates[start:end] = unsure[np.argsort(exact, kind="mergesort")]
        indices[query] = candidates[: lists.k]


@njit(nogil=True, fastmath=LOOSE)
def squared_distance(Q, query, X, point):
    """Return the float64 sum of the squared differences of two rows."""
    total = 0.0
    for d in range(X.shape[1]):
        difference = np.float64(Q[query, d]) - np.float64(X[point, d])
        total += difference * difference
    return total


@njit(nogil=True)
def squared_distances(Q, X, indices):
    """Return the float64 squared distances (q, c) of queries (q, d) to the rows `indices` (q, c) of X (n, d)."""
    squared = np.empty(indices.shape)
    for i in range(indices.shape[0]):
        for j in range(indices.shape[1]):
            squared[i, j] = squared_distance(Q, i, X, indices[i, j])
    return squared


@njit(nogil=True)
def nearest_directly(X, Q, rows, excluded, k, indices, squared):
    """Find the k nearest of the queries `rows` by all of their float64 distances, ties to the lower index."""
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
