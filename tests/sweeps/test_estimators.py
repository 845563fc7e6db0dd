"""The measure "dimension" of a sweep by several estimators."""

import numpy as np
import pytest
import skdim

from zeta_geom import geometry
from zeta_geom.geometry import local_dimension
from zeta_geom.manifolds import make_helix
from zeta_geom.sweeps import Ledger, sweep

X = make_helix(60, random_state=0)[0]
DATA = {"helix": X}
ASK = {"gammas": [], "mixers": [], "n_neighbors": (8, 12), "progress": False}


def test_estimators_stand_beside_each_other():
    table = sweep(DATA, estimator=["FO", skdim.id.TLE()], **ASK)
    rows = table.set_index(["measure", "k"])["mean"]
    assert list(rows.index) == [("dimension", 8), ("dimension", 12), ("dimension-TLE", 8), ("dimension-TLE", 12)]
    expected = [local_dimension(X, (8, 12), estimator=estimator) for estimator in (None, skdim.id.TLE())]
    np.testing.assert_array_equal(rows, [values.mean() for by in expected for values in by.values()])
    assert "dimension" not in set(sweep(DATA, estimator=skdim.id.TLE(), **ASK)["measure"])


def test_labels_name_them():
    tle = skdim.id.TLE()
    table = sweep(DATA, measures={"TLE": ("dimension", {"estimator": tle}), "ours": "dimension"}, **ASK)
    assert table["measure"].tolist() == ["TLE"] * 2 + ["ours"] * 2
    table = sweep(DATA, measures={"d": "dimension"}, estimator=["FO", tle], **ASK)
    assert table["measure"].unique().tolist() == ["d-FO", "d-TLE"]
    only = sweep(DATA, measures=["tangent-residual"], estimator=tle, **ASK)
    assert only["measure"].unique().tolist() == ["tangent-residual", "dimension-TLE"]


def test_parameters_of_an_estimator_are_part_of_the_key(tmp_path):
    for epsilon, done in ((1e-4, 1), (1e-4, 1), (1e-3, 2)):
        sweep(DATA, estimator=skdim.id.TLE(epsilon=epsilon), folder=tmp_path, **ASK)
        assert len(list(Ledger(tmp_path).runs.iterdir())) == done
    sweep(DATA, folder=tmp_path, **ASK)
    plain = Ledger(tmp_path).plan()[0].manifest["settings"]
    sweep(DATA, estimator="FO", folder=tmp_path, **ASK)
    assert Ledger(tmp_path).plan()[0].manifest["settings"] == plain  # as before there were others
    assert plain["options"] == {"n_neighbors": [8, 12], "alpha": 0.05}


def test_names_are_those_of_geometry(monkeypatch, tmp_path):
    def named(points, ks, alpha, *, estimator, n_jobs):
        assert estimator == "HERE"
        return {k: np.full(len(points), k) for k in ks}

    monkeypatch.setattr(geometry, "ESTIMATORS", {"FO": None, "HERE": None}, raising=False)
    monkeypatch.setattr("zeta_geom.sweeps.estimators.local_dimension", named)
    table = sweep(DATA, estimator="HERE", folder=tmp_path, **ASK)
    assert table[["measure", "mean"]].to_numpy().tolist() == [["dimension-HERE", 8], ["dimension-HERE", 12]]
    settings = Ledger(tmp_path).plan()[0].manifest["settings"]
    assert settings["definition"] == {"measure": "dimension", "estimator": "HERE"}
    with pytest.raises(ValueError, match="estimator must be one of 'FO', 'HERE'; got 'THERE'"):
        sweep(DATA, estimator=("HERE", "THERE"), **ASK)


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        ({"estimator": []}, ValueError, "at least one estimator"),
        ({"estimator": skdim.id.TLE(), "n_anchors": 5}, ValueError, "n_anchors needs the estimator 'FO'"),
        ({"measures": [("dimension", {"k": 8})]}, ValueError, "measure 'dimension' takes estimator; got 'k'"),
        ({"measures": [("label-error", {"estimator": "FO"})]}, ValueError, "takes no options; got 'estimator'"),
        ({"estimator": 3}, TypeError, "estimator must be"),
    ],
)
def test_refuses(ask, error, message):
    with pytest.raises(error, match=message):
        sweep(DATA, **(ASK | ask))
