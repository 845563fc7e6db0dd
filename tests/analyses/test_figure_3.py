"""Figure 3: its records on the embedded sample with an oracle made here, and the file that it becomes."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analyses import figure_3
from analyses.context import Context
from analyses.figure_3 import MEASURES, Settings, compare, images, measures, score, summarise
from figures.figure_3 import draw
from zeta_geom import datasets, records

SMALL = Settings(n_per_class=4, n_synthetic=1100, seeds=2, resamples=40)  # 1,000 images: the batches pass the end
SAMPLE = datasets.load("mnist-sample")


class NearestMean:
    """An oracle by distance from the mean image of each class."""

    def __init__(self):
        X = SAMPLE.X_train.reshape(-1, 784) / 255
        self.means = np.array([X[SAMPLE.y_train == c].mean(axis=0) for c in range(10)])

    @classmethod
    def pretrained(cls):
        return cls()

    def log_proba(self, images, batch_size=500):
        squares = ((np.reshape(images, (len(images), 1, 784)) - self.means) ** 2).sum(axis=2)
        return -squares - np.logaddexp.reduce(-squares, axis=1, keepdims=True)

    def predict_proba(self, images):
        return np.exp(self.log_proba(images))


@pytest.fixture(scope="module", autouse=True)
def oracle():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure_3, "MNISTOracle", NearestMean)
        yield


@pytest.fixture(scope="module")
def results(tmp_path_factory, oracle):
    context = Context(results=tmp_path_factory.mktemp("results"), offline=True, progress=False)
    figure_3.run(context, SMALL)
    return context.results


@pytest.fixture(scope="module")
def scores(results):
    return records.read(results / "records" / "figure_3" / "scores").table


def test_records_name_the_stand_in_and_are_reused(results, monkeypatch):
    for name in ("images", "scores", "summary", "differences"):
        assert records.read(results / "records" / "figure_3" / name).settings["data_name"] == "mnist-sample"
    monkeypatch.setattr(figure_3, "MNISTOracle", None)  # nothing is computed again
    figure_3.run(Context(results=results, offline=True, progress=False), SMALL)


def test_draws_one_figure_named_as_the_sample(results):
    written = draw(results)
    assert [path.name for path in written] == ["figure_3-sample.png", "figure_3-sample.pdf"]
    assert all(path.stat().st_size > 10_000 for path in written)


def test_one_batch_of_the_first_of_each_class():
    made = images(SMALL, SAMPLE)
    np.testing.assert_array_equal(made["original_label"], np.repeat(np.arange(10), 4))
    np.testing.assert_array_equal(made["original"][:4], SAMPLE.X_train[SAMPLE.y_train == 0][:4])
    # with anchor "self" output k leads with image k
    np.testing.assert_array_equal(made["zeta_label"].argmax(axis=1), made["original_label"])
    # one λ for the batch: image k has at least that share of its own class
    own = made["mixup_label"][np.arange(40), made["original_label"]]
    lam = float(made["mixup_lambda"])
    assert np.isclose(own, lam, atol=1e-6).sum() > 25
    assert np.isclose(own, lam, atol=1e-6).sum() + np.isclose(own, 1, atol=1e-6).sum() == 40


def test_shown_images_lie_at_their_ranks():
    made = images(SMALL, SAMPLE)
    for method in ("mixup", "zeta"):
        distance = made[f"{method}_distance"]
        np.testing.assert_allclose(
            distance, np.abs(made[f"{method}_label"] - made[f"{method}_predicted"]).sum(axis=1) / 2
        )
        below = [(distance < distance[k]).sum() for k in made[f"{method}_shown"]]
        assert below == [4, 14, 24, 34]  # ranks 5, 15, 25, 35 of 40


def test_scores_count_batches_as_they_were_mixed(scores):
    assert scores.groupby(["method", "seed"]).size().tolist() == [1100] * 4
    mixed = scores[(scores["method"] == "mixup") & (scores["label_entropy"] > 1e-3)]
    by_batch = mixed.groupby(["seed", "batch"])["label_entropy"]
    assert (by_batch.max() - by_batch.min()).max() < 1e-5  # images of one batch share a λ
    assert scores["batch"].max() == 32 + 4 - 1  # 32 batches in a pass, the last one short, and 4 for 100 images


def test_zeta_agrees_with_the_oracle_more_often(scores):
    agreement = scores.groupby("method")["agrees"].mean()
    assert agreement["zeta"] > agreement["mixup"]


def test_measures_are_the_formulas():
    generator = np.random.default_rng(0)
    p, y = generator.dirichlet(np.ones(10), 50), generator.dirichlet(np.ones(10), 50)
    y[:20, 3:] = 0
    y /= y.sum(axis=1, keepdims=True)
    found = measures(np.log(p), y.astype(np.float32), SMALL)
    np.testing.assert_allclose(found["entropy"], stats.entropy(p, axis=1), rtol=1e-9)
    np.testing.assert_allclose(found["kl"], stats.entropy(y, p, axis=1), rtol=1e-4)
    np.testing.assert_allclose(
        found["h_p_y"][20:], (stats.entropy(p, axis=1) + stats.entropy(p, y, axis=1))[20:], 1e-4
    )
    assert np.isinf(found["h_p_y"]).tolist() == [True] * 20 + [False] * 30
    floored = -(p * np.log(np.maximum(y, 1e-7))).sum(axis=1)
    np.testing.assert_allclose(found["h_p_y_floored"], floored, rtol=1e-4)
    assert (found["h_p_y_lower_floor"] >= found["h_p_y_floored"] - 1e-5).all()
    np.testing.assert_array_equal(found["agrees"], p.argmax(axis=1) == y.argmax(axis=1))
    np.testing.assert_allclose(found["label_share"], y[np.arange(50), p.argmax(axis=1)], atol=1e-7)


def test_the_floor_changes_no_label_but_zeros():
    """ζ's smallest weight at T = 32 and γ = 2.8 lies far above the floor."""
    from zeta_geom.mixers import p_series_weights

    assert p_series_weights(32, Settings().gamma)[-1] > 100 * Settings().floor


def fake_scores(mixup, zeta, batch):
    parts = []
    for method, values in (("mixup", mixup), ("zeta", zeta)):
        part = pd.DataFrame(dict.fromkeys(MEASURES, values))
        parts.append(part.assign(method=method, seed=0, batch=batch, agrees=True))
    return pd.concat(parts, ignore_index=True)


def test_summary_reports_infinite_values():
    finite = np.arange(100.0)
    endless = np.where(finite < 80, finite, np.inf)
    table = summarise(fake_scores(endless, finite, np.arange(100)))
    mixup, zeta = table[table["measure"] == "kl"].to_dict("records")
    assert mixup["share_infinite"] == pytest.approx(0.2)
    assert mixup["mean"] == np.inf
    assert np.isnan(mixup["std"])
    assert (mixup["q1"], mixup["median"], mixup["q3"]) == (24, 49, 74)
    assert zeta["share_infinite"] == 0
    assert zeta["std"] == pytest.approx(finite.std())


def test_differences_of_medians_with_intervals_over_batches():
    generator = np.random.default_rng(1)
    mixup, zeta = generator.normal(2, 1, 3200), generator.normal(1, 1, 3200)
    alone = compare(fake_scores(mixup, zeta, np.arange(3200)), 200).iloc[0]
    assert alone["difference"] == pytest.approx(np.median(zeta) - np.median(mixup), abs=1e-2)
    assert alone["low"] < alone["difference"] < alone["high"] < -0.8
    # the standard error of a median of n normal values is sqrt(π / 2n)
    assert alone["high"] - alone["low"] == pytest.approx(2 * 1.96 * np.sqrt(np.pi / 3200), rel=0.25)
    shared = np.repeat(generator.normal(2, 1, 100), 32)
    in_batches = compare(fake_scores(shared, zeta, np.arange(3200) // 32), 200).iloc[0]
    assert in_batches["high"] - in_batches["low"] > 3 * (alone["high"] - alone["low"])


def test_infinite_medians_have_no_difference():
    endless = np.full(64, np.inf)
    assert compare(fake_scores(endless, np.ones(64), np.arange(64) // 32), 20).empty


def test_scores_depend_on_the_seed_alone():
    tiny = SMALL.model_copy(update={"n_synthetic": 64})
    pd.testing.assert_frame_equal(score(tiny, SAMPLE), score(tiny, SAMPLE))
