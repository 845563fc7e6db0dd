"""Text as bytes: each file and stream names its encoding, and a console that lacks a letter gets it spelled out."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zeta_geom.cli import consoles
from zeta_geom.cli.consoles import spell_out

ROOT = Path(__file__).parents[2]
ROOMS = ("zeta_geom", "analyses", "figures", "benchmarks", "examples", "docs", "tests")
BINARY = {"Image", "tarfile", "zip", "zipfile", "ZipFile", "os"}  # whose open() gives no text
PROCESSES = {"run", "Popen", "check_output", "check_call", "getoutput"}
WRITES = {"read_text": 0, "write_text": 1}  # where the encoding stands among the arguments


def sources():
    """The project's own Python files; of the tests, the helpers."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "build" not in path.parts and not (room == "tests" and path.name.startswith("test_")):
                yield path


def nameless(tree):
    """Yield the line of each call that reads or writes text without naming an encoding."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        named = {word.arg: word.value for word in call.keywords}
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        owner = getattr(call.func, "value", None)
        if "encoding" in named or None in named or getattr(owner, "id", getattr(owner, "attr", "")) in BINARY:
            continue
        if name in WRITES:
            text = len(call.args) <= WRITES[name]
        elif name in ("open", "fdopen", "NamedTemporaryFile", "TemporaryFile"):
            place = 0 if name.endswith("File") or (name == "open" and owner is not None and not call.args[1:]) else 1
            mode = named.get("mode", call.args[place] if len(call.args) > place else None)
            plain = mode.value if isinstance(mode, ast.Constant) else "w+b" if name.endswith("File") else "r"
            text = "b" not in plain and ("t" in plain or getattr(owner, "id", "") != "gzip")
            text &= not plain.startswith(("r:", "w:"))  # of tarfile
        else:
            text = name in PROCESSES and bool({"text", "universal_newlines", "errors"} & named.keys())
            text |= name == "TextIOWrapper"
        if text:
            yield call.lineno


def test_the_walk_finds_each_way_to_forget_an_encoding():
    bad = [
        "open('a')",
        "path.open()",
        "path.open('w')",
        "io.open('a', 'wt')",
        "path.read_text()",
        "gzip.open('a', 'rt')",
    ]
    bad += ["path.write_text('a')", "subprocess.run(words, text=True)", "TextIOWrapper(raw)", "TemporaryFile('w+')"]
    good = ["open('a', 'rb')", "path.open('wb')", "path.read_text('utf-8')", "path.write_text('a', encoding='utf-8')"]
    good += ["subprocess.run(words)", "gzip.open('a')", "Image.open('a')", "tarfile.open('a', 'w:gz')"]
    assert all(list(nameless(ast.parse(line))) for line in bad)
    assert not any(list(nameless(ast.parse(line))) for line in good)


@pytest.mark.parametrize("room", ROOMS)
def test_every_file_and_stream_names_its_encoding(room):
    places = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources()
        if path.relative_to(ROOT).parts[0] == room
        for line in nameless(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert places == []


def started(program, folder, **variables):
    """Run a program as a user in another locale would."""
    process = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=os.environ | variables, capture_output=True, check=False
    )
    return process.returncode, process.stdout, process.stderr


BARE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
MANY = """
import sys
from zeta_geom.cli.main import main
for words in (["mixers"], ["audit", "--help"], ["train", "table-4/fashion-mnist/resnet18/zeta-2.8", "--show"]):
    sys.argv = ["zeta-geom", *words]
    try:
        main()
    except SystemExit as end:
        assert not end.code, (words, end.code)
"""
AUDIT = """
import sys, warnings
warnings.filterwarnings("error", category=EncodingWarning, module="zeta_geom")
from zeta_geom.cli.main import main
sys.argv = ["zeta-geom", "audit", "--original", "a.npz", "--mixer", "zeta", "--gamma", "2.4 2.8", "--k", "3", "--out",
            "report", "--n-bootstrap", "20", "--title", "\\u03b3 and \\u6570"]
main()
"""


def test_each_letter_has_a_spelling_in_any_encoding():
    spell_out()
    text = "γ → 2 … 3 ≥ ζ, λ², Σ; é 数 ½ µ \udcff"
    assert text.encode("ascii", consoles.HANDLER) == (
        b"gamma -> 2 ... 3 >= zeta, lambda^2, Sigma; e \\u6570 1/2 u \xff"
    )
    assert "× ± …".encode("cp1252", consoles.HANDLER).decode("cp1252") == "× ± …"
    used = {letter for path in sources() for letter in path.read_text(encoding="utf-8") if not letter.isascii()}
    numbers = {letter for letter in used if letter.encode("ascii", consoles.HANDLER).startswith(b"\\u")}
    assert numbers <= {"数"}


def test_commands_write_to_a_console_of_western_europe(tmp_path):
    code, out, err = started(MANY, tmp_path, PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert (code, err) == (0, b"")
    assert b"gamma" in out
    assert "γ".encode() not in out


def test_an_audit_under_the_bare_locale(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.random.default_rng(0).normal(size=(40, 3)))
    code, out, err = started(AUDIT, tmp_path, **BARE)
    assert code == 0, err
    assert "zeta γ=2.4" in out.decode("utf-8")  # which click writes where the locale says ASCII
    settings = json.loads((tmp_path / "report" / "settings.json").read_text(encoding="utf-8"))
    assert "zeta γ=2.4" in settings["methods"]
    assert "γ" in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("locale", [{}, BARE])
def test_no_default_encoding_is_used(tmp_path, locale):
    np.savez(tmp_path / "a.npz", X=np.random.default_rng(0).normal(size=(40, 3)))
    code, _, err = started(AUDIT, tmp_path, PYTHONWARNDEFAULTENCODING="1", **locale)
    assert code == 0, err
    assert not any(b"EncodingWarning" in line and b"zeta_geom/" in line for line in err.splitlines())
