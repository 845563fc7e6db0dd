"""Run the tests against one mutant after the other: which faults do they find, and by which test?

Examples
--------
python -m tests.mutants.run --coverage before/.coverage --junit before.xml --out before.csv --workers 2
python -m tests.mutants.run --out before.csv --survivors --pytest-args="-n 2"
python -m tests.mutants.run --compare before.csv after.csv
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import psutil

from tests.mutants.faults import HERE, Mutant, Reach, functions, read_durations, read_mutants

COLUMNS = ("number", "module", "function", "outcome", "test", "seconds", "files", "scope")
KILLED = ("killed", "timeout")
CRASHES = (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGFPE, -signal.SIGBUS)  # others come from outside
COMPILING = 240.0  # seconds more for a mutant in a compiled module, whose kernels are all compiled anew
MARK = "ZETA_GEOM_MUTANT"  # in the environment of what a run starts, to find what it leaves behind


class Copy:
    """A copy of a tree's files with an environment of its own, where that copy is the package that is installed."""

    def __init__(self, tree: Path, folder: Path, more: list[str]) -> None:
        self.root, self.more, self.folder = folder / "tree", more, folder
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=tree, check=True, capture_output=True, text=True, encoding="utf-8"
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (tree / name).is_file() and Path(name).name != HERE:
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(tree / name, self.root / name)
        # PYTHONPATH alone is not enough: tests start processes with another one
        venv.create(folder / "venv", with_pip=False, symlinks=True)
        (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
        (packages / "copy.pth").write_text(f"{self.root}\n{sysconfig.get_paths()['purelib']}\n", encoding="utf-8")

    def pytest(self, words: list[str], limit: float, *, compiled: bool = False) -> tuple[int | None, str]:
        """Run pytest; return its exit status, None where it took too long, and what it said."""
        cache = self.folder / ("numba-once" if compiled else "numba")
        environment = os.environ | {
            "PYTHONPATH": str(self.root),
            "NUMBA_CACHE_DIR": str(cache),
            MARK: str(self.folder),
        }
        command = [str(self.folder / "venv" / "bin" / "python"), "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        # the same examples for every mutant; no deadlines, which a busy machine and kernels compiled anew exceed
        command += ["--hypothesis-profile=ci", *self.more, *words]
        with tempfile.TemporaryFile("w+", errors="replace", encoding="utf-8") as said:
            process = subprocess.Popen(
                command,
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
            with suppress(subprocess.TimeoutExpired):
                process.wait(limit)
            status = process.poll()
            self._end_all()
            process.wait()
            said.seek(0)
            text = said.read()
        shutil.rmtree(self.root / ".hypothesis", ignore_errors=True)
        shutil.rmtree(self.folder / "numba-once", ignore_errors=True)
        return status, text

    def _end_all(self) -> None:
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(MARK) == str(self.folder):
                    process.kill()

    def write(self, module: str, source: str, stamp: float | None = None) -> float:
        """Write a module; return its time of change until then, to set it back by."""
        path = self.root / module
        before = path.stat().st_mtime
        path.write_text(source, encoding="utf-8")
        if stamp is not None:
            os.utime(path, (stamp, stamp))
        for stale in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):  # known by second and size
            stale.unlink()
        return before


@dataclass
class Trial:
    """Try mutants in the copies, one in each, and keep the results."""

    reach: Reach | None
    limit: float
    out: Path
    copies: list[Copy]
    broken: list[str] = field(default_factory=list)  # tests that fail in the tree as it is
    sound: set[str] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)

    def run(self, mutant: Mutant) -> None:
        """Try one mutant and append its row."""
        with self.lock:
            copy = self.copies.pop()
        start = time.monotonic()
        try:
            outcome, test, count = self._outcome(copy, mutant)
        finally:
            with self.lock:
                self.copies.append(copy)
        seconds = round(time.monotonic() - start, 1)
        scope = "reaching" if self.reach else "all"
        row = (mutant.number, mutant.module, mutant.function, outcome, test, seconds, count, scope)
        with self.lock:
            new = not self.out.exists()
            with self.out.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([COLUMNS, row] if new else [row])
            sys.stdout.write(
                f"{mutant.number:4} {outcome:10} {seconds:7.1f} s  {mutant.module}:{mutant.function}  {test}\n"
            )
            sys.stdout.flush()

    def _outcome(self, copy: Copy, mutant: Mutant) -> tuple[str, str, int]:
        source = (copy.root / mutant.module).read_text(encoding="utf-8")
        try:
            changed = mutant.apply(source)
        except (ValueError, SyntaxError) as error:
            return "invalid", str(error), 0
        files = self.reach.files(mutant) if self.reach else []
        if self.reach and not files:
            return "survived", "no test reaches it", 0
        # most mutants fall to a few tests; collecting all files that reach them takes longer than running those
        sample = self.reach.sample(mutant) if self.reach else []
        if sample:
            outcome, test = self._tried(copy, mutant, source, changed, sample)
            if outcome == "killed":
                return outcome, test, len(files)
        outcome, test = self._tried(copy, mutant, source, changed, files)
        return outcome, test, len(files)

    def _tried(self, copy: Copy, mutant: Mutant, source: str, changed: str, files: list[str]) -> tuple[str, str]:
        compiled = "@njit" in source  # a kernel in one module may be compiled into those of another
        limit = self.limit + COMPILING * compiled
        while True:
            stamp = copy.write(mutant.module, changed)
            try:
                words = [word for test in self.broken for word in ("--deselect", test)]
                status, text = copy.pytest([*files, *words], limit, compiled=compiled)
            finally:
                copy.write(mutant.module, source, stamp)
            if status is None:
                expected = sum(self.reach.durations.get(file, limit) for file in files) if self.reach else limit
                return ("timeout" if 2 * expected < limit else "unfinished"), ""
            if status == 0:
                return "survived", ""
            test = _first_failure(text)
            if test is None:  # the mutant ended Python, or pytest could not start
                ended = status == 1 or status in CRASHES
                return "killed" if ended else "invalid", " ".join(text.split())[-200:]
            if self._is_sound(copy, test):
                return "killed", test

    def _is_sound(self, copy: Copy, test: str) -> bool:
        """Say whether a test passes where nothing is mutated; one that does not is left out from now on."""
        if test in self.sound:
            return True
        whole_file = [] if "::" in test else ["--collect-only"]
        if copy.pytest([test, *whole_file], self.limit + COMPILING)[0] == 0:
            self.sound.add(test)
            return True
        with self.lock:
            if test not in self.broken:
                self.broken.append(test)
        return False


def _first_failure(text: str) -> str | None:
    found = re.search(r"^(?:FAILED|ERROR) ((?:tests|zeta_geom)/.*?)(?: - .*)?$", text, re.MULTILINE)
    return found[1] if found else None


def read_rows(path: Path) -> dict[int, dict[str, str]]:
    """Return the last row of each mutant."""
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {int(row["number"]): row for row in csv.DictReader(file)}


def chosen(arguments: argparse.Namespace) -> list[Mutant]:
    """Return the mutants that are still to be tried."""
    rows = read_rows(arguments.out)
    mutants = [one for one in read_mutants() if not arguments.only or one.number in arguments.only]
    for one in mutants:
        row = rows.get(one.number)
        if row and (row["module"], row["function"]) != (one.module, one.function):
            raise SystemExit(f"{arguments.out} is of another list: mutant {one.number} was {row['function']} there.")
    if arguments.survivors:
        alive = {
            number
            for number, row in rows.items()
            if row["scope"] == "reaching" and row["outcome"] in ("survived", "unfinished")
        }
        return [one for one in mutants if one.number in alive]
    return [one for one in mutants if one.number not in rows or rows[one.number]["outcome"] == "invalid"]


def compare(before: Path, after: Path) -> None:
    """Name the mutants that the tests found before, and no longer find."""
    earlier, later = read_rows(before), read_rows(after)
    faults = {one.number: one.fault for one in read_mutants()}
    both = [
        number
        for number in earlier
        if number in later and "invalid" not in (earlier[number]["outcome"], later[number]["outcome"])
    ]
    killed = {number for number in both if earlier[number]["outcome"] in KILLED}
    still = {number for number in both if later[number]["outcome"] in KILLED}
    lost = sorted(killed - still)
    sys.stdout.write(f"{len(both)} mutants in both tables; killed before: {len(killed)}, after: {len(still)}; ")
    sys.stdout.write(f"killed before and alive after: {len(lost)}\n")
    for number in lost:
        row = earlier[number]
        where = f"{row['module']}:{row['function']}"
        sys.stdout.write(f"{number:4} {where}  {faults.get(number, '')}  (before: {row['test']})\n")


def summary(out: Path) -> None:
    """Count the outcomes by room."""
    rows = read_rows(out).values()
    rooms = sorted({row["module"].split("/")[1].removesuffix(".py") for row in rows})
    for room in rooms:
        counts = Counter(row["outcome"] for row in rows if row["module"].split("/")[1].removesuffix(".py") == room)
        sys.stdout.write(f"{room:12} " + ", ".join(f"{count} {name}" for name, count in counts.most_common()) + "\n")


def main() -> None:
    """Read the command line and try the mutants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", type=Path, default=Path(__file__).parents[2], help="the tree to mutate copies of")
    parser.add_argument("--coverage", type=Path, help="coverage database with a context for each test")
    parser.add_argument("--junit", type=Path, help="JUnit report of the same run: the quickest files go first")
    parser.add_argument("--out", type=Path, help="table of results; mutants that it holds are skipped")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", type=int, nargs="*", default=[], help="numbers of mutants")
    parser.add_argument("--limit", type=float, help="seconds for a mutant; 300, or 7200 with --survivors")
    parser.add_argument("--pytest-args", default="", help="more words for pytest, in one string")
    parser.add_argument("--survivors", action="store_true", help="try what lives against all tests")
    parser.add_argument("--plan", action="store_true", help="show the test files of each mutant, and try none")
    parser.add_argument("--compare", type=Path, nargs=2, metavar=("BEFORE", "AFTER"))
    arguments = parser.parse_args()
    if arguments.compare:
        return compare(*arguments.compare)
    if arguments.out is None or (arguments.coverage is None and not arguments.survivors):
        parser.error("give --out, and --coverage or --survivors")
    reach = None
    if not arguments.survivors:
        durations = read_durations(arguments.junit) if arguments.junit else {}
        reach = Reach(arguments.tree.resolve(), arguments.coverage.resolve(), durations)
    mutants = chosen(arguments)
    if arguments.plan:
        return plan(mutants, reach)
    with tempfile.TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as folder:
        more = shlex.split(arguments.pytest_args)
        copies = [Copy(arguments.tree, Path(folder) / str(place), more) for place in range(arguments.workers)]
        limit = arguments.limit or (7200.0 if arguments.survivors else 300.0)
        trial = Trial(reach, limit, arguments.out, copies)
        with ThreadPoolExecutor(arguments.workers) as pool:
            for _ in pool.map(trial.run, mutants):
                pass
    for test in trial.broken:
        sys.stdout.write(f"left out, for it fails without a mutant: {test}\n")
    summary(arguments.out)


def plan(mutants: list[Mutant], reach: Reach | None) -> None:
    """Show what would be run."""
    for one in mutants if reach else ():
        files = reach.files(one) if one.function in functions(reach.sources[one.module]) else []
        seconds = sum(reach.durations.get(file, 0.0) for file in files)
        where = f"{one.module}:{one.function}"
        sys.stdout.write(f"{one.number:4} {where}  {len(files)} files, {seconds:.0f} s: {' '.join(files[:4])}\n")


if __name__ == "__main__":
    main()
