"""Discriminator, affinity and diversity: scikit-learn and plain loops as judges, models of one's own, refusals."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from zeta_geom.fidelity import affinity, discriminator_auc, diversity


class Trained:
    """A network that a training run made: its `fit` does nothing."""

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-3 * np.asarray(X)[:, 0]))
        return np.stack([1 - p, p], axis=1)


@pytest.fixture(scope="module")
def classes():
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=(2, 150))
    centres = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    return centres[y] + rng.normal(size=(2, 150, 2)), y  # training and validation


@pytest.mark.parametrize(
    "model", ["logistic", pytest.param("boosting", marks=pytest.mark.slow), KNeighborsClassifier(5)]
)
def test_the_area_is_scikit_learns_and_grows_with_the_difference(model):
    rng = np.random.default_rng(1)
    real, same, other = rng.normal(size=(150, 3)), rng.normal(size=(200, 3)), rng.normal(size=(100, 3))
    other[:, 0] += 1.5
    result = discriminator_auc(real, other, model=model)
    areas, shares = [], []
    for fold in range(5):
        parts = result.scores_real[result.folds_real == fold], result.scores_fake[result.folds_fake == fold]
        areas.append(roc_auc_score(np.repeat([0, 1], [len(part) for part in parts]), np.concatenate(parts)))
        shares.append(len(parts[1]) / 100)
    assert result.auc == pytest.approx(np.dot(areas, shares))
    assert result.auc == result.above.mean() > 0.75
    assert abs(discriminator_auc(real, same, model=model).auc - 0.5) < 0.12
    assert discriminator_auc(real, real[:, ::-1] + 50, model=model).auc == 1


def test_no_sample_is_scored_by_a_classifier_that_saw_it():
    rng = np.random.default_rng(2)
    points = rng.normal(size=(2, 100, 2))
    assert abs(discriminator_auc(*points, model=DecisionTreeClassifier(random_state=0)).auc - 0.5) < 0.12
    constant = discriminator_auc(np.ones((20, 2)), np.ones((30, 2)))
    assert constant.auc == 0.5
    assert constant.scores_real == pytest.approx(np.full(20, 0.5))  # sets of different sizes weigh the same
    again = [discriminator_auc(*points, random_state=seed).auc for seed in (3, 3, 4)]
    assert again[0] == again[1] != again[2]


def test_sets_that_are_alike_have_an_area_of_one_half_on_average():
    rng = np.random.default_rng(5)
    areas = [discriminator_auc(*rng.normal(size=(2, 40, 4)), n_folds=2, random_state=rng).auc for _ in range(20)]
    assert abs(np.mean(areas) - 0.5) < 3 * np.std(areas) / np.sqrt(20)


def test_affinity_is_a_ratio_of_accuracies(classes):
    (T, V), (t, v) = classes
    judge = make_pipeline(StandardScaler(), LogisticRegression()).fit(T, t)
    moved = V + np.array([0.8, 0.0])
    result = affinity(T, t, V, v, moved, v)
    assert result.accuracy == judge.score(moved, v)
    assert result.clean_accuracy == judge.score(V, v)
    assert result.score == result.accuracy / result.clean_accuracy < 1
    np.testing.assert_array_equal(result.right, judge.predict(moved) == v)
    assert affinity(T, t, V, v, V, v).score == 1
    assert affinity(T, np.eye(3)[t], V, np.eye(3)[v], moved, v).score == result.score
    half = 0.5 * np.eye(3)[v] + 0.5 * np.eye(3)[(v + 1) % 3]  # two top classes: either is right
    assert affinity(T, t, V, v, moved, half).accuracy > result.accuracy


def test_diversity_is_a_ratio_of_training_losses(classes):
    (T, _), (t, _) = classes
    noisy = T + np.random.default_rng(3).normal(size=T.shape)
    losses = []
    for X in (T, noisy):
        judge = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, t)
        losses.append(log_loss(t, judge.predict_proba(X)))
    result = diversity(T, t, noisy, t)
    assert (result.clean_loss, result.loss) == pytest.approx(losses, rel=1e-4)
    assert result.score == pytest.approx(losses[1] / losses[0], rel=1e-4)
    assert result.score > 1
    assert result.losses.mean() == pytest.approx(result.loss)
    with_trees = diversity(T, t, noisy, t, model="boosting")
    assert with_trees.loss != result.loss


def test_soft_labels_are_weighted_rows(classes):
    (T, _), (t, _) = classes
    soft = 0.7 * np.eye(3)[t] + 0.3 * np.eye(3)[(t + 1) % 3]
    copies = np.repeat(T, 10, axis=0)  # of each sample, seven with its class and three with the next
    labels = np.stack([*[t] * 7, *[(t + 1) % 3] * 3], axis=1).ravel()
    judge = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, tol=1e-8)).fit(copies, labels)
    p = judge.predict_proba(T)
    result = diversity(T, t, T, soft)
    assert result.loss == pytest.approx(-(soft * np.log(p)).sum(axis=1).mean(), rel=1e-3)
    assert result.score > 1
    with pytest.raises(TypeError, match=r"model\.fit must take sample_weight for soft labels; the fit of KNeighbors"):
        diversity(T, t, T, soft, model=KNeighborsClassifier())


def test_models_of_ones_own(classes):
    (T, V), (t, v) = classes
    right = (V[:, 0] > 0).astype(int) == (v == 1)
    result = affinity(
        T, (t == 1).astype(int), V, (v == 1).astype(int), V[right], (v[right] == 1).astype(int), model=Trained()
    )
    assert result.clean_accuracy == right.mean()
    assert result.accuracy == 1
    lacking = affinity(T[t < 2], t[t < 2], V, v, V[v == 2], v[v == 2])  # the model never saw the third class
    assert (lacking.accuracy, lacking.score) == (0, 0)
    infinite = diversity(T, t, T, np.roll(t, 1), model=DecisionTreeClassifier(min_samples_leaf=4, random_state=0))
    assert infinite.score == np.inf or infinite.score > 1


def test_refusals(classes):
    (T, V), (t, v) = classes
    with pytest.raises(ValueError, match=r"it is right for none of 5\. Use a better"):
        affinity(T[t < 2], t[t < 2], V[v == 2][:5], np.full(5, 2), V, v)
    with pytest.raises(
        ValueError, match="the labels that a model is fitted to must have at least two classes; got one"
    ):
        affinity(T[t == 1], t[t == 1], V, v, V, v)
    with pytest.raises(ValueError, match="the loss on clean samples must be finite and above 0; got 0"):
        diversity(T, t, V, v, model=DecisionTreeClassifier())
    with pytest.raises(ValueError, match="augmented_labels must have one label for each of the 150 samples; got 149"):
        diversity(T, t, V, v[1:])
    with pytest.raises(ValueError, match="augmented must have as many columns as clean, 2; got 1"):
        diversity(T, t, V[:, :1], v)
    with pytest.raises(TypeError, match="model must be one of 'boosting', 'logistic', or an object with fit"):
        affinity(T, t, V, v, V, v, model=LogisticRegression)
    with pytest.raises(ValueError, match="model must be one of 'boosting', 'logistic'; got 'forest'"):
        discriminator_auc(T, V, model="forest")
    with pytest.raises(ValueError, match="fake must have at least 5 row"):
        discriminator_auc(T, V[:4])
    with pytest.raises(ValueError, match="n_folds must be an integer in"):
        discriminator_auc(T, V, n_folds=1)
    wide = Trained()
    wide.predict_proba = lambda X: np.full((len(X), 2), 0.5)
    with pytest.raises(ValueError, match=r"model\.predict_proba must return probabilities of shape \(150, 3\); got"):
        affinity(T, t, V, v, V, v, model=wide)
    wide.predict_proba = lambda X: np.full((len(X), 3), 0.5)
    with pytest.raises(ValueError, match=r"model\.predict_proba must have non-negative rows that sum to 1"):
        affinity(T, t, V, v, V, v, model=wide)
