"""Label agreement against a plain loop and scikit-learn."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from zeta_geom.mixers import ZetaMixup
from zeta_geom.neighborhoods import label_agreement


@pytest.fixture
def features():
    generator = np.random.default_rng(0)
    X, Q = generator.normal(size=(150, 5)), generator.normal(size=(40, 5))
    return X, generator.integers(4, size=150), Q, generator.integers(4, size=40)


def by_loop(X, Y, Q, test_labels, k, metric):
    """The definitions, one neighbour at a time."""
    counts, soft, balanced = [], [], []
    for q, t in zip(Q, test_labels):
        if metric == "cosine":
            distances = [1 - x @ q / np.linalg.norm(x) / np.linalg.norm(q) for x in X]
        else:
            distances = [np.linalg.norm(x - q) for x in X]
        nearest = sorted(range(len(X)), key=lambda i: (distances[i], i))[:k]
        counts.append(sum(int(np.argmax(Y[i])) == t for i in nearest))
        soft.append(sum(Y[i, t] for i in nearest))
        totals = Y.sum(axis=0)
        votes = [sum(Y[i, c] / totals[c] for i in nearest) if totals[c] else 0.0 for c in range(Y.shape[1])]
        balanced.append(votes[t] / sum(votes))
    return counts, soft, balanced


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_soft_labels_agree_with_a_plain_loop(features, metric):
    X, y, Q, t = features
    X_new, Y_new = ZetaMixup(2.0, random_state=1).mix_dataset(X, y, n_classes=4)
    found = label_agreement(X_new, Y_new, Q, t, k=17, metric=metric)
    counts, soft, balanced = by_loop(X_new, Y_new, Q, t, 17, metric)
    assert found.counts.tolist() == counts
    np.testing.assert_allclose(found.soft, soft)
    np.testing.assert_allclose(found.balanced, balanced)
    assert found.indices.shape == (40, 17)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_counts_are_the_votes_of_scikit_learn(features, metric):
    X, y, Q, t = features
    judge = KNeighborsClassifier(31, metric=metric, algorithm="brute").fit(X, y)
    votes = judge.predict_proba(Q)[np.arange(40), t] * 31
    found = label_agreement(X, y, Q, t, k=31, metric=metric)
    np.testing.assert_allclose(found.counts, votes, atol=1e-9)
    np.testing.assert_allclose(found.soft, votes, atol=1e-9)
    assert found.counts.dtype.kind == "i"


def test_balanced_votes_do_not_depend_on_how_frequent_a_class_is():
    X = np.concatenate([np.tile([[1.0, 0.0]], (90, 1)), np.tile([[0.0, 1.0]], (10, 1))])
    y = np.repeat([0, 1], [90, 10])
    found = label_agreement(X, y, [[1.0, 1.0]], [1], k=100)
    assert found.counts.tolist() == [10]
    np.testing.assert_allclose(found.balanced, [0.5])


def test_ties_in_a_soft_label_go_to_the_lower_class():
    found = label_agreement([[1.0, 0.0]], [[0.0, 0.5, 0.5]], [[1.0, 0.0], [1.0, 0.0]], [1, 2], k=1)
    assert found.counts.tolist() == [1, 0]
    assert found.soft.tolist() == [0.5, 0.5]


def test_a_class_without_training_samples_is_found_nowhere(features):
    X, y, Q, _ = features
    found = label_agreement(X, y, Q, np.full(40, 9), k=150)
    assert not found.counts.any()
    assert not found.balanced.any()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"k": 151}, ValueError, "k must be at most 150"),
        ({"k": 0}, ValueError, "k must be an integer in"),
        ({"k": 2.0}, TypeError, "k must be an integer"),
        ({"metric": "manhattan"}, ValueError, "metric must be one of 'cosine', 'euclidean'"),
        ({"train_labels": np.zeros(3, int)}, ValueError, "train_labels must have one label for each of the 150"),
        ({"train_labels": np.full((150, 2), 0.4)}, ValueError, "train_labels must have non-negative rows"),
        ({"test_labels": np.zeros(40)}, TypeError, "test_labels of one dimension must hold integers"),
        ({"test_labels": np.full((40, 4), 0.25)}, ValueError, "test_labels must be the true classes"),
        ({"train_labels": np.eye(3)[np.zeros(150, int)]}, ValueError, r"test_labels must lie in 0\.\.2"),
        ({"test_features": np.ones((40, 4))}, ValueError, "test_features must have as many columns"),
        ({"train_features": np.zeros((150, 5))}, ValueError, "train_features must have no row of zeros"),
        ({"test_features": np.full((40, 5), np.nan)}, ValueError, "test_features must be finite"),
        ({"test_features": None}, TypeError, "test_features must be an array"),
    ],
)
def test_label_agreement_refuses(features, change, error, message):
    names = ("train_features", "train_labels", "test_features", "test_labels")
    arguments = dict(zip(names, features)) | {"k": 3} | change
    with pytest.raises(error, match=message):
        label_agreement(**arguments)
