"""Densities within limits: SciPy as the judge, area, refusals."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.stats import gaussian_kde

from zeta_geom.plots.densities import density_curve, reflected_density


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
