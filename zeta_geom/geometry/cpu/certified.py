"""How many eigenvalues of a neighbourhood exceed α·λ₁, certified or left undecided.

The products cost nearly all the arithmetic; they are made in float32 or float64, and what follows them is float64.
The error of the products is bounded, and so is that of every eigenvalue (Weyl). Where no bound reaches across α·λ₁,
the count is that of exact arithmetic; elsewhere the point is left for the caller to decide with more digits.
"""

from __future__ import annotations

import numpy as np

from zeta_geom.execution.compiling import njit
from zeta_geom.geometry.cpu.inertia import LONGEST, STEPS, bracket_by_lanczos, count_by_inertia
from zeta_geom.geometry.cpu.sturm import bracket_largest, count_above, tridiagonalise

__all__ = ["LargeCounter"]

SECTION = 128  # products at most summed in the products' dtype; the sums of sections are added in float64
TILE = 32  # rows of a product at once: only the lower triangle is made, and OpenBLAS has kernels for small ones
BUFFER = 2 * 2**20  # bytes of neighbourhoods and products handled together: more would not stay in a core's cache
MOST = 256  # neighbourhoods handled together
SMALL = 48  # rows: below, the tridiagonal form is quicker
NEAR = 16  # neighbours whose mean the others are moved by
SMALLEST = 1e-25  # of a trace, in units of the largest difference squared: below it float32 products lose digits
LOOSE = {"reassoc", "contract"}


class LargeCounter:
    """Counts the covariance eigenvalues above alpha times the largest in nested neighbourhoods.

    It has buffers of its own: each thread needs another one.

    Parameters
    ----------
    X : float array of shape (n, d)
        Points.
    ks : tuple of int
        Numbers of neighbours; either all below d, or one alone that is not.
    alpha : float
        Threshold in [0, 1).
    scale : float
        A power of two that brings the largest difference to about 1.
    dtype : numpy.float32 or numpy.float64
        Of the products.
    """

    def __init__(self, X: np.ndarray, ks: tuple[int, ...], alpha: float, scale: float, dtype: type) -> None:
        self.X, self.ks, self.alpha, self.scale = X, np.array(ks), alpha, scale
        # in X's dtype where that holds it: float64 for float32 points would halve the speed of the copies
        self.factor = X.dtype.type(scale) if scale <= float(np.finfo(X.dtype).max) else scale
        k, d = max(ks), X.shape[1]
        self.gram = k < d
        length, side = (d, k) if self.gram else (k, d)  # the smaller of Gram matrix and scatter matrix
        sections = -(-length // SECTION)
        section = -(-length // sections)
        size = np.dtype(dtype).itemsize * sections * side * (section + side)
        together = int(np.clip(BUFFER // size, 1, MOST))
        self.points = np.zeros((together, sections * section, side), dtype=dtype)
        self.factors = self.points.reshape(together, sections, section, side)
        self.products = np.empty((together, sections, side, side), dtype=dtype)
        self.mean = np.empty(d, dtype=np.result_type(X.dtype, dtype))  # float64 products are of float64 differences
        # a sum of m products is off by less than (m + 4) · eps/2 times the sum of their sizes, in whatever order
        self.relative_error = 1.01 * (section + 4) * np.finfo(dtype).eps / 2

    def __call__(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Count for some points.

        Shapes: `indices` (q, k) -> (ks), (ks).
        """
        counts = np.empty((len(self.ks), len(indices)), dtype=np.int64)
        undecided = np.empty(counts.shape, dtype=bool)
        together, _, side = self.points.shape
        for start in range(0, len(indices), together):
            near = indices[start : start + together]
            part = slice(start, start + len(near))
            if self.gram:  # as columns, which is how OpenBLAS multiplies small matrices fastest
                gather_columns(self.X, near, self.factor, self.mean, self.points)
            else:
                gather(self.X, near, self.factor, self.mean, self.points)
            factors, products = self.factors[: len(near)], self.products[: len(near)]
            for row in range(0, side, TILE):
                end = min(row + TILE, side)
                np.matmul(factors[..., row:end].swapaxes(2, 3), factors[..., :end], out=products[:, :, row:end, :end])
            counts[:, part], undecided[:, part] = count_in_products(
                products, self.points, self.gram, self.ks, self.alpha, self.relative_error
            )
        return counts, undecided


@njit(nogil=True, fastmath=LOOSE)
def gather(X, indices, scale, mean, out):
    """Copy neighbours (q, k) of X (n, d) into out (at least q, k, d), moved by the mean (d,) of some and scaled."""
    q, k = indices.shape
    for i in range(q):
        average(X, indices[i, :NEAR], mean)
        for j in range(k):
            point = indices[i, j]
            for c in range(X.shape[1]):
                out[i, j, c] = (X[point, c] - mean[c]) * scale


@njit(nogil=True, fastmath=LOOSE)
def gather_columns(X, indices, scale, mean, out):
    """Write the columns of what `gather` writes into out (at least q, at least d, k), eight neighbours a pass."""
    q, k = indices.shape
    d = X.shape[1]
    for i in range(q):
        near, columns = indices[i], out[i]
        average(X, near[:NEAR], mean)
        whole = k // 8 * 8
        for j in range(0, whole, 8):
            p0, p1, p2, p3 = X[near[j]], X[near[j + 1]], X[near[j + 2]], X[near[j + 3]]
            p4, p5, p6, p7 = X[near[j + 4]], X[near[j + 5]], X[near[j + 6]], X[near[j + 7]]
            for c in range(d):
                centre = mean[c]
                columns[c, j] = (p0[c] - centre) * scale
                columns[c, j + 1] = (p1[c] - centre) * scale
                columns[c, j + 2] = (p2[c] - centre) * scale
                columns[c, j + 3] = (p3[c] - centre) * scale
                columns[c, j + 4] = (p4[c] - centre) * scale
                columns[c, j + 5] = (p5[c] - centre) * scale
                columns[c, j + 6] = (p6[c] - centre) * scale
                columns[c, j + 7] = (p7[c] - centre) * scale
        for j in range(whole, k):
            for c in range(d):
                columns[c, j] = (X[near[j], c] - mean[c]) * scale


@njit(nogil=True)  # without fastmath, which might sum the points before it subtracts one
def average(X, indices, mean):
    """Write the mean of some points as one of them and the mean difference from it: exact for a constant column."""
    first = X[indices[0]]
    mean[:] = 0
    for point in indices[1:]:
        for c in range(X.shape[1]):
            mean[c] += X[point, c] - first[c]
    for c in range(X.shape[1]):
        mean[c] = first[c] + mean[c] / len(indices)


@njit(nogil=True, fastmath=LOOSE)
def count_in_products(products, points, gram, ks, alpha, relative_error):
    """Count the large eigenvalues of matrices that are given in sections.

    Shapes: `products` (q, s, r, r), `points` (at least q, at least k, d).
    """
    q, sections, side, _ = products.shape
    counts = np.empty((len(ks), q), dtype=np.int64)
    undecided = np.empty((len(ks), q), dtype=np.bool_)
    total, matrix = np.empty((side, side)), np.empty((side, side))
    work, vectors = np.empty((side, side)), np.empty((STEPS + 1, side))
    for i in range(q):
        for a in range(side):
            row = total[a]
            for b in range(a + 1):
                row[b] = products[i, 0, a, b]
            for s in range(1, sections):
                product = products[i, s, a]
                for b in range(a + 1):
                    row[b] += product[b]
        for place in range(len(ks)):
            k = ks[place]
            size = k if gram else side
            trace = centre_gram(total, k, matrix) if gram else centre_scatter(total, points[i], k, matrix)
            # the matrix is off by no more than its entries' errors, squared and summed: theirs times the trace;
            # the second term is what float64 does to it until its eigenvalues are counted
            error = relative_error * trace + 1e-15 * size * size * trace
            counts[place, i], low, undecided[place, i] = count_large(matrix, size, alpha, trace, error, work, vectors)
            undecided[place, i] |= trace < SMALLEST or not low > error  # NaN decides nothing
    return counts, undecided


@njit(nogil=True)
def count_large(matrix, size, alpha, trace, error, work, vectors):
    """Count the eigenvalues above alpha times the largest, in the lower triangle of a matrix that is off by `error`.

    Shapes: `matrix` (at least size, at least size).
    """
    if SMALL <= size <= LONGEST and trace >= SMALLEST:
        low, high, guess = bracket_by_lanczos(matrix, size, trace, error, vectors)
        rounding = error / 16 + 1e-15 * size * size * trace
        if high == np.inf:  # a flat spectrum: one more factorisation may certify the guess
            above, first = count_by_inertia(matrix, size, guess, work)
            high = guess + rounding if above == 0 and first <= rounding else high
        if high < np.inf:
            count, first = count_by_inertia(matrix, size, alpha * (high + error) + error + rounding, work)
            at_most, second = count_by_inertia(matrix, size, alpha * (low - error) - error - rounding, work)
            sure = first <= rounding and second <= rounding  # not their maximum, which may hide a NaN
            if sure and (count == at_most or high - low <= error):
                return count, low, count != at_most
    diagonal, beside = np.empty(size), np.empty(size)
    tridiagonalise(matrix, size, diagonal, beside, vectors[:4])
    low, high = bracket_largest(diagonal, beside, size, error / 16)
    count = count_above(diagonal, beside, size, alpha * (high + error) + error)
    at_most = count_above(diagonal, beside, size, alpha * (low - error) - error)
    return count, low, count != at_most


@njit(nogil=True, fastmath=LOOSE)
def centre_gram(total, k, out):
    """Write the lower triangle of the Gram matrix of the first k points about their mean; return the trace before."""
    means = np.zeros(k)
    trace = 0.0
    for a in range(k):
        row, inner = total[a], 0.0  # a row and a sum of its own: LLVM sees that neither overlaps the means
        for b in range(a):
            inner += row[b]
            means[b] += row[b]
        means[a] += inner + row[a]
        trace += row[a]
    grand = 0.0
    for a in range(k):
        means[a] /= k
        grand += means[a] / k
    for a in range(k):
        row, centred, shift = total[a], out[a], grand - means[a]
        for b in range(a + 1):
            centred[b] = row[b] - means[b] + shift
    return trace


@njit(nogil=True, fastmath=LOOSE)
def centre_scatter(total, points, k, out):
    """Write the lower triangle of the scatter matrix of k points about their mean; return the trace before."""
    d = total.shape[0]
    sums = np.zeros(d)
    for j in range(k):
        for a in range(d):
            sums[a] += points[j, a]
    trace = 0.0
    for a in range(d):
        trace += total[a, a]
        for b in range(a + 1):
            out[a, b] = total[a, b] - sums[a] * sums[b] / k
    return trace
