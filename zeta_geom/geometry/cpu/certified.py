"""The number of eigenvalues of a neighbourhood above α·λ₁, certified or left undecided.

The products cost nearly all the arithmetic; their dtype is float32 or float64, everything after them is float64. The
error of the products is bounded, and with it the error of every eigenvalue (Weyl's inequality). If no eigenvalue's
interval reaches across α·λ₁, the count is that of exact arithmetic; else the caller decides with more digits.
"""

import numpy as np

from zeta_geom.execution.compiling import njit
from zeta_geom.geometry.cpu.inertia import LONGEST, STEPS, bracket_by_lanczos, count_by_inertia
from zeta_geom.geometry.cpu.sturm import bracket_largest, count_above, tridiagonalise

SECTION = 128  # terms summed in the products' dtype, which bounds their error; sections are added in float64
TILE = 32  # rows per product: skips most of the upper triangle, and OpenBLAS has fast kernels for small matrices
BUFFER = 2 * 2**20  # bytes of neighbourhoods and products handled together: about a core's second-level cache
MOST = 256  # neighbourhoods handled together: the rest of a call costs nothing beside them
SMALL = 48  # rows: below, the tridiagonal form is faster than Lanczos and two factorisations
CENTRE = 16  # nearest neighbours; their mean is subtracted from all: close to the true mean, and cheap
SMALLEST = 1e-25  # trace, in units of the largest squared difference: below it float32 products underflow
LOOSE = {"reassoc", "contract"}  # the bounds hold for sums in any order


class LargeCounter:
    """Counter of the covariance eigenvalues above alpha times the largest, with buffers: one for each thread.

    `ks` are numbers of neighbours, all below d or a single one of d or more; `scale` is a power of two that brings
    the largest difference of points to between a half and 1; `dtype` is that of the products.
    """

    def __init__(self, X: np.ndarray, ks: tuple[int, ...], alpha: float, scale: float, dtype: type) -> None:
        self.X, self.ks, self.alpha, self.scale = X, np.array(ks), alpha, scale
        # in X's dtype if that can hold it: a float64 factor would halve the speed of copies of float32 points
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
        # A sum of m products is off by less than (m + 4) · eps/2 times the sum of their sizes, in any order (Higham
        # 2002, section 3.1): m - 1 additions, a product, and the rounding of two factors; 1.01 for higher orders.
        self.relative_error = 1.01 * (section + 4) * np.finfo(dtype).eps / 2

    def __call__(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return counts and undecided points, both (len(ks), q), for neighbours `indices` (q, k)."""
        counts = np.empty((len(self.ks), len(indices)), dtype=np.int64)
        undecided = np.empty(counts.shape, dtype=bool)
        together, _, side = self.points.shape
        for start in range(0, len(indices), together):
            rows = indices[start : start + together]
            part = slice(start, start + len(rows))
            if self.gram:  # points as columns: OpenBLAS multiplies small matrices fastest so
                gather_columns(self.X, rows, self.factor, self.mean, self.points)
            else:
                gather(self.X, rows, self.factor, self.mean, self.points)
            factors, products = self.factors[: len(rows)], self.products[: len(rows)]
            for row in range(0, side, TILE):  # the lower triangle, in whole tiles
                end = min(row + TILE, side)
                np.matmul(factors[..., row:end].swapaxes(2, 3), factors[..., :end], out=products[:, :, row:end, :end])
            counts[:, part], undecided[:, part] = count_in_products(
                products, self.points, self.gram, self.ks, self.alpha, self.relative_error
            )
        return counts, undecided


@njit(nogil=True, fastmath=LOOSE)
def gather(X, indices, scale, mean, out):
    """Copy neighbours (q, k) of X (n, d) into out (at least q, k, d), less the mean (d,) of the nearest, scaled."""
    q, k = indices.shape
    for i in range(q):
        average(X, indices[i, :CENTRE], mean)
        for j in range(k):
            point = indices[i, j]
            for c in range(X.shape[1]):
                out[i, j, c] = (X[point, c] - mean[c]) * scale


@njit(nogil=True, fastmath=LOOSE)
def gather_columns(X, indices, scale, mean, out):
    """Write the transpose of `gather` into out (at least q, at least d, k): eight neighbours fill a cache line."""
    q, k = indices.shape
    d = X.shape[1]
    for i in range(q):
        row, columns = indices[i], out[i]
        average(X, row[:CENTRE], mean)
        whole = k // 8 * 8
        for j in range(0, whole, 8):
            p0, p1, p2, p3 = X[row[j]], X[row[j + 1]], X[row[j + 2]], X[row[j + 3]]
            p4, p5, p6, p7 = X[row[j + 4]], X[row[j + 5]], X[row[j + 6]], X[row[j + 7]]
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
                columns[c, j] = (X[row[j], c] - mean[c]) * scale


@njit(nogil=True)  # no fastmath: reassociation could sum the points before it subtracts the first
def average(X, indices, mean):
    """Write the mean of some points: the first plus the mean difference from it, which is exact for constants."""
    first = X[indices[0]]
    mean[:] = 0
    for point in indices[1:]:
        for c in range(X.shape[1]):
            mean[c] += X[point, c] - first[c]
    for c in range(X.shape[1]):
        mean[c] = first[c] + mean[c] / len(indices)


@njit(nogil=True, fastmath=LOOSE)
def count_in_products(products, points, gram, ks, alpha, relative_error):
    """Count the large eigenvalues of matrices, which are sums of their sections (q, s, r, r), after centring."""
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
            # Weyl: no eigenvalue is off by more than the error's Frobenius norm. Entry (a, b) is off by
            # relative_error times |row a| |row b|, so the norm is at most relative_error times the trace. The second
            # term bounds the float64 work on r rows, which is backward stable to c · r · eps (Golub and Van Loan
            # 2013, section 8.3): r² · 1e-15, that is 4.5 r · (r eps), leaves a margin of several r.
            error = relative_error * trace + 1e-15 * size * size * trace
            counts[place, i], low, undecided[place, i] = count_large(matrix, size, alpha, trace, error, work, vectors)
            undecided[place, i] |= trace < SMALLEST or not low > error  # a NaN leaves it undecided
    return counts, undecided


@njit(nogil=True)
def count_large(matrix, size, alpha, trace, error, work, vectors):
    """Return the count above alpha times the largest, a lower bound of the largest, and whether it is undecided.

    Every eigenvalue of the lower triangle `matrix` is off by at most `error`, the threshold by alpha times as much
    and the width of the bracket. The count is certain if it is the same at both ends. Two factorisations cost half of
    a tridiagonal form, which remains for spectra so flat that the bracket stays wide.
    """
    if SMALL <= size <= LONGEST and trace >= SMALLEST:
        low, high, guess = bracket_by_lanczos(matrix, size, trace, error, vectors)
        rounding = error / 16 + 1e-15 * size * size * trace  # accepted backward error of a factorisation
        if high == np.inf:  # a flat spectrum: a third factorisation may certify the guess
            above, first = count_by_inertia(matrix, size, guess, work)
            high = guess + rounding if above == 0 and first <= rounding else high
        if high < np.inf:
            count, first = count_by_inertia(matrix, size, alpha * (high + error) + error + rounding, work)
            at_most, second = count_by_inertia(matrix, size, alpha * (low - error) - error - rounding, work)
            sure = first <= rounding and second <= rounding  # not max(first, second), which may hide a NaN
            if sure and (count == at_most or high - low <= error):
                return count, low, count != at_most
    diagonal, beside = np.empty(size), np.empty(size)
    tridiagonalise(matrix, size, diagonal, beside, vectors[:4])
    low, high = bracket_largest(diagonal, beside, size, error / 16)  # a width that adds little to the error
    count = count_above(diagonal, beside, size, alpha * (high + error) + error)
    at_most = count_above(diagonal, beside, size, alpha * (low - error) - error)
    return count, low, count != at_most


@njit(nogil=True, fastmath=LOOSE)
def centre_gram(total, k, out):
    """Write the lower triangle of the Gram matrix of k points about their mean; return the earlier trace."""
    means = np.zeros(k)
    trace = 0.0
    for a in range(k):
        row, inner = total[a], 0.0  # local names: LLVM sees that row and sum do not overlap the means
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
    """Write the lower triangle of the scatter matrix of k points about their mean; return the earlier trace."""
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
