"""The t-SNE map: clusters, seeds, refusals."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from zeta_geom.neighborhoods import embed


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
