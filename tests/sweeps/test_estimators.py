"""The measure "dimension" of a sweep by several estimators."""

import warnings

import numpy as np
import pytest
import skdim
from sklearn.linear_model import LinearRegression

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


def test_names_give_the_values_of_local_dimension(tmp_path):
    table = sweep(DATA, estimator=("MLE", "TLE"), folder=tmp_path, **ASK)
    for name in ("MLE", "TLE"):
        expected = local_dimension(X, (8, 12), estimator=name)
        original = table[(table["mixer"] == "original") & (table["measure"] == f"dimension-{name}")].set_index("k")
        for k in (8, 12):
            assert original.loc[k, "mean"] == pytest.approx(expected[k].mean(), rel=1e-12)
    settings = Ledger(tmp_path).plan()[0].manifest["settings"]
    assert settings["definition"] == {"measure": "dimension", "estimator": "MLE"}
    with pytest.raises(ValueError, match=r"estimator must be one of .*; got 'THERE'"):
        sweep(DATA, estimator=("MLE", "THERE"), **ASK)


def test_estimators_share_one_search(monkeypatch):
    from zeta_geom.sweeps import estimators

    searches = []
    monkeypatch.setattr(estimators, "knn", lambda *data, **how: searches.append(1) or geometry.knn(*data, **how))
    table = sweep(DATA, estimator=("MLE", "TLE", "MOM"), **ASK)
    assert len(searches) == table.groupby(["mixer", "gamma"], dropna=False).ngroups


def test_anchors_are_those_of_local_dimension():
    table = sweep(DATA, estimator=("FO", "MLE"), n_anchors=20, seeds=[3], **ASK)
    assert set(table["n"]) == {20}
    expected = local_dimension(X, (8, 12), estimator="MLE", n_anchors=20, random_state=3)
    original = table[(table["mixer"] == "original") & (table["measure"] == "dimension-MLE")]
    np.testing.assert_allclose(original["mean"], [expected[k].mean() for k in (8, 12)], rtol=1e-12)


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        ({"estimator": []}, ValueError, "at least one estimator"),
        ({"estimator": skdim.id.TLE(), "n_anchors": 5}, ValueError, "n_anchors needs an estimator of this package"),
        ({"measures": [("dimension", {"k": 8})]}, ValueError, "measure 'dimension' takes estimator; got 'k'"),
        ({"measures": [("label-error", {"estimator": "FO"})]}, ValueError, "takes no options; got 'estimator'"),
        ({"estimator": 3}, TypeError, "estimator must be"),
        ({"estimator": LinearRegression()}, TypeError, "estimator must be a name, or have fit_pw"),
    ],
)
def test_refuses(ask, error, message):
    with pytest.raises(error, match=message):
        sweep(DATA, **(ASK | ask))


def test_estimators_that_draw_give_the_same_again():
    for estimator in ("KNN", skdim.id.KNN()):
        first, again = (sweep(DATA, estimator=estimator, **(ASK | {"n_neighbors": 12})) for _ in range(2))
        np.testing.assert_array_equal(first["mean"], again["mean"])


def test_copies_at_gamma_0_leave_no_dimension():
    """All 60 points of two batches are copies of two points."""
    ask = ASK | {"gammas": [0, 2], "mixers": ["zeta"]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = sweep(DATA, estimator=("MLE", "TLE"), batch_size=30, **ask)
    rows = table[table["mixer"] == "zeta"].set_index("gamma")
    assert rows.loc[0, "mean"].isna().all()
    assert (rows.loc[0, "n"] == 0).all()
    assert rows.loc[2, "mean"].notna().all()


def test_points_without_a_dimension_are_left_out():
    corners = np.concatenate([np.eye(14) + 9, np.random.default_rng(0).normal(size=(40, 14))])
    with pytest.warns(RuntimeWarning, match="gives no finite dimension at 14 of 54 points"):
        table = sweep({"a": corners}, estimator="MLE", **(ASK | {"n_neighbors": 8}))
    with pytest.warns(RuntimeWarning, match="no finite"):
        values = local_dimension(corners, 8, estimator="MLE")[8]
    assert table["n"].tolist() == [40]
    assert table["mean"].iloc[0] == pytest.approx(np.nanmean(values), rel=1e-12)
