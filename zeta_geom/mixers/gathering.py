"""Weighted sums of few rows of a matrix, by a compiled loop.

SciPy's sparse product does the same arithmetic as fast from warm caches; behind other work the arrays that it builds
first make it take three to six times as long.
"""

from __future__ import annotations

from zeta_geom.execution.compiling import njit

__all__ = ["gather_rows"]

WIDTH = 1024  # columns at a time, so that a row of the result stays in the first cache


@njit(nogil=True)
def gather_rows(orders, terms, values, out):
    """Write Σ_i terms[i] · values[orders[k, i]] into out[k], for each k.

    Shapes: `orders` (r, T), `terms` (T,), `values` (m, d), `out` (r, d).
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
