"""Verdicts by rules, and the claims table from small records."""

import json

import numpy as np
import pandas as pd
import pytest

from analyses import diversity, figure_6, theorems
from analyses.claims import __main__ as claims
from analyses.claims.geometry import against
from analyses.claims.images import features
from analyses.claims.points import sign_rising
from analyses.claims.speed import speed, training_steps
from analyses.claims.verdicts import from_gamma, from_interval, from_sign, sign_below, up_to_gamma
from analyses.context import Context
from tests.analyses.figure_6.settings import SMALL


def test_from_gamma_names_the_start_of_the_last_unbroken_run():
    assert from_gamma([2, 3, 4], [1, 1, 1]) == "holds"
    assert from_gamma([4, 2, 3], [1, -1, 1]) == "holds from γ = 3 on"
    assert from_gamma([2, 3, 4], [1, -1, 1]) == "holds from γ = 4 on"
    assert from_gamma([2, 3, 4], [1, 1, -1]) == "does not hold"


def test_from_gamma_names_what_is_not_shown_beside_the_run():
    assert from_gamma([2, 2.5, 3, 4], [-1, 0, 0, 1]) == "holds from γ = 4 on; not shown at γ = 2.5, 3"
    assert from_gamma([2, 3, 4], [0, 0, 1]) == "holds from γ = 4 on; not shown at γ = 2, 3"
    assert from_gamma([2, 3, 4], [0, -1, 1]) == "holds from γ = 4 on"
    assert from_gamma([2, 3, 4], [1, 1, 0]) == "not shown: no difference at γ = 4"


def test_up_to_gamma_names_the_end_of_the_first_unbroken_run():
    assert up_to_gamma([4, 2, 3], [1, 1, 1]) == "holds"
    assert up_to_gamma([2, 3, 4], [1, -1, 1]) == "holds up to γ = 2"
    assert up_to_gamma([2, 3, 4], [1, 0, -1]) == "holds up to γ = 2; not shown at γ = 3"
    assert up_to_gamma([2, 3, 4], [-1, 1, 1]) == "does not hold"
    assert up_to_gamma([2, 3, 4], [0, 1, 1]).startswith("not shown")


def test_one_seed_decides_nothing():
    assert from_interval(np.nan, np.nan) == "undecided: one seed"


def test_an_interval_that_holds_zero_shows_nothing():
    assert from_interval(0.1, 0.2) == "holds"
    assert from_interval(-0.2, -0.1) == "does not hold"
    assert from_interval(-0.1, 0.2).startswith("not shown")


def test_a_difference_of_means_wants_two_standard_errors():
    assert sign_below(1.0, 1.0, 400, 1.2, 1.0, 400) == 1
    assert sign_below(1.2, 1.0, 400, 1.0, 1.0, 400) == -1
    assert sign_below(1.0, 1.0, 400, 1.1, 1.0, 400) == 0
    assert [from_sign(sign).split(":")[0] for sign in (1, -1, 0)] == ["holds", "does not hold", "not shown"]


def test_means_rise_if_no_step_is_shown_to_fall():
    def sign(*means):
        return sign_rising(pd.DataFrame({"mean": means, "std": 1.0, "n": 400}))

    assert sign(1.0, 1.2, 1.19, 1.4) == 1  # the third is below the second within its error
    assert sign(1.0, 1.4, 1.2, 1.6) == -1
    assert sign(1.0, 1.05, 1.1) == 0


@pytest.mark.parametrize(("spread", "verdict"), [(0.01, "holds"), (0.2, "not shown: 2 lies between the quartiles")])
def test_a_ratio_of_times_is_judged_by_its_quartiles(spread, verdict, tmp_path):
    methods = {"mixup": 2.2, "zeta": 1.0, "cutmix": 1.0, "cutmix-zeta": 2.0, "local-synthetic-instances": 30.0}
    rows = [
        {"method": m, "seconds": t, "lower": t * (1 - spread), "upper": t * (1 + spread)} for m, t in methods.items()
    ]
    Context(results=tmp_path).record("mixing_speed/table_9", lambda: pd.DataFrame(rows), settings={"shape": [1]})
    assert [claim.verdict for claim in speed(tmp_path)] == [verdict, "does not hold", "does not hold"]


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [
        ({"mixup": (1.0, 1.1), "supermix": (3.0, 4.0), "adamixup": (1.2, 1.9)}, "holds"),
        ({"mixup": (1.0, 1.3), "supermix": (3.0, 4.0), "adamixup": (1.2, 1.9)}, "not shown for adamixup"),
        ({"mixup": (2.0, 2.3), "supermix": (3.0, 4.0), "adamixup": (1.2, 1.9)}, "does not hold for adamixup"),
        ({"mixup": (1.0, 1.1), "supermix": (0.9, 4.0), "adamixup": (1.2, 1.9)}, "not shown for supermix"),
    ],
)
def test_methods_that_optimise_or_learn_are_compared_with_every_other(tmp_path, ratios, verdict):
    path = tmp_path / "steps.json"
    assert training_steps(tmp_path, path) == []
    ranges = [
        {"step": "CIFAR", "method": name, "ratio": sum(ends) / 2, "low": ends[0], "high": ends[1]}
        for name, ends in ratios.items()
    ]
    path.write_text(json.dumps({"ranges": ranges}))
    (claim,) = training_steps(tmp_path, path)
    assert claim.verdict == verdict
    texts = [f"{name} {sum(ends) / 2:.2f} [{ends[0]:.2f}, {ends[1]:.2f}]" for name, ends in ratios.items()]
    assert claim.measured == ", ".join(texts)


def row(mean, gamma=np.nan):
    return {"mean": mean, "std": 0.1, "n": 1000, "gamma": gamma}


def test_a_curve_that_does_not_come_down_fails_every_claim():
    curve = pd.DataFrame([row(5.0, gamma) for gamma in (0, 2, 4, 8)])
    verdicts = [claim.verdict for claim in against("x", curve, pd.Series(row(3.0)), pd.Series(row(4.0)))]
    assert verdicts == ["does not hold"] * 3


def test_a_curve_that_comes_down_and_sinks():
    curve = pd.DataFrame([row(mean, gamma) for mean, gamma in ((5, 0), (4.5, 2), (3.5, 4), (2.95, 8))])
    verdicts = [claim.verdict for claim in against("x", curve, pd.Series(row(3.0)), pd.Series(row(4.0)))]
    assert verdicts == ["holds from γ = 4 on", "holds", "holds from γ = 8 on"]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    context = Context(results=folder, offline=True, progress=False)
    theorems.run(context)
    diversity.run(context, diversity.Settings(n_images=256, sizes=(2, 8, 128), gammas=(2.4, 6.0)))
    figure_6.run(context, SMALL)
    return folder


def test_table_of_what_was_measured(results):
    table = claims.run(results)
    stored = pd.read_csv(results / "claims.csv")
    assert list(stored["verdict"]) == list(table["verdict"])
    first = table.iloc[0]
    assert first["where"] == "Theorem 1"
    assert first["verdict"] == "holds"
    assert (table["where"] == "Fig. 6").sum() >= 4 * 2 * (1 + 2 * 2)
    richness = table[table["statement"].str.contains("effective classes")]
    assert len(richness) == 1


def test_theorem_1_is_tight_at_the_root_of_each_size():
    measured = theorems.dominance(theorems.Settings())
    around = measured[measured["offset"].notna()]
    assert ((around["margin"] > 0) == (around["offset"] > 0)).all()
    assert {4, 4096} <= set(measured["T"])


def test_effective_classes_grow_with_the_samples_mixed():
    rng = np.random.default_rng(0)
    X, y = rng.random((256, 6)).astype(np.float32), rng.integers(0, 10, 256)
    settings = diversity.Settings(n_images=256)
    from zeta_geom.mixers import ZetaMixup

    means = [
        diversity.measure("zeta", ZetaMixup(2.4, n_mix=size, random_state=0), X, y, settings)[
            "effective_classes_mean"
        ]
        for size in (2, 8, 128)
    ]
    assert 1 <= means[0] < means[1] < means[2] <= 10


def test_an_analysis_without_data_gives_no_row_of_an_earlier_run(results):
    context = Context(results=results)
    context.mark_left_out("figure_6", True)
    assert "Fig. 6" not in set(claims.run(results)["where"])
    context.mark_left_out("figure_6", False)
    assert "Fig. 6" in set(claims.run(results)["where"])


def test_label_mass_stands_beside_counts_and_k_comes_from_the_record(tmp_path):
    rows = [
        {
            "data": "x",
            "seed": seed,
            "selection": "iii",
            "method": method,
            "n_images": 9,
            "mean_count": count + seed / 9,
        }
        | {"mean_soft": (-1) ** seed * count}
        for seed in range(4)
        for method, count in (("mixup", 3.0), ("zeta", 5.0 + seed / 9))
    ]
    Context(results=tmp_path).record("figure_8/neighbors", lambda: pd.DataFrame(rows), settings={"k": 7})
    counts, mass = features(tmp_path)
    assert counts.verdict == "holds"
    assert mass.verdict.startswith("not shown")
    assert counts.data == mass.data == "x, 4 seeds, k = 7"
