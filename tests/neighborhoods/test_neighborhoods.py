import subprocess
import sys

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from zeta_geom.mixers import ZetaMixup
from zeta_geom.neighborhoods import embed, label_agreement, vote_errors


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


@pytest.fixture(scope="module")
def clusters():
    generator = np.random.default_rng(1)
    centres = 12 * np.eye(3, 8) + 1
    y, t = np.repeat(np.arange(3), 60), np.repeat(np.arange(3), 10)
    return centres[y] + generator.normal(size=(180, 8)), y, centres[t] + generator.normal(size=(30, 8)), t


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_clusters_stay_apart_and_test_points_land_in_their_own(clusters, metric):
    X, y, Q, t = clusters
    train_xy, test_xy = embed(X, Q, random_state=0, perplexity=15, metric=metric)
    judge = KNeighborsClassifier(10).fit(train_xy, y)
    assert judge.score(train_xy, y) == 1
    assert judge.score(test_xy, t) == 1
    centres = np.array([train_xy[y == c].mean(axis=0) for c in range(3)])
    spread = max(np.linalg.norm(train_xy[y == c] - centres[c], axis=1).max() for c in range(3))
    apart = min(np.linalg.norm(centres[a] - centres[b]) for a, b in [(0, 1), (0, 2), (1, 2)])
    assert apart > 2 * spread


def test_the_seed_fixes_the_map_and_test_points_do_not_move_it(clusters):
    X, _, Q, _ = clusters
    first, placed = embed(X, Q, random_state=np.random.default_rng(3), perplexity=10, n_iter=50)
    again, placed_again = embed(X, Q, random_state=np.random.default_rng(3), perplexity=10, n_iter=50)
    alone, none = embed(X, random_state=np.random.default_rng(3), perplexity=10, n_iter=50)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(placed, placed_again)
    np.testing.assert_allclose(alone, first, atol=1e-9)
    assert none is None
    np.testing.assert_allclose(first.max(axis=0) + first.min(axis=0), 0, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"perplexity": 60}, ValueError, r"perplexity must be at most \(n - 1\) / 3"),
        ({"perplexity": 0.5}, ValueError, "perplexity must be a number in"),
        ({"test_features": np.ones((2, 7))}, ValueError, "test_features must have as many columns"),
        ({"train_features": np.ones(8)}, ValueError, "train_features must have shape"),
        ({"train_features": np.ones((3, 8))}, ValueError, "train_features must have at least 4 row"),
        ({"metric": "l1"}, ValueError, "metric must be one of"),
        (
            {"metric": "cosine", "test_features": np.zeros((2, 8))},
            ValueError,
            "test_features must have no row of zeros",
        ),
        ({"n_jobs": 0}, ValueError, "n_jobs must be an integer"),
        ({"n_iter": 1.5}, TypeError, "n_iter must be an integer"),
        ({"random_state": "a"}, TypeError, "random_state must be None"),
    ],
)
def test_embed_refuses(clusters, change, error, message):
    arguments = {"train_features": clusters[0], "test_features": clusters[2]} | change
    with pytest.raises(error, match=message):
        embed(**arguments)


def test_importing_the_room_does_not_import_opentsne():
    code = "import sys, zeta_geom.neighborhoods; sys.exit('openTSNE' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_largest_shares_that_differ_by_rounding_are_both_largest():
    votes = np.array([[0.0, 1.0]])
    assert not vote_errors(np.array([[0]]), votes, np.array([[0.5 + 1e-8, 0.5 - 1e-8]]))[0]
