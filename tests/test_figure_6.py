"""Figure 6 run small, and drawn."""

import numpy as np
import pytest

from analyses import figure_6
from analyses.context import Context
from figures import figure_6 as drawing
from zeta_geom import records

SMALL = figure_6.Settings(
    n_samples=200,
    gammas=(0.0, 2.0, 8.0),
    n_neighbors=(4, 8),
    n_images=150,
    image_batch_size=32,
    image_gammas=(2.0, 8.0),
)


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
