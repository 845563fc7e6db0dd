import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image
from scipy import stats

from analyses import figure_8
from analyses.context import Context
from analyses.figure_8 import networks as figure_8_networks
from analyses.figure_8 import recipes as figure_8_recipes
from figures.figure_8 import caption, draw, verdict
from zeta_geom import datasets
from zeta_geom.plots.features import CLASS_COLORS, class_map, interval_rows, predicted_picture
from zeta_geom.records import Record, read
from zeta_geom.training import (
    RECIPES,
    Classifier,
    Recipe,
    load_image_data,
    load_network,
    read_recipe,
    run,
    write_recipe,
)
from zeta_geom.training.recipes.files import change_recipe

SMALL = figure_8.Settings(per_class=12, epochs=2, n_synthetic=120, k=16, seeds=2, n_shown=5, perplexity=10)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    figure_8.run(Context(results=folder, offline=True, progress=False), SMALL)
    return folder


@pytest.fixture
def record():
    """Six images of class 0: right by (ERM, mixup, ζ) as the columns say, with counts made by hand."""
    wrong = np.array([[1, 1, 1, 0, 0, 1], [1, 1, 0, 0, 0, 1], [0, 0, 1, 0, 1, 1]])
    values = {"predicted": wrong}
    for kind in ("counts", "soft", "balanced"):
        values[f"{kind}_mixup"] = np.array([10, 20, 40, 50, 60, 5])
        values[f"{kind}_zeta"] = np.array([30, 15, 20, 50, 70, 5])
    return Record("tiny", values, {"settings": {}})


@pytest.fixture
def tiny():
    empty = np.zeros((0, 28, 28), np.uint8)
    return datasets.Dataset("tiny", empty, empty[:, 0, 0], empty, np.zeros(6, int), ("0", "1"), "none", "none")


def test_selections_are_the_paper_s_its_mirror_image_and_all(record, tiny):
    masks = figure_8.select(record["predicted"], tiny.y_test)
    assert {name: np.flatnonzero(mask).tolist() for name, mask in masks.items()} == {
        "i": [0, 1],
        "ii": [2],
        "iii": [0, 1, 2, 3, 4, 5],
    }


def test_counts_are_summarised_per_selection(record, tiny):
    table = pd.DataFrame(figure_8.count(tiny, record, 3)).set_index(["selection", "method"])
    assert table.loc[("i", "zeta"), "n_images"] == 2
    assert table.loc[("i", "mixup"), "mean_count"] == 15
    assert table.loc[("i", "zeta"), "mean_count"] == 22.5
    assert table.loc[("i", "zeta"), "relative_difference"] == pytest.approx(0.5)
    assert table.loc[("i", "zeta"), "share_more"] == 0.5
    assert table.loc[("ii", "zeta"), "relative_difference"] == pytest.approx(-0.5)
    assert table.loc[("iii", "mixup"), "n_images"] == 6
    assert [row["accuracy"] for row in figure_8.accuracy(tiny, record, 3)] == pytest.approx([2 / 6, 3 / 6, 3 / 6])


def test_an_empty_selection_has_no_number_and_is_left_out_of_the_interval(record, tiny):
    record.values["predicted"] = np.zeros((3, 6), int)
    rows = figure_8.count(tiny, record, 0)
    assert all(np.isnan(row["mean_count"]) and row["n_images"] == 0 for row in rows if row["selection"] == "i")
    assert figure_8.intervals(pd.DataFrame(rows))["selection"].tolist() == ["iii"]


def test_training_images_are_stratified_and_seeded():
    y = np.repeat(np.arange(10), 30)
    rows = figure_8_networks.choose(y, 7, 0)
    assert np.bincount(y[rows]).tolist() == [7] * 10
    assert len(set(rows.tolist())) == 70
    assert rows.tolist() == figure_8_networks.choose(y, 7, 0).tolist() != figure_8_networks.choose(y, 7, 1).tolist()
    assert figure_8_networks.choose(y, None, 0).tolist() == list(range(300))


def test_records_hold_what_they_say(results):
    folder = results / "records" / "figure_8"
    neighbors, accuracy = read(folder / "neighbors"), read(folder / "accuracy").table
    assert neighbors.settings["data_name"] == "mnist-sample"
    assert len(neighbors.table) == 2 * 3 * 2
    assert accuracy.groupby("method").size().to_dict() == {"erm": 2, "mixup": 2, "zeta": 2}
    everything = neighbors.table[neighbors.table["selection"] == "iii"]
    assert (everything["n_images"] == 1000).all()
    assert everything["mean_count"].between(0, 16).all()
    seed = read(folder / "mnist-sample" / "seed-0")
    assert seed["predicted"].shape == (3, 1000)
    assert (seed["predicted"] == datasets.load("mnist-sample").y_test).mean() > 0.15  # far above chance already
    assert "train_features_zeta" not in read(folder / "mnist-sample" / "seed-1").values


def test_finished_seeds_are_not_trained_again(results, monkeypatch):
    monkeypatch.setattr(figure_8_networks, "one_seed", lambda *_: pytest.fail("trained again"))
    figure_8.run(Context(results=results, offline=True, progress=False), SMALL)


def test_the_figure_is_titled_and_named_as_the_sample(results):
    written = draw(results)
    assert [path.name for path in written] == ["figure_8-mnist-sample.png", "figure_8-mnist-sample.pdf"]
    assert all(path.stat().st_size > 10_000 for path in written)


def test_paper_preset_takes_the_recipes_of_table_6_and_says_where_their_data_belong(tmp_path):
    paper = figure_8.PRESETS["paper"].model_copy(update={"data_home": tmp_path})
    assert all(name in RECIPES for recipes in paper.recipes.values() for name in recipes)
    with pytest.raises(FileNotFoundError, match="isic-2017"):
        figure_8.run(Context("paper", tmp_path, progress=False), paper)


@pytest.fixture
def skin(tmp_path):
    """A folder of colour pictures of three classes, and three recipes for it as files."""
    generator = np.random.default_rng(0)
    for i in range(42):
        name = ("mel", "nev", "sk")[i % 3]
        levels = generator.integers(0, 80, (32, 40, 3)) + 60 * (i % 3)
        (tmp_path / "skin" / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(levels.astype(np.uint8)).save(tmp_path / "skin" / name / f"{i}.png")
    shared = {
        "data": f"folder:{tmp_path / 'skin'}",
        "size": 32,
        "crop": 0.8,
        "network": "resnet10-narrow",
        "epochs": 2,
    }
    mixers = {"erm": None, "mixup": {"name": "mixup"}, "zeta": {"name": "zeta", "params": {"gamma": 2.8}}}
    for method, mixer in mixers.items():
        made = shared | {"name": f"skin/{method}", "mixer": mixer, "optimizer": {"learning_rate": 0.05}}
        write_recipe(Recipe.model_validate(made | {"batch_size": 8}), tmp_path / f"{method}.yaml")
    return tmp_path, tuple(str(tmp_path / f"{method}.yaml") for method in mixers)


def test_a_folder_of_pictures_goes_from_recipes_to_the_figure(skin, monkeypatch):
    folder, recipes = skin
    changes = {"names": (), "recipes": {"skin": recipes}, "runs": folder / "runs", "seeds": 1, "n_synthetic": 40}
    settings = SMALL.model_copy(update=changes)
    figure_8.run(Context("paper", folder, progress=False), settings)
    neighbors = read(folder / "records" / "figure_8" / "neighbors")
    assert neighbors.settings["data_name"] == "skin"
    seed = read(folder / "records" / "figure_8" / "skin" / "seed-0")
    assert seed["train_features_zeta"].shape == (40, 128)
    assert seed["train_labels_zeta"].shape == (40,)
    assert [path.name for path in draw(folder)] == ["figure_8-skin.png", "figure_8-skin.pdf"]
    tables = {name: read(folder / "records" / "figure_8" / name).table for name in ("neighbors", "intervals")}
    said = caption(read(folder / "records" / "figure_8" / "skin" / "drawn"), tables)
    assert "zeta: resnet10-narrow by the recipe skin/zeta, 30 training images, 2 epochs" in " ".join(said.split())
    assert "LeNet" not in said
    assert str(folder) not in str(neighbors.manifest)
    monkeypatch.setattr(Classifier, "training_step", lambda *_: pytest.fail("trained again"))
    figure_8.run(Context("paper", folder, progress=False, force=True), settings)


def test_recipes_that_do_not_belong_together_are_refused(skin):
    recipes = skin[1]
    write_recipe(change_recipe(read_recipe(recipes[1]), {"size": 48}), recipes[1])
    with pytest.raises(ValueError, match="the three recipes of skin must have the same size; skin/mixup differs"):
        figure_8_recipes.by_recipes("skin", recipes, SMALL, False)


def test_predictions_by_features_are_those_of_the_network(skin):
    folder, recipes = skin
    run(recipes[0], folder=folder / "runs", seeds=[0], accelerator="cpu", progress=False, logs=False)
    recipe = read_recipe(recipes[0])
    data = load_image_data(recipe.data, size=32, crop=0.8, progress=False)
    classifier = load_network(recipe, 0, data, folder=folder / "runs")
    images = torch.stack([data.test[i][0] for i in range(len(data.test))])
    _, predicted, labels = figure_8_recipes.see(classifier, [(images.float() / 255, torch.arange(len(images)))])
    with torch.no_grad():
        assert predicted.tolist() == classifier.cpu()(images).argmax(1).tolist()
    assert labels.tolist() == list(range(len(images)))
    batches = list(figure_8_recipes.shuffled(data, 8, 50, 0))
    assert sum(len(x) for x, _ in batches) == 50
    assert sum(len(x) for x, _ in batches[:4]) == len(data.train)  # an epoch holds each image once


@pytest.mark.parametrize(
    ("low", "high", "text"), [(0.1, 0.3, "ζ has more"), (-0.3, -0.1, "ζ has fewer"), (-0.1, 0.1, "no difference")]
)
def test_the_verdict_comes_from_all_images(low, high, text):
    rows = {
        "selection": ["i", "iii"],
        "relative": [9.0, 0.0],
        "relative_low": [8.0, low],
        "relative_high": [10.0, high],
    }
    rows |= {key: [0.0, 0.0] for key in ("soft", "soft_low", "soft_high")}
    assert text in verdict({"intervals": pd.DataFrame(rows)})


def test_intervals_are_those_of_scipy_s_paired_t_test():
    generator = np.random.default_rng(0)
    counts = generator.normal(100, 5, (5, 2))
    rows = [
        {"data": "a", "selection": "iii", "seed": seed, "method": method, "n_images": 9, "relative_difference": 0.1}
        | {"mean_count": count, "mean_soft": count / 2}
        for seed, pair in enumerate(counts)
        for method, count in zip(("mixup", "zeta"), pair)
    ]
    row = figure_8.intervals(pd.DataFrame(rows)).iloc[0]
    judge = stats.ttest_rel(counts[:, 1], counts[:, 0]).confidence_interval(0.95)
    np.testing.assert_allclose(row[["difference_low", "difference_high"]].to_list(), judge)
    np.testing.assert_allclose(row[["soft_low", "soft_high"]].to_list(), np.array(judge) / 2)
    assert row["relative"] == pytest.approx(0.1)


def test_class_colors_differ():
    assert len(set(CLASS_COLORS)) == 10


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ax: class_map(ax, np.zeros((2, 3)), [0, 1], "ab"), "train_xy must have two columns"),
        (lambda ax: class_map(ax, np.zeros((2, 2)), [0, 2], "ab"), r"train_labels must lie in 0\.\.1"),
        (lambda ax: class_map(ax, np.zeros((2, 2)), np.eye(2), "ab"), "train_labels must be classes"),
        (
            lambda ax: class_map(ax, np.zeros((2, 2)), [0, 1], "ab", np.zeros((3, 2)), [0]),
            "test_labels must have one",
        ),
        (lambda ax: class_map(ax, np.zeros((2, 2)), [0, 1], "abcdefghijk"), "class_names must hold at most 10 names"),
        (lambda ax: interval_rows(ax, [1.0], [0.0], [2.0], [[1.0]], []), "must have equal lengths"),
        (lambda ax: predicted_picture(ax, np.zeros(3), "a", {}), "image must have shape"),
    ],
)
def test_plots_refuse(call, message):
    with pytest.raises(ValueError, match=message):
        call(Figure().subplots())
