"""What class the neighbours of a point vote for, and whether its own label agrees."""

from __future__ import annotations

from typing import Any

import numpy as np

from zeta_geom.checks import check_labels, host_array

__all__ = ["vote_errors", "vote_shares"]


def vote_shares(indices: Any, votes: Any) -> np.ndarray:
    """Return the share of each class among the neighbours of each point.

    Parameters
    ----------
    indices : int array of shape (n, k)
        Neighbours, rows of `votes`.
    votes : float array of shape (N, K)
        Their soft labels.

    Returns
    -------
    ndarray of float64, shape (n, K)
        Rows sum to 1.

    Raises
    ------
    TypeError, ValueError
        If indices are no rows of `votes`, or these are no soft labels.

    Examples
    --------
    >>> vote_shares(np.array([[0, 1]]), np.array([[1.0, 0.0], [0.5, 0.5]]))
    array([[0.75, 0.25]])
    """
    indices, votes = _neighbours(indices), _soft(votes, "votes")
    if indices.size and (indices.min() < 0 or indices.max() >= len(votes)):
        raise ValueError(f"indices must lie in 0..{len(votes) - 1}; got {indices.min()} to {indices.max()}.")
    shares = np.zeros((len(indices), votes.shape[1]))
    for column in indices.T:  # all at once would take n · k · K numbers
        shares += votes[column]
    return shares / indices.shape[1]


def vote_errors(indices: Any, votes: Any, labels: Any) -> np.ndarray:
    """Say where a label is wrong: no class with most votes of a point's neighbours is one of its label's largest.

    Parameters
    ----------
    indices : int array of shape (n, k)
        Neighbours, rows of `votes`.
    votes : float array of shape (N, K)
        Their soft labels.
    labels : float array of shape (n, K)
        The soft labels that are judged.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    TypeError, ValueError
        As `vote_shares`, or if `labels` are no soft labels, one for each row of `indices`.

    Examples
    --------
    >>> vote_errors(np.array([[0, 1]]), np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.3, 0.7]]))
    array([ True])
    """
    shares, labels = vote_shares(indices, votes), _soft(labels, "labels")
    if labels.shape != shares.shape:
        raise ValueError(f"labels must have shape {shares.shape}, a row a point; got {labels.shape}.")
    # float32 labels that should be equal differ by rounding
    chosen = shares >= shares.max(axis=1, keepdims=True) * (1 - 1e-6)
    largest = labels >= labels.max(axis=1, keepdims=True) * (1 - 1e-6)
    return ~(chosen & largest).any(axis=1)


def _neighbours(indices: Any) -> np.ndarray:
    indices = host_array(indices, "indices")
    if indices.dtype.kind not in "iu":
        raise TypeError(f"indices must be integers; got dtype {indices.dtype}.")
    if indices.ndim != 2 or indices.shape[1] < 1:
        raise ValueError(f"indices must have shape (n, k), k at least 1; got {indices.shape}.")
    return indices


def _soft(labels: Any, name: str) -> np.ndarray:
    checked = check_labels(labels, name)
    if checked.ndim == 1:
        raise ValueError(f"{name} must be soft labels (n, K); got numbers of classes. Give np.eye(K)[{name}].")
    return checked
