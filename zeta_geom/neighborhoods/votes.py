"""What class the neighbours of a point vote for, and whether its own label agrees."""

from __future__ import annotations

import numpy as np

__all__ = ["vote_errors", "vote_shares"]


def vote_shares(indices: np.ndarray, votes: np.ndarray) -> np.ndarray:
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

    Examples
    --------
    >>> vote_shares(np.array([[0, 1]]), np.array([[1.0, 0.0], [0.5, 0.5]]))
    array([[0.75, 0.25]])
    """
    shares = np.zeros((len(indices), votes.shape[1]))
    for column in indices.T:  # all at once would take n · k · K numbers
        shares += votes[column]
    return shares / indices.shape[1]


def vote_errors(indices: np.ndarray, votes: np.ndarray, labels: np.ndarray) -> np.ndarray:
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

    Examples
    --------
    >>> vote_errors(np.array([[0, 1]]), np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.3, 0.7]]))
    array([ True])
    """
    shares = vote_shares(indices, votes)
    # float32 labels that should be equal differ by rounding
    chosen = shares >= shares.max(axis=1, keepdims=True) * (1 - 1e-6)
    largest = labels >= labels.max(axis=1, keepdims=True) * (1 - 1e-6)
    return ~(chosen & largest).any(axis=1)
