"""Mixers of a sweep that are objects and functions, and axes of their parameters."""

import numpy as np
import pandas as pd
import pytest

from tests.sweeps import custom_cases as cases
from zeta_geom.manifolds import make_crescents
from zeta_geom.mixers import CutMix, Mixup, RandomMixer, ZetaMixup
from zeta_geom.rng.streams import Stream
from zeta_geom.sweeps import Keyed, Ledger, PoolExecutor, gamma_sweep, sweep, sweep_table

X, y = make_crescents(80, random_state=0)
DATA = {"moons": (X, y)}
ASK = {"measures": [cases.norms], "progress": False}
IMAGES = {"images": np.random.default_rng(0).random((40, 6, 6))}


def means(table, mixer):
    return table[table["mixer"] == mixer]["mean"].tolist()


def norm_of(points):
    return np.linalg.norm(points, axis=1).mean()


def test_an_object_mixes_as_its_name_does_with_the_seed_of_the_run():
    mixer = ZetaMixup(4.0, n_mix=3, random_state=9)
    before = mixer.state_dict()
    objects = {"object": mixer, "both": RandomMixer([ZetaMixup(4.0), Mixup()])}
    named = {"named": ("zeta", {"gamma": 4.0, "n_mix": 3})}
    table = sweep(DATA, mixers=objects | named, seeds=[0, 5], **ASK)
    assert means(table, "object") == means(table, "named")
    expected = [RandomMixer([ZetaMixup(4.0), Mixup()], random_state=seed).mix_dataset(X)[0] for seed in (0, 5)]
    assert means(table, "both") == [norm_of(points) for points in expected]
    assert mixer.state_dict() == before
    assert sweep(DATA, mixers=[Mixup(), ZetaMixup()], **ASK)["mixer"].tolist() == ["original", "mixup", "zeta"]


def test_a_function_gets_batches_in_the_order_of_the_mixers():
    table = sweep(DATA, mixers={"own": cases.halfway}, batch_size=32, seeds=[4], **ASK)
    order = Stream(4).child(0).permutation(80)
    batches = [cases.halfway(X[order[i : i + 32]], y[order[i : i + 32]])[0] for i in (0, 32, 64)]
    assert means(table, "own") == [norm_of(np.concatenate(batches))]


def test_labels_go_in_as_they_are_and_come_out_soft():
    seen = []

    def note(batch, labels):
        seen.append(labels)
        return batch, labels

    votes = sweep(DATA, mixers=[cases.halfway], measures=["label-error"], n_neighbors=4, progress=False)
    assert 0 < means(votes, "halfway")[0] < 1
    for labels, shape in ((y, (32,)), (np.eye(2)[y], (32, 2)), (None, None)):
        seen.clear()
        sweep({"a": X if labels is None else (X, labels)}, mixers=[note], **ASK)
        assert seen[-2] is None if shape is None else seen[-2].shape == shape


def test_the_random_numbers_of_a_function_are_those_of_the_seed():
    state = np.random.get_state()[1].copy()
    first, second = (sweep(DATA, mixers=[cases.noisy], seeds=[0, 1], **ASK) for _ in range(2))
    assert means(first, "noisy") == means(second, "noisy")
    assert len(set(means(first, "noisy"))) == 2
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_a_grid_has_a_column_for_each_parameter():
    grid = {
        "zeta": {"gamma": [2, 4], "n_mix": [None, 3]},
        "mixup": {"alpha": [0.2, 1.0], "per_sample": [False, True]},
    }
    table = sweep(DATA, grid=grid, gammas=[7], mixers=["zeta", "p-series-pairs"], **ASK)
    assert table["mixer"].value_counts().to_dict() == {"original": 1, "zeta": 4, "mixup": 4, "p-series-pairs": 1}
    zeta = table[table["mixer"] == "zeta"]
    assert zeta[["n_mix", "gamma"]].to_numpy().tolist() == [[0, 2], [0, 4], [3, 2], [3, 4]]
    assert zeta["alpha"].isna().all()
    assert table[table["mixer"] == "p-series-pairs"]["gamma"].tolist() == [7]
    mixup = table[table["mixer"] == "mixup"].set_index(["alpha", "per_sample"])["mean"]
    for (alpha, per_sample), mean in mixup.items():
        assert mean == norm_of(Mixup(alpha, per_sample=per_sample, random_state=0).mix_dataset(X)[0])
    assert len(set(mixup)) == 4


def test_a_grid_of_objects_and_functions_and_what_a_file_takes(tmp_path):
    grid = {"object": {"gamma": [2.0, 3.0]}, "own": {"sigma": [0.1, 0.2], "k": [1, 2]}, "zeta": {"prob": [0.5]}}
    grid |= {"ranges": {"gamma": [2.0]}, "label": {"label_smoothing": [0.1]}}
    mixers = {"object": ZetaMixup(9.0, n_mix=4), "own": cases.noisy, "zeta": "zeta", "ranges": ZetaMixup((1, 2))}
    mixers |= {"label": ("mixup", {"alpha": 0.5})}
    table = sweep(DATA, mixers=mixers, grid=grid, folder=tmp_path, **ASK)
    expected = [norm_of(ZetaMixup(gamma, n_mix=4, random_state=0).mix_dataset(X)[0]) for gamma in (2.0, 3.0)]
    assert means(table, "object") == expected
    assert table[table["mixer"] == "object"]["gamma"].tolist() == [2, 3]
    own = table[table["mixer"] == "own"]
    assert own[["sigma", "mixer_k"]].to_numpy().tolist() == [[0.1, 1], [0.1, 2], [0.2, 1], [0.2, 2]]
    assert own["mean"].iloc[1] == own["mean"].iloc[2]  # the same noise
    assert (own["k"] == 0).all()
    assert np.isnan(table[table["mixer"] == "zeta"]["gamma"]).all()  # its own γ
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "results.parquet"), table)
    pd.testing.assert_frame_equal(sweep_table(tmp_path), table)


def test_values_of_several_kinds_share_a_column(tmp_path):
    grid = {"a": {"sigma": [0.5]}, "b": {"sigma": ["wide", [1, 2]]}}
    mixers = {"a": cases.noisy, "b": lambda batch, labels, sigma: (batch, labels)}
    table = sweep(DATA, mixers=mixers, grid=grid, folder=tmp_path, **ASK)
    assert table["sigma"].tolist()[1:] == ["0.5", "wide", "[1, 2]"]


def test_seeds_spread_within_one_value_of_a_parameter():
    table = sweep(DATA, mixers=["mixup"], grid={"mixup": {"alpha": [0.1, 5.0]}}, seeds=[0, 1, 2], **ASK)
    for alpha in (0.1, 5.0):
        rows = table[table["alpha"] == alpha]
        np.testing.assert_allclose(rows["seed_std"], rows["mean"].std())


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        ({"grid": {"zeta": {"beta": [1]}}}, TypeError, "'zeta' takes gamma, n_mix, anchor, prob, .*; got 'beta'"),
        ({"grid": {"mine": {"gamma": [1]}}}, ValueError, "grid must name mixers of the sweep, zeta, or in MIXERS"),
        ({"grid": {"zeta": {"gamma": 2}}}, TypeError, "sequences of values; got 2 for gamma"),
        ({"grid": {"zeta": {"gamma": []}}}, ValueError, "at least one value of each parameter"),
        ({"grid": {"zeta": {"gamma": ["2"]}}}, TypeError, "gamma in grid must be a real number"),
        ({"grid": {"mixup": {"alpha": [np.ones(2)]}}}, TypeError, "numbers, texts, .*; got ndarray for alpha"),
        ({"grid": {"zeta": [2]}}, TypeError, "mappings of parameter -> values"),
        ({"grid": [2]}, TypeError, "grid must map mixers"),
        ({"grid": {"zeta": {"random_state": [1]}}}, ValueError, "seeds= varies it"),
        ({"grid": {"mixup": {"alpha": [-1]}}}, ValueError, "alpha"),
        ({"mixers": {"a": ("zeta", {"gamma": 2})}, "grid": {"a": {"gamma": [1]}}}, ValueError, "which mixers sets"),
        ({"mixers": {"a": cases.noisy}, "grid": {"a": {"y": [1]}}}, TypeError, "'a' takes sigma, k; got 'y'"),
        ({"mixers": {"a": cases.shrunk}, "grid": {"a": {"y": [1]}}}, TypeError, "'a' takes no parameters"),
        ({"mixers": {"a": Mixup()}, "grid": {"a": {"gamma": [1]}}}, TypeError, "takes alpha, per_sample, .*'gamma'"),
        ({"mixers": {"a": (Mixup(), {"alpha": 1})}}, ValueError, "must be set where it is made"),
        ({"mixers": [Mixup(), "mixup"]}, ValueError, "different labels; got 'mixup' twice"),
        ({"mixers": Mixup()}, TypeError, "mixers must be a sequence"),
        ({"mixers": np.array(2)}, TypeError, "mixers must be a sequence"),
        ({"mixers": [Mixup]}, TypeError, "mixers must be names, mixers, callables"),
    ],
)
def test_refuses(ask, error, message):
    with pytest.raises(error, match=message):
        sweep(DATA, **({"mixers": ["zeta"]} | ask), **ASK)


def test_keys_of_mixers(tmp_path):
    def done(mixer, **more):
        sweep(IMAGES, mixers={"m": mixer}, folder=tmp_path, **ASK, **more)
        return len(list(Ledger(tmp_path).runs.iterdir()))

    assert done(CutMix(0.5, random_state=1)) == 2
    assert done(CutMix(0.5, random_state=2)) == 2  # each run sets its seed
    assert done(CutMix(0.6)) == 3
    assert done(cases.noisy) == 4
    assert done((cases.noisy, {"sigma": 0.2})) == 5
    assert done(cases.noisy, grid={"m": {"sigma": [0.2]}}) == 6
    here = {}
    exec("def unwritten(batch, labels):\n    return batch, labels", here)
    with pytest.raises(ValueError, match=r"mixers of runs in a folder must have a key; 'm' has none: .*Keyed\("):
        done(here["unwritten"])
    assert done(Keyed(here["unwritten"], "a")) == 7
    assert done(Keyed(here["unwritten"], "b")) == 8
    with pytest.raises(TypeError, match="mixers must be importable by name"):
        sweep(DATA, mixers={"m": lambda batch, labels: (batch, labels)}, executor=PoolExecutor(2), **ASK)


def test_gammas_may_be_left_out():
    table = sweep(DATA, mixers=["zeta"], **ASK)
    assert means(table, "zeta") == [norm_of(ZetaMixup(random_state=0).mix_dataset(X)[0])]
    assert gamma_sweep(X, gammas=[], mixers=["zeta"], **ASK)["mixer"].tolist() == ["original"]


def test_random_numbers_are_common_along_every_axis_or_along_none():
    grid = {"mixup": {"alpha": [2.0, 2.0 + 1e-12]}}
    for common in (True, False):
        table = sweep(DATA, mixers=[], grid=grid, common_random_numbers=common, **ASK)
        first, second = means(table, "mixup")
        assert (first == pytest.approx(second, rel=1e-9)) == common


def test_an_axis_of_numbers_and_an_axis_of_truths_share_a_column(tmp_path):
    grid = {"a": {"sigma": [True]}, "b": {"sigma": [0.5]}}
    sweep(DATA, mixers={"a": cases.noisy, "b": cases.noisy}, grid=grid, folder=tmp_path, **ASK)
    assert set(sweep_table(tmp_path)["sigma"].dropna()) == {"True", "0.5"}
