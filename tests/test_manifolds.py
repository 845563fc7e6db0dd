"""The manifolds: one contract for all, the closed forms against brute force, scikit-dimension as the judge."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from skdim.datasets import BenchmarkManifolds
from sklearn.datasets import make_moons

from zeta_geom import manifolds
from zeta_geom.manifolds import MANIFOLDS, curves

CURVES = [name for name, manifold in MANIFOLDS.items() if manifold.distances is not None]
TWO_CLASSES = ["crescents", "spirals"]
NOISELESS = {name: {"noise": 0} if name in TWO_CLASSES else {} for name in MANIFOLDS}


def dense_curves(name: str, q: int = 1_000_000) -> list[np.ndarray]:
    """Return many points on each noiseless curve."""
    return list(MANIFOLDS[name].curves(np.linspace(*MANIFOLDS[name].limits, q)))


def points_around(name: str, n: int) -> np.ndarray:
    """Return points on, near, inside and far from the curves, with the ends and centres among them."""
    generator = np.random.default_rng(5)
    X, _ = MANIFOLDS[name].make(n, random_state=generator)
    spread = np.abs(X).max(axis=0) + 0.1
    X[: n // 2] = generator.uniform(-1.5, 1.5, (n // 2, X.shape[1])) * spread
    ends = np.concatenate([curve[[0, -1]] for curve in dense_curves(name, 3)])
    return np.concatenate([X, ends, 1.3 * ends, ends - 0.05, np.zeros((1, X.shape[1]))])


@pytest.mark.parametrize("name", MANIFOLDS)
@pytest.mark.parametrize("n", [2, 33, 512])
def test_every_generator_keeps_the_contract(name, n):
    manifold = MANIFOLDS[name]
    X, label = manifold.make(n, random_state=3, **NOISELESS[name])
    assert X.shape == (n, manifold.n_features)
    assert X.dtype == np.float64
    assert len(label) == n
    again, same = manifold.make(n, random_state=3, **NOISELESS[name])
    np.testing.assert_array_equal(X, again)
    np.testing.assert_array_equal(label, same)
    assert not np.array_equal(X, manifold.make(n, random_state=4)[0])
    assert np.abs(manifold.residual(X)).max() < 1e-10


@pytest.mark.parametrize("name", MANIFOLDS)
def test_a_residual_is_not_zero_off_the_manifold(name):
    X, _ = MANIFOLDS[name].make(200, random_state=0, **NOISELESS[name])
    step = 0.05 * np.random.default_rng(0).standard_normal(X.shape)
    assert np.median(MANIFOLDS[name].residual(X + step)) > 1e-3


@pytest.mark.parametrize(
    ("name", "beyond"),
    [
        ("crescents", [[np.cos(-0.1), np.sin(-0.1)]]),
        ("spirals", [[0.2 * 0.4 * np.pi * np.cos(0.4 * np.pi), 0.2 * 0.4 * np.pi * np.sin(0.4 * np.pi)]]),
        ("helix-3d", [[100 * np.cos(-0.1), 100 * np.sin(-0.1), -0.1]]),
        ("curved-12d", [2 * [1.1 * np.cos(2.2 * np.pi), 1.1 * np.sin(2.2 * np.pi)] * 3]),
    ],
)
def test_the_continuation_beyond_the_ends_is_not_on_the_manifold(name, beyond):
    assert MANIFOLDS[name].residual(beyond)[0] > 0.05


@pytest.mark.parametrize("name", MANIFOLDS)
def test_the_true_dimension_is_that_of_small_neighbourhoods(name):
    manifold = MANIFOLDS[name]
    X, _ = manifold.make(40_000, random_state=0, **NOISELESS[name])
    share = []
    for row in X[:20]:
        near = X[np.argsort(((X - row) ** 2).sum(axis=1))[:32]]
        eigenvalues = np.linalg.svd(near - near.mean(axis=0), compute_uv=False) ** 2
        share.append(eigenvalues[: manifold.dimension].sum() / eigenvalues.sum())
        assert eigenvalues[manifold.dimension - 1] > 1e-3 * eigenvalues[0]
    assert np.median(share) > 0.97


@pytest.mark.parametrize("name", TWO_CLASSES)
@pytest.mark.parametrize("n", [512, 7])
def test_classes_are_balanced_shuffled_and_on_their_own_curves(name, n):
    X, y = MANIFOLDS[name].make(n, noise=0, random_state=1)
    assert np.bincount(y).tolist() == [n // 2, n - n // 2]
    assert (np.diff(y) != 0).sum() > 1
    np.testing.assert_array_equal(MANIFOLDS[name].nearest_class(X), y)
    assert MANIFOLDS[name].distance(X).max() < 1e-9


@pytest.mark.parametrize("name", TWO_CLASSES)
def test_the_noise_has_the_standard_deviation_asked_for(name):
    clean, _ = MANIFOLDS[name].make(4000, noise=0, random_state=1)
    noisy, _ = MANIFOLDS[name].make(4000, noise=0.1, random_state=1)
    assert (clean - noisy).std(axis=0) == pytest.approx([0.1, 0.1], rel=0.05)


def test_crescents_are_scikit_learns_moons():
    X, y = manifolds.make_crescents(512, random_state=np.random.default_rng(9))
    seed = int(np.random.default_rng(9).integers(2**32))
    judge, labels = make_moons(512, noise=0.1, random_state=seed)
    np.testing.assert_array_equal(X, judge)
    np.testing.assert_array_equal(y, labels)
    curve = manifolds.crescent_curves(np.linspace(0, np.pi, 256)).reshape(-1, 2)
    moons, _ = make_moons(512, shuffle=False)
    np.testing.assert_allclose(curve, moons, atol=1e-12)


def test_neighbouring_arms_of_the_spiral_are_six_sigma_apart():
    first, _ = dense_curves("spirals", 2001)
    inner = first[500:1500]  # between two turns of the other arm
    assert manifolds.spiral_distances(inner)[:, 1].min() > 0.58
    assert np.linalg.norm(first[[0, -1]], axis=1) == pytest.approx([0.1 * np.pi, 0.6 * np.pi])


@pytest.mark.parametrize(("name", "n_features"), [("helix-3d", 3), ("helix-12d", 12)])
def test_helix_is_that_of_scikit_dimension(name, n_features):
    judge = BenchmarkManifolds(random_state=7).generate("M13b_Spiral", n=300, dim=n_features, d=1)
    t = 10 * np.pi * np.random.RandomState(7).rand(300)
    np.testing.assert_allclose(manifolds.helix_curve(t, n_features=n_features), judge, atol=1e-12)
    assert MANIFOLDS[name].residual(judge).max() < 1e-10
    X, t = MANIFOLDS[name].make(300, random_state=7)
    np.testing.assert_array_equal(X, manifolds.helix_curve(t, n_features=n_features))


@pytest.mark.parametrize(("d", "n_features"), [(3, 12), (1, 2), (2, 12), (12, 72)])
def test_curved_manifold_is_that_of_scikit_dimension(d, n_features):
    judge = BenchmarkManifolds(random_state=7).generate("M8_Nonlinear", n=300, dim=n_features, d=d)
    p = np.random.RandomState(7).rand(d, 300).T
    np.testing.assert_allclose(manifolds.curved_points(p, copies=n_features // (2 * d)), judge, atol=1e-12)
    assert manifolds.curved_residual(judge, intrinsic_dim=d).max() < 1e-12
    X, t = manifolds.make_curved_manifold(300, intrinsic_dim=d, n_features=n_features, random_state=7)
    assert t.shape == (300, d)
    np.testing.assert_array_equal(X, manifolds.curved_points(t, copies=n_features // (2 * d)))


@pytest.mark.parametrize("name", CURVES)
def test_distances_agree_with_brute_force_over_the_curve(name):
    X = points_around(name, 30)
    found = MANIFOLDS[name].distances(X)
    for column, curve in enumerate(dense_curves(name, 200_000 if name == "helix-12d" else 1_000_000)):
        norms = np.einsum("qd,qd->q", curve, curve)
        nearest = np.array([curve[np.argmin(norms - 2 * curve @ x)] for x in X])
        brute = np.linalg.norm(X - nearest, axis=1)
        spacing = np.linalg.norm(np.diff(curve[-2:], axis=0))
        assert (found[:, column] <= brute + 1e-9).all()
        assert (brute - found[:, column]).max() <= spacing / 2 + 1e-9


@pytest.mark.parametrize("name", CURVES)
def test_distances_agree_with_scipys_minimiser_to_the_stated_tolerance(name):
    X = points_around(name, 24)
    found = MANIFOLDS[name].distances(X)
    limits, at = MANIFOLDS[name].limits, MANIFOLDS[name].curves
    grid = np.linspace(*limits, 401)
    for column in range(found.shape[1]):
        for x, distance in zip(X, found[:, column], strict=True):

            def squared(t, x=x, column=column):
                return float(((at(np.atleast_1d(t))[column] - x) ** 2).sum())

            best = int(np.argmin(((at(grid)[column] - x) ** 2).sum(axis=1)))
            bounds = grid[max(best - 1, 0)], grid[min(best + 1, 400)]
            judged = minimize_scalar(squared, bounds=bounds, method="bounded", options={"xatol": 1e-13}).fun
            nearest = np.sqrt(min(judged, squared(limits[0]), squared(limits[1])))
            assert distance <= nearest + 1e-9
            # SciPy's argument is good to 1e-7 only, which shows in the distance where the point lies on the curve
            assert distance == pytest.approx(nearest, abs=1e-9 if nearest > 0.1 else 1e-4)


def test_distances_of_points_pushed_off_along_the_normal_are_the_push():
    t = np.linspace(0.3, 31, 500)
    normal = np.stack([np.cos(t), np.sin(t), 0 * t], axis=1)
    for push in (1e-7, 1e-3, 0.5, -0.5):
        X = manifolds.helix_curve(t) + push * normal
        assert MANIFOLDS["helix-3d"].distance(X) == pytest.approx(abs(push), abs=1e-9)


def test_newton_is_kept_inside_its_bracket(monkeypatch):
    monkeypatch.setattr(curves, "CELLS_PER_TURN", 6)  # so coarse that plain Newton would leave the cell

    def ellipse(t):
        p = np.stack([5 * np.cos(t), np.sin(t)], axis=1)
        return p, np.stack([-5 * np.sin(t), np.cos(t)], axis=1), -p

    X = np.random.default_rng(0).uniform(-6, 6, (400, 2))
    dense = ellipse(np.linspace(0, 2 * np.pi, 100_001))[0]
    brute = np.array([np.linalg.norm(dense - x, axis=1).min() for x in X])
    np.testing.assert_allclose(manifolds.curve_distance(X, ellipse, (0, 2 * np.pi)), brute, atol=2e-4)


def test_chunks_change_nothing(monkeypatch):
    X = points_around("helix-3d", 50)
    whole = MANIFOLDS["helix-3d"].distance(X)
    monkeypatch.setattr(curves, "CHUNK", 7)
    np.testing.assert_allclose(MANIFOLDS["helix-3d"].distance(X), whole, rtol=0, atol=1e-9)


def test_wrong_labels_counts_ties_as_right():
    distances = [[0.1, 0.5], [0.5, 0.1], [0.3, 0.3], [0.3, 0.3 + 1e-8], [0.1, 0.5]]
    Y = [[0.8, 0.2], [0.8, 0.2], [0.2, 0.8], [0.2, 0.8], [0.5, 0.5]]
    assert manifolds.wrong_labels(distances, Y).tolist() == [False, True, False, True, False]


def test_noiseless_points_with_their_own_labels_are_never_wrong():
    for name in TWO_CLASSES:
        X, y = MANIFOLDS[name].make(512, noise=0, random_state=0)
        distances = MANIFOLDS[name].distances(X)
        assert not manifolds.wrong_labels(distances, np.eye(2)[y]).any()
        assert manifolds.wrong_labels(distances, np.eye(2)[1 - y]).all()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: manifolds.make_crescents(1), ValueError, r"n_samples must be an integer in \[2, inf\]; got 1"),
        (lambda: manifolds.make_crescents(10.5), TypeError, "n_samples must be an integer; got 10.5"),
        (lambda: manifolds.make_crescents(noise=-0.1), ValueError, "noise must be a number in .* got -0.1"),
        (lambda: manifolds.make_spirals(1), ValueError, "n_samples must be an integer"),
        (lambda: manifolds.make_spirals(noise=np.nan), ValueError, "noise must be finite; got nan"),
        (lambda: manifolds.make_spirals(random_state="x"), TypeError, "random_state must be None, an int"),
        (lambda: manifolds.make_helix(0), ValueError, "n_samples must be an integer"),
        (
            lambda: manifolds.make_helix(n_features=2),
            ValueError,
            r"n_features must be an integer in \[3, inf\]; got 2",
        ),
        (lambda: manifolds.helix_curve(np.zeros(2), n_features=1), ValueError, "n_features must be an integer"),
        (lambda: manifolds.make_curved_manifold(0), ValueError, "n_samples must be an integer"),
        (lambda: manifolds.make_curved_manifold(intrinsic_dim=0), ValueError, "intrinsic_dim must be an integer"),
        (lambda: manifolds.make_curved_manifold(n_features=13), ValueError, "multiple of .* = 6.* got 13. Take 12"),
        (lambda: manifolds.curved_residual(np.zeros((1, 7))), ValueError, "n_features must be a multiple"),
        (lambda: manifolds.curved_residual([[np.nan] * 12]), ValueError, "X must be finite"),
        (lambda: manifolds.crescent_distances(np.zeros((1, 3))), ValueError, "X must have 2 columns.* Choose the"),
        (lambda: manifolds.crescent_residual(np.zeros(2)), ValueError, "X must have shape"),
        (lambda: manifolds.spiral_distances([[np.inf, 0]]), ValueError, "X must be finite"),
        (lambda: manifolds.spiral_residual(np.zeros((1, 3))), ValueError, "X must have 2 columns"),
        (lambda: manifolds.helix_distance(np.zeros((1, 2))), ValueError, "X must have 3 columns"),
        (lambda: manifolds.helix_residual(np.zeros(3)), ValueError, "X must have shape"),
        (lambda: MANIFOLDS["curved-12d"].distance(np.zeros((1, 12))), ValueError, "no distance function"),
        (lambda: MANIFOLDS["helix-3d"].nearest_class(np.zeros((1, 3))), ValueError, "no classes"),
        (lambda: manifolds.get_manifold("moons"), ValueError, "name must be one of 'crescents', 'curved-12d'"),
        (lambda: manifolds.wrong_labels([[0.1, 0.2]], [0]), ValueError, "Y must be soft labels of the distances'"),
        (lambda: manifolds.wrong_labels([[0.1, 0.2]], [[0.7, 0.7]]), ValueError, "Y must have non-negative rows"),
    ],
)
def test_bad_input_is_answered_with_the_rule(call, error, text):
    with pytest.raises(error, match=text):
        call()
