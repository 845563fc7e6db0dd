"""The commands on a user's own files."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cli.command_cases import RNG, X, folder, in_a_shell, program, run, y
from zeta_geom.cli.values import to_range
from zeta_geom.geometry import dimension_scale, local_dimension
from zeta_geom.mixers import MIXERS, GridMix, ZetaMixup
from zeta_geom.mixers.table import LEARNED

__all__ = ["folder", "program"]


def test_mix_is_mix_dataset(folder):
    run("mix", folder / "data.npz", "--out", folder / "mixed.npz", "--gamma", 3.5, "--seed", 7)
    mixed = np.load(folder / "mixed.npz")
    X_new, Y_new = ZetaMixup(3.5, random_state=7).mix_dataset(X, y)
    np.testing.assert_array_equal(mixed["X"], X_new)
    np.testing.assert_array_equal(mixed["Y"], Y_new)


def test_mix_takes_a_range_of_gamma_and_refuses_what_the_mixer_lacks(folder):
    run("mix", folder / "data.npz", "--out", folder / "mixed.npz", "--gamma", "2:4")
    X_new, _ = ZetaMixup((2, 4), random_state=0).mix_dataset(X, y)
    np.testing.assert_array_equal(np.load(folder / "mixed.npz")["X"], X_new)
    with pytest.raises(TypeError, match="gamma"):
        run("mix", folder / "data.npz", "--out", folder / "mixed.npz", "--mixer", "mixup", "--gamma", "2")


def test_mix_takes_any_parameter_of_any_mixer(folder):
    images = RNG.random((40, 6, 6))
    np.savez(folder / "images.npz", X=images, y=np.arange(40) % 3)
    words = ["--mixer", "gridmix", "--param", "n_cells=3", "--param", "prob=0.5", "--alpha", 0.5, "--batch-size", 8]
    run("mix", folder / "images.npz", "--out", folder / "mixed.npz", *words)
    mixer = GridMix(3, alpha=0.5, prob=0.5, random_state=0)
    X_new, Y_new = mixer.mix_dataset(images, np.arange(40) % 3, batch_size=8)
    np.testing.assert_array_equal(np.load(folder / "mixed.npz")["X"], X_new)
    np.testing.assert_array_equal(np.load(folder / "mixed.npz")["Y"], Y_new)


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        (
            ["--mixer", "gridmix", "--param", "cells=3"],
            TypeError,
            "'gridmix' takes n_cells, alpha, channels, prob, .*; got 'cells'",
        ),
        (
            ["--mixer", "gridmix", "--param", "n_cells"],
            ValueError,
            "--param must be NAME=VALUE, such as n_cells=4; got 'n_c",
        ),
        (["--mixer", "supermix"], TypeError, "mixer 'supermix' needs teacher; pass it from Python"),
        (["--mixer", "gridmix"], ValueError, r"GridMix mixes images .*; got a batch of shape"),
    ],
)
def test_mix_says_what_a_mixer_takes_and_needs(folder, words, error, text):
    with pytest.raises(error, match=text):
        run("mix", folder / "data.npz", "--out", folder / "mixed.npz", *words)
    assert not (folder / "mixed.npz").exists()


def test_mixers_lists_what_is_drawn_and_what_is_learned():
    lines = run("mixers").output.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [*MIXERS, *LEARNED]
    for line, mixer in zip(lines[1:], MIXERS.values(), strict=False):
        assert mixer.traits.title in line
    assert any("gridmix" in line and "n_cells, alpha" in line for line in lines)
    assert [line.split()[0] for line in lines if " learned " in line] == [*LEARNED]


def test_the_page_of_the_docs_is_what_the_code_prints():
    page = Path(__file__).parents[2] / "docs" / "mixers.md"
    assert run("mixers", "--markdown").output == page.read_text()


def test_dimension(folder):
    result = run("dimension", folder / "data.npy", "--k", "8 16", "--out", folder / "d.csv")
    assert "k = 16" in result.output
    table = pd.read_csv(folder / "d.csv")
    np.testing.assert_array_equal(table["k16"], local_dimension(X, 16)[16])


def test_dimension_by_another_estimator(folder):
    result = run("dimension", folder / "data.npy", "--k", 16, "--estimator", "MLE", "--out", folder / "d.csv")
    values = local_dimension(X, 16, estimator="MLE")[16]
    assert f"k = 16: {values.mean():.3f} ± {values.std():.3f} over {len(X)} points" in result.output
    np.testing.assert_allclose(pd.read_csv(folder / "d.csv")["k16"], values)


def test_dimension_against_scale(folder):
    words = ["--scale", "--k", "8", "16", "--estimator", "FO", "MLE", "--anchors", 50]
    result = run("dimension", folder / "data.npy", *words, "--out", folder / "s.csv", "--plot", folder / "s.png")
    expected = dimension_scale(X, (8, 16), ("FO", "MLE"), n_anchors=50, random_state=0)
    pd.testing.assert_frame_equal(pd.read_csv(folder / "s.csv"), expected)
    assert f"{expected['sem'][3]:.3f}" in result.output
    assert (folder / "s.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--estimator", "FO MLE"], "needs? --scale"),
        (["--plot", "s.png"], "needs? --scale"),
        (["--scale", "--workers", "1"], "leave out --workers"),
        (["--estimator", "tle"], "'TLE'"),
    ],
)
def test_dimension_refuses(folder, words, message):
    with pytest.raises(ValueError, match=message):
        run("dimension", folder / "data.npy", "--out", folder / "d.csv", *words)


def test_realism_of_images(folder):
    images = np.zeros((4, 28, 28), dtype=np.uint8)
    np.savez(folder / "images.npz", X=images, y=[0, 1, 2, 3])
    result = run("realism", folder / "images.npz", "--out", folder / "scores.csv")
    assert "median" in result.output
    assert len(pd.read_csv(folder / "scores.csv")) == 4


def test_neighbors(folder):
    out = folder / "agreement.npz"
    run("neighbors", folder / "data.npz", folder / "data.npz", "--k", 5, "--metric", "euclidean", "--out", out)
    assert np.load(out)["counts"].min() >= 1  # each point is among its own neighbours


@pytest.mark.parametrize("command", ["data", "mix", "dimension", "realism", "neighbors", "fidelity"])
def test_help_has_an_example(command):
    words = ["data", "fetch"] if command == "data" else [command]
    assert f"Example: zeta-geom {' '.join(words)}" in " ".join(run(*words, "--help").output.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["mix", "absent.npz", "--out", "o.npz"], "absent.npz"),
        (["dimension", "truncated.npz", "--out", "o.csv"], "cannot be read"),
        (["dimension", "pickled.npy", "--out", "o.csv"], "Python objects"),
        (["dimension", "no_x.npz", "--out", "o.csv"], "must hold an array X"),
        (["dimension", "data.npz", "--k", "200", "--out", "o.csv"], "k=200"),
        (["dimension", "data.npz", "--k", "eight", "--out", "o.csv"], "whole numbers"),
        (["mix", "data.npz", "--mixer", "cutout", "--out", "o.npz"], "'mixfeat', 'mixup', 'opttransmix'"),
        (["mix", "nan.npz", "--out", "o.npz"], "finite"),
        (["mix", "data.npz", "--out", "o.npz", "--gamma", "much"], "low:high"),
        (["realism", "data.npz", "--out", "o.csv"], "28"),
        (["neighbors", "data.npy", "data.npz", "--out", "o.csv"], "labels"),
        (["data", "fetch", "imagenet"], "'mnist'"),
        (["mix", "renamed.npy", "--out", "o.npz"], "the other suffix"),
        (["mix", "renamed.npz", "--out", "o.npz"], "the other suffix"),
        (["mix", "complex.npy", "--out", "o.npz"], "dtype complex128"),
        (["mix", "counts.npy", "--out", "o.npz"], "integers 0..255 as grey levels"),
    ],
)
def test_bad_input_is_one_line_and_a_non_zero_exit(program, folder, words, message):
    (folder / "truncated.npz").write_bytes((folder / "data.npz").read_bytes()[:500])
    np.save(folder / "pickled.npy", np.array([{}]), allow_pickle=True)
    np.savez(folder / "no_x.npz", features=X)
    np.savez(folder / "nan.npz", X=np.where(X > 0.99, np.nan, X))
    np.save(folder / "complex.npy", X + 1j)
    np.save(folder / "counts.npy", np.array([[0, 256]]))
    (folder / "renamed.npy").write_bytes((folder / "data.npz").read_bytes())
    (folder / "renamed.npz").write_bytes((folder / "data.npy").read_bytes())
    done = program(words)
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(folder.glob("o.*"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["mix", "data.npz"], "Missing option '--out'"),
        (["mix", "data.npz", "--out", "o.csv"], "must end in .npz; got o.csv"),
        (["mix", "data.npz", "--out", "o.npz", "--seed", "much"], "--seed"),
        (["blend"], "No such command 'blend'"),
    ],
)
def test_a_command_of_wrong_words_is_one_line_too(program, words, message):
    done = program(words)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_in_a_shell_a_mistake_is_one_line(folder):
    done = in_a_shell(folder, ["dimension", "data.npz", "--k", "200", "--out", "o.csv"])
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("zeta-geom: ")


def test_no_words_print_the_help(folder):
    done = in_a_shell(folder, [])
    assert done.returncode == 2
    assert "neighbors" in done.stdout + done.stderr


def test_mixed_data_are_mixed_again_with_their_soft_labels(folder):
    run("mix", folder / "data.npz", "--out", folder / "once.npz")
    run("mix", folder / "once.npz", "--out", folder / "twice.npz")
    assert np.load(folder / "twice.npz")["Y"].shape == (200, 3)


def test_the_version_is_the_installed_one():
    assert run("--version").output == f"zeta-geom {version('zeta-geom')}\n"


def test_output_endings_are_checked_first(folder):
    assert run("mix", folder / "data.npz", "--out", folder / "o.csv").exit_code == 2


def test_ranges_include_their_end():
    assert to_range("0:1.5:0.5") == [0, 0.5, 1, 1.5]
    assert to_range("2, 4 6") == [2, 4, 6]
