"""Grids of images, single images and soft labels as bars."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from zeta_geom.plots.images import image_grid, picture, picture_grid, soft_label_bars


@pytest.fixture
def ax():
    return Figure().subplots()


def test_grid_puts_each_image_in_its_place(ax):
    images = np.arange(1, 7)[:, None, None] * np.ones((6, 4, 5))
    image_grid(ax, images, columns=3, marked=[5, 0])
    canvas = np.asarray(ax.images[0].get_array())
    assert canvas[2:6, 2:7].tolist() == images[0].tolist()
    assert canvas[8:12, 9:14].tolist() == images[4].tolist()
    assert canvas.sum() == images.sum()  # nothing drawn twice, gaps empty
    assert [text.get_text() for text in ax.texts] == ["1", "2"]
    frame = ax.patches[0]
    assert frame.get_x() < 16 - 0.5 < frame.get_x() + frame.get_width()  # image 5: row 1, column 2


def test_grid_leaves_the_last_row_short(ax):
    image_grid(ax, np.ones((4, 3, 3)), columns=3)
    assert np.asarray(ax.images[0].get_array()).shape == (12, 17)


@pytest.mark.parametrize(
    ("images", "change", "message"),
    [
        (np.ones((3, 4)), {}, "images must have shape"),
        (np.ones((0, 4, 4)), {}, "images must have shape"),
        (np.ones((3, 4, 4)), {"marked": [3]}, "marked must be"),
        (np.ones((3, 4, 4)), {"columns": 0}, "columns must be"),
    ],
)
def test_grid_refuses(ax, images, change, message):
    with pytest.raises(ValueError, match=message):
        image_grid(ax, images, **change)


def test_picture_has_a_frame_of_its_colour_and_refuses_a_stack(ax):
    picture(ax, np.eye(4), color="#0072B2")
    assert all(spine.get_visible() for spine in ax.spines.values())
    with pytest.raises(ValueError, match="image must have shape"):
        picture(ax, np.ones((2, 4, 4)))


def test_bars_show_label_and_prediction(ax):
    soft_label_bars(ax, [0.25, 0.75, 0], [0, 0.5, 0.5])
    assert [bar.get_height() for bar in ax.patches] == [0.25, 0.75, 0]
    assert ax.lines[-1].get_ydata().tolist() == [0, 0.5, 0.5]


@pytest.mark.parametrize(
    ("label", "predicted", "message"),
    [
        ([[0.5, 0.5]], None, "label must have shape"),
        ([1.5, -0.5], None, r"label must lie in \[0, 1\]"),
        ([np.nan, 1], None, r"label must lie in \[0, 1\]"),
        ([0.5, 0.5], [1, 0, 0], "predicted must have the 2 classes"),
        ([0.5, 0.5], [2, 0], r"predicted must lie in \[0, 1\]"),
    ],
)
def test_bars_refuse(ax, label, predicted, message):
    with pytest.raises(ValueError, match=message):
        soft_label_bars(ax, label, predicted)


@pytest.mark.parametrize("shape", [(5, 4, 6), (5, 4, 6, 3)])
def test_pictures_lie_in_their_places_on_one_scale(ax, shape):
    images = np.random.default_rng(0).uniform(0, 0.4, shape)  # no white in it: nothing is stretched
    assert picture_grid(ax, images, columns=3, gap=0.1) is ax
    assert len(ax.images) == 5
    left, right, bottom, top = ax.images[4].get_extent()
    np.testing.assert_allclose((left, right), (1, 1.9))
    np.testing.assert_allclose((top, bottom), (4 / 6, 2 * 4 / 6 - 0.1))
    for drawn, image in zip(ax.images, images):
        np.testing.assert_allclose(np.asarray(drawn.get_array()), image)
        if image.ndim == 2:
            assert (drawn.get_cmap().name, drawn.get_clim()) == ("gray", (0, 1))


def test_eight_bits_and_fractions_are_drawn_alike(ax):
    levels = np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3) * 5
    drawn = [np.asarray(picture_grid(ax, each).images[-1].get_array()) for each in (levels, levels / 255)]
    np.testing.assert_allclose(*drawn, atol=1e-6)


@pytest.mark.parametrize(
    ("images", "change", "error", "message"),
    [
        (np.zeros((4, 4)), {}, ValueError, "images must have shape"),
        (np.zeros((2, 4, 4, 2)), {}, ValueError, "images must have shape"),
        (np.zeros((0, 4, 4)), {}, ValueError, "images must have shape"),
        (np.zeros((1, 4, 4), int), {}, TypeError, "uint8 0..255 or floating"),
        (np.full((1, 4, 4), 255.0), {}, ValueError, r"must lie in \[0, 1\]; got 255"),
        (np.full((1, 4, 4), np.nan), {}, ValueError, r"must lie in \[0, 1\]"),
        (np.zeros((1, 4, 4)), {"columns": 0}, ValueError, "columns must be"),
    ],
)
def test_pictures_are_refused(ax, images, change, error, message):
    with pytest.raises(error, match=message):
        picture_grid(ax, images, **change)
