"""A sweep of 2,000 tiny runs that is killed again and again ends with the table of an undisturbed one.

Examples
--------
make soak
python -m tests.execution.soak --seed 3
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import psutil
import typer

from tests.execution.sweep_cases import finished, group_is_gone, wait_until
from zeta_geom.manifolds import make_helix
from zeta_geom.sweeps import Ledger

GRID = [
    "--gammas",
    "0:19.7:0.1",
    "--seeds",
    *map(str, range(10)),
    "--k",
    "4",
]  # 1,980 of ζ, 10 of mixup, the original
KINDS = ("kill", "interrupt", "terminate", "kill a worker", "damage", "start another")


def main(
    seed: Annotated[int, typer.Option(help="of the kills")] = 0,
    disturbances: Annotated[int, typer.Option(help="at most so many")] = 40,
) -> None:
    """Run the sweep twice, once undisturbed, and compare."""
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    np.save(folder / "helix.npy", make_helix(150, random_state=0)[0])
    start = time.time()
    subprocess.run(command(folder, "undisturbed"), check=True)
    typer.echo(f"undisturbed: {time.time() - start:.0f} s")
    start, rng = time.time(), np.random.default_rng(seed)
    done = disturbed(folder, rng, disturbances)
    kinds = ", ".join(f"{done.count(kind)} × {kind}" for kind in KINDS)
    typer.echo(f"disturbed: {time.time() - start:.0f} s; {kinds}")
    compare(folder)


def command(folder: Path, out: str) -> list[str]:
    """Return the command line of the sweep."""
    words = [str(folder / "helix.npy"), *GRID, "--out", str(folder / out), "--workers", "2"]
    return [sys.executable, "-m", "zeta_geom.cli.main", "sweep", *words]


def disturbed(folder: Path, rng: np.random.Generator, disturbances: int) -> list[str]:
    """Start the sweep again and again, and return how it was disturbed, until it ends by itself."""
    done: list[str] = []
    while True:
        process = start_one(folder)
        others = []
        while process.poll() is None:
            if len(done) < disturbances and wait(process, rng.uniform(3, 9)):
                kind = str(rng.choice(KINDS))
                others += disturb(kind, process, folder, rng)
                done.append(kind)
            time.sleep(0.1)
        for each in (process, *others):
            each.wait()
        for each in (process, *others):
            wait_until(partial(group_is_gone, each), 30)
        typer.echo(f"{finished(folder / 'disturbed')} finished; exit {process.returncode}; {done[-1:]}")
        said = (folder / "stderr").read_text(encoding="utf-8")
        if said.count("Traceback") > said.count("Exception ignored"):  # a signal may come while Python ends
            raise SystemExit(said)
        if process.returncode == 0 and len(done) >= disturbances:
            return done
        if process.returncode == 0:  # finished too soon: damage half of it, and go on
            damage(folder, rng, 1000)
            done.append("damage")


def start_one(folder: Path) -> subprocess.Popen[bytes]:
    """Start the sweep; what it says goes into a file, which never blocks it."""
    with (folder / "stderr").open("a", encoding="utf-8") as file:
        return subprocess.Popen(command(folder, "disturbed"), start_new_session=True, stderr=file)


def wait(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Let a process run for a while; say whether it still does."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def disturb(
    kind: str, process: subprocess.Popen[bytes], folder: Path, rng: np.random.Generator
) -> list[subprocess.Popen[bytes]]:
    """Do one thing to a sweep at work, and return the sweeps that were started beside it."""
    signals = {"kill": signal.SIGKILL, "interrupt": signal.SIGINT, "terminate": signal.SIGTERM}
    if kind in signals:
        process.send_signal(signals[kind])
    elif kind == "kill a worker":
        children = [child for child in psutil.Process(process.pid).children() if "popen_loky" in str(child.cmdline())]
        if children:
            os.kill(int(rng.choice([child.pid for child in children])), signal.SIGKILL)
    elif kind == "damage":
        if finished(folder / "disturbed"):
            damage(folder, rng, 50)
    else:
        return [start_one(folder)]
    return []


def damage(folder: Path, rng: np.random.Generator, count: int) -> None:
    """Truncate some of the files of finished runs."""
    runs = Ledger(folder / "disturbed").runs
    made = [runs / name / part for name in sorted(os.listdir(runs)) for part in ("result.json", "result.parquet")]
    for place in rng.permutation(len(made))[:count]:
        with suppress(FileNotFoundError):  # done again meanwhile
            made[place].write_bytes(made[place].read_bytes()[:-30])


def compare(folder: Path) -> None:
    """Raise unless both sweeps left the same table, each run once, and nothing half-written."""
    tables = [pd.read_parquet(folder / name / "results.parquet") for name in ("undisturbed", "disturbed")]
    pd.testing.assert_frame_equal(*(table.drop(columns="seconds") for table in tables), check_exact=True)
    ledger = Ledger(folder / "disturbed")
    if ledger.counts() != {"finished": len(tables[0]), "failed": 0, "running": 0, "open": 0}:
        raise SystemExit(f"not every run was counted once: {ledger.counts()}")
    if any(ledger.read(entry) is None for entry in ledger.plan()):
        raise SystemExit("a run is damaged")
    if left := list(ledger.temporary.iterdir()):
        raise SystemExit(f"half-written: {left}")
    typer.echo(f"{len(tables[0])} runs: the tables are equal, every run is whole, nothing is half-written")


if __name__ == "__main__":
    typer.run(main)
