"""`zeta-geom audit` on files of a user's own."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.audits.report.page_checks import check_page
from zeta_geom.cli.main import app
from zeta_geom.datasets import load_folder
from zeta_geom.manifolds import make_crescents
from zeta_geom.records.keys import data_fingerprint

QUICK = ["--k", "4", "16", "--n-bootstrap", "20"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = make_crescents(160, random_state=0)
    np.savez("data.npz", X=X, y=y)
    np.savez("mine.npz", X=X[::-1] + 0.01, y=y[::-1])
    np.savez("held.npz", X=X[:50] + 0.02, y=y[:50])
    tmp_path.joinpath("own_models.py").write_text(
        "import numpy as np\ndef predict(X):\n    return np.full((len(X), 2), 0.5)\n"
        "def shift(X):\n    return X + 0.1\ndef darken(X):\n    return 0.9 * X\n"
        "def leave(X):\n    raise SystemExit(1)\nname = 3\n"
    )
    return tmp_path


def audit(*words):
    result = CliRunner().invoke(app, ["audit", *words, *QUICK], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def methods(folder):
    return list(pd.read_csv(folder / "summary.csv")["method"].unique())


def test_arrays(files):
    said = audit("--original", "data.npz", "--synthetic", "mine.npz", "--out", "report")
    assert "synthetic, largest departures: " in said
    assert "wrote report/index.html" in said
    facts = check_page((files / "report" / "index.html").read_text(encoding="utf-8"))
    assert "zeta-geom" in facts.root.text
    assert methods(files / "report") == ["synthetic"]


@pytest.mark.slow
def test_a_mixer_at_several_gammas_against_others(files):
    words = ["--mixer", "zeta", "--gamma", "2.0", "2.8", "--against", "mixup", "cutmix", "--out", "report"]
    with pytest.raises(ValueError, match="CutMix"):  # points are no images
        audit("--original", "data.npz", *words)
    words.remove("cutmix")
    audit("--original", "data.npz", *words)
    assert methods(files / "report") == ["zeta γ=2", "zeta γ=2.8", "mixup"]


def test_own_callables_and_all_options(files):
    words = ["--augment", "own_models:shift", "--oracle", "own_models:predict", "--manifold", "crescents"]
    words += ["--holdout", "held.npz", "--seed", "3", "--title", "A title"]
    audit("--original", "data.npz", *words, "--out", "report")
    settings = json.loads((files / "report" / "settings.json").read_text())
    assert settings["random_state"] == 3
    assert (settings["originals"], settings["held out"], settings["manifold"]) == (160, 50, "crescents")
    assert methods(files / "report") == ["own_models:shift"]
    assert "<h1>A title</h1>" in (files / "report" / "index.html").read_text()


def test_folders_of_pictures_larger_than_64_pixels_in_colour(files):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 72, 96, 3)).astype(np.uint8)
    for row, image in enumerate(pixels):
        path = files / ("held" if row % 2 else "photos") / ("melanoma" if row % 4 < 2 else "naevus") / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    words = ["--original", "photos", "--holdout", "held", "--out", "report", "--size", "70"]
    audit(*words, "--augment", "own_models:darken", "--k", "4")
    settings = json.loads((files / "report" / "settings.json").read_text())
    assert settings["fingerprint of X"] == data_fingerprint(load_folder("photos", size=70)[0])
    assert methods(files / "report") == ["own_models:darken"]
    with pytest.raises(ValueError, match="size is for folders of pictures"):
        audit("--original", "data.npz", "--mixer", "zeta", "--size", "16", "--out", "report")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--gamma", "2.8"], "need --mixer"),
        (["--mixer", "zeta", "--gamma", "two"], "--gamma must be numbers"),
        (["--augment", "shift"], "module:name"),
        (
            ["--augment", "os:system"],
            "a function that takes a batch of samples and returns a batch; got os:system, <built-in",
        ),
        (
            ["--augment", "own_models:name"],
            "a function that takes a batch of samples and returns a batch; got own_models:name",
        ),
        (
            ["--augment", "own_models:leave"],
            r"own_models:leave must be .*; for float64 of shape \(32, 2\) it raised Sys",
        ),
        (["--mixer", "zeta", "--oracle", "os:system"], "oracle must be .*; got os:system"),
        (
            ["--mixer", "zeta", "--oracle", "own_models:leave"],
            "oracle own_models:leave must return .* it raised System",
        ),
        ([], "nothing to audit"),
        (["--synthetic", "nothing.npz"], "nothing.npz"),
    ],
)
def test_refuses(files, words, expected):
    with pytest.raises((ValueError, TypeError, OSError), match=expected):
        audit("--original", "data.npz", "--out", "report", *words)
    assert not (files / "report" / "index.html").exists()


def test_features_of_files_and_further_measures(files):
    rng = np.random.default_rng(0)
    for name in ("data.npz", "mine.npz", "held.npz"):
        arrays = dict(np.load(name))
        np.savez(name, **arrays, F=rng.normal(size=(len(arrays["X"]), 3)))
    words = ["--original", "data.npz", "--synthetic", "mine.npz", "--holdout", "held.npz", "--out", "report"]
    said = audit(*words, "--features", "F", "--measures", "kid", "vendi")
    assert "(leak?)" not in said
    table = pd.read_csv(files / "report" / "summary.csv")
    assert set(table["space"]) == {"features"}
    assert {"kid", "vendi"} < set(table["measure"])
    audit(*words, "--features", "own_models:darken", "--features", "pixels")
    spaces = pd.read_csv(files / "report" / "summary.csv").groupby("space")["measure"].agg(list)
    assert spaces["pixels"] == spaces["own_models:darken"]


def test_a_folder_with_files_of_others_is_refused_before_the_work(files):
    (files / "report").mkdir()
    (files / "report" / "notes.txt").touch()
    with pytest.raises(FileExistsError, match=r"it holds notes\.txt"):
        audit("--original", "data.npz", "--augment", "own_models:leave", "--out", "report")
