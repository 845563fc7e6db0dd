"""The pages that each build generates: the API by rooms, the command line, the claims, the peers, false alarms."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib import import_module
from inspect import getdoc, isclass, isroutine
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import typer
from typer.cli import get_docs_for_click

import zeta_geom
from zeta_geom.cli.main import app

ROOT = Path(zeta_geom.__file__).resolve().parents[1]
VERDICTS = {"holds": "holds", "holds from": "partly", "holds up to": "partly", "does not hold": "fails"}
LONG = 60  # names of a mapping that are listed


def write(folder: Path) -> None:
    """Write the pages into the folder `generated`, each only if it changed."""
    generated = folder / "generated"
    pages = {f"{room}.rst": room_page(room) for room in rooms()}
    pages |= {"cli.md": command_page()}
    pages |= {"claims_table.md": claims_page(folder / "claims.csv")}
    pages |= {"claims_cifar10_table.md": claims_page(folder / "claims_cifar10.csv")}
    pages |= {"peers_table.md": peers_page(folder / "peers.json", folder / "peers_features.json")}
    pages |= {"coverage_table.md": coverage_page(folder / "estimators_coverage.json")}
    pages |= {"false_alarms_table.md": false_alarms_page(folder / "false_alarms.json")}
    current = {f"{page_names().get(name, name)}.rst" for room in rooms() for name in public_names(room)}
    for path in [*generated.glob("*.rst"), *generated.glob("api/*.rst")]:
        if path.name not in pages.keys() | current:  # of a name that is no longer public
            path.unlink()
    generated.mkdir(exist_ok=True)
    for name, text in pages.items():
        path = generated / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def rooms() -> list[str]:
    """Return the public modules, and the package itself if it has other public names."""
    modules = [name for name in zeta_geom.__all__ if isinstance(getattr(zeta_geom, name), ModuleType)]
    package = ["zeta_geom"] if len(modules) < len(zeta_geom.__all__) else []
    return package + [f"zeta_geom.{name}" for name in modules]


def public_names(room: str) -> list[str]:
    """Return the full names of a room's public functions, classes and constants."""
    module = import_module(room)
    return [f"{room}.{name}" for name in module.__all__ if not isinstance(getattr(module, name), ModuleType)]


def page_names() -> dict[str, str]:
    """Return page names for classes whose names differ from others by case only: some disks ignore case."""
    names = [name for room in rooms() for name in public_names(room)]
    folded = Counter(name.casefold() for name in names)
    return {name: f"{name}-class" for name in names if folded[name.casefold()] > 1 and isclass(find(name))}


def find(full: str) -> Any:
    """Return the object of a full name."""
    module, name = full.rsplit(".", 1)
    return getattr(import_module(module), name)


def room_page(room: str) -> str:
    """Return the page of a room: its docstring, its functions and classes, its tables and constants."""
    names = public_names(room)
    objects = {name: find(name) for name in names}
    shared = {name: home for name in names if (home := home_of(name)) != name}
    groups = {
        "Classes": [name for name in names if isclass(objects[name]) and name not in shared],
        "Functions": [name for name in names if isroutine(objects[name]) and not isclass(objects[name])],
    }
    lines = [room, "=" * len(room), "", f".. module:: {room}", "", getdoc(import_module(room)) or "", ""]
    for title, members in groups.items():
        if members:
            lines += [title, "-" * len(title), "", ".. autosummary::", "   :toctree: api", "   :nosignatures:", ""]
            lines += [*(f"   {name.removeprefix(room + '.')}" for name in members), ""]
    rest = [name for name in names if name not in groups["Classes"] + groups["Functions"] and name not in shared]
    texts = {
        "Tables and constants": {name: describe(objects[name]) for name in rest},
        "From other rooms": {name: f"The same as `{home}`." for name, home in shared.items()},
    }
    for title, entries in texts.items():
        if entries:
            lines += [title, "-" * len(title), ""]
        for name, text in entries.items():
            module, short = name.rsplit(".", 1)
            lines += [f".. py:data:: {short}", f"   :module: {module}", "", f"   {text}", ""]
    return "\n".join(lines) + "\n"


def home_of(name: str) -> str:
    """Return the first public name of a class, in the order of the rooms; a class may have one page only."""
    if not isclass(find(name)):
        return name
    return next(other for room in rooms() for other in public_names(room) if find(other) is find(name))


def describe(value: Any) -> str:
    """Return a sentence with the values of a constant."""
    if isinstance(value, Mapping):
        shown = ", ".join(f"``{key}``" for key in list(value)[:LONG])
        more = f", and {len(value) - LONG:,} more" if len(value) > LONG else ""
        return f"A mapping with the {len(value):,} names {shown}{more}."
    if isinstance(value, (tuple, list, set, frozenset)):
        return f"Holds {', '.join(f'``{item}``' for item in value)}."
    return f"``{value!r}``" if isinstance(value, (int, float, str)) else "A type of arguments."


def command_page() -> str:
    """Return what each command's --help says, with links between commands, and examples as code."""
    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="zeta-geom", title="The command line")
    lines, within = [], "zeta-geom"
    for line in text.splitlines():
        if heading := re.match(r"##+ `(.+)`", line):
            within = heading[1]
        if line.startswith("Example: "):
            line = f"Example: `{line.removeprefix('Example: ')}`"
        elif cut := re.match(r"\* `([a-z][\w-]*)`: (.*)", line):
            line = f"* [`{within} {cut[1]}`](#{within.replace(' ', '-')}-{cut[1]}): {whole(cut[2], text)}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def whole(short: str, text: str) -> str:
    """Return the full line of a help text that was shortened to dots."""
    start = short.removesuffix("...")
    return next((line for line in text.splitlines() if line.startswith(start)), short)


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    header = list(header)
    cells = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in cells]


def kind(verdict: str) -> str:
    """Return the class of a verdict: holds, partly, fails or open."""
    return next((VERDICTS[start] for start in reversed(VERDICTS) if verdict.startswith(start)), "open")


def claims_page(path: Path) -> str:
    """Return the counts of the verdicts, then the claims by their place in the paper."""
    claims = pd.read_csv(path, keep_default_na=False)
    kinds = claims["verdict"].map(kind)
    counts = kinds.value_counts()
    words = {"holds": "hold", "partly": "hold for some γ only", "fails": "do not hold", "open": "are not shown"}
    lines = [f"Of {len(claims)} statements tested, "]
    lines[0] += ", ".join(f"**{counts.get(key, 0)} {text}**" for key, text in words.items()) + "."
    lines += ["", "## What does not hold", ""]
    for statement, part in claims[kinds == "fails"].groupby("statement", sort=False):
        where = ", ".join(dict.fromkeys(part["where"]))
        tests = int((claims["statement"] == statement).sum())
        text = f", in {len(part)} of {tests} tests" if tests > 1 else ""
        lines += [f"- {escape(str(statement))} ({where}){text}"]
    for place, part in claims.groupby("where", sort=False):
        lines += ["", f"## {place}", ""]
        several = "estimators" in part and part["estimators"].any()
        headings = ["statement", "data", "measured", "verdict", *(["by estimator"] if several else [])]
        rows = [
            [
                escape(row["statement"]),
                escape(row["data"]),
                escape(row["measured"]),
                f"[{row['verdict']}]{{.{kind(row['verdict'])}}}",
                *([escape(row["estimators"])] if several else []),
            ]
            for row in part.to_dict("records")
        ]
        lines += [
            ":::{table}",
            ":class: claims",
            "",
            *table(headings, rows),
            ":::",
        ]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Escape the letters of a text that Markdown would read as marks."""
    for mark in "\\*_[]<>`":
        text = text.replace(mark, f"\\{mark}")
    return text


def peers_page(*paths: Path) -> str:
    """Return the tables of benchmarks.peers and benchmarks.peers.features, one for each peer."""
    columns = ["peer", "question", "data", "zeta_geom", "the peer"]
    reports = [json.loads(path.read_text(encoding="utf-8"))["rows"] for path in paths]
    rows = pd.DataFrame([row for rows in reports for row in rows], columns=columns)
    lines = []
    for peer, part in rows.groupby("peer", sort=False):
        cells = [[escape(cell) for cell in row] for row in part[columns[1:]].astype(str).to_numpy()]
        lines += ["", f"## {peer}", "", ":::{table}", ":class: claims", ""]
        lines += [*table([*columns[1:4], str(peer).split()[0]], cells), ":::"]
    return "\n".join(lines) + "\n"


def coverage_page(path: Path) -> str:
    """Return the table of how often intervals contain an estimator's expectation, from benchmarks/estimators.py."""
    measured = pd.DataFrame(json.loads(path.read_text(encoding="utf-8"))["rows"])
    wide = measured.pivot(index="manifold", columns="estimator", values="coverage").loc[measured["manifold"].unique()]
    rows = [[escape(str(name)), *(f"{share:.1%}" for share in shares)] for name, *shares in wide.itertuples()]
    draws, points, further, k = (measured[name].max() for name in ("draws", "n", "further", "k"))
    text = (
        f"Share of the intervals of {draws} draws of {points:,} points that contain the mean over {further:,} "
        f"further draws, at k = {k}; the nominal share is 95%:"
    )
    return "\n".join([text, "", *table(["points", *wide.columns], rows)]) + "\n"


def false_alarms_page(path: Path) -> str:
    """Return the table of how often an audit calls real samples outside, from benchmarks/audit_false_alarms.py."""
    report = json.loads(path.read_text(encoding="utf-8"))
    cases = [name for name in report["rows"][0] if name != "measure"]
    rows = [
        [escape(row["measure"]), *("" if pd.isna(row[case]) else f"{row[case]:.1%}" for case in cases)]
        for row in report["rows"]
    ]
    text = (
        f"Share of {report['repeats']} audits per case (or as many as its name says) that called real samples "
        f"outside; the nominal share is {report['expected']:.0%}:"
    )
    return "\n".join([text, "", *table(["measure", *cases], rows)]) + "\n"
