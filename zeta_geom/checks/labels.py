"""Checks of labels, int or soft, and of probabilities.

One rule for the whole project; dtype and shape decide. Int labels are class numbers from 0: integers of shape (n,),
or a column (n, 1), as in MedMNIST and DataFrames. Soft labels are shares of classes, (n, K): non-negative rows that
sum to 1, including one-hot rows of integers or bools. Floats (n, 1) are soft labels of one class. Anything else is
refused.
"""

import numpy as np

from zeta_geom.checks.points import check_finite, host_array, real_array
from zeta_geom.checks.types import SomeArray

LABEL_TOLERANCE = 1e-3  # of sums; float16 soft labels of a thousand classes pass
SHARES = " Soft labels are shares: divide each row by its sum, or give the numbers of classes, int (n,)."
MOST_SHARES = 2 * 10**8  # entries of a matrix (n, K) with mostly empty columns: 1.6 GB


def check_labels(y: object, name: str = "y", *, n: int | None = None, n_classes: int | None = None) -> np.ndarray:
    """Return `y` as int labels (n,) or as float soft labels (n, K), whichever it is.

    Parameters
    ----------
    y : int array of shape (n,) or (n, 1), or array of shape (n, K)
        Class numbers from 0, or soft labels, by the rule of this module.
    name : str
        The argument's name, for the message.
    n, n_classes : int, optional
        The required number of labels, and K: int labels must be below it, and soft labels must have K columns.

    Returns
    -------
    ndarray of int, shape (n,), or of float, shape (n, K)

    Raises
    ------
    TypeError, ValueError
        If 1-D labels are not integers or one is missing; if the shape, the range or the sums are wrong.

    Examples
    --------
    >>> check_labels([0, 2, 1], n=3, n_classes=3)
    array([0, 2, 1])
    """
    y = class_column(host_array(y, name))
    check_label_shape(y.shape, n, n_classes, name)
    if y.ndim == 1:
        return _check_int_labels(y, name, n_classes)
    real_array(y, name)
    y = y if y.dtype.kind == "f" else y.astype(np.float32)
    check_probabilities(y, name, tolerance=LABEL_TOLERANCE, remedy=SHARES)
    return y


def class_column(y: SomeArray) -> SomeArray:
    """Return a column (n, 1) of integers or bools as (n,); all other labels as they are."""
    if y.ndim != 2 or y.shape[1] != 1:
        return y
    floats = y.dtype.kind == "f" if isinstance(y, np.ndarray) else y.is_floating_point()
    return y if floats else y[:, 0]


def check_label_shape(shape: tuple[int, ...], n: int | None, n_classes: int | None, name: str = "y") -> None:
    """Raise ValueError unless `shape` is that of n int labels, (n,), or of soft labels, (n, n_classes).

    Parameters
    ----------
    shape : tuple of int
        Of the labels.
    n, n_classes : int or None
        The required numbers; None allows any.
    name : str
        The argument's name, for the message.

    Examples
    --------
    >>> check_label_shape((3, 2), 3, 2)
    """
    if len(shape) not in (1, 2):
        raise ValueError(f"{name} must be int labels (n,) or soft labels (n, K); got shape {shape}.")
    if n is not None and shape[0] != n:
        raise ValueError(f"{name} must have one label for each of the {n} samples; got {shape[0]}.")
    if len(shape) == 2 and n_classes is not None and shape[1] != n_classes:
        raise ValueError(f"{name} must have n_classes={n_classes} columns; got shape {shape}.")


def count_classes(y: np.ndarray, name: str = "y") -> int:
    """Return K of checked labels, or raise ValueError if their matrix (n, K) would be large and nearly empty.

    Parameters
    ----------
    y : int array of shape (n,), or float array of shape (n, K)
        What `check_labels` returned.
    name : str
        The argument's name, for the message.

    Returns
    -------
    int
        For int labels, the largest plus 1.

    Raises
    ------
    ValueError
        If the matrix has over 2·10⁸ entries, and over half of the classes have no label.

    Examples
    --------
    >>> count_classes(np.array([0, 2]))
    3
    """
    if y.ndim == 2:
        return int(y.shape[1])
    width = int(y.max(initial=0)) + 1
    if len(y) * width > MOST_SHARES and width > 2 * (used := len(np.unique(y))):
        raise ValueError(
            f"{name} must be numbered from 0 without large gaps, because labels become a matrix (n, K); got "
            f"{used} classes, numbered up to {width - 1}, in {len(y)} labels. Relabel with "
            "np.unique(y, return_inverse=True)[1], or pass n_classes to learn which label is too large."
        )
    return width


def one_hot(y: np.ndarray, n_classes: int) -> np.ndarray:
    """Return checked int labels as soft labels.

    Parameters
    ----------
    y : int array of shape (n,)
        What `check_labels` returned.
    n_classes : int
        K.

    Returns
    -------
    float64 array of shape (n, n_classes)

    Examples
    --------
    >>> one_hot(np.array([1]), 3)
    array([[0., 1., 0.]])
    """
    Y = np.zeros((len(y), n_classes))
    Y[np.arange(len(y)), y] = 1
    return Y


def check_probabilities(p: object, name: str = "p", *, tolerance: float = 1e-6, remedy: str = "") -> None:
    """Raise TypeError or ValueError unless the rows of `p` are distributions, with sums within `tolerance` of 1.

    Parameters
    ----------
    p : float array of shape (n, K)
        The distributions, one per row.
    name, remedy : str
        The argument's name, and the end of the message if a row is not a distribution.
    tolerance : float
        Of the sums.

    Examples
    --------
    >>> check_probabilities(np.array([[0.5, 0.5]]))
    """
    p = real_array(p, name)
    check_finite(p, name)
    if p.ndim != 2 or p.shape[1] < 1:
        raise ValueError(f"{name} must have shape (n, K), one distribution per row; got shape {p.shape}.")
    sums = p.sum(axis=1, dtype=np.float64)
    if (p < 0).any() or (np.abs(sums - 1) > tolerance).any():
        worst = int(np.argmax(np.where((p < 0).any(axis=1), np.inf, np.abs(sums - 1))))
        row = np.array2string(p[worst], threshold=8, max_line_width=1000)  # one line, however many classes
        raise ValueError(f"{name} must have non-negative rows that sum to 1; row {worst} is {row}.{remedy}")


def _check_int_labels(y: np.ndarray, name: str, n_classes: int | None) -> np.ndarray:
    if y.dtype.kind not in "iu":
        raise TypeError(f"{name} of one dimension must hold integers; got dtype {y.dtype}{_other(y)}")
    if y.size and (y.min() < 0 or (n_classes is not None and y.max() >= n_classes)):
        remedy = "Drop the samples without a class." if y.min() < 0 else "Count classes from 0, or raise n_classes."
        raise ValueError(
            f"{name} must lie in 0..{'n_classes-1' if n_classes is None else n_classes - 1}; "
            f"got values from {y.min()} to {y.max()}. {remedy}"
        )
    return y


def _other(y: np.ndarray) -> str:
    """Return the end of the message for 1-D labels that are not integers: an example, and the remedy."""
    if y.dtype.kind == "f" and np.isnan(y).any():
        return ", with missing values (NaN). Drop the samples without a label."
    if y.dtype.kind in "fb":
        return ". Convert class numbers by astype(int); soft labels are (n, K)."
    others = [value for value in y.ravel().tolist() if not isinstance(value, int)]
    example = f", for instance {others[0]!r:.40}" if others else ""
    return f"{example}. Number the classes, for instance by np.unique(y, return_inverse=True)[1]."
