"""Members of closed balls, of which only those near a sphere need a sum of squared differences."""

import numpy as np

from zeta_geom.fidelity.neighbor_balls import neighbor_radii
from zeta_geom.geometry.cpu import balls


def test_members_of_two_balls():
    centres, squared_radii = np.array([[0.0], [3.0]]), np.array([1.0, 4.0])
    members = balls.ball_members(
        centres, squared_radii, np.array([[1.0], [9.0]]), values=np.array([7.0, 8.0]), n_jobs=1, progress=False
    )
    assert members.points_in_ball.tolist() == [1, 1]
    assert members.balls_around_point.tolist() == [2, 0]
    assert members.least_value.tolist() == [7, 7]


def test_only_pairs_near_a_sphere_are_summed_directly(monkeypatch):
    pairs = []
    directly = balls.pair_distances

    def counted(A, B, rows, columns):
        pairs.append(len(rows))
        return directly(A, B, rows, columns)

    X, Y = 1e5 + np.random.default_rng(0).normal(size=(2, 400, 50))
    radii = neighbor_radii(X, 5, n_jobs=1, progress=False)
    monkeypatch.setattr(balls, "pair_distances", counted)
    balls.ball_members(X, radii, Y, n_jobs=1, progress=False)
    assert sum(pairs) == 0
    members = balls.ball_members(X, radii, X, n_jobs=1, progress=False)
    assert sum(pairs) == 400  # the k-th neighbour of each, which lies on its sphere
    assert (members.points_in_ball == 6).all()
