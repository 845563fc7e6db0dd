"""A user's own samples from .npy, .npz and .csv: what is read, and what is refused by one line that names it."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from zeta_geom.cli.main import app
from zeta_geom.datasets.own_files import read_arrays, read_several
from zeta_geom.geometry import local_dimension
from zeta_geom.mixers import ZetaMixup

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)) * 100
KINDS = np.array(["oak", "ash", "NA"])[np.arange(60) % 3]  # a class that is called NA is no empty cell


def run(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def trees(tmp_path):
    """A table of three columns of numbers and one of names."""
    path = tmp_path / "trees.csv"
    pd.DataFrame(X, columns=["a", "b", "c"]).assign(kind=KINDS).to_csv(path, index=False, encoding="utf-8-sig")
    return path


def test_a_table_gives_its_numbers_as_they_are_and_the_labels_of_its_column(trees):
    found = read_arrays(trees, label_column="kind")
    np.testing.assert_allclose(found["X"], X, rtol=1e-15)
    assert found["X"].dtype == np.float64
    assert found["class_names"].tolist() == ["NA", "ash", "oak"]
    assert found["class_names"][found["y"]].tolist() == KINDS.tolist()
    whole = pd.DataFrame({0: [200, 7], 1: [3, 4], "kind": [5, 2]})  # neither grey levels nor names
    whole.to_csv(trees, index=False)
    found = read_arrays(trees, label_column="kind")
    assert (found["X"].tolist(), found["y"].tolist(), len(found)) == ([[200, 3], [7, 4]], [5, 2], 2)
    assert read_arrays(trees, label_column="kind", labels=False).keys() == {"X"}
    pd.DataFrame(X).to_csv(trees, index=False)  # columns that pandas calls 0, 1, 2
    assert read_arrays(trees)["X"].shape == (60, 3)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("a,b,kind\n1,2,oak\n", None, "columns must hold numbers.*; kind does not.*--label-column"),
        ("a,b,kind\n1,2,oak\n", "sort", "label_column must be one of a, b, kind; got 'sort'"),
        ("a,b,kind\n1,yes,oak\n", "kind", "; b does not"),
        ("a,b,kind\n1,True,0\n", "kind", "; b does not"),
        ("a,b,kind\n1,,oak\n3,,ash\n", "kind", "cells must not be empty; column b has 2 empty cells"),
        ("a,b,kind\n1,2,oak\n3,4,\n", "kind", "each row must have a label; column kind lacks 1"),
        ("a,b,kind\n1,2,0.5\n", "kind", "integers or names as labels; it holds 0.5"),
        ("a,b,kind\n1,2,1e30\n", "kind", "integers or names as labels; it holds 1e.30"),
        ("1.5,2\n3,4\n", None, "its first line must name the columns; it holds the numbers 1.5, 2"),
        (",a,b\n0,1,2\n", None, "column 1 has none. It may be an index"),
        ("a,a\n1,2\n", None, "different names; a occurs more than once"),
        ("a;b\n1;2\n", None, "separated by commas; a;b does not"),
        ("a,b\n1,2,3\n", None, "cannot be read as .csv"),
        ("kind\noak\n", "kind", "a column of points beside kind"),
        ("a,b\n", None, "at least one sample"),
        ("", None, "cannot be read as .csv"),
        (b"a,b\n1,\xe4\n", None, "cannot be read as .csv: 'utf-8"),
    ],
)
def test_tables_that_are_none_are_refused_by_the_column(text, column, message, tmp_path):
    (tmp_path / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=rf"t\.csv.*{message}"):
        read_arrays(tmp_path / "t.csv", label_column=column)


def test_a_column_that_looks_like_labels_is_warned_of(tmp_path):
    (tmp_path / "t.csv").write_text("a,Label\n1,0\n2,1\n", encoding="utf-8")
    with pytest.warns(UserWarning, match="column Label is read as a coordinate; name it by label_column"):
        assert read_arrays(tmp_path / "t.csv")["X"].shape == (2, 2)


def test_names_of_classes_mean_the_same_in_all_files(trees):
    few = trees.with_name("few.csv")
    pd.DataFrame({"a": [1.0, 2], "b": 0, "c": 0, "kind": ["oak", "ash"]}).to_csv(few, index=False)
    assert read_arrays(few, label_column="kind")["y"].tolist() == [1, 0]
    assert read_several([trees, few], "kind")[1]["y"].tolist() == [2, 1]
    with pytest.raises(
        ValueError, match=r"trees.csv must have the class names of .*few.csv .ash, oak.; it has NA, ash, oak"
    ):
        read_several([few, trees], "kind")
    np.savez(trees.with_name("numbers.npz"), X=X, y=np.arange(60) % 3)
    with pytest.raises(ValueError, match=r"numbers.npz must have .*it has none. Give both"):
        read_several([trees, trees.with_name("numbers.npz")], "kind")
    with pytest.raises(ValueError, match=r"label_column is for \.csv files; got .*numbers\.npz"):
        read_several([trees.with_name("numbers.npz")], "kind")


def test_commands_take_tables(trees, tmp_path):
    words = ("--label-column", "kind", "--out")
    run("mix", trees, *words, tmp_path / "mixed.npz", "--seed", 1)
    mixed, y = np.load(tmp_path / "mixed.npz"), np.unique(KINDS, return_inverse=True)[1]
    X_new, Y_new = ZetaMixup(random_state=1).mix_dataset(X, y)
    np.testing.assert_allclose(mixed["X"], X_new)
    np.testing.assert_array_equal(mixed["Y"], Y_new)
    assert mixed["class_names"].tolist() == ["NA", "ash", "oak"]
    run("dimension", trees, *words, tmp_path / "d.csv", "--k", 8)
    np.testing.assert_array_equal(pd.read_csv(tmp_path / "d.csv")["k8"], local_dimension(X, 8)[8])
    run("neighbors", tmp_path / "mixed.npz", trees, *words, tmp_path / "n.csv", "--k", 3)
    assert len(pd.read_csv(tmp_path / "n.csv")) == 60
    with pytest.raises(ValueError, match="kind does not"):
        run("dimension", trees, "--out", tmp_path / "d.csv")
    with pytest.raises(ValueError, match=r"label_column is for \.csv files"):
        run("mix", tmp_path / "mixed.npz", *words, tmp_path / "again.npz")


def test_audits_and_sweeps_are_given_what_tables_hold(trees, tmp_path, monkeypatch):
    def told(*given, **more):
        raise ValueError(f"given {[each.tolist() for each in [*given, *more.get('synthetic', {}).values()]]}")

    small = trees.with_name("small.csv")
    for path, kinds in ((trees, ["oak", "ash", "elm"]), (small, ["oak"])):
        pd.DataFrame({"a": [0.5] * len(kinds), "kind": kinds}).to_csv(path, index=False)
    words = ("--label-column", "kind", "--out", tmp_path / "out")
    monkeypatch.setattr(
        "zeta_geom.audits.audit", lambda X, y, **more: told(X, y, *more["synthetic"]["synthetic"][:2])
    )
    with pytest.raises(
        ValueError, match=r"given \[\[\[0.5\], .*\]\], \['oak', 'ash', 'elm'\], \[\[0.5\]\], \['oak'\]\]"
    ):
        run("audit", "--original", trees, "--synthetic", small, *words)
    monkeypatch.setattr("zeta_geom.sweeps.sweep", lambda data, **more: told(*data["trees"]))
    with pytest.raises(ValueError, match=r"\[2, 0, 1\]\]"):
        run("sweep", trees, *words)


def test_objects_elsewhere_in_an_npz_are_not_read(tmp_path):
    names = np.array([{"a": 1}, None], dtype=object)
    np.savez(tmp_path / "a.npz", X=np.eye(2), about=names, class_names=names)
    assert read_arrays(tmp_path / "a.npz").keys() == {"X"}
    np.savez(tmp_path / "a.npz", X=np.eye(2), y=names)
    assert read_arrays(tmp_path / "a.npz", labels=False).keys() == {"X"}
    with pytest.raises(
        ValueError, match=r"a.npz cannot be read as .npz: array y must hold numbers; it holds Python obj"
    ):
        read_arrays(tmp_path / "a.npz")
