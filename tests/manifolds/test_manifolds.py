"""The manifolds: one contract for all, the closed forms against brute force, scikit-dimension as the judge."""

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from skdim.datasets import BenchmarkManifolds
from sklearn.datasets import make_moons

from zeta_geom import manifolds
from zeta_geom.manifolds import MANIFOLDS, curves, projection

CURVES = [name for name, manifold in MANIFOLDS.items() if manifold.curves is not None]
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


def curved_normals(p, generator):
    """Return unit vectors at right angles to the manifold in R^12, found without its derivatives' formula."""
    steps = 1e-6 * np.eye(3)
    tangents = np.stack([manifolds.curved_points(p + e) - manifolds.curved_points(p - e) for e in steps], axis=2)
    vectors = generator.standard_normal((len(p), 12))
    orthonormal = np.linalg.qr(tangents)[0]
    vectors -= (orthonormal @ (orthonormal.swapaxes(1, 2) @ vectors[:, :, None]))[:, :, 0]
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_points_of_the_curved_manifold_and_of_its_edges_are_at_distance_zero():
    p = np.random.default_rng(0).random((300, 3))
    p[:100, 0], p[50:150, 1], p[100:200, 2] = 0, 1, 0
    assert MANIFOLDS["curved-12d"].distance(manifolds.curved_points(p)).max() < 1e-9
    assert MANIFOLDS["curved-12d"].distance(np.zeros((1, 12))) == pytest.approx([0], abs=1e-9)


@pytest.mark.parametrize("push", [1e-7, 1e-3, 0.02])
def test_distances_of_points_pushed_off_the_curved_manifold_are_the_push(push):
    generator = np.random.default_rng(1)
    p = generator.uniform(0.3, 0.95, (300, 3))
    X = manifolds.curved_points(p) + push * curved_normals(p, generator)
    assert MANIFOLDS["curved-12d"].distance(X) == pytest.approx(push, abs=1e-9)


def test_what_the_copies_differ_by_is_distance():
    generator = np.random.default_rng(2)
    X, _ = manifolds.make_curved_manifold(50, random_state=2)
    apart = generator.standard_normal((50, 6))
    X += np.concatenate([apart, -apart], axis=1)
    assert MANIFOLDS["curved-12d"].distance(X) == pytest.approx(np.sqrt(2) * np.linalg.norm(apart, axis=1))


def points_around_the_curved_manifold():
    """Return means of two and of many points, noisy points, points far away, and the corners of the parameters."""
    generator = np.random.default_rng(3)
    X, _ = manifolds.make_curved_manifold(64, random_state=3)
    corners = manifolds.curved_points(np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T)
    parts = [(X + X[::-1])[:12] / 2, generator.dirichlet(np.ones(64), 8) @ X, X[:8] + 0.1, 3 * X[:4], 1.2 * corners]
    return np.concatenate([*parts, generator.uniform(-1, 1, (12, 12))])


def test_distances_from_the_curved_manifold_agree_with_a_fine_search():
    X = points_around_the_curved_manifold()
    found = MANIFOLDS["curved-12d"].distance(X)
    axis = np.linspace(0, 1, 65)
    fine = np.array(np.meshgrid(axis, axis, axis, indexing="ij")).reshape(3, -1).T
    points = manifolds.curved_points(fine)
    norms = (points**2).sum(axis=1)
    for x, distance in zip(X, found, strict=True):
        values = norms - 2 * points @ x
        best = np.argsort(values)[[0, 8, 64]]
        judged = [
            minimize(
                lambda p, x=x: ((manifolds.curved_points(p[None])[0] - x) ** 2).sum(),
                fine[start],
                bounds=[(0, 1)] * 3,
                method="L-BFGS-B",
                options={"ftol": 1e-15, "gtol": 1e-10},
            ).fun
            for start in best
        ]
        brute = np.sqrt(min(judged))
        assert distance <= brute + 1e-9
        assert distance == pytest.approx(brute, abs=1e-6)


def test_with_one_parameter_the_curved_manifold_is_a_spiral():
    def spiral(t):  # t / 20 is the parameter: the solver has 128 cells per 2π
        turn, rate = np.pi * t / 10, np.pi / 10
        e, n = np.stack([np.cos(turn), np.sin(turn)], axis=1), np.stack([-np.sin(turn), np.cos(turn)], axis=1)
        t = t[:, None]
        return t * e / 20, (e + rate * t * n) / 20, (2 * rate * n - rate**2 * t * e) / 20

    X = np.random.default_rng(4).uniform(-1.5, 1.5, (200, 2))
    judge = manifolds.curve_distance(X, spiral, (0, 20))
    np.testing.assert_allclose(manifolds.curved_distance(X, intrinsic_dim=1)[:, 0], judge, atol=1e-8)


def test_chunks_change_nothing_on_the_curved_manifold(monkeypatch):
    X = points_around_the_curved_manifold()
    whole = MANIFOLDS["curved-12d"].distance(X)
    monkeypatch.setattr(projection, "CHUNK", 7)
    np.testing.assert_allclose(MANIFOLDS["curved-12d"].distance(X), whole, rtol=0, atol=1e-12)


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
        (lambda: manifolds.make_curved_manifold(n_features=13), ValueError, "multiple of .* = 6.* got 13. Use 12"),
        (lambda: manifolds.curved_residual(np.zeros((1, 7))), ValueError, "n_features must be a multiple"),
        (lambda: manifolds.curved_residual([[np.nan] * 12]), ValueError, "X must be finite"),
        (lambda: manifolds.crescent_distances(np.zeros((1, 3))), ValueError, "X must have 2 columns.* Choose the"),
        (lambda: manifolds.crescent_residual(np.zeros(2)), ValueError, "X must have shape"),
        (lambda: manifolds.spiral_distances([[np.inf, 0]]), ValueError, "X must be finite"),
        (lambda: manifolds.spiral_residual(np.zeros((1, 3))), ValueError, "X must have 2 columns"),
        (lambda: manifolds.helix_distance(np.zeros((1, 2))), ValueError, "X must have 3 columns"),
        (lambda: manifolds.helix_residual(np.zeros(3)), ValueError, "X must have shape"),
        (lambda: manifolds.Manifold(None, 1, 2, None).distance(np.zeros((1, 2))), ValueError, "no distance function"),
        (
            lambda: manifolds.curved_distance(np.zeros((1, 8)), intrinsic_dim=4),
            ValueError,
            r"intrinsic_dim must be an integer in \[1, 3\]; got 4",
        ),
        (lambda: manifolds.curved_distance(np.zeros((1, 7))), ValueError, "n_features must be a multiple"),
        (lambda: manifolds.curved_distance([[np.inf] * 12]), ValueError, "X must be finite"),
        (lambda: MANIFOLDS["helix-3d"].nearest_class(np.zeros((1, 3))), ValueError, "no classes"),
        (lambda: manifolds.get_manifold("moons"), ValueError, "name must be one of 'crescents', 'curved-12d'"),
        (
            lambda: manifolds.wrong_labels([[0.1, 0.2]], [0]),
            ValueError,
            "Y must be soft labels in the shape of distances",
        ),
        (lambda: manifolds.wrong_labels([[0.1, 0.2]], [[0.7, 0.7]]), ValueError, "Y must have non-negative rows"),
    ],
)
def test_bad_input_is_answered_with_the_rule(call, error, text):
    with pytest.raises(error, match=text):
        call()
