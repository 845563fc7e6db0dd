"""How many eigenvalues of a neighbourhood exceed α·λ₁, certified or left undecided.

The products cost nearly all the arithmetic; they are made in float32 or float64, and what follows them is float64.
The error of the products is bounded, and so is that of every eigenvalue (Weyl). Where no bound reaches across α·λ₁,
the count is that of exact arithmetic; elsewhere the point is left for the caller to decide with more digits.
"""

from __future__ import annotations

import numba
import numpy as np

__all__ = ["LargeCounter", "count_above", "tridiagonalise"]

SECTION = 128  # products at most summed in the products' dtype; the sums of sections are added in float64
TILE = 32  # rows of a product at once: only the lower triangle is made, and OpenBLAS has kernels for small ones
BUFFER = 2 * 2**20  # bytes of neighbourhoods and products handled together: more would not stay in a core's cache
MOST = 256  # neighbourhoods handled together
NEAR = 16  # neighbours whose mean the others are moved by
SMALLEST = 1e-25  # of a trace, in units of the largest coordinate squared: below it float32 products lose digits
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
        A power of two that brings the largest coordinate to about 1.
    dtype : numpy.float32 or numpy.float64
        Of the products.
    """

    def __init__(self, X: np.ndarray, ks: tuple[int, ...], alpha: float, scale: float, dtype: type) -> None:
        self.X, self.ks, self.alpha, self.scale = X, np.array(ks), alpha, scale
        k, d = max(ks), X.shape[1]
        self.gram = k < d
        length, side = (d, k) if self.gram else (k, d)  # the smaller of Gram matrix and scatter matrix
        sections = -(-length // SECTION)
        section = -(-length // sections)
        size = np.dtype(dtype).itemsize * sections * side * (section + side)
        together = int(np.clip(BUFFER // size, 1, MOST))
        self.points = np.zeros((together, sections * section, side), dtype=dtype)
        # rows a cache line apart from a power of two: their transposition would meet in few cache sets otherwise
        self.rows = np.empty((together, k, d + 16), dtype=dtype) if self.gram else self.points
        self.factors = self.points.reshape(together, sections, section, side)
        self.products = np.empty((together, sections, side, side), dtype=dtype)
        # a sum of m products is off by less than (m + 4) · eps/2 times the sum of their sizes, in whatever order
        self.relative_error = 1.01 * (section + 4) * np.finfo(dtype).eps / 2

    def __call__(self, indices: np.ndarray, limits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Count for some points.

        Parameters
        ----------
        indices : int64 array of shape (q, k)
            Their neighbours, nearest first.
        limits : float64 array of shape (len(ks), q)
            A largest eigenvalue that may be at or below it leaves the point undecided, in squared units of X.

        Returns
        -------
        counts : int64 array of shape (len(ks), q)
        undecided : bool array of shape (len(ks), q)
            Where the products' dtype cannot tell.
        """
        counts = np.empty((len(self.ks), len(indices)), dtype=np.int64)
        undecided = np.empty(counts.shape, dtype=bool)
        limits = limits * self.scale**2
        (together, _, side), d = self.points.shape, self.X.shape[1]
        for start in range(0, len(indices), together):
            near = indices[start : start + together]
            part = slice(start, start + len(near))
            gather(self.X, near, self.scale, self.rows)
            if self.gram:  # as columns, which is how OpenBLAS multiplies small matrices fastest
                np.copyto(self.points[:, :d], self.rows[..., :d].swapaxes(1, 2))
            factors, products = self.factors[: len(near)], self.products[: len(near)]
            for row in range(0, side, TILE):
                end = min(row + TILE, side)
                np.matmul(factors[..., row:end].swapaxes(2, 3), factors[..., :end], out=products[:, :, row:end, :end])
            counts[:, part], undecided[:, part] = count_in_products(
                products, self.points, self.gram, self.ks, self.alpha, limits[:, part], self.relative_error
            )
        return counts, undecided


@numba.njit(nogil=True, cache=True, fastmath=LOOSE)
def gather(X, indices, scale, out):
    """Copy neighbours (q, k) of X (n, d) into out (at least q, k, d), moved by the mean of some and scaled."""
    q, k = indices.shape
    d = X.shape[1]
    mean = np.empty(d, dtype=X.dtype)
    near = min(k, NEAR)
    for i in range(q):
        mean[:] = 0
        for j in range(near):
            point = indices[i, j]
            for c in range(d):
                mean[c] += X[point, c]
        for c in range(d):
            mean[c] /= near
        for j in range(k):
            point = indices[i, j]
            for c in range(d):
                out[i, j, c] = (X[point, c] - mean[c]) * scale


@numba.njit(nogil=True, cache=True, fastmath=LOOSE)
def count_in_products(products, points, gram, ks, alpha, limits, relative_error):
    """Count the large eigenvalues of matrices that are given in sections.

    Parameters
    ----------
    products : float array of shape (q, s, r, r)
        Lower triangles. Their sums over s are Gram matrices, r = k, or scatter matrices about some point, r = d.
    points : float array of shape (at least q, at least k, d)
        What the products were made of; read where they are scatter matrices.
    gram : bool
    ks, alpha, limits
        As in `LargeCounter`, limits in squared units of the points.
    relative_error : float
        An entry is off by at most this times the product of two points' lengths.

    Returns
    -------
    counts, undecided
        As in `LargeCounter`.
    """
    q, sections, side, _ = products.shape
    counts = np.empty((len(ks), q), dtype=np.int64)
    undecided = np.empty((len(ks), q), dtype=np.bool_)
    total, matrix, work = np.empty((side, side)), np.empty((side, side)), np.empty((4, side))
    diagonal, beside = np.empty(side), np.empty(side)
    for i in range(q):
        for a in range(side):
            for b in range(a + 1):
                total[a, b] = 0.0
        for s in range(sections):
            for a in range(side):
                for b in range(a + 1):
                    total[a, b] += products[i, s, a, b]
        for place in range(len(ks)):
            k = ks[place]
            size = k if gram else side
            trace = centre_gram(total, k, matrix) if gram else centre_scatter(total, points[i], k, matrix)
            tridiagonalise(matrix, size, diagonal, beside, work)
            # the matrix is off by no more than its entries' errors, squared and summed: theirs times the trace;
            # the second term is what float64 does to it until it is tridiagonal
            error = relative_error * trace + 1e-15 * size * size * trace
            low, high = bracket_largest(diagonal, beside, size, error / 16)
            counts[place, i] = count_above(diagonal, beside, size, alpha * (high + error) + error)
            at_most = count_above(diagonal, beside, size, alpha * (low - error) - error)
            undecided[place, i] = (
                counts[place, i] != at_most or trace < SMALLEST or low - error <= limits[place, i] * (k - 1)
            )
    return counts, undecided


@numba.njit(nogil=True, cache=True, fastmath=LOOSE)
def centre_gram(total, k, out):
    """Write the lower triangle of the Gram matrix of the first k points about their mean; return the trace before."""
    means = np.zeros(k)
    trace = 0.0
    for a in range(k):
        trace += total[a, a]
        for b in range(a):
            means[a] += total[a, b]
            means[b] += total[a, b]
        means[a] += total[a, a]
    grand = 0.0
    for a in range(k):
        means[a] /= k
        grand += means[a] / k
    for a in range(k):
        for b in range(a + 1):
            out[a, b] = total[a, b] - means[a] - means[b] + grand
    return trace


@numba.njit(nogil=True, cache=True, fastmath=LOOSE)
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


@numba.njit(nogil=True, cache=True, fastmath=LOOSE)
def tridiagonalise(matrix, size, diagonal, beside, work):
    """Reduce a symmetric matrix to tridiagonal form with the same eigenvalues, by Householder's reflections.

    Parameters
    ----------
    matrix : float64 array of shape (at least size, at least size)
        Its lower triangle is read and destroyed.
    size : int
    diagonal, beside : float64 arrays of shape (at least size,)
        Written: the diagonal, and size - 1 entries beside it.
    work : float64 array of shape (4, at least size)

    Notes
    -----
    From the last row up, so that what is left is the leading block. The update of one step, A - pqᵀ - qpᵀ, waits for
    the next, where the same pass over A multiplies it by the next reflection.
    """
    p, q, v, y = work[0], work[1], work[2], work[3]
    for j in range(size):
        p[j] = 0.0
        q[j] = 0.0
    for step in range(size - 1):
        row = size - 1 - step
        p_row, q_row = p[row], q[row]
        diagonal[row] = matrix[row, row] - 2 * p_row * q_row
        square = 0.0
        for j in range(row):
            v[j] = matrix[row, j] - p_row * q[j] - q_row * p[j]
            square += v[j] * v[j]
            y[j] = 0.0
        length = np.sqrt(square)
        if v[row - 1] > 0:
            length = -length
        beside[row - 1] = length
        half = square - length * v[row - 1]
        v[row - 1] -= length
        inverse = 1 / half if half > 0 else 0.0
        for i in range(row):
            p_i, q_i, v_i = p[i], q[i], v[i]
            inner = 0.0
            for j in range(i):
                entry = matrix[i, j] - p_i * q[j] - q_i * p[j]
                matrix[i, j] = entry
                y[j] += v_i * entry
                inner += v[j] * entry
            matrix[i, i] -= 2 * p_i * q_i
            y[i] += inner + v_i * matrix[i, i]
        along = 0.0
        for j in range(row):
            along += v[j] * y[j]
        along *= inverse * inverse / 2
        for j in range(row):
            p[j] = v[j]
            q[j] = y[j] * inverse - along * v[j]
    diagonal[0] = matrix[0, 0] - 2 * p[0] * q[0]


@numba.njit(nogil=True, cache=True)
def count_above(diagonal, beside, size, value):
    """Count the eigenvalues of a tridiagonal matrix above `value`, by the signs of its pivots (Sturm, Sylvester)."""
    count = 0
    pivot = 1.0
    for i in range(size):
        square = beside[i - 1] * beside[i - 1] if i > 0 else 0.0
        pivot = diagonal[i] - value - square / pivot
        if pivot == 0.0:
            pivot = -1e-300
        if pivot > 0:
            count += 1
    return count


@numba.njit(nogil=True, cache=True)
def bracket_largest(diagonal, beside, size, width):
    """Bracket the largest eigenvalue of a tridiagonal matrix: Gershgorin's circles, then bisection to `width`."""
    low, high = diagonal[0], diagonal[0]
    for i in range(size):
        reach = (abs(beside[i - 1]) if i > 0 else 0.0) + (abs(beside[i]) if i < size - 1 else 0.0)
        low, high = max(low, diagonal[i]), max(high, diagonal[i] + reach)
    while high - low > width:
        middle = (low + high) / 2
        if middle <= low or middle >= high:
            break
        if count_above(diagonal, beside, size, middle) > 0:
            low = middle
        else:
            high = middle
    return low, high
