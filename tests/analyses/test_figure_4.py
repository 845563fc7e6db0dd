"""Figures 4 and 5: the mixtures are the mixers', each in its leader's place, and the files name the data."""

import sys

import numpy as np
import pytest
import typer
from PIL import Image

from analyses import figure_4
from analyses.context import Context
from figures import figure_4 as drawing
from zeta_geom import datasets
from zeta_geom.mixers import Mixup, ZetaMixup, p_series_weights
from zeta_geom.records import read

GAMMAS = (2.4, 2.8, 4.0)
SAMPLE = datasets.load("mnist-sample")


def pictures(n, shape=(6, 5), name="made here"):
    levels = np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)
    return figure_4.Pictures(name, n, levels.__getitem__, "none"), levels


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    context = Context(results=tmp_path_factory.mktemp("results"), offline=True, progress=False)
    figure_4.run(context)
    figure_4.run(context, number="5")
    return context.results


@pytest.fixture(scope="module")
def made(results):
    return read(results / "records" / "figure_5" / "images")


def test_presets_are_the_paper_s():
    assert [figure_4.PRESETS[number]["paper"].data for number in "45"] == ["isic-2017", "isic-2018"]
    assert [figure_4.PRESETS[number]["quick"].data for number in "45"] == ["fashion-mnist", "mnist"]
    assert figure_4.PRESETS["4"]["paper"].gammas == GAMMAS


def test_originals_are_training_images_and_none_twice(made):
    np.testing.assert_allclose(made["original"], SAMPLE.X_train[made["index"]] / np.float32(255))
    assert len(set(made["index"].tolist())) == 36
    assert made["batch"].tolist() == np.repeat(range(6), 6).tolist()


def test_mixtures_are_those_of_the_mixers():
    found, levels = pictures(200)
    made = figure_4.mix(found, figure_4.Settings(data="made here"))
    order = np.random.default_rng(0).permutation(200)[:192]
    batches = levels[order].reshape(6, 32, 6, 5).astype(np.float32) / 255
    mixers = {"mixup": Mixup(random_state=0)} | {f"zeta-{g:g}": ZetaMixup(g, random_state=0) for g in GAMMAS}
    for method, mixer in mixers.items():
        expected = np.concatenate([mixer(batch)[0][:6] for batch in batches])
        np.testing.assert_allclose(made[method], expected, atol=1e-6)


def test_every_image_leads_with_the_largest_share():
    """With one bright image in a batch of dark ones, the mixture's level is the bright one's weight."""
    levels = np.zeros((32, 2, 2), np.uint8)
    levels[7] = 255
    made = figure_4.mix(figure_4.Pictures("dark", 32, levels.__getitem__, "none"), figure_4.Settings(data="dark"))
    (bright,) = np.flatnonzero(made["original"][:, 0, 0])
    ranks = []
    for gamma in GAMMAS:
        weights, shares = p_series_weights(32, gamma), made[f"zeta-{gamma:g}"][:, 0, 0]
        assert shares[bright] == pytest.approx(weights[0], rel=1e-5) == float(made[f"zeta-{gamma:g}-leader"])
        assert shares.argmax() == bright
        ranks.append(np.abs(shares[:, None] - weights).argmin(axis=1).tolist())
    assert ranks[0] == ranks[1] == ranks[2]  # the same permutations for every γ
    own = float(made["lambda"][0])
    assert {round(float(v), 5) for v in made["mixup"][:, 0, 0]} <= {0, 1, round(own, 5), round(1 - own, 5)}


@pytest.mark.parametrize(
    ("n", "batches", "each"), [(500, 6, 6), (192, 6, 6), (100, 3, 12), (64, 2, 18), (33, 1, 32), (9, 1, 9)]
)
def test_few_images_make_fewer_batches(n, batches, each):
    made = figure_4.mix(pictures(n)[0], figure_4.Settings(data="made here"))
    assert np.bincount(made["batch"]).tolist() == [each] * batches
    assert len(made["lambda"]) == batches
    assert all(len(made[key]) == batches * each for key in ("original", "mixup", "zeta-2.4", "index"))


def test_one_image_cannot_be_mixed():
    with pytest.raises(ValueError, match="made here must have at least 2 training images to mix; it has 1"):
        figure_4.mix(pictures(1)[0], figure_4.Settings(data="made here"))


def test_stand_ins_are_named_in_record_file_and_title(results, made):
    assert made.settings["data_name"] == "mnist-sample"
    written = drawing.draw(results) + drawing.draw(results, "5")
    names = ["figure_4_digits.png", "figure_4_digits.pdf", "figure_5_mnist-sample.png", "figure_5_mnist-sample.pdf"]
    assert [path.name for path in written] == names
    assert all(path.stat().st_size > 10_000 for path in written)
    assert drawing.title(made, "5") == "MNIST sample, standing in for the paper's ISIC 2018"


def test_panels_show_the_records_arrays(made):
    fig = drawing.draw_panels(made, "5")
    panels = [ax for ax in fig.axes if ax.images]
    for ax, key in zip(panels, ("original", "mixup", "zeta-2.4", "zeta-2.8", "zeta-4"), strict=True):
        drawn = np.stack([np.asarray(image.get_array()) for image in ax.images])
        np.testing.assert_allclose(drawn, made[key], atol=1e-6)
    assert [ax.get_title(loc="left") for ax in panels] == list("abcde")
    assert [text.get_text()[-4:] for text in panels[1].texts] == [f"{lam:.2f}" for lam in made["lambda"]]


def test_a_folder_of_colour_pictures_goes_all_the_way(tmp_path):
    pytest.importorskip("zeta_geom.training")
    generator = np.random.default_rng(0)
    for name in ("nevus", "melanoma"):
        folder = tmp_path / "my skin" / name
        folder.mkdir(parents=True)
        for i in range(12):
            Image.fromarray(generator.integers(0, 256, (30, 40, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    results = tmp_path / "results"
    Context(results=results).mark_left_out("figure_4", True)
    figure_4.main(tmp_path / "my skin", results)
    made = read(results / "records" / "figure_4" / "images")
    assert made["original"].shape[1:] == (128, 128, 3)
    assert str(tmp_path) not in str(made.manifest)
    assert drawing.title(made, "4") == "my skin, a folder of your own"
    assert [path.name for path in drawing.draw(results)] == ["figure_4_my skin.png", "figure_4_my skin.pdf"]
    assert "figure_4" not in (results / "left_out.json").read_text()


def test_a_folder_without_class_folders_is_enough(tmp_path):
    """The figure uses no labels; what is hidden is no picture, and transparent pixels show the background."""
    pytest.importorskip("zeta_geom.training")
    folder = tmp_path / "pictures"
    (folder / ".ipynb_checkpoints").mkdir(parents=True)
    for i in range(3):
        Image.new("RGBA", (8, 8), (10, 20, 30, 255 * (i > 0))).save(folder / f"{i}.png")
        Image.new("RGB", (8, 8)).save(folder / ".ipynb_checkpoints" / f"{i}-checkpoint.png")
    for background, shown in (("white", 255), ("black", 0)):
        figure_4.main(folder, tmp_path / background, background)
        made = read(tmp_path / background / "records" / "figure_4" / "images")
        levels = np.rint(255 * made["original"][np.argsort(made["index"]), 0, 0])
        np.testing.assert_array_equal(levels, [[shown] * 3, [10, 20, 30], [10, 20, 30]])
    assert "3 pictures, from one batch of 3;" in drawing.caption(made)


def test_paper_s_images_that_are_absent_leave_the_figure_out(tmp_path, monkeypatch):
    pytest.importorskip("zeta_geom.training")
    monkeypatch.setenv("ZETA_GEOM_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="isic-2018"):
        figure_4.run(Context("paper", tmp_path, progress=False), number="5")


def test_without_the_extra_the_error_names_what_lacks(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zeta_geom.training.data", None)
    with pytest.raises(FileNotFoundError, match=r"pictures of isic-2017 cannot be opened: .*zeta_geom\.training"):
        figure_4.run(Context("paper", tmp_path, progress=False))


def test_an_absent_folder_is_said_so(tmp_path, capsys):
    pytest.importorskip("zeta_geom.training")
    with pytest.raises(typer.Exit):
        figure_4.main(tmp_path / "nothing", tmp_path)
    assert "nothing" in capsys.readouterr().err
