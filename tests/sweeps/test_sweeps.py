"""The γ sweep: its grid, its columns, its records."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier

from zeta_geom import datasets
from zeta_geom.geometry import LocalPCA, knn, local_dimension
from zeta_geom.manifolds import make_crescents, make_helix
from zeta_geom.mixers import CutMix, Mixup, ZetaMixup
from zeta_geom.realism import MNISTOracle, soft_label_report
from zeta_geom.records import data_fingerprint
from zeta_geom.sweeps import (
    Ledger,
    SerialExecutor,
    SweepError,
    gamma_sweep,
    sweep,
)
from zeta_geom.sweeps.measures import MEASURES, Points
from zeta_geom.sweeps.workshop import Workshop

X = make_helix(400, random_state=0)[0]


class InPlace(SerialExecutor):
    """Takes the data from the disk, as processes do, but works in this one."""

    in_processes = True


def test_rows_are_what_the_parts_give():
    table = gamma_sweep(X, gammas=[0, 4], n_neighbors=(8, 16), anchors=("self", "random"), seeds=(3,), progress=False)
    assert len(table) == 2 * (1 + 2 * 2 + 1)
    row = table.query("mixer == 'zeta' and gamma == 4 and anchor == 'random' and k == 16").iloc[0]
    mixed, _ = ZetaMixup(4.0, anchor="random", random_state=3).mix_dataset(X)
    values = local_dimension(mixed, 16)[16]
    assert row["mean"] == values.mean()
    assert row["std"] == values.std()
    assert row["n"] == 400
    original = table.query("mixer == 'original' and k == 8").iloc[0]
    assert original["mean"] == local_dimension(X, 8)[8].mean()
    mixup = table.query("mixer == 'mixup' and k == 8").iloc[0]
    assert mixup["mean"] == local_dimension(Mixup(random_state=3).mix_dataset(X)[0], 8)[8].mean()


def test_permutations_are_common_to_all_gammas_unless_asked_otherwise():
    together = [
        gamma_sweep(X, gammas=[2, gamma], n_neighbors=8, mixers=("zeta",), progress=False) for gamma in (3, 5)
    ]
    assert together[0]["mean"][1] == together[1]["mean"][1]
    alone = gamma_sweep(X, gammas=[5], n_neighbors=8, mixers=("zeta",), progress=False)
    assert alone["mean"][1] == together[1]["mean"][2]
    apart = gamma_sweep(
        X, gammas=[2, 5], n_neighbors=8, mixers=("zeta",), common_random_numbers=False, progress=False
    )
    assert apart["mean"][1] == together[1]["mean"][1]
    assert apart["mean"][2] != together[1]["mean"][2]


def test_gamma_zero_collapses_neighbourhoods_smaller_than_the_batch():
    table = gamma_sweep(X, gammas=[0], n_neighbors=8, mixers=("zeta",), progress=False)
    assert table["mean"][1] < 0.5 < table["mean"][0]


def test_spread_over_seeds_is_a_column_of_its_own():
    table = gamma_sweep(X, gammas=[2], n_neighbors=8, mixers=("zeta",), seeds=(0, 1, 2), progress=False)
    zeta = table[table["mixer"] == "zeta"]
    np.testing.assert_allclose(zeta["seed_std"], zeta["mean"].std())
    assert not np.allclose(zeta["seed_std"], zeta["std"])


def test_anchors_are_the_same_rows_for_every_run():
    ask = {"gammas": [2, 4], "n_neighbors": (8, 16), "seeds": (3, 4), "progress": False}
    table = gamma_sweep(X, n_anchors=60, **ask)
    assert (table["n"] == 60).all()
    judge = LocalPCA((8, 16), n_anchors=60, random_state=3)  # the first seed draws them, for all
    mixed = {
        "original": X,
        "zeta": ZetaMixup(4.0, random_state=4).mix_dataset(X)[0],
        "mixup": Mixup(random_state=4).mix_dataset(X)[0],
    }
    whole = gamma_sweep(X, **ask)
    for mixer, points in mixed.items():
        where = f"mixer == '{mixer}'" + (" and seed == 4" if mixer != "original" else "")
        rows = table.query(where + (" and gamma == 4" if mixer == "zeta" else ""))
        fit = judge.fit(points)
        for column, values in [("mean", fit.dimension_), ("std", fit.dimension_std_), ("sem", fit.dimension_sem_)]:
            assert rows[column].tolist() == values.tolist()
        dimension = LocalPCA(16).fit(points).dimension_pw_
        assert rows["mean"].iloc[1] == dimension[fit.anchors_].mean()
    assert (table[table["mixer"] == "zeta"]["sem"] > 0).any()
    assert (whole["sem"] == 0).all()
    assert gamma_sweep(X, n_anchors=400, **ask).drop(columns="seconds").equals(whole.drop(columns="seconds"))


def test_one_anchor_has_no_standard_error():
    table = gamma_sweep(X, gammas=[2], n_neighbors=8, n_anchors=1, progress=False)
    assert table["sem"].isna().all()
    assert (table["n"] == 1).all()


def test_anchors_are_part_of_the_key_and_nothing_else_changes_it(tmp_path):
    points, y = make_crescents(200, random_state=0)
    ask = {"gammas": [], "mixers": [], "measures": ["dimension", "label-error"], "n_neighbors": 8}
    ask |= {"folder": tmp_path, "progress": False}
    for n_anchors, finished in ((None, 2), (50, 3), (60, 4)):  # label errors are of all points: done once
        table = sweep({"moons": (points, y)}, n_anchors=n_anchors, **ask)
        assert len(list(Ledger(tmp_path).runs.iterdir())) == finished
        assert table["n"].tolist() == [n_anchors or 200, 200]
    options = [entry.manifest["settings"]["options"] for entry in Ledger(tmp_path).plan()]
    assert options == [{"n_neighbors": [8], "alpha": 0.05, "n_anchors": 60, "anchor_seed": 0}, {"n_neighbors": [8]}]
    sweep({"moons": (points, y)}, **ask)
    assert Ledger(tmp_path).plan()[0].manifest["settings"]["options"] == {"n_neighbors": [8], "alpha": 0.05}


def test_fewer_rows_than_anchors_are_all_used():
    original, few = Points(X, None), Points(X[:50], None)
    options = {"n_neighbors": [8], "alpha": 0.05, "n_anchors": 60, "anchor_seed": 0}
    ((_, _, values),) = MEASURES["dimension"].rows(original, few, options, Workshop({}, 1))
    np.testing.assert_array_equal(values, LocalPCA(8).fit(few.X).dimension_pw_)


def test_a_killed_sweep_goes_on_where_it_was(tmp_path, monkeypatch):
    calls = []
    measure = Workshop.__call__

    def counted(self, settings):
        calls.append(settings["gamma"])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure(self, settings)

    monkeypatch.setattr(Workshop, "__call__", counted)
    ask = {"gammas": [2, 4], "n_neighbors": 8, "folder": tmp_path, "progress": False}
    with pytest.raises(KeyboardInterrupt):
        gamma_sweep(X, **ask)
    resumed = gamma_sweep(X, **ask)
    assert calls == [None, 2, 4, 4, None]  # two done, one killed, that one again and the last
    fresh = gamma_sweep(X, **(ask | {"folder": None}))
    assert resumed.drop(columns="seconds").equals(fresh.drop(columns="seconds"))
    assert pd.read_parquet(tmp_path / "results.parquet").equals(resumed)


@pytest.mark.parametrize("executor", [SerialExecutor(), InPlace()])
def test_the_points_are_hashed_once(executor, tmp_path, monkeypatch):
    hashed = []

    def note(*arrays):
        hashed.extend(array.shape for array in arrays)
        return data_fingerprint(*arrays)

    for module in ("sweep", "workshop"):
        monkeypatch.setattr(sys.modules[f"zeta_geom.sweeps.{module}"], "data_fingerprint", note)
    gamma_sweep(X, gammas=[2, 4], n_neighbors=8, folder=tmp_path, executor=executor, progress=False)
    assert hashed == [X.shape]


def test_labelled_variants_of_a_mixer():
    variants = {"mixup": ("mixup", {}), "per sample": ("mixup", {"per_sample": True})}
    table = gamma_sweep(X, gammas=[], n_neighbors=8, mixers=variants, progress=False)
    assert table["mixer"].tolist() == ["original", "mixup", "per sample"]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        ({"gammas": [-1]}, "gamma must be at least 0"),
        ({"gammas": [1], "mixers": ("cutout",)}, "'mixup', .*'zeta'; got 'cutout'"),
        ({"gammas": [1], "n_neighbors": 400}, "k=400"),
        ({"gammas": [1], "batch_size": 0}, "batch_size"),
        ({"gammas": [1], "n_mix": (64,)}, "n_mix must be at most"),
        ({"gammas": [1], "n_anchors": 0}, "n_anchors must be an integer"),
        ({"gammas": [1], "n_anchors": 401}, "n_anchors must be an integer"),
    ],
)
def test_refuses(ask, message):
    with pytest.raises(ValueError, match=message):
        gamma_sweep(X, **({"n_neighbors": 8, "progress": False} | ask))


def test_one_gamma_goes_without_a_list_and_names_do_not():
    assert gamma_sweep(X, gammas=2.0, n_neighbors=8, progress=False)["gamma"][1] == 2
    with pytest.raises(TypeError, match="a sequence of names"):
        gamma_sweep(X, gammas=2.0, mixers="zeta", progress=False)


def test_a_gamma_given_twice_is_one_run(tmp_path):
    table = gamma_sweep(X, gammas=[2, 4, 2.0], n_neighbors=8, mixers=["zeta"], folder=tmp_path, progress=False)
    assert table["gamma"].tolist()[1:] == [2, 4]
    assert Ledger(tmp_path).counts()["finished"] == 3


def test_refuses_nan():
    with pytest.raises(ValueError, match="finite"):
        gamma_sweep(np.full((50, 2), np.nan), gammas=[1], progress=False)


def test_label_error_is_a_vote_of_the_original_neighbours():
    points, y = make_crescents(300, random_state=0)
    table = sweep(
        {"moons": (points, y)},
        gammas=[2],
        measures=["label-error"],
        n_neighbors=(4, 15),
        seeds=(0, 1),
        progress=False,
    )
    for k in (4, 15):
        judge = KNeighborsClassifier(k).fit(points, y)
        X_new, Y_new = ZetaMixup(2.0, random_state=1).mix_dataset(points, y, n_classes=2)
        shares = judge.predict_proba(X_new)
        right = (shares.argmax(1) == Y_new.argmax(1)) | (shares[:, 0] == shares[:, 1])
        row = table.query(f"mixer == 'zeta' and seed == 1 and k == {k}").iloc[0]
        assert row["mean"] == pytest.approx(1 - right.mean())
        assert 0 < row["mean"] < 0.5
    apart = table.query("mixer == 'original' and k == 15").iloc[0]
    near = knn(points, 15).indices  # a point does not vote for itself
    assert apart["mean"] == np.mean((y[near].mean(1) > 0.5) != y)


def test_realism_is_the_oracles_report():
    data = datasets.load("mnist-sample")
    images, y = data.X_train[:128], data.y_train[:128]
    table = sweep({"digits": (images, y)}, gammas=[2], measures=["realism"], mixers=("mixup",), progress=False)
    X_new, Y_new = Mixup(random_state=0).mix_dataset(images.astype(np.float32) / 255, y, n_classes=10)
    report = soft_label_report(MNISTOracle.pretrained().log_proba(X_new), Y_new)
    rows = table[table["mixer"] == "mixup"].set_index("measure")
    assert list(rows.index) == list(report)
    for name, values in report.items():
        assert rows.loc[name, "mean"] == values.mean()
    assert np.isinf(rows.loc["h_p_y", "mean"])
    alone = sweep({"digits": images}, gammas=[], measures=["realism"], mixers=("mixup",), progress=False)
    assert alone["measure"].tolist() == ["entropy", "entropy"]
    np.testing.assert_allclose(alone["mean"][1], rows.loc["entropy", "mean"])


def test_images_keep_their_shape_for_mixers_that_need_it():
    images = datasets.load("mnist-sample").X_train[:100]
    table = sweep({"digits": images}, gammas=[], mixers=("cutmix",), n_neighbors=8, progress=False)
    X_new, _ = CutMix(random_state=0).mix_dataset(images.astype(np.float32) / 255)
    assert table["mean"][1] == local_dimension(X_new.reshape(100, -1), 8)[8].mean()


def test_runs_that_fail_are_told_of_after_the_others_are_done(tmp_path, monkeypatch):
    measure = Workshop.__call__

    def sometimes(self, settings):
        if settings["gamma"] == 2:
            raise MemoryError("too large")
        return measure(self, settings)

    monkeypatch.setattr(Workshop, "__call__", sometimes)
    ask = {"gammas": [2, 4], "n_neighbors": 8, "progress": False, "folder": tmp_path}
    message = "1 of 4 runs failed; the first, data-zeta-self-gamma2-seed0-dimension: MemoryError: too large"
    with pytest.raises(SweepError, match=message):
        gamma_sweep(X, **ask)
    with pytest.warns(RuntimeWarning, match=message):
        table = gamma_sweep(X, errors="warn", **ask)
    assert table["mixer"].tolist() == ["original", "zeta", "mixup"]
    assert len(gamma_sweep(X, errors="ignore", **ask)) == 3
    monkeypatch.setattr(Workshop, "__call__", measure)
    assert len(gamma_sweep(X, **ask)) == 4


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        ({"measures": ["label-error"]}, ValueError, "'label-error' needs labels"),
        ({"measures": ["realism"]}, ValueError, "MNIST-like images"),
        ({"measures": "dimension"}, TypeError, "measures must be a sequence of names"),
        ({"anchors": "self"}, TypeError, "anchors must be a sequence of names"),
        ({"anchors": ["other"]}, ValueError, "anchor"),
        ({"seeds": [-1]}, ValueError, "seeds"),
        ({"alpha": 2}, ValueError, "alpha"),
        ({"errors": "hide"}, ValueError, "'ignore', 'raise', 'warn'"),
        ({"limit": 1.0}, ValueError, "limit needs an executor"),
        ({"mixers": {"a": ("mixup", {"beta": 1})}}, TypeError, "beta"),
        ({"mixers": {"a": 1}}, TypeError, r"pairs \(name, parameters\)"),
    ],
)
def test_sweep_refuses(ask, error, message):
    with pytest.raises(error, match=message):
        sweep({"data": X}, **({"gammas": [2], "n_neighbors": 8, "progress": False} | ask))


def test_labels_must_fit():
    with pytest.raises(ValueError, match="one label for each"):
        sweep({"data": (X, [0, 1])}, gammas=[2], measures=["label-error"], progress=False)


def test_spread_over_seeds_without_a_gamma():
    table = gamma_sweep(X, gammas=[], mixers=("mixup",), n_neighbors=8, seeds=(0, 1), progress=False)
    mixup = table[table["mixer"] == "mixup"]
    np.testing.assert_allclose(mixup["seed_std"], mixup["mean"].std())
