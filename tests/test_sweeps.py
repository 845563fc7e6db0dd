"""The γ sweep: its grid, its columns, its records."""

import numpy as np
import pytest

from zeta_geom.geometry import local_dimension
from zeta_geom.manifolds import make_helix
from zeta_geom.mixers import Mixup, ZetaMixup
from zeta_geom.sweeps import gamma_sweep

X = make_helix(400, random_state=0)[0]


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


def test_a_killed_sweep_goes_on_where_it_was(tmp_path, monkeypatch):
    import zeta_geom.sweeps.gamma as module

    calls = []
    measure = module._measure

    def counted(run, *rest):
        calls.append(run.slug)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure(run, *rest)

    monkeypatch.setattr(module, "_measure", counted)
    ask = {"gammas": [2, 4], "n_neighbors": 8, "folder": tmp_path, "progress": False}
    with pytest.raises(KeyboardInterrupt):
        gamma_sweep(X, **ask)
    resumed = gamma_sweep(X, **ask)
    assert len(calls) == 5  # two done, one killed, that one again and the last
    fresh = gamma_sweep(X, **(ask | {"folder": None}))
    assert resumed.drop(columns="seconds").equals(fresh.drop(columns="seconds"))


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
    ],
)
def test_refuses(ask, message):
    with pytest.raises(ValueError, match=message):
        gamma_sweep(X, **({"n_neighbors": 8, "progress": False} | ask))


def test_one_gamma_goes_without_a_list_and_names_do_not():
    assert gamma_sweep(X, gammas=2.0, n_neighbors=8, progress=False)["gamma"][1] == 2
    with pytest.raises(TypeError, match="sequences of names"):
        gamma_sweep(X, gammas=2.0, mixers="zeta", progress=False)


def test_refuses_nan():
    with pytest.raises(ValueError, match="finite"):
        gamma_sweep(np.full((50, 2), np.nan), gammas=[1], progress=False)
