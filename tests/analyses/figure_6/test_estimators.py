"""Figure 6 by five estimators run small, drawn, and its claims."""

import numpy as np
import pandas as pd
import pytest

from analyses.claims.geometry import agreement, compare, dimensions
from analyses.context import Context
from analyses.figure_6 import estimators as figure_6_estimators
from figures.figure_6 import estimators as drawing
from zeta_geom import records
from zeta_geom.geometry import local_dimension
from zeta_geom.manifolds import MANIFOLDS

SMALL = figure_6_estimators.Settings(
    n_samples=200, gammas=(2.0, 8.0), n_neighbors=(4, 8), n_images=150, image_batch_size=32, n_anchors=40
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    figure_6_estimators.run(Context(results=folder, offline=True, progress=False), SMALL)
    return folder


def test_records_hold_every_estimator_and_curve(results):
    for panel in ("helix-3d", "curved-12d", "images-1", "images-2"):
        table = records.read(results / "records" / "figure_6_estimators" / panel).table
        rows = table.groupby(["estimator", "k"]).size()
        assert rows.to_dict() == {(name, k): 2 + 2 * 2 for name in SMALL.estimators for k in (4, 8)}
        assert set(table["n"]) == {40}


def test_the_original_has_the_dimension_of_each_estimator_at_the_anchors(results):
    table = records.read(results / "records" / "figure_6_estimators" / "curved-12d").table
    X, _ = MANIFOLDS["curved-12d"].make(200, random_state=0)
    original = table[table["mixer"] == "original"].set_index(["estimator", "k"])["mean"]
    for name in SMALL.estimators:
        dimensions = local_dimension(X, (4, 8), estimator=name, n_anchors=40, random_state=0)
        for k, values in dimensions.items():
            assert original[name, k] == pytest.approx(values.mean(), rel=1e-12)


def test_drawn_files(results):
    written = drawing.draw(results)
    stem = "figure_6_estimators-digits-mnist-sample"
    assert [path.name for path in written] == [f"{stem}.png", f"{stem}.pdf"]
    assert all(path.stat().st_size > 10_000 for path in written)


def rows(estimator, original, mixup, zeta):
    """Return rows of a sweep at γ = 2 and 8, all with n = 100 and a standard deviation of 1."""
    about = {"estimator": estimator, "k": 8, "std": 1.0, "n": 100, "anchor": "", "gamma": np.nan}
    curve = [about | {"mixer": "zeta", "anchor": "self", "gamma": g, "mean": m} for g, m in zip((2.0, 8.0), zeta)]
    return [about | {"mixer": "original", "mean": original}, about | {"mixer": "mixup", "mean": mixup}, *curve]


def test_a_claim_names_the_estimators_that_agree():
    table = pd.DataFrame(
        rows("FO", 3.0, 5.0, (4.0, 3.0)) + rows("MLE", 3.0, 5.0, (6.0, 3.0)) + rows("TLE", 5.0, 3.0, (6.0, 5.0))
    )
    claims = compare("", table[table["estimator"] == "FO"])
    by_statement = {claim.statement: agreement(table, place) for place, claim in enumerate(claims)}
    assert by_statement["mixup inflates the local dimension"] == "holds: FO, MLE; does not hold: TLE"
    assert by_statement["dimension ζ < mixup for γ ≥ γ_min"] == (
        "holds: FO; holds from γ = 8 on: MLE; does not hold: TLE"
    )


def test_verdicts_are_cut_to_their_first_words():
    table = pd.DataFrame(rows("FO", 3.0, 5.0, (4.9, 5.0)) + rows("MLE", 3.0, 5.0, (np.nan, 3.0)))
    claims = compare("", table[table["estimator"] == "FO"])
    place = [claim.statement for claim in claims].index("dimension ζ < mixup for γ ≥ γ_min")
    assert claims[place].verdict == "not shown: no difference at γ = 8"
    assert agreement(table, place) == "not shown: FO; holds: MLE"


@pytest.mark.slow
def test_claims_of_figure_6_come_with_the_estimators(results):
    from analyses import figure_6
    from tests.analyses.figure_6.settings import SMALL as OF_FIGURE_6

    assert dimensions(results) == []
    figure_6.run(Context(results=results, offline=True, progress=False), OF_FIGURE_6)
    claims = dimensions(results)
    assert len(claims) == 4 * 2 * (1 + 2 * 3)
    for claim in claims:
        assert sum(claim.estimators.count(name) for name in ("FO", "MLE", "TLE", "GRIDE", "CA-PCA")) == 5
