"""Label agreement: how many of a test sample's nearest training samples have its label."""

from dataclasses import dataclass

import numpy as np

from zeta_geom.checks import check_labels, count_classes, one_hot
from zeta_geom.checks.types import ArrayLike
from zeta_geom.geometry import knn
from zeta_geom.neighborhoods.features import check_features


@dataclass(frozen=True)
class LabelAgreement:
    """The agreement of each test sample's neighbours with its label.

    Parameters
    ----------
    counts : int64 array of shape (q,)
        Number of neighbours whose top class is the test sample's class, 0..k.
    soft, balanced : float64 arrays of shape (q,)
        Sum of the neighbours' shares of that class, 0..k, and its share in the class-balanced vote, 0..1.
    indices : int64 array of shape (q, k)
        The neighbours: rows of the training samples, nearest first.
    """

    counts: np.ndarray
    soft: np.ndarray
    balanced: np.ndarray
    indices: np.ndarray


def label_agreement(
    train_features: ArrayLike,
    train_labels: ArrayLike,
    test_features: ArrayLike,
    test_labels: ArrayLike,
    *,
    k: int = 128,
    metric: str = "cosine",
    progress: bool = False,
) -> LabelAgreement:
    r"""Count the training samples with the correct label among the k nearest of each test sample.

    With N the k neighbours of a test sample of class t, and Y the training labels as soft labels (n, K):
    counts = \|{i ∈ N : argmax_c Y_ic = t}\|, ties to the lower class; soft = Σ_{i ∈ N} Y_it; and
    balanced = v_t / Σ_c v_c with the votes v_c = Σ_{i ∈ N} Y_ic / Σ_j Y_jc: frequent and rare classes weigh the same.
    Source: Abhishek et al. 2024, text on Fig. 8 (k = 128, cosine); `soft` and `balanced` are additions.

    Parameters
    ----------
    train_features, test_features : float arrays of shape (n, d) and (q, d)
        Features of the training samples, for instance of synthetic samples, and of the test samples.
    train_labels : int array of shape (n,) or (n, 1), or array of shape (n, K)
        Class numbers or soft labels of the training samples.
    test_labels : int array of shape (q,) or (q, 1)
        The true classes. A class that no training sample has gets counts of 0.
    k : int
        Number of neighbours, at most n.
    metric : {"cosine", "euclidean"}
        The distance between features.
    progress : bool
        Show a progress bar, on a terminal.

    Returns
    -------
    LabelAgreement

    Raises
    ------
    TypeError, ValueError
        If shapes or labels do not match, features are not finite, or k is out of range.

    Examples
    --------
    >>> agreement = label_agreement([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]], [0, 1, 1], [[2.0, 0.0]], [0], k=2)
    >>> agreement.counts, agreement.balanced.round(3)
    (array([1]), array([0.667]))
    """
    X, Q = check_features(train_features, test_features, metric)
    if Q is None:
        raise TypeError("test_features must be an array of shape (q, d); got None.")
    train_labels = check_labels(train_labels, "train_labels", n=len(X))
    n_classes = None if train_labels.ndim == 1 else train_labels.shape[1]
    test_labels = check_labels(test_labels, "test_labels", n=len(Q), n_classes=n_classes)
    if test_labels.ndim != 1:
        raise ValueError(
            f"test_labels must be the true classes, int (q,); got shape {test_labels.shape}. Take their argmax first."
        )
    if train_labels.ndim == 1:
        all_labels = np.concatenate([train_labels, test_labels.astype(train_labels.dtype)])
        Y = one_hot(train_labels, count_classes(all_labels, "train_labels and test_labels"))
    else:
        Y = train_labels.astype(np.float64)
    indices = knn(X, k, queries=Q, metric=metric, progress=progress).indices
    true_class = test_labels[:, None]
    mass = Y.sum(axis=0)
    votes = np.divide(Y, mass, out=np.zeros_like(Y), where=mass > 0)
    class_votes, all_votes = votes[indices, true_class].sum(axis=1), votes.sum(axis=1)[indices].sum(axis=1)
    return LabelAgreement(
        counts=np.count_nonzero(Y.argmax(axis=1)[indices] == true_class, axis=1),
        soft=Y[indices, true_class].sum(axis=1),
        balanced=np.minimum(class_votes / all_votes, 1.0),  # the two sums round differently
        indices=indices,
    )
