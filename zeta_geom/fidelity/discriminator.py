"""A discriminator between real and synthetic samples: how well a cross-validated classifier tells them apart."""

from dataclasses import dataclass

import numpy as np

from zeta_geom.checks import check_int
from zeta_geom.checks.types import ArrayLike
from zeta_geom.fidelity.models import fitted, takes_weights, to_model
from zeta_geom.fidelity.neighbor_balls import check_samples
from zeta_geom.rng.seeds import RandomState, numpy_generator


@dataclass(frozen=True)
class Discriminator:
    """How well a classifier tells fakes from real samples.

    Parameters
    ----------
    auc : float
        Area under the ROC curve: the probability that a fake gets a higher score than a real sample of its fold. 1/2
        if the classifier cannot tell them apart, 1 if it can without an error; below 1/2 by chance, or if copies of
        real samples are among the fakes.
    scores_real, scores_fake : float64 arrays of shape (n,) and (m,)
        The probability "synthetic" of each sample, by a classifier that did not see it.
    folds_real, folds_fake : int64 arrays of shape (n,) and (m,)
        The fold of each sample.
    above : float64 array of shape (m,)
        Share of the real samples of a fake's fold with a lower score, ties counted by half; its mean is `auc`.

    Examples
    --------
    See `discriminator_auc`.
    """

    auc: float
    scores_real: np.ndarray
    scores_fake: np.ndarray
    folds_real: np.ndarray
    folds_fake: np.ndarray
    above: np.ndarray


def discriminator_auc(
    real: ArrayLike,
    fake: ArrayLike,
    *,
    model: object = "logistic",
    n_folds: int = 5,
    random_state: RandomState = 0,
) -> Discriminator:
    """Measure how well a classifier tells fakes from real samples that it was not trained on.

    Parameters
    ----------
    real : float array of shape (n, d)
        Real samples, or their features; not those that the fakes were made from.
    fake : float array of shape (m, d)
        Synthetic samples, in the same features and units.
    model : {"logistic", "boosting"} or object with fit and predict_proba
        Logistic regression on standardised features, scikit-learn's histogram gradient boosting, or a classifier
        of the labels 0 (real) and 1 (synthetic), of which a copy is fitted for each fold.
    n_folds : int
        Number of folds, at most n and m: each sample is scored by the classifier that was fitted to the other folds.
    random_state : None, int, Generator, RandomState or torch.Generator
        Draws the folds, and the seed of the boosting.

    Returns
    -------
    Discriminator
        The area under the curve, and the scores behind it.

    Raises
    ------
    TypeError, ValueError
        If the samples are not finite, real and 2-D, the widths differ, there are fewer samples than folds, or the
        model lacks a method.

    Notes
    -----
    AUC = 1/m Σ_j 1/n_j Σ_i (1[s(fake_j) > s(real_i)] + ½ 1[s(fake_j) = s(real_i)]), with i over the n_j real samples
    of the fold of fake_j: the mean of the folds' areas. Scores of different folds come from different classifiers;
    together they would give less than 1/2 for two sets of one distribution. Sets of different sizes are weighed
    equally: a sample's weight is the inverse of the size of its set, if the model's `fit` takes `sample_weight`, as
    the two named ones do. Constant samples give 1/2.

    References
    ----------
    Lopez-Paz and Oquab 2017, "Revisiting Classifier Two-Sample Tests"; they use the accuracy of one split. The area
    under the curve does not depend on a threshold, nor on the sizes of the sets (Hanley and McNeil 1982).

    Examples
    --------
    >>> real, fake = np.random.default_rng(0).normal(size=(2, 100, 2))
    >>> discriminator_auc(real, fake + 9).auc, bool(discriminator_auc(real, fake).auc < 0.7)
    (1.0, True)
    """
    check_int(n_folds, "n_folds", low=2)
    X, Y = check_samples(real, fake, ("real", "fake"), min_samples=(n_folds, n_folds))
    rng = numpy_generator(random_state)
    classifier = to_model(model, "model", rng)
    samples = np.concatenate([X, Y])
    labels = np.repeat([0, 1], [len(X), len(Y)])
    weights = np.repeat([0.5 / len(X), 0.5 / len(Y)], [len(X), len(Y)]) * len(samples)
    folds = np.concatenate([rng.permutation(np.arange(len(part)) % n_folds) for part in (X, Y)])
    scores, above = np.empty(len(samples)), np.empty(len(samples))
    for fold in range(n_folds):
        out = folds == fold
        share = weights[~out] if takes_weights(classifier) else None
        predict = fitted(classifier, samples[~out], labels[~out], share, "model")
        scores[out] = predict(samples[out], 2)[:, 1]
        ordered = np.sort(scores[out & (labels == 0)])
        places = np.searchsorted(ordered, scores[out], "left") + np.searchsorted(ordered, scores[out], "right")
        above[out] = places / (2 * len(ordered))
    above = above[len(X) :]
    (scores_real, scores_fake), (folds_real, folds_fake) = (np.split(values, [len(X)]) for values in (scores, folds))
    return Discriminator(float(above.mean()), scores_real, scores_fake, folds_real, folds_fake, above)
