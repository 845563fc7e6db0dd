"""The number of eigenvalues of a symmetric matrix above a value, and a bracket of the largest, by dense passes.

A blocked LDLᵀ factorisation counts (Sylvester's law of inertia); a few steps of Lanczos bracket. Both compute in
float64 and return a bound of their error, from which the caller sees whether they certify anything.
"""

import numpy as np

from zeta_geom.execution.compiling import njit
from zeta_geom.geometry.cpu.sturm import bracket_largest, count_above

BLOCK = 8  # pivots eliminated together: `update` holds the eight factors of two rows in registers
LONGEST = 512  # rows at most: two such matrices take 4 MiB; the tridiagonal form serves longer ones
STRIDE = LONGEST + 16  # entries between rows: a constant, from which LLVM sees that rows do not overlap
STEPS = 16  # Lanczos steps at most: a bracket still wide after them belongs to a flat spectrum
FIRST = 5  # steps before the first bracket, and every second one after it: a bracket costs time too
LOOSE = {"reassoc", "contract"}  # the stated bounds hold for sums in any order


@njit(nogil=True, fastmath=LOOSE)
def count_by_inertia(matrix, size, value, work):
    """Return the number of eigenvalues above `value`, from the pivots of LDLᵀ = matrix - value · I, and its error.

    The elimination starts at the last row and does not pivot: small pivots make the bound large, never too small.
    """
    rows, ratios = np.empty((BLOCK, STRIDE)), np.empty((BLOCK, STRIDE))
    for i in range(size):
        source, target = matrix[i], work[i]
        for j in range(i + 1):
            target[j] = source[j]
        target[i] -= value
    count, growth = 0, 0.0
    first = (size - 1) // BLOCK * BLOCK
    last = size
    rows[last - first :, :size] = 0.0  # the first block may be short: its missing rows subtract nothing
    ratios[last - first :, :size] = 0.0
    while last > 0:
        for t in range(last - first):
            pivot_row = last - 1 - t
            row, ratio, source = rows[t], ratios[t], work[pivot_row]
            for j in range(pivot_row + 1):
                row[j] = source[j]
            for s in range(t):
                factor, other = ratios[s, pivot_row], rows[s]
                for j in range(pivot_row + 1):
                    row[j] -= factor * other[j]
            pivot = row[pivot_row]
            if pivot == 0.0:
                return 0, np.inf
            count += pivot > 0
            inverse, square = 1 / pivot, 0.0
            for j in range(pivot_row + 1):
                square += row[j] * row[j]
                ratio[j] = row[j] * inverse
            growth += square * abs(inverse)
        if first > 0:
            update(work, first, rows, ratios)
        last, first = first, first - BLOCK
    # Each entry is a sum of at most `size` products with three more roundings: LDLᵀ is off by at most
    # 1.01 (size + 4) eps/2 · |L||D||Lᵀ| (Higham 2002, Theorem 9.3), eps/2 < 1.2e-16, and the norm of |L||D||Lᵀ| is at
    # most the sum of |d| |l|² over the pivots d and the columns l of L: `growth`.
    return count, 1.01 * (size + 4) * 1.2e-16 * growth


@njit(nogil=True, fastmath=LOOSE, inline="always")
def update(work, first, rows, ratios):
    """Subtract the products of a block's rows from the rows before `first`, two rows per pass over the factors."""
    r0, r1, r2, r3, r4, r5, r6, r7 = rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7]
    for start in range(0, first, BLOCK):
        for i in range(start, start + BLOCK, 2):
            x, y = work[i], work[i + 1]
            x0, x1, x2, x3 = ratios[0, i], ratios[1, i], ratios[2, i], ratios[3, i]
            x4, x5, x6, x7 = ratios[4, i], ratios[5, i], ratios[6, i], ratios[7, i]
            y0, y1, y2, y3 = ratios[0, i + 1], ratios[1, i + 1], ratios[2, i + 1], ratios[3, i + 1]
            y4, y5, y6, y7 = ratios[4, i + 1], ratios[5, i + 1], ratios[6, i + 1], ratios[7, i + 1]
            # beyond the diagonal too: whole vectors, and no one reads the upper triangle
            for j in range(start + BLOCK):
                a, b, c, d, e, f, g, h = r0[j], r1[j], r2[j], r3[j], r4[j], r5[j], r6[j], r7[j]
                x[j] -= x0 * a + x1 * b + x2 * c + x3 * d + x4 * e + x5 * f + x6 * g + x7 * h
                y[j] -= y0 * a + y1 * b + y2 * c + y3 * d + y4 * e + y5 * f + y6 * g + y7 * h


@njit(nogil=True, fastmath=LOOSE)
def bracket_by_lanczos(matrix, size, trace, width, basis):
    """Return lower and upper bound of the largest eigenvalue of a positive semidefinite matrix, and a likely bound.

    The largest Ritz value is the lower bound. `basis` has STEPS + 1 rows.
    """
    # Upper bound: in a basis that begins with Lanczos' vectors the matrix is [[T, b e qᵀ], [b q eᵀ, B]], T
    # tridiagonal, e the last unit vector, q another. All eigenvalues are at most m if m > |B| and T + b² / (m - |B|)
    # e eᵀ has none above m (Schur complement of m - B). |B| is at most its Frobenius norm, whose square is that of
    # the matrix less those of T and 2b². If the start is orthogonal to an eigenvector, its eigenvalue is in B, and so
    # in the bound.
    diagonal, beside = np.zeros(STEPS + 1), np.zeros(STEPS + 1)
    rest, floor = begin(matrix, size, basis[0]), 1e-15 * size * size * trace * trace  # floor: rounding of the rest
    low, high, guess = 0.0, np.inf, 0.0
    for step in range(STEPS):
        diagonal[step], beside[step] = expand(matrix, size, basis, step)
        rest -= diagonal[step] * diagonal[step] + 2 * beside[step] * beside[step]
        done = step == STEPS - 1 or beside[step] <= 1e-14 * trace  # the basis spans an invariant subspace
        if not done and (step < FIRST - 1 or step % 2 == 1):
            continue
        earlier = low
        low, top = bracket_largest(diagonal, beside, step + 1, width / 4)
        # Ritz values converge geometrically: mostly eight times the last gain suffices
        guess = top + width + 8 * (low - earlier)
        norm = np.sqrt(max(rest, 0.0) + floor)
        high = min(high, bound_above(diagonal, beside, step + 1, norm, top, width))
        if done or high - low <= width:
            break
    return low, high, guess


@njit(nogil=True, fastmath=LOOSE)
def begin(matrix, size, vector):
    """Write the unit vector along the row of the largest diagonal entry; return the squared Frobenius norm."""
    widest, square = 0, 0.0
    for i in range(size):
        row, inner = matrix[i], 0.0
        for j in range(i):
            inner += row[j] * row[j]
        square += 2 * inner + row[i] * row[i]
        if row[i] > matrix[widest, widest]:
            widest = i
    for j in range(size):
        vector[j] = matrix[max(widest, j), min(widest, j)]
    normalise(vector, size)
    return square


@njit(nogil=True)
def bound_above(diagonal, beside, steps, norm, top, width):
    """Return an upper bound m of `bracket_by_lanczos` below 2 · top, or infinity."""
    reach, m, kept = width / 2, max(top, norm) + width / 2, diagonal[steps - 1]
    while m < 2 * top:
        diagonal[steps - 1] = kept + beside[steps - 1] * beside[steps - 1] / (m - norm)
        above = count_above(diagonal, beside, steps, m)
        diagonal[steps - 1] = kept
        if above == 0:
            return m
        reach *= 4  # few trials, each within four times the least step
        m += reach
    return np.inf


@njit(nogil=True, fastmath=LOOSE)
def expand(matrix, size, basis, step):
    """Write the next vector of the basis, and return the two new entries of T."""
    v, y = basis[step], basis[step + 1]
    for j in range(size):
        y[j] = 0.0
    for i in range(size):
        row, v_i, inner = matrix[i], v[i], 0.0
        for j in range(i):
            y[j] += v_i * row[j]
            inner += v[j] * row[j]
        y[i] += inner + v_i * row[i]
    entry = 0.0
    for _ in range(2):  # "twice is enough" (Parlett 1998, section 6.9): then orthogonal to rounding
        for s in range(step + 1):
            other, along = basis[s], 0.0
            for j in range(size):
                along += other[j] * y[j]
            for j in range(size):
                y[j] -= along * other[j]
        entry += along
    return entry, normalise(y, size)


@njit(nogil=True, fastmath=LOOSE)
def normalise(vector, size):
    """Divide a vector by its length, unless that is 0, and return the length."""
    square = 0.0
    for j in range(size):
        square += vector[j] * vector[j]
    length = np.sqrt(square)
    inverse = 1 / length if length > 0 else 0.0
    for j in range(size):
        vector[j] *= inverse
    return length
