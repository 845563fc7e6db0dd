"""Arguments of a sweep that are unusual or refused."""

import numpy as np
import pytest

from tests.cli.command_cases import folder, in_a_shell
from zeta_geom import datasets
from zeta_geom.manifolds import make_helix
from zeta_geom.sweeps import sweep

X = make_helix(400, random_state=0)[0]
__all__ = ["folder"]


def test_realism_needs_ten_classes():
    images = datasets.load("mnist-sample").X_train[:40]
    with pytest.raises(ValueError, match="10 classes"):
        sweep({"a": (images, np.arange(40) % 3)}, gammas=[], measures=["realism"], progress=False)


@pytest.mark.parametrize(
    "more",
    [
        {"alpha": np.float32(0.05)},
        {"n_neighbors": np.array([8])},
        {"n_mix": [np.int64(8)]},
        {"mixers": {"a": ("zeta", {"n_mix": np.int64(8)})}},
    ],
)
def test_numpy_numbers(more):
    sweep({"a": X}, **({"gammas": [2], "n_neighbors": 8, "progress": False} | more))


def test_fraction_of_k():
    with pytest.raises((TypeError, ValueError), match="n_neighbors"):
        sweep({"a": X}, gammas=[2], n_neighbors=(8.7,), progress=False)


def test_an_array_for_a_mapping():
    with pytest.raises((TypeError, ValueError), match="data must"):
        sweep(X, gammas=[2], n_neighbors=8, progress=False)


def test_a_label_original(tmp_path):
    with pytest.raises(ValueError, match="original"):
        sweep({"a": X}, gammas=[], mixers={"original": ("mixup", {})}, n_neighbors=8, progress=False)


def test_unicode_names(tmp_path):
    sweep({"数" * 80: X}, gammas=[], mixers=[], n_neighbors=8, folder=tmp_path, progress=False)


def test_plot_of_nothing_makes_nothing(tmp_path):
    in_a_shell(tmp_path, ["sweep", "plot", "nowhere"])
    assert not (tmp_path / "nowhere").exists()
