"""Votes of neighbours: the share of each class, and the labels that the vote contradicts."""

import numpy as np

from zeta_geom.checks import check_labels, host_array
from zeta_geom.checks.types import ArrayLike


def vote_shares(indices: ArrayLike, votes: ArrayLike) -> np.ndarray:
    """Return the share of each class among the neighbours of each point.

    Parameters
    ----------
    indices : int array of shape (n, k)
        The neighbours of each point, as rows of `votes`.
    votes : float array of shape (N, K)
        Soft labels of the points that vote.

    Returns
    -------
    ndarray of float64, shape (n, K)

    Raises
    ------
    TypeError, ValueError
        If an index is not a row of `votes`, or `votes` are not soft labels.

    Examples
    --------
    >>> vote_shares(np.array([[0, 1]]), np.array([[1.0, 0.0], [0.5, 0.5]]))
    array([[0.75, 0.25]])
    """
    rows, soft = _check_indices(indices), _check_soft(votes, "votes")
    if rows.size and (rows.min() < 0 or rows.max() >= len(soft)):
        raise ValueError(f"indices must lie in 0..{len(soft) - 1}; got {rows.min()} to {rows.max()}.")
    shares = np.zeros((len(rows), soft.shape[1]))
    for column in rows.T:  # a single lookup would take n · k · K numbers
        shares += soft[column]
    shares /= rows.shape[1]
    return shares


def vote_errors(indices: ArrayLike, votes: ArrayLike, labels: ArrayLike) -> np.ndarray:
    """Find wrong labels: a label is wrong if its top class is not among the winners of the neighbours' vote.

    If classes tie, in the label or in the vote, one shared class is enough for a right label.

    Parameters
    ----------
    indices : int array of shape (n, k)
        The neighbours of each point, as rows of `votes`.
    votes, labels : float arrays of shape (N, K) and (n, K)
        Soft labels of the points that vote, and the soft labels to test.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    TypeError, ValueError
        As in `vote_shares`, or if `labels` are not soft labels with one row for each row of `indices`.

    Examples
    --------
    >>> vote_errors(np.array([[0, 1]]), np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.3, 0.7]]))
    array([ True])
    """
    shares, soft = vote_shares(indices, votes), _check_soft(labels, "labels")
    if soft.shape != shares.shape:
        raise ValueError(f"labels must have shape {shares.shape}, one row for each point; got {soft.shape}.")
    # 1e-6 above rounding: float32 shares that should tie differ by about 1e-7
    winners = shares >= shares.max(axis=1, keepdims=True) * (1 - 1e-6)
    top = soft >= soft.max(axis=1, keepdims=True) * (1 - 1e-6)
    wrong: np.ndarray = ~(winners & top).any(axis=1)
    return wrong


def _check_indices(indices: ArrayLike) -> np.ndarray:
    rows = host_array(indices, "indices")
    if rows.dtype.kind not in "iu":
        raise TypeError(f"indices must be integers; got dtype {rows.dtype}.")
    if rows.ndim != 2 or rows.shape[1] < 1:
        raise ValueError(f"indices must have shape (n, k), k at least 1; got {rows.shape}.")
    return rows


def _check_soft(labels: ArrayLike, name: str) -> np.ndarray:
    checked = check_labels(labels, name)
    if checked.ndim == 1:
        raise ValueError(f"{name} must be soft labels (n, K); got class numbers. Give np.eye(K)[{name}].")
    return checked
