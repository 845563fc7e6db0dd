"""The time of `import zeta_geom` and of each command's help, beside the start of Python and of typer.

Examples
--------
python -m benchmarks.start_up
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.shared.measuring import report
from zeta_geom.cli.main import app
from zeta_geom.execution.timing import interleaved

ROOT = Path(__file__).parent.parent
IMPORTS = {"python": "pass", "import typer": "import typer", "import zeta_geom": "import zeta_geom"}
REQUIRED = {"import zeta_geom": 0.1, "zeta-geom --help": 0.4}  # seconds


def main(
    rounds: Annotated[int, typer.Option(help="timed starts of each")] = 7,
    out: Annotated[Path, typer.Option(help="folder of the JSON file")] = Path("benchmarks/results"),
) -> None:
    """Measure, print a table, write JSON."""
    calls = {name: start("-c", program) for name, program in IMPORTS.items()} | help_calls()
    times = interleaved(calls, rounds + 1)  # the first reads from the disk and writes .pyc files
    medians = {name: float(np.median(seconds[1:])) for name, seconds in times.items()}
    rows = [
        {"start": name, "seconds": median, "÷ python": median / medians["python"], "required": REQUIRED.get(name)}
        for name, median in medians.items()
    ]
    report("start_up", rows, out, rounds=rounds, all_seconds=times)


def help_calls() -> dict[str, Callable[[], Any]]:
    """Return the call of `--help` for the main command and each of its commands."""
    group: Any = typer.main.get_command(app)
    lines: list[list[str]] = [["--help"], *([name, "--help"] for name in group.commands)]
    for name, command in group.commands.items():
        lines += [[name, part, "--help"] for part in getattr(command, "commands", ())]
    return {" ".join(["zeta-geom", *words]): start("-m", "zeta_geom.cli", *words) for words in lines}


def start(*words: str) -> Callable[[], Any]:
    """Return the call of a Python process that must succeed."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return partial(subprocess.run, [sys.executable, *words], env=environment, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    typer.run(main)
