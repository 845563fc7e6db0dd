"""Runs that count, wait, die, hang and raise, for the tests of ledgers and executors; importable by their workers."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_info

from zeta_geom.execution import ledger as ledger_module
from zeta_geom.execution.ledger import Ledger

SOURCE = ledger_module.__file__  # of few imports: the key of the whole package takes a second


def entries(ledger, count, **settings):
    settings = {"seconds": 0.0, "diary": str(ledger.folder / "diary")} | settings
    return [ledger.entry(f"run{i}", settings | {"i": i}, "none", SOURCE) for i in range(count)]


def compute(settings):
    """Note down that run i is done, after what the settings ask for."""
    i, diary = settings["i"], Path(settings["diary"])
    diary.parent.mkdir(parents=True, exist_ok=True)
    if settings.get("raises") == i:
        raise ValueError("this one is odd")
    first = diary.with_name(f"started{i}")
    if settings.get("dies") == i and not first.exists():
        first.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if settings.get("always dies") == i:
        os.kill(os.getpid(), signal.SIGKILL)
    if settings.get("hangs") == i:
        time.sleep(1000)
    if settings.get("hangs in C") == i:
        re.match(r"(a+)+$", "a" * 60 + "b")  # keeps the interpreter for longer than anyone waits
    if settings.get("large"):
        return pd.DataFrame({"x": np.random.default_rng(i).random(settings["large"])})
    time.sleep(settings["seconds"])
    with diary.open("a", encoding="utf-8") as file:
        file.write(f"{i}\n")
    return pd.DataFrame({"i": [i], "square": [i * i]})


def noted(ledger):
    """Return which runs were done, each as often as it was."""
    diary = ledger.folder / "diary"
    return sorted(map(int, diary.read_text(encoding="utf-8").split())) if diary.exists() else []


def squares(tables):
    return {int(table["i"].iloc[0]): int(table["square"].iloc[0]) for table in tables.values()}


def double(task):
    return 2 * task


def moody(task):
    """Double, unless the task says otherwise."""
    word, path = task
    if word == "die" or (word == "die once" and not Path(path).exists()):
        Path(path).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "raise":
        raise ValueError("no")
    return 2 * word


def blas_threads(task):
    np.ones((8, 8)) @ np.ones((8, 8))
    return max(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")


def in_another_process(folder, count, executor="SerialExecutor()", **settings):
    """Start carrying out a ledger's runs elsewhere."""
    code = (
        "import sys\nfrom tests.execution import sweep_cases as c\n"
        "from zeta_geom.execution.running import carry_out\n"
        "from zeta_geom.sweeps import *\n"
        f"ledger = c.Ledger({str(folder)!r})\n"
        f"tables = carry_out(ledger, c.entries(ledger, {count}, **{settings!r}), c.compute, {executor})\n"
        "print(len(tables))\n"
    )
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(
        [sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, encoding="utf-8",
    )  # fmt: skip


def wait_until(condition, seconds=60.0):
    end = time.time() + seconds
    while not condition():
        if time.time() > end:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.02)


def finished(folder):
    """How many runs have a folder."""
    runs = Ledger(folder).runs
    return len(list(runs.iterdir())) if runs.exists() else 0


def group_is_gone(process):
    """Whether no process of the session that it led is left."""
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return True
    return False


def dies_three_times(path):
    """Kill this process the first three times."""
    diary = Path(path)
    if not diary.exists() or len(diary.read_text(encoding="utf-8")) < 3:
        with diary.open("a", encoding="utf-8") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"
