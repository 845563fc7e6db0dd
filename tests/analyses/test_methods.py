"""The table of methods: its records on small sets, cells computed again in plain ways, the figure and the claims."""

import dataclasses

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analyses import methods
from analyses.claims.methods import methods as claims_of
from analyses.context import Context
from analyses.methods import Settings, subjects, why_not
from figures import methods as drawing
from figures.methods import draw_table, written
from zeta_geom import datasets, records
from zeta_geom.manifolds import MANIFOLDS
from zeta_geom.mixers import MIXERS, CutMix, MixFeat, Mixup
from zeta_geom.mixers.table import LEARNED, method_table
from zeta_geom.plots.heat_table import heat_table, relative_shades
from zeta_geom.realism import MNISTOracle

SMALL = Settings(
    n_plane=96,
    n_manifold=3072,
    n_images=96,
    n_neighbors=(8, 32),
    plane_seeds=2,
    manifold_seeds=2,
    image_seeds=2,
)
SAMPLE = datasets.load("mnist-sample")
SUBJECTS = subjects(SMALL, SAMPLE)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    context = Context(results=tmp_path_factory.mktemp("results"), offline=True, progress=False)
    methods.run(context, SMALL)
    return context.results


@pytest.fixture(scope="module")
def tables(results):
    stored = {data: records.read(results / "records" / "methods" / data).table for data in SUBJECTS}
    learned = methods.learned_record(Context(results=results), SMALL, SAMPLE)
    return stored | {"mnist": methods.with_learned(stored["mnist"], *learned)}


@pytest.fixture(scope="module")
def panel(results):
    return records.read(results / "records" / "methods" / "panel")


@pytest.fixture(scope="module")
def figure(panel):
    fig = draw_table(panel)
    FigureCanvasAgg(fig).draw()
    return fig


def cell(tables, data, method, measure, seed=0):
    table = tables[data]
    return table[(table["method"] == method) & (table["seed"] == seed)][measure].item()


def images(seed=0):
    """Return what the analysis draws of the sample."""
    rows = np.random.default_rng(seed).permutation(1000)[:96]
    return SAMPLE.X_train[rows].astype(np.float32) / 255, SAMPLE.y_train[rows]


def test_every_method_has_numbers_or_a_reason_on_every_set(tables, panel):
    for data, table in tables.items():
        assert set(table["method"]) == {"original", *MIXERS, *LEARNED}
        measures = table.columns.drop(["method", "seed", "reason", "n"])
        defined = table["reason"] == ""
        assert table.loc[defined, measures].notna().all(axis=None)
        assert table.loc[~defined, measures].isna().all(axis=None)
        assert (table[defined].groupby("method").size() == 2).all()
        assert not table[~defined]["method"].duplicated().any()
        cells = panel.table[panel.table["data"] == data]
        assert len(cells) == (1 + len(MIXERS) + len(LEARNED)) * len(measures)
        assert (cells["mean"].isna() == (cells["reason"] != "")).all()


@pytest.mark.parametrize(
    ("method", "data", "text"),
    [
        ("cutmix", "spirals", "mixes images: points have no height and width"),
        ("opttransmix", "mnist-features", "mixes images: features have no height and width"),
        ("between-class", "helix-3d", "mixes samples of two classes: these points have none"),
        ("mixfeat", "mnist", "mixes a model's features: measured on the oracle's"),
        ("between-class", "crescents", ""),
        ("manifold-mixup", "mnist-features", ""),
        ("supermix", "mnist", ""),
        ("original", "helix-3d", ""),
    ],
)
def test_why_a_cell_is_not_defined(method, data, text):
    assert why_not(method, SUBJECTS[data]) == text


def test_the_original_is_what_it_is_known_to_be(tables):
    assert cell(tables, "helix-3d", "original", "dimension_8") == pytest.approx(1, abs=0.2)
    assert cell(tables, "curved-12d", "original", "dimension_8") == pytest.approx(3, abs=0.2)
    for data in ("helix-3d", "curved-12d"):
        assert cell(tables, data, "original", "distance") < 1e-9
    assert cell(tables, "mnist", "original", "label_error") < 0.03
    assert cell(tables, "mnist", "original", "infinite") == 1
    for measure in ("entropy", "h_p_y_floored", "label_error"):  # the last layer of its features is the oracle
        of_images, of_features = (cell(tables, data, "original", measure) for data in ("mnist", "mnist-features"))
        assert of_features == pytest.approx(of_images, rel=1e-6)


def test_sparse_weights_are_nearer_than_dirichlets(tables):
    for data in ("helix-3d", "curved-12d"):
        distance = tables[data].groupby("method")["distance"].mean()
        assert distance["original"] < distance["local-synthetic-instances"] < distance["zeta"] < distance["dirichlet"]
    for data in ("mnist", "mnist-features"):
        seen = tables[data].groupby("method")["entropy_mean"].mean()
        assert seen["original"] < seen["zeta"] < seen["dirichlet"]


def test_label_error_of_mixup_on_spirals_counted_again(tables):
    X, y = MANIFOLDS["spirals"].make(96, noise=0.1, random_state=0)
    mixed, label = Mixup(random_state=0).mix_dataset(X, y, batch_size=32, n_classes=2)
    arms = MANIFOLDS["spirals"].curves(np.linspace(*MANIFOLDS["spirals"].limits, 20_001))
    near = [min(range(2), key=lambda k: np.hypot(*(arms[k] - x).T).min()) for x in mixed]
    wrong = np.mean(label.argmax(axis=1) != near)
    assert cell(tables, "spirals", "mixup", "label_error") == pytest.approx(wrong)


def test_what_the_oracle_makes_of_cutmix_computed_again(tables):
    X, y = images()
    mixed, label = CutMix(random_state=0).mix_dataset(X[:, None], y, batch_size=32, n_classes=10)
    p = MNISTOracle.pretrained().predict_proba(mixed)
    entropies = -(p * np.log(p)).sum(axis=1)
    with np.errstate(divide="ignore"):
        crossed = -(p * np.log(label)).sum(axis=1)
    assert cell(tables, "mnist", "cutmix", "entropy") == pytest.approx(np.median(entropies), rel=1e-6)
    assert cell(tables, "mnist", "cutmix", "entropy_mean") == pytest.approx(entropies.mean(), rel=1e-6)
    assert cell(tables, "mnist", "cutmix", "infinite") == np.isinf(crossed).mean()
    right = label[np.arange(96), p.argmax(axis=1)] >= label.max(axis=1) - 1e-6
    assert cell(tables, "mnist", "cutmix", "label_error") == pytest.approx(1 - right.mean())


def test_features_mixed_by_mixfeat_and_judged_again(tables):
    X, y = images()
    oracle = MNISTOracle.pretrained()
    mixed, label = MixFeat(random_state=0).mix_dataset(oracle.features(X), y, batch_size=32, n_classes=10)
    layer = oracle.model.fc3
    logits = mixed @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    assert cell(tables, "mnist-features", "mixfeat", "label_error") == pytest.approx(
        np.mean(logits.argmax(axis=1) != label.argmax(axis=1))
    )
    p = torch.from_numpy(logits).softmax(dim=1).numpy()
    floored = np.maximum(label, 1e-7) / np.maximum(label, 1e-7).sum(axis=1, keepdims=True)
    crossed = np.median(-(p * np.log(floored)).sum(axis=1))
    assert cell(tables, "mnist-features", "mixfeat", "h_p_y_floored") == pytest.approx(crossed, rel=1e-6)
    features = tables["mnist-features"].set_index(["method", "seed"])
    pd.testing.assert_series_equal(features.loc[("manifold-mixup", 0)], features.loc[("mixup", 0)], check_names=False)


@pytest.mark.parametrize("method", ["supermix", "cutmix", "original"])
def test_every_method_gives_as_many_rows(method):
    X, y = methods.make_images(SAMPLE, 40, 0)
    mixer = None if method == "original" else methods.mixer_of(method, SMALL, 0)
    mixed, label = methods.mix(mixer, X, y, 10, SMALL)
    assert mixed.shape == (40, 1, 28, 28)
    np.testing.assert_allclose(label.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("preset", ["quick", "full"])
def test_learned_methods_have_rows_of_the_table_or_of_a_training(tmp_path, monkeypatch, preset):
    context = Context(preset=preset, results=tmp_path, progress=False)
    rows = [{"method": method, "seed": 0, "n": 96, "label_error": 0.25} for method in LEARNED]
    monkeypatch.setattr(methods, "learned_rows", lambda n, seeds: pd.DataFrame(rows[:1]))
    monkeypatch.setattr(methods, "learned_mixer", lambda *words: Mixup(random_state=0))
    mnist = dataclasses.replace(SAMPLE, name="mnist")
    learned, lacking = methods.learned_record(context, SMALL, mnist)
    others = pd.DataFrame([{"method": "zeta", "seed": 0, "n": 96, "reason": "", "label_error": 0.5}])
    table = methods.with_learned(others, learned, lacking)
    assert table["method"].iloc[0] == "zeta"
    assert set(table["method"].iloc[1:]) == {*LEARNED}
    if preset == "quick":
        assert table["reason"].tolist() == ["", "", *2 * ["make study has no table for 96 images"]]
    else:
        assert (table["reason"] == "").all()
        assert len(learned) == SMALL.image_seeds * len(LEARNED)


def test_the_figure_says_every_number_and_every_reason(panel, figure):
    texts = [text.get_text() for text in figure.axes[0].texts]
    notes = figure.get_supxlabel().replace("\n", " ")
    reasons = set(panel.table["reason"]) - {""}
    assert len(reasons) == 5
    drawn = panel.table[panel.table["measure"] != "infinite"]
    for reason in reasons:
        symbol = notes[: notes.index(reason)].rstrip()[-1]
        assert texts.count(symbol) == (drawn["reason"] == reason).sum()
    error = panel.table.set_index(["method", "data", "measure"]).loc[("dirichlet", "mnist", "label_error"), "mean"]
    assert f"{100 * error:.1f}" in texts
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names[0] == "original, unmixed"
    assert [name.rstrip("¹²³⁴⁵⁶⁷⁸⁹") for name in names[1:]] == [*method_table()["method"]]
    assert "H(p, y) is infinite for" in notes
    assert "SuperMix has for its teacher the oracle that judges" in notes
    assert "of 96, 3,072 and 96 points" in notes


def test_no_text_of_the_figure_is_cut_or_runs_into_its_neighbour(figure):
    renderer = figure.canvas.get_renderer()
    ax, page = figure.axes[0], figure.bbox
    boxes = [text.get_window_extent(renderer) for text in (*ax.texts, *ax.get_yticklabels())]
    boxes.append(figure._supxlabel.get_window_extent(renderer))
    for box in boxes:
        assert box.x0 >= page.x0
        assert box.x1 <= page.x1
        assert box.y0 >= page.y0
        assert box.y1 <= page.y1
    boxes = np.array([[box.x0 + 1, box.x1 - 1, box.y0 + 1, box.y1 - 1] for box in boxes])
    aside = (boxes[:, None, 1] < boxes[None, :, 0]) | (boxes[:, None, 3] < boxes[None, :, 2])
    overlaps = ~(aside | aside.T)
    assert overlaps.sum() == len(boxes)  # each with itself


def test_drawn_from_the_sample_and_named_so(results):
    assert [path.name for path in drawing.draw(results)] == ["methods-sample.png", "methods-sample.pdf"]


def test_claims_are_compared_on_the_same_seeds(results, tables):
    claims = claims_of(results)
    assert len(claims) == 9 + 3 * len(SMALL.n_neighbors)
    farther = next(claim for claim in claims if "farther" in claim.statement and claim.data.startswith("helix"))
    assert farther.data == "helix-3d, γ = 2.8, 2 seeds"
    assert farther.verdict == "holds"
    by_method = tables["helix-3d"].groupby("method")["distance"].mean()
    assert f"{by_method['dirichlet'] - by_method['zeta']:+.3g}" in farther.measured


def test_no_record_no_claim(tmp_path):
    assert claims_of(tmp_path) == []


@pytest.mark.parametrize(
    ("measure", "mean", "std", "text"),
    [
        ("label_error", 0.1234, 0.01, ("12.3", "± 1.0")),
        ("dimension_8", 6.993, 0.0021, ("6.99", "± 0.00")),
        ("dimension_128", 25.08, 0.14, ("25.1", "± 0.1")),
        ("distance", 79.18, 0.12, ("79.2", "± 0.1")),
        ("distance", 3e-19, 0, ("0", "")),
        ("entropy", 1.34e-7, 2.6e-8, ("1e−7", "± 3e−8")),
        ("entropy_mean", 0.0264, np.nan, ("0.026", "")),
    ],
)
def test_numbers_and_spreads_have_as_many_places(measure, mean, std, text):
    assert written(measure, mean, std) == text


def test_shades_are_roots_of_shares_of_the_largest_difference():
    shades = relative_shades([[1.0, 2.0, 5.0], [5.0, 2.0, np.nan], [0.0, 2.0, 4.0]])
    np.testing.assert_allclose(shades, [[0, 0, 0], [1, 0, np.nan], [-0.5, 0, -1]])
    np.testing.assert_allclose(relative_shades([[0.0], [1.0]], reference=1), [[-1], [0]])
    with pytest.raises(ValueError, match=r"reference must be an integer in \[0, 1\]; got 2"):
        relative_shades([[0.0], [1.0]], reference=2)


def test_cells_without_a_shade_are_hatched_and_the_others_coloured():
    with mpl.rc_context():
        ax = heat_table(
            Figure().subplots(),
            [["1", "2"], ["3", "a"]],
            [[0.0, 1.0], [-1.0, np.nan]],
            rows=["x", "y"],
            columns=["c", "d"],
            groups=[("one", 1), ("two", 1)],
            small=[["± 1", ""], ["", ""]],
        )
    hatched = [patch.get_hatch() is not None for patch in ax.patches]
    assert hatched == [False, False, False, True]
    assert mpl.colors.to_hex(ax.patches[0].get_facecolor()) == "#ffffff"
    assert mpl.colors.to_hex(ax.patches[1].get_facecolor()) == "#d55e00"
    inks = {text.get_text(): text.get_color() for text in ax.texts}
    assert (inks["1"], inks["2"], inks["3"]) == ("black", "black", "white")
    assert "± 1" in inks
    with pytest.raises(ValueError, match=r"cover the columns; got .* groups of \[1\]"):
        heat_table(ax, [["1", "2"]], [[0.0, 0.0]], rows=["x"], columns=["c", "d"], groups=[("one", 1)])
