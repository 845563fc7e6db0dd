"""Text as bytes: each file and stream names its encoding, and a console that lacks a letter gets it spelled out."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("zeta_geom", "analyses", "figures", "benchmarks", "examples", "docs", "tests")
BINARY = {"Image", "tarfile", "zipfile", "ZipFile", "os"}  # whose open() gives no text
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
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources()
        if path.relative_to(ROOT).parts[0] == room
        for line in nameless(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []
