"""Audits in feature spaces, and of samples that may have leaked."""

import numpy as np
import pandas as pd
import pytest
import torch

from tests.audits.audit_cases import QUICK
from zeta_geom import datasets
from zeta_geom.audits import audit
from zeta_geom.audits.reference import fitting_neighbors
from zeta_geom.mixers import ManifoldMixup
from zeta_geom.realism import MNISTOracle

DIGITS = datasets.load("mnist-sample")
X, Y = DIGITS.X_train[:80] / 255, DIGITS.y_train[:80] % 2
HELD = DIGITS.X_test[:40] / 255, DIGITS.y_test[:40] % 2
SYNTHETIC = DIGITS.X_test[40:80] / 255, DIGITS.y_test[40:80] % 2
FEW = QUICK | {"n_bootstrap": 20}
NUMBERS = ["value", "low", "high", "real", "real_low", "real_high"]


def features(images):
    return MNISTOracle.pretrained().features(images)


def by_measure(audited, space):
    return audited.summary.query("space == @space").set_index("measure")


def test_a_space_gives_the_numbers_of_its_features_audited_directly():
    named = audit(X, Y, synthetic=SYNTHETIC, holdout=HELD, features="lenet", **FEW)
    beside = (*SYNTHETIC, features(SYNTHETIC[0])), (*HELD, features(HELD[0]))
    beside = audit(X, Y, synthetic=beside[0], holdout=beside[1], features=features(X), **FEW)
    directly = audit(
        features(X),
        Y,
        synthetic=(features(SYNTHETIC[0]), SYNTHETIC[1]),
        holdout=(features(HELD[0]), HELD[1]),
        **FEW,
    )
    pd.testing.assert_frame_equal(
        by_measure(named, "lenet")[NUMBERS], by_measure(beside, "features")[NUMBERS], check_exact=True
    )
    # samples are ordered by a hash of their bytes, which differ here: so do the real samples, which are the first 40,
    # and the 40 of 80 augmented originals that one measure takes
    values = by_measure(named, "lenet")["value"], by_measure(directly, "pixels")["value"]
    pd.testing.assert_series_equal(*(column.drop("nearer-to-training") for column in values), rtol=1e-12)
    assert not named.summary["verdict"].str.contains("leak").any()


def test_spaces_do_not_change_each_other_and_the_oracle_stands_apart():
    both = audit(X, Y, augment="zeta", oracle="mnist", n_classes=10, features=["pixels", "lenet"], **FEW)
    for space in ("pixels", "lenet"):
        alone = audit(X, Y, augment="zeta", oracle="mnist", n_classes=10, features=space, **FEW)
        for name in ("summary", "classes", "comparisons", "heldout"):
            tables = [table[table["space"] == space] for table in (getattr(both, name), getattr(alone, name))]
            pd.testing.assert_frame_equal(
                *(table.dropna(axis=1, how="all").reset_index(drop=True) for table in tables)
            )
        oracle = [by_measure(result, "oracle")[NUMBERS] for result in (both, alone)]
        pd.testing.assert_frame_equal(*oracle)
    assert set(by_measure(both, "oracle").index) == {
        "oracle-entropy", "oracle-wrong-label", "oracle-h-p-y", "oracle-h-y-p", "oracle-kl-y-p", "lenet-frechet"
    }  # fmt: skip
    assert both.spaces["lenet"]["zeta"].X.shape == (40, 84)


def test_a_mixer_inside_a_network_is_audited_at_its_layer():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 7, stride=3), torch.nn.ReLU(), torch.nn.Flatten())
    mixer = ManifoldMixup(["0"], alpha=1e9, random_state=0)  # λ = 1/2 but for 1e-4
    spaces = {"pixels": "pixels", "layer": (network, "0")}
    result = audit(X[:, None], Y, augment=mixer, against="mixup", features=spaces, batch_size=40, **FEW)
    assert set(map(tuple, result.summary[["space", "method"]].to_numpy())) == {
        ("pixels", "mixup"), ("layer", "mixup"), ("layer", result.methods[0])
    }  # fmt: skip
    layers, mixed = result.spaces["layer"]["original"].X, result.points[result.methods[0]].X
    assert mixed.shape == (40, 3 * 8 * 8)
    middles = (layers[:, None] + layers) / 2
    nearest = np.abs(middles - mixed[:, None, None]).max(axis=-1).min(axis=(1, 2))
    assert nearest.max() < 1e-3 * np.abs(layers).max()
    with pytest.raises(ValueError, match=r"mixes inside a network; give features=\(module, layer\)"):
        audit(X[:, None], Y, augment=mixer, **FEW)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"features": features(X)[:9]}, "features of X must have one row for each of 80 samples; got 9"),
        ({"features": features(X), "augment": "zeta"}, "must come with those of all samples"),
        (
            {"features": features(X), "synthetic": (*HELD, np.zeros((40, 3)))},
            "as many columns as those of X, 84; got 3",
        ),
        ({"features": {"oracle": "lenet"}, "augment": "zeta"}, "must differ from 'oracle', the space of the oracle"),
        ({"features": "eyes", "augment": "zeta"}, "features must be 'pixels'"),
        ({"features": lambda images: images[:1, 0], "augment": "zeta"}, "a row for each"),
        ({"features": lambda images: images[:, 0] * np.nan, "augment": "zeta"}, "must be finite"),
        ({"measures": "beauty", "augment": "zeta"}, "measures must be one of"),
    ],
)
def test_refuses(given, words):
    with pytest.raises(ValueError, match=words):
        audit(X, Y, **{**FEW, **given})


def test_features_are_kept(tmp_path, monkeypatch):
    first = audit(X, Y, augment="zeta", features="lenet", folder=tmp_path, **FEW)
    assert len(list(tmp_path.rglob("*.npz"))) == 3  # of both halves, and of the mixed samples
    monkeypatch.delattr("zeta_geom.features.spaces.FeatureSpace.extract")  # nothing is computed again
    again = audit(X, Y, augment="zeta", features="lenet", folder=tmp_path, **FEW)
    pd.testing.assert_frame_equal(first.summary, again.summary)


def test_verdicts_on_samples_that_may_have_leaked_are_marked():
    leaking = audit(X, Y, synthetic=SYNTHETIC, augment="zeta", oracle="mnist", n_classes=10, **FEW)
    marked = leaking.summary.assign(marked=leaking.summary["verdict"].str.endswith(" (leak?)"))
    assert not marked.query("method == 'zeta'")["marked"].any()
    given = marked.query("method == 'synthetic' and verdict != 'not measurable'").set_index("measure")["marked"]
    certain = {"dimension-k4", "dimension-k16", "richness", "oracle-entropy", "oracle-wrong-label", "oracle-h-y-p"}
    assert set(given[~given].index) == certain | {"oracle-kl-y-p"}
    assert "hold originals out before the synthesis" in str(leaking)
    pairs = leaking.comparisons.query("`class` == 'all' and measure == 'precision'").set_index(["first", "second"])
    assert pairs["verdict"].str.endswith(" (leak?)").to_dict() == {
        ("zeta", "synthetic"): True, ("zeta", "original"): False, ("synthetic", "original"): True
    }  # fmt: skip


@pytest.mark.parametrize(
    ("n", "ks"), [(5, (8,)), (26, (8,)), (48, (8, 16)), (100, (8, 32)), (128, (8, 32)), (129, (8, 128))]
)
def test_default_neighbors_fit_small_sets(n, ks):
    assert fitting_neighbors(n) == ks
