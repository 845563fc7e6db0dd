"""Figure 6 run small, and drawn."""

import numpy as np
import pytest
from PIL import Image

from analyses import figure_6
from analyses.context import Context
from figures import figure_6 as drawing
from tests.analyses.figure_6.settings import SMALL
from zeta_geom import records


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    figure_6.run(Context(results=folder, offline=True, progress=False), SMALL)
    return folder


def test_records_hold_every_curve(results):
    table = records.read(results / "records" / "figure_6" / "helix-3d").table
    assert set(table["mixer"]) == {"original", "mixup", "mixup-per-sample", "zeta"}
    assert set(table["anchor"]) == {"", "self", "random"}
    assert len(table) == 2 * (3 + 2 * 3)
    names = [records.read(results / "records" / "figure_6" / f"images-{i}").settings["data_name"] for i in (1, 2)]
    assert names == ["digits", "mnist-sample"]


def test_drawn_files_say_what_stands_in(results):
    written = drawing.draw(results)
    assert [path.name for path in written] == [
        "figure_6a-d.png",
        "figure_6a-d.pdf",
        "figure_6e-h-digits-mnist-sample.png",
        "figure_6e-h-digits-mnist-sample.pdf",
    ]
    assert all(path.stat().st_size > 10_000 for path in written)


def test_images_are_grey_levels_between_0_and_1():
    points = figure_6.image_points(Context(offline=True), SMALL)
    assert all(X.shape[0] == 150 and X.dtype == np.float32 and 0 <= X.min() < X.max() == 1 for X in points.values())


def test_images_of_the_users_own_stand_for_themselves(tmp_path, capsys, monkeypatch):
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "mine.npz", X_train=rng.integers(0, 256, (120, 4, 4, 3), dtype=np.uint8), y_train=np.zeros(120)
    )
    monkeypatch.setattr("analyses.figure_6.ANNOUNCED", 100)
    monkeypatch.setattr("analyses.figure_6.TRIED", (60, 100))
    context = Context(results=tmp_path, images=(tmp_path / "mine.npz",), progress=False)
    figure_6.run(context, SMALL)
    said = capsys.readouterr().out
    assert "figure 6, mine: 7 runs, 0 of them recorded, of 120 points in 48 dimensions: about" in said
    assert not (tmp_path / "records" / "figure_6" / "images-2.json").exists()
    names = [path.name for path in drawing.draw(tmp_path)]
    assert names[2:] == ["figure_6e-f-mine.png", "figure_6e-f-mine.pdf"]
    made = [records.read(tmp_path / "records" / "figure_6" / "images-1")]
    assert drawing.stand_in_note(made) == "Drawn from mine (120 images)"
    figure_6.run(context, SMALL)
    assert "7 of them recorded" in capsys.readouterr().out


def test_pictures_in_folders_are_read_from_the_training_part(tmp_path):
    rng = np.random.default_rng(0)
    for part, count in (("train", 3), ("test", 2)):
        for name in ("cat", "dog"):
            folder = tmp_path / "pets.v2" / part / name
            folder.mkdir(parents=True)
            for i in range(count):
                Image.fromarray(rng.integers(0, 256, (5, 4, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    both = Context(images=(tmp_path / "pets.v2", tmp_path / "pets.v2" / "test"), progress=False)
    points = figure_6.image_points(both, SMALL)
    assert {name: X.shape for name, X in points.items()} == {"pets.v2": (6, 60), "test": (4, 60)}
    training = np.asarray(Image.open(tmp_path / "pets.v2" / "train" / "cat" / "0.png")) / np.float32(255)
    assert (points["pets.v2"] == training.reshape(-1)).all(axis=1).any()


def test_anchors_replace_those_of_the_preset(tmp_path):
    np.savez(tmp_path / "mine.npz", X_train=np.random.default_rng(0).random((120, 4, 4)))
    context = Context(results=tmp_path, images=(tmp_path / "mine.npz",), n_anchors=50, progress=False)
    figure_6.run(context, SMALL)
    assert set(records.read(tmp_path / "records" / "figure_6" / "images-1").table["n"]) == {50}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": np.zeros((9, 4, 4))}, "must hold an array X_train"),
        ({"X_train": np.full((9, 4, 4), 2.0)}, r"uint8 or in \[0, 1\]"),
        ({"X_train": np.full((9, 4, 4), np.nan)}, r"uint8 or in \[0, 1\]"),
        ({"X_train": np.zeros(9)}, "must be images"),
        ({"X_train": np.full((9, 4, 4), 999)}, "grey levels"),
    ],
)
def test_files_without_images_are_refused(arrays, message, tmp_path):
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        figure_6.image_points(Context(images=(tmp_path / "mine.npz",)), SMALL)


def test_a_truncated_file_is_refused(tmp_path):
    np.savez(tmp_path / "whole.npz", X_train=np.zeros((50, 4, 4)))
    (tmp_path / "mine.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:500])
    with pytest.raises(ValueError, match="cannot be read"):
        figure_6.image_points(Context(images=(tmp_path / "mine.npz",)), SMALL)
