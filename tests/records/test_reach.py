"""The code in a key: the modules that a computation reaches by imports, without their prose."""

import ast
import shutil
from pathlib import Path

import pytest

from zeta_geom.records import code_fingerprint, keys
from zeta_geom.records.reach import reached_modules

ROOT = Path(__file__).parents[2]
ANALYSES = {name: f"analyses/{name}.py" for name in ("figure_2", "figure_3", "figure_9", "figure_10")}
ANALYSES["figure_6"] = "analyses/figure_6/__init__.py"
ANALYSES |= {name: f"analyses/{name}/__init__.py" for name in ("figure_8", "study")}
COMPUTING = ANALYSES | {
    "sweeps": "zeta_geom/sweeps/workshop.py",
    "parts": "zeta_geom/scale/task.py",
    "trainings": "zeta_geom/training/fit/one_run.py",
}


@pytest.fixture
def changed_keys(tmp_path, monkeypatch):
    """Return a function that changes files of a copy of the project, and says whose keys differ then."""
    before = {name: code_fingerprint(ROOT / path) for name, path in COMPUTING.items()}
    for room in ("zeta_geom", "analyses"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))

    def change(pattern, edit):
        for path in tmp_path.glob(pattern):
            path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
        monkeypatch.setattr(keys, "PACKAGE", tmp_path / "zeta_geom")
        return {name for name, path in COMPUTING.items() if code_fingerprint(tmp_path / path) != before[name]}

    return change


def other_prose(text):
    """Return a module with another docstring in each place that has one, and a comment more."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            last = node.end_lineno - 1
            lines[last] = lines[last].rstrip().removesuffix('"""') + ' And more."""'
    return "\n".join(["# a comment", *lines, "", "# and another", ""])


def test_prose_changes_no_key(changed_keys):
    assert changed_keys("**/*.py", other_prose) == set()


def test_a_constant_of_figure_8_changes_its_key_alone(changed_keys):
    assert changed_keys("analyses/figure_8/networks.py", lambda text: text + "\nMIXED = METHODS[:1]\n") == {
        "figure_8"
    }


def test_a_constant_of_the_classifier_changes_the_trainings_and_no_table_that_is_committed(changed_keys):
    changed = changed_keys("zeta_geom/training/fit/classifier.py", lambda text: text + "\nCHANGED = 1\n")
    assert "trainings" in changed
    assert changed <= {"trainings", "figure_8"}  # which trains its own networks


def test_a_byte_of_the_oracles_weights_changes_what_asks_it(changed_keys, tmp_path):
    path = tmp_path / "zeta_geom/realism/weights/lenet5_mnist.safetensors"
    path.write_bytes(path.read_bytes() + b"0")
    changed = changed_keys("none", None)
    assert "figure_3" in changed
    assert not changed & {"figure_2", "figure_9", "parts"}


PACKAGE = {
    "__init__.py": "from importlib import import_module\n__all__ = ['lazy']\n"
    "def __getattr__(name):\n    return import_module(f'{__name__}.{name}')\n",
    "lazy/__init__.py": "_MODULES = {'first': 'one', 'second': 'two'}\n",
    "lazy/one.py": "first = 1\n",
    "lazy/two.py": "from ..plain import used\nsecond = 2\n",
    "plain/__init__.py": "from pack.plain.three import used\nfrom pack.plain.four import other\nhere = 1\n",
    "plain/three.py": "used = 3\n",
    "plain/four.py": "import pack.deep.five\nother = 4\n",
    "deep/five.py": "WEIGHTS = 'a.safetensors'\n",
    "deep/a.safetensors": "bytes",
}


@pytest.mark.parametrize(
    ("script", "reached"),
    [
        ("from pack.lazy import first", {"lazy", "lazy.one"}),
        ("from pack.lazy import second", {"lazy", "lazy.two", "plain", "plain.three"}),
        ("from pack.plain import used as name", {"plain", "plain.three"}),
        ("from pack.plain.three import used", {"plain", "plain.three"}),
        ("from pack.plain import other", {"plain", "plain.four", "deep.five", "deep.five/a.safetensors"}),
        ("from pack import lazy\nprint(lazy.first)", {"lazy", "lazy.one"}),
        ("from pack import lazy\nprint(lazy)", {"lazy", "lazy.one", "lazy.two", "plain", "plain.three"}),
        ("import pack.lazy as room\nroom.first", {"lazy", "lazy.one"}),
        ("import pack.lazy\npack.lazy.first, pack.plain.used", {"lazy", "lazy.one", "plain", "plain.three"}),
        ("import pack.plain.three", {"plain", "plain.three"}),
        ("def f():\n    if 1:\n        from pack.lazy.one import first", {"lazy", "lazy.one"}),
        ("import importlib\nimportlib.import_module('pack.lazy.one')", {"lazy", "lazy.one"}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pack.lazy import first", None),
        ("import beside", {"lazy", "lazy.one"}),
        ("import numpy, os.path", None),
    ],
)  # fmt: skip
def test_imports_are_followed_to_the_modules_that_define_what_is_imported(script, reached, tmp_path):
    for name, text in PACKAGE.items():
        (tmp_path / "pack" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pack" / name).write_text(text, encoding="utf-8")
    (tmp_path / "beside.py").write_text("from pack.lazy import first", encoding="utf-8")
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    digests, outside = reached_modules([tmp_path / "script.py"], tmp_path / "pack")
    top = {"script"} | ({"beside"} if "beside" in script else set())
    assert set(digests) == top | ({"pack"} | {f"pack.{name}" for name in reached} if reached else set())
    assert {path.stem for path in outside} == top


def test_the_digest_holds_all_of_a_module_but_its_prose(tmp_path):
    def digest(text):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.py"
        path.write_text(text, encoding="utf-8")
        return next(iter(reached_modules([path], tmp_path / "none")[0].values()))

    alike = ["def f(x):\n    return x.a + 1", "def f(x): return x.a+1"]
    alike += ["def f(x):\n    'Doc.'\n\n    return (x.a + 1)  # because"]
    body = ("x.a + 2", "x.b + 1", "x.a - 1", "x.a + 1.0", "a.x + 1", "x.a + '1'", "x + 1")
    others = [f"def f(x):\n    return {result}" for result in body]
    others += [
        "def f(x, /):\n    return x.a + 1",
        "def g(x):\n    return x.a + 1",
        "async def f(x):\n    return x.a + 1",
    ]
    assert len({digest(text) for text in alike}) == 1
    assert len({digest(text) for text in [alike[0], *others]}) == len(others) + 1


def test_code_fingerprint_is_one_hash():
    assert len(code_fingerprint()) == 64
    int(code_fingerprint(), 16)
