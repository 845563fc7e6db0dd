"""FMix, ResizeMix and SaliencyMix: torch as a judge of copies, and the laws of masks and boxes."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from zeta_geom.mixers import FMix, ResizeMix, SaliencyMix
from zeta_geom.mixers.methods.pairs import PairPlan

SIZE = (24, 31)


def changes(own):
    """Return the number of neighbouring pixels that come from different images."""
    return np.count_nonzero(own[1:] != own[:-1]) + np.count_nonzero(own[:, 1:] != own[:, :-1])


@pytest.mark.parametrize("start", [lambda: 0, torch.Generator], ids=["numpy", "torch"])
def test_fmix_shares_follow_lambda_and_every_pixel_is_as_likely(start):
    mixer = FMix(random_state=start())
    masks = np.array([mixer.draw((2, *SIZE)).mask for _ in range(2000)])
    assert kstest(masks.mean(axis=(1, 2)), "uniform").pvalue > 1e-3
    error = masks.mean(axis=0) - 0.5
    assert abs(error).max() < 5 * np.sqrt(1 / 4 / 2000)  # five standard errors: one of 744 pixels


def test_fmix_regions_grow_with_the_decay():
    """White noise changes between half of all neighbours at λ = 1/2."""
    counts = []
    for decay in (0.0, 1.0, 3.0):
        mixer = FMix(1e9, decay=decay, random_state=0)
        counts.append(np.mean([changes(mixer.draw((2, *SIZE)).mask) for _ in range(50)]))
    neighbours = 23 * 31 + 24 * 30
    assert counts[0] == pytest.approx(neighbours / 2, rel=0.03)
    assert counts[1] < 0.7 * counts[0]
    assert counts[2] < 0.3 * counts[1]


def test_fmix_rounds_the_number_of_pixels():
    plan = FMix(1e9, random_state=0).draw((2, *SIZE))  # λ is 1/2 to four digits, and the number of pixels even
    assert float(plan.lam) == plan.mask.mean() == 0.5


def test_fmix_amplitudes_fall_as_the_power_of_the_frequency():
    """The mean square of a mask's Fourier coefficients, over masks of zero mean, falls from low to high ones."""
    mixer = FMix(1e9, decay=2.0, random_state=0)
    masks = np.array([mixer.draw((2, 64, 64)).mask for _ in range(200)]) - 0.5
    power = (abs(np.fft.fft2(masks)) ** 2).mean(axis=0)
    np.testing.assert_allclose(power[0, 1], power[1, 0], rtol=0.4)  # both axes alike
    assert power[0, 1] > 10 * power[0, 4] > 100 * power[0, 16]


@pytest.mark.parametrize("low", [0.1, 0.4])
def test_resizemix_pastes_the_interpolation_of_torch(low):
    X = torch.rand(4, 3, *SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    mixer = ResizeMix(low, channels="first", random_state=0)
    for _ in range(20):
        plan = mixer.draw(X.shape)
        top, bottom, left, right = (int(edge) for edge in plan.box)
        judge = torch.nn.functional.interpolate(X, (bottom - top, right - left), mode="bilinear", align_corners=False)
        mixed, _ = mixer.apply(X, None, plan)
        torch.testing.assert_close(mixed[:, :, top:bottom, left:right], judge[plan.partners])
        mixed[:, :, top:bottom, left:right] = X[:, :, top:bottom, left:right]
        assert torch.equal(mixed, X)


def test_resizemix_sizes_and_places():
    mixer = ResizeMix(0.25, 0.75, random_state=0)
    boxes = np.array([mixer.draw((2, 400, 100)).box for _ in range(2000)])
    height, width = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]
    assert kstest(height / 400, "uniform", (0.25, 0.5)).pvalue > 1e-3
    np.testing.assert_array_equal(width, height // 4)
    for first, size, side in ((boxes[:, 0], height, 400), (boxes[:, 2], width, 100)):
        assert first.min() >= 0
        assert (first + size).max() <= side
        assert kstest((first + 0.5) / (side - size + 1), "uniform").pvalue > 1e-4


def test_saliencymix_cuts_around_the_spot_of_each_image():
    X, spots = np.full((6, 20, 30), 0.5), [(3, 4), (15, 25), (9, 9), (0, 0), (19, 29), (10, 20)]
    for image, spot in zip(X, spots, strict=True):
        image[spot] = 1.0
    mixer = SaliencyMix(random_state=1)
    plan = mixer.draw(X.shape)
    mixed, labels = mixer.apply(X, np.eye(6), plan)
    for k, j in enumerate(plan.partners):
        assert mixed[(k, *spots[j])] == 1.0
        share = 1 - labels[k, k] if j != k else 0.0
        assert share == pytest.approx(labels[k, j] if j != k else 0.0)
    assert len(set(labels.max(axis=1).round(6))) > 1, "boxes at the border are cut off, and their labels know"


def test_saliencymix_takes_the_first_pixel_of_an_image_without_contrast():
    X = np.stack([np.full((8, 8), value) for value in (0.1, 0.7)])
    plan = PairPlan(np.array([1, 0]), np.array(0.5), 2)
    mixed, _ = SaliencyMix().apply(X, None, plan)
    assert np.argwhere(mixed[0] == 0.7).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]  # half sides of 2 around it
