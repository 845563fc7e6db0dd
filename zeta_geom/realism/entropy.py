"""Entropies in nats, exact at probabilities 0 and 1."""

import numpy as np
from scipy.special import entr, rel_entr, xlogy

from zeta_geom.checks import LABEL_TOLERANCE, check_probabilities, real_array
from zeta_geom.checks.types import ArrayLike


def entropy(p: ArrayLike) -> np.ndarray:
    """Return H(p) = -Σ p log p of each row, in nats. Source: Abhishek et al. 2024, Figure 3f.

    Parameters
    ----------
    p : float array of shape (n, K)
        Distributions, one per row.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    ValueError
        If a row is negative or does not sum to 1.

    Examples
    --------
    >>> entropy([[0.5, 0.5], [1.0, 0.0]]).round(4)
    array([0.6931, 0.    ])
    """
    nats: np.ndarray = entr(_rows(p, "p")).sum(axis=1)
    return nats


def cross_entropy(p: ArrayLike, q: ArrayLike) -> np.ndarray:
    """Return H(p, q) = -Σ p log q of each row, in nats; inf where p > 0 meets q = 0.

    Parameters
    ----------
    p, q : float arrays of shape (n, K)
        Distributions, one per row. In Abhishek et al. 2024, Figure 3g, p is the oracle's prediction and q the label.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    ValueError
        If a row is negative or does not sum to 1, or the shapes differ.

    Examples
    --------
    >>> cross_entropy([[0.5, 0.5], [1.0, 0.0]], [[0.5, 0.5], [0.0, 1.0]]).round(4)
    array([0.6931,    inf])
    """
    p, q = _rows(p, "p"), _rows(q, "q")
    _same_shape(p, q, "q")
    nats: np.ndarray = -xlogy(p, q).sum(axis=1) + 0.0  # no negative zero
    return nats


def cross_entropy_from_log(p: ArrayLike, log_q: ArrayLike) -> np.ndarray:
    """Return H(p, q) = -Σ p log q from log q: exact even if q itself would round to 0.

    Parameters
    ----------
    p, log_q : float arrays of shape (n, K)
        Distributions, one per row, and natural logarithms of distributions; -inf is the logarithm of 0.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    ValueError
        If a row of p or exp(log_q) is not a distribution, or the shapes differ.

    Examples
    --------
    >>> cross_entropy_from_log([[1.0, 0.0]], [[-800.0, 0.0]])
    array([800.])
    """
    p, log_q = _rows(p, "p"), real_array(log_q, "log_q").astype(np.float64)
    _same_shape(p, log_q, "log_q")
    _exponentials(log_q, "log_q")
    products = np.multiply(p, log_q, out=np.zeros_like(p), where=p > 0)
    nats: np.ndarray = -products.sum(axis=1) + 0.0
    return nats


def kl_divergence(p: ArrayLike, q: ArrayLike) -> np.ndarray:
    """Return KL(p ‖ q) = Σ p log(p / q) of each row, in nats; inf where p > 0 meets q = 0.

    Source: Kullback and Leibler 1951.

    Parameters
    ----------
    p, q : float arrays of shape (n, K)
        Distributions, one per row.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    ValueError
        If a row is negative or does not sum to 1, or the shapes differ.

    Examples
    --------
    >>> kl_divergence([[1.0, 0.0]], [[0.5, 0.5]]).round(4)
    array([0.6931])
    """
    p, q = _rows(p, "p"), _rows(q, "q")
    _same_shape(p, q, "q")
    nats: np.ndarray = np.maximum(rel_entr(p, q).sum(axis=1), 0)  # only rounding makes a divergence negative
    return nats


def soft_label_report(log_p: ArrayLike, y: ArrayLike | None = None) -> dict[str, np.ndarray]:
    """Return the entropy of an oracle's predictions p and, with soft labels y, every score of their agreement.

    Parameters
    ----------
    log_p, y : float arrays of shape (n, K)
        The oracle's log-probabilities, and optionally soft labels.

    Returns
    -------
    dict of str -> ndarray of float64, shape (n,)
        In nats: "entropy" H(p), and with y also "label_entropy" H(y), "h_p_y" H(p, y), "h_y_p" H(y, p), "kl_y_p".

    Raises
    ------
    TypeError, ValueError
        If a row of exp(log_p) or y is not a distribution, or the shapes differ.

    Examples
    --------
    >>> soft_label_report(np.log([[0.5, 0.5]]), [[0.25, 0.75]])["h_p_y"].round(4)
    array([0.837])
    """
    log_p = real_array(log_p, "log_p").astype(np.float64)
    p = _exponentials(log_p, "log_p")
    scores = {"entropy": cross_entropy_from_log(p, log_p)}
    if y is None:
        return scores
    y = real_array(y, "y").astype(np.float64)
    check_probabilities(y, "y", tolerance=LABEL_TOLERANCE)
    if y.shape != log_p.shape:
        raise ValueError(f"y must have the shape of log_p, {log_p.shape}; got {y.shape}.")
    y = y / y.sum(axis=1, keepdims=True)  # float32 labels sum to 1 only within 1e-7
    scores["label_entropy"] = entropy(y)
    scores["h_p_y"] = cross_entropy(p, y)
    scores["h_y_p"] = cross_entropy_from_log(y, log_p)
    scores["kl_y_p"] = np.maximum(scores["h_y_p"] - scores["label_entropy"], 0)
    return scores


def _exponentials(logs: np.ndarray, name: str) -> np.ndarray:
    """Check that the exponentials are distributions, and return them."""
    if logs.size and logs.max() > 1:  # larger ones may overflow; check_probabilities finds NaN and values of 0..1
        raise ValueError(f"{name} must hold logarithms of probabilities, at most 0; got a maximum of {logs.max():g}.")
    p: np.ndarray = np.exp(logs)
    check_probabilities(p, f"exp({name})")
    return p


def _rows(p: ArrayLike, name: str) -> np.ndarray:
    p = real_array(p, name).astype(np.float64)
    check_probabilities(p, name)
    return p


def _same_shape(p: np.ndarray, q: np.ndarray, name: str) -> None:
    if p.shape != q.shape:
        raise ValueError(f"{name} must have the shape of p, {p.shape}; got {q.shape}.")
