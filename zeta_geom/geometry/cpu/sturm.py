"""Tridiagonal form of a symmetric matrix, and counts of its eigenvalues by Sturm sequences."""

import numpy as np

from zeta_geom.execution.compiling import njit

LEAST = 1e-140  # squared length of a row: a smaller row counts as zero, as its squared inverse would overflow
TINY = 1e-300  # replaces a pivot of 0: far below any rounding, and its inverse times a square below 1 is finite
LOOSE = {"reassoc", "contract"}  # backward stable in any order of summation


@njit(nogil=True, fastmath=LOOSE)
def tridiagonalise(matrix, size, diagonal, beside, work):
    """Overwrite a symmetric matrix (lower triangle) by its tridiagonal form; `work` has four rows of ≥ `size`."""
    # From the last row up, so that the rest is the leading block. The update of a step, A - pqᵀ - qpᵀ, is delayed to
    # the next step, whose pass over A also multiplies it by the next reflection: one pass over memory in place of
    # two. Blocked reductions defer updates in the same way (Dongarra, Hammarling and Sorensen 1989, "Block reduction
    # of matrices to condensed forms for eigenvalue computations").
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
        if v[row - 1] > 0:  # the sign that cancels nothing in v[row - 1] - length
            length = -length
        beside[row - 1] = length
        half = square - length * v[row - 1]
        v[row - 1] -= length
        inverse = 1 / half if half > LEAST else 0.0
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


@njit(nogil=True)
def count_above(diagonal, beside, size, value):
    """Return the number of eigenvalues of a tridiagonal matrix above `value`, by the signs of its pivots (Sturm)."""
    count = 0
    pivot = 1.0
    for i in range(size):
        square = beside[i - 1] * beside[i - 1] if i > 0 else 0.0
        pivot = diagonal[i] - value - square / pivot
        if pivot == 0.0:
            pivot = -TINY
        if pivot > 0:
            count += 1
    return count


@njit(nogil=True)
def bracket_largest(diagonal, beside, size, width):
    """Return bounds of the largest eigenvalue of a tridiagonal matrix: Gershgorin's circles, bisected to `width`."""
    low, high = diagonal[0], diagonal[0]
    for i in range(size):
        reach = (abs(beside[i - 1]) if i > 0 else 0.0) + (abs(beside[i]) if i < size - 1 else 0.0)
        low, high = max(low, diagonal[i]), max(high, diagonal[i] + reach)
    while high - low > width:
        middle = (low + high) / 2
        if middle <= low or middle >= high:  # neighbouring floats
            break
        if count_above(diagonal, beside, size, middle) > 0:
            low = middle
        else:
            high = middle
    return low, high
