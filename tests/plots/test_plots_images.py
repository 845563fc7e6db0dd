"""Drawing of images, soft labels and bounded densities."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.stats import gaussian_kde

from zeta_geom.plots.densities import density_curve, reflected_density
from zeta_geom.plots.images import image_grid, picture, soft_label_bars


@pytest.fixture
def ax():
    return Figure().subplots()


def test_density_is_scipys_folded_back_at_the_limits():
    values = np.abs(np.random.default_rng(0).normal(0, 0.5, 3000)).clip(0, 2)
    x, density = reflected_density(values, bandwidth=0.1, limits=(0, 2))
    kernel = gaussian_kde(values, bw_method=0.1 / values.std(ddof=1))
    np.testing.assert_allclose(density, kernel(x) + kernel(-x) + kernel(4 - x), rtol=0.01, atol=1e-4)


@pytest.mark.parametrize("limits", [(0, 2.3), (0, 16.1), (-1, 3)])
@pytest.mark.parametrize("bandwidth", [0.01, 0.1, 3.0])
def test_area_is_one_even_with_all_mass_at_a_limit(limits, bandwidth):
    values = np.r_[np.zeros(900), np.linspace(0, 2, 100), limits[1]]
    x, density = reflected_density(values, bandwidth=bandwidth, limits=limits)
    assert density.sum() * (x[1] - x[0]) == pytest.approx(1, abs=1e-9)
    assert x.min() > limits[0]
    assert x.max() < limits[1]


@pytest.mark.parametrize(
    ("values", "change", "message"),
    [
        ([], {}, "values must have shape"),
        ([[0.1]], {}, "values must have shape"),
        ([0.1, 1.5], {}, "within limits"),
        ([np.inf], {}, "Count infinite values apart"),
        ([np.nan], {}, "within limits"),
        ([0.1], {"bandwidth": 0}, "bandwidth must be"),
        ([0.1], {"limits": (1, 1)}, r"limits\[1\] must be"),
        ([0.1], {"bins": 1}, "bins must be"),
    ],
)
def test_density_refuses(values, change, message):
    with pytest.raises(ValueError, match=message):
        reflected_density(values, **{"bandwidth": 0.1, "limits": (0, 1)} | change)


def test_density_curve_fills_under_its_line(ax):
    assert density_curve(ax, [0.2, 0.3], "mixup", bandwidth=0.1, limits=(0, 1), label="m") is ax
    assert len(ax.collections) == 1
    assert ax.lines[0].get_label() == "m"


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
