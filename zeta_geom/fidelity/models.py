"""Affinity and diversity of an augmentation, by a classifier that is fitted to clean and to augmented samples."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zeta_geom.checks import check_choice, check_labels, check_probabilities, count_classes, one_hot, real_array
from zeta_geom.checks.types import ArrayLike
from zeta_geom.fidelity.neighbor_balls import check_sets, mean_and_spread, one_openmp_thread
from zeta_geom.neighborhoods import vote_errors
from zeta_geom.realism import cross_entropy
from zeta_geom.rng.seeds import RandomState, numpy_generator

STEPS = 200  # of L-BFGS at most, so that a fit to separable classes ends, too
NAMES = ("boosting", "logistic")

Predict = Callable[[np.ndarray, int], np.ndarray]  # samples (n, d), K -> probabilities (n, K)


@dataclass(frozen=True)
class Affinity:
    """Affinity of an augmentation.

    Parameters
    ----------
    score, accuracy, clean_accuracy : float
        The ratio of the accuracies, and the shares of right predictions for the augmented and the clean samples.
    right : bool array of shape (m,)
        Whether the prediction for each augmented sample is right.

    Examples
    --------
    See `affinity`.
    """

    score: float
    accuracy: float
    clean_accuracy: float
    right: np.ndarray


@dataclass(frozen=True)
class Diversity:
    """Diversity of an augmentation.

    Parameters
    ----------
    score, loss, clean_loss : float
        `loss` / `clean_loss`, and the mean cross-entropies in nats of a model on the samples that it was fitted to.
    losses : float64 array of shape (m,)
        The cross-entropy of each augmented sample.

    Examples
    --------
    See `diversity`.
    """

    score: float
    loss: float
    clean_loss: float
    losses: np.ndarray


def affinity(
    train: ArrayLike,
    train_labels: ArrayLike,
    clean: ArrayLike,
    clean_labels: ArrayLike,
    augmented: ArrayLike,
    augmented_labels: ArrayLike,
    *,
    model: object = "logistic",
    random_state: RandomState = 0,
) -> Affinity:
    """Measure how well a model that was fitted to clean samples classifies augmented ones, relative to clean ones.

    Parameters
    ----------
    train : float array of shape (n, d)
        Clean samples to fit the model to, or their features.
    clean : float array of shape (v, d)
        Clean samples that are not among `train`: the validation set.
    augmented : float array of shape (m, d)
        Augmented samples, made from `clean`.
    train_labels, clean_labels, augmented_labels : int arrays of shape (rows,), or arrays of shape (rows, K)
        Class numbers or soft labels. A prediction is right if its top class is a top class of the label.
    model : {"logistic", "boosting"} or object with fit and predict_proba
        As in `discriminator_auc`; a copy is fitted. For an object that was trained before, such as the network of a
        training run, let `fit` do nothing.
    random_state : None, int, Generator, RandomState or torch.Generator
        Draws the seed of the boosting.

    Returns
    -------
    Affinity
        The ratio, both accuracies, and the decisions.

    Raises
    ------
    TypeError, ValueError
        If samples or labels do not match, the training labels have one class, or the model lacks a method or is
        right for no clean sample.

    Notes
    -----
    A(augmented) / A(clean), with A the accuracy; it can exceed 1. Soft training labels are weighted rows.

    References
    ----------
    Gontijo-Lopes et al. 2021, "Tradeoffs in Data Augmentation: An Empirical Study", Definition 1; the paper trains
    networks, a linear model on features is a choice of this project. No code was published.

    Examples
    --------
    >>> X, y = [[-2.0], [-1.0], [1.0], [2.0]], [0, 0, 1, 1]
    >>> affinity(X, y, X, y, [[-1.5], [-0.5], [-0.5], [1.5]], y).score
    0.75
    """
    T, C, A = check_sets({"train": train, "clean": clean, "augmented": augmented}, (2, 1, 1))
    labels = {"train": train_labels, "clean": clean_labels, "augmented": augmented_labels}
    Y, Y_clean, Y_augmented = _soft(labels, (len(T), len(C), len(A)))
    predict = fit_soft(to_model(model, "model", random_state), T, Y, "model")
    clean_accuracy, right = float(is_right(predict, C, Y_clean).mean()), is_right(predict, A, Y_augmented)
    if not clean_accuracy:
        raise ValueError(
            f"the model must be right for a clean sample; it is right for none of {len(C)}. Use a better model."
        )
    accuracy = float(right.mean())
    return Affinity(accuracy / clean_accuracy, accuracy, clean_accuracy, right)


def diversity(
    clean: ArrayLike,
    clean_labels: ArrayLike,
    augmented: ArrayLike,
    augmented_labels: ArrayLike,
    *,
    model: object = "logistic",
    random_state: RandomState = 0,
) -> Diversity:
    """Measure the final training loss of a model with augmentation, relative to the one without.

    Parameters
    ----------
    clean : float array of shape (n, d)
        Clean training samples, or their features.
    augmented : float array of shape (m, d)
        Augmented training samples, in the same features and units.
    clean_labels, augmented_labels : int arrays of shape (rows,), or arrays (rows, K) of soft labels
    model, random_state : as in `affinity`
        One copy is fitted to the clean samples, another to the augmented ones.

    Returns
    -------
    Diversity
        The ratio, both losses, and the loss of each augmented sample.

    Raises
    ------
    TypeError, ValueError
        If samples or labels do not match, the labels have one class, the model lacks a method, or the clean loss is
        0 or infinite.

    Notes
    -----
    diversity = L(augmented) / L(clean), with L = -1/n Σ_i Σ_c y_ic log p_ic on the samples that the model was fitted
    to, without penalties. It is infinite if a model gives the probability 0 to a class that an augmented label has.
    The entropy of soft labels is part of the loss: mixed labels are more diverse by their entropy alone.

    References
    ----------
    Gontijo-Lopes et al. 2021, "Tradeoffs in Data Augmentation: An Empirical Study", Definition 2: the final training
    loss with an augmentation relative to the one on clean data. No code was published.

    Examples
    --------
    >>> X, y = [[-2.0], [-1.0], [1.0], [2.0]], [0, 0, 1, 1]
    >>> diversity(X, y, X, y).score, bool(diversity(X, y, X, [0, 1, 0, 1]).score > 1)
    (1.0, True)
    """
    C, A = check_sets({"clean": clean, "augmented": augmented}, (2, 2))
    Y, Y_augmented = _soft({"clean": clean_labels, "augmented": augmented_labels}, (len(C), len(A)))
    classifier = to_model(model, "model", random_state)
    clean_loss, losses = float(training_losses(classifier, C, Y).mean()), training_losses(classifier, A, Y_augmented)
    if not 0 < clean_loss < np.inf:
        raise ValueError(f"the loss on clean samples must be finite and above 0; got {clean_loss:g}. Change model.")
    loss = float(losses.mean())
    return Diversity(loss / clean_loss, loss, clean_loss, losses)


def training_losses(model: object, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Return the cross-entropy (n,) of each sample, in nats, by a copy of the model fitted to all of them."""
    return cross_entropy(Y, fit_soft(model, X, Y, "model")(X, Y.shape[1]))


def is_right(predict: Predict, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Return for each sample whether the top class of its prediction is a top class of its soft label, bool (n,)."""
    rows = np.arange(len(X))[:, None]  # the only vote on a sample is the prediction for it
    right: np.ndarray = ~vote_errors(rows, predict(X, Y.shape[1]), Y)
    return right


def fit_soft(model: object, X: np.ndarray, Y: np.ndarray, name: str) -> Predict:
    """Fit a copy of a model to soft labels (n, K): each class of a label is a row with its share as the weight."""
    rows, classes = np.nonzero(Y)
    if len(np.unique(classes)) < 2:
        raise ValueError("the labels that a model is fitted to must have at least two classes; got one.")
    weights = Y[rows, classes]
    if (weights == 1).all():
        return fitted(model, X[rows], classes, None, name)
    if not takes_weights(model):
        kind = type(model).__name__
        raise TypeError(f"{name}.fit must take sample_weight for soft labels; the fit of {kind} does not.")
    return fitted(model, X[rows], classes, weights, name)


def fitted(model: Any, X: np.ndarray, y: np.ndarray, weights: np.ndarray | None, name: str) -> Predict:
    """Fit a copy of a model, and return a function that checks its predictions and gives them K columns."""
    fresh = copy.deepcopy(model)
    fresh.fit(X, y, **({} if weights is None else {"sample_weight": weights}))
    places = np.asarray(getattr(fresh, "classes_", ()))

    def predict(samples: np.ndarray, n_classes: int) -> np.ndarray:
        p = real_array(fresh.predict_proba(samples), f"{name}.predict_proba").astype(np.float64)
        shape = (len(samples), len(places) or n_classes)
        if p.shape != shape:
            raise ValueError(f"{name}.predict_proba must return probabilities of shape {shape}; got {p.shape}.")
        check_probabilities(p, f"{name}.predict_proba", tolerance=1e-3)
        whole = np.zeros((len(p), n_classes))
        whole[:, places.astype(np.int64) if len(places) else slice(None)] = p / p.sum(axis=1, keepdims=True)
        return whole

    return predict


def takes_weights(model: Any) -> bool:
    """Return whether the `fit` of a model takes `sample_weight`."""
    return "sample_weight" in inspect.signature(model.fit).parameters


def to_model(model: object, name: str, random_state: RandomState) -> Any:
    """Return a classifier that is not fitted yet, from its name or the object itself, or raise."""
    if isinstance(model, str):
        seed = int(numpy_generator(random_state).integers(2**31))
        return Standardized(check_choice(model, name, NAMES), seed)
    methods = [getattr(model, method, None) for method in ("fit", "predict_proba")]
    if inspect.isclass(model) or not all(map(callable, methods)):
        names = ", ".join(map(repr, NAMES))
        raise TypeError(f"{name} must be one of {names}, or an object with fit and predict_proba; got {model!r}.")
    return model


class Standardized:
    """A classifier of scikit-learn on features that have mean 0 and deviation 1 among the training samples."""

    def __init__(self, kind: str, seed: int) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression

        boosting = HistGradientBoostingClassifier(random_state=seed)
        self.model: Any = boosting if kind == "boosting" else LogisticRegression(max_iter=STEPS)

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None) -> Standardized:
        """Fit with scikit-learn's default penalties; y is int (n,)."""
        from sklearn.exceptions import ConvergenceWarning

        self.mean, self.spread = mean_and_spread(X)
        with one_openmp_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the number of steps is part of the definition
            self.model.fit(self._standard(X), y, sample_weight=sample_weight)
        self.classes_ = self.model.classes_
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probabilities of the classes, float64 (n, K)."""
        with one_openmp_thread():
            p: np.ndarray = self.model.predict_proba(self._standard(X))
        return p

    def _standard(self, X: np.ndarray) -> np.ndarray:
        return np.asarray((X.astype(np.float64) - self.mean) / self.spread)


def _soft(labels: dict[str, ArrayLike], sizes: tuple[int, ...]) -> list[np.ndarray]:
    """Return labels by name as soft labels of one number of classes, float64 (n, K), or raise."""
    checked = [check_labels(y, f"{key}_labels", n=n) for (key, y), n in zip(labels.items(), sizes)]
    n_classes = max((y.shape[1] for y in checked if y.ndim == 2), default=0) or max(map(count_classes, checked))
    soft: list[np.ndarray] = []
    for key, y in zip(labels, checked):
        check_labels(y, f"{key}_labels", n_classes=n_classes)
        Y = one_hot(y, n_classes) if y.ndim == 1 else y.astype(np.float64)
        soft.append(Y / Y.sum(axis=1, keepdims=True))
    return soft
