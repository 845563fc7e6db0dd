"""What audits say of the correlation of their measures with accuracy."""

from pathlib import Path

import pandas as pd
import pytest

from zeta_geom.audits.answers import accuracy

DOCS = Path("docs/geometry_study/correlations.csv")


@pytest.fixture
def rows(monkeypatch):
    table = pd.DataFrame(
        [
            ("pixels", "dimension-k8", -0.25, -0.5, 0.1, "not shown"),
            ("pixels", "dimension-k8, distance from the originals'", -0.75, -0.9, -0.5, "supported"),
            ("network", "dimension-k8", 0.5, 0.1, 0.7, "not shown"),
            ("pixels", "vote-kl-y-v", None, None, None, "not finite for enough augmentations"),
        ],
        columns=["space", "measure", "rho", "low", "high", "verdict"],
    )
    monkeypatch.setattr(accuracy, "correlations", lambda: table.assign(cells="MNIST (2,000 images, LeNet-5)"))


def test_a_line_has_every_space(rows):
    assert accuracy.accuracy_line("dimension-k8") == (
        "pixels: ρ = -0.25 [-0.50, +0.10], not shown; pixels, distance from the originals': ρ = -0.75 "
        "[-0.90, -0.50], supported; network: ρ = +0.50 [+0.10, +0.70], not shown"
    )
    assert accuracy.accuracy_line("vote-kl-y-v") == "pixels: not finite for enough augmentations"
    assert accuracy.accuracy_line("dimension-k16") == "not studied"
    assert len(accuracy.accuracy_of(["dimension-k8", "unknown"])) == 3
    assert (
        "28 augmentations, averaged over MNIST (2,000 images, LeNet-5). “network” stands for"
        in accuracy.accuracy_note()
    )


def test_the_shipped_table_is_that_of_the_docs():
    shared = ["space", "measure", "rho", "low", "high", "verdict"]
    pd.testing.assert_frame_equal(accuracy.correlations()[shared], pd.read_csv(DOCS)[shared])
