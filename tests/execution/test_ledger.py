"""A ledger keeps what is finished, whatever happens to whoever works on it."""

import json
import logging
import os
import resource
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from tests.execution import sweep_cases as cases
from zeta_geom.execution.running import carry_out
from zeta_geom.records import keys
from zeta_geom.sweeps import Ledger, SerialExecutor


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger")


def go(ledger, entries, executor=None, **how):
    return carry_out(ledger, entries, cases.compute, executor or SerialExecutor(), progress=False, **how)


def test_what_is_finished_is_not_done_again(ledger):
    entries = cases.entries(ledger, 3)
    assert cases.squares(go(ledger, entries)) == {0: 0, 1: 1, 2: 4}
    assert cases.squares(go(ledger, entries)) == {0: 0, 1: 1, 2: 4}
    assert cases.noted(ledger) == [0, 1, 2]
    go(ledger, cases.entries(ledger, 4))  # a larger grid
    assert cases.noted(ledger) == [0, 1, 2, 3]
    go(ledger, entries, force=True)
    assert cases.noted(ledger) == [0, 0, 1, 1, 2, 2, 3]
    assert ledger.counts() == {"finished": 3, "failed": 0, "running": 0, "open": 0}


def test_a_run_is_one_folder_with_all_that_it_was_made_of(ledger):
    (entry,) = cases.entries(ledger, 1)
    go(ledger, [entry])
    (folder,) = ledger.runs.iterdir()
    assert {path.name for path in folder.iterdir()} == {"result.json", "result.parquet"}
    manifest = json.loads((folder / "result.json").read_text())
    assert manifest["status"] == "finished"
    assert manifest["settings"]["i"] == 0
    assert manifest["versions"] == keys.library_versions()
    assert manifest["code"] == keys.code_fingerprint(cases.SOURCE)
    assert manifest["pid"] == os.getpid()
    assert manifest["seconds"] >= 0
    assert manifest["key"] == keys.key_of(manifest)
    assert not list(ledger.temporary.iterdir())


def test_a_failure_is_recorded_and_stops_nothing(ledger):
    entries = cases.entries(ledger, 3, raises=1)
    assert cases.squares(go(ledger, entries)) == {0: 0, 2: 4}
    assert ledger.status(entries[1]) == "failed"
    assert ledger.failure(entries[1]) == "ValueError: this one is odd"
    failure = json.loads((ledger.failed / f"{entries[1].name}.json").read_text())
    assert "in compute" in failure["traceback"]
    assert failure["settings"]["i"] == 1
    before = (ledger.failed / f"{entries[1].name}.json").stat().st_mtime_ns
    go(ledger, entries, retry_failed=False)
    assert (ledger.failed / f"{entries[1].name}.json").stat().st_mtime_ns == before
    go(ledger, entries)
    assert (ledger.failed / f"{entries[1].name}.json").stat().st_mtime_ns > before
    ledger.finish(entries[1], pd.DataFrame({"i": [1]}))
    assert ledger.status(entries[1]) == "finished"
    assert ledger.failure(entries[1]) is None


def test_the_first_to_finish_has_recorded_it(ledger, caplog):
    (entry,) = cases.entries(ledger, 1)
    ledger.finish(entry, pd.DataFrame({"who": ["first"]}))
    with caplog.at_level(logging.INFO):
        ledger.finish(entry, pd.DataFrame({"who": ["second"]}))
    assert "another process has finished this run" in caplog.text
    assert ledger.read(entry)["who"].tolist() == ["first"]
    assert not list(ledger.temporary.iterdir())


@pytest.mark.parametrize("part", ["result.parquet", "result.json"])
def test_a_damaged_run_is_done_again(ledger, part, caplog):
    entries = cases.entries(ledger, 2)
    go(ledger, entries)
    path = ledger.runs / entries[1].name / part
    path.write_bytes(path.read_bytes()[:-20])
    assert cases.squares(go(ledger, entries)) == {0: 0, 1: 1}
    assert cases.noted(ledger) == [0, 1, 1]
    assert ("computing it again" in caplog.text) == (part == "result.parquet")
    assert ledger.read(entries[1]) is not None


def test_runs_of_older_code_are_done_again_unless_asked_for(ledger, monkeypatch, caplog):
    (older,) = cases.entries(ledger, 1)
    go(ledger, [older])
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: "f" * 64)
    (newer,) = cases.entries(ledger, 1)
    assert ledger.of_older_code(newer).name == older.name
    assert "reusing the result of older code" in caplog.text
    go(ledger, [newer])
    assert cases.noted(ledger) == [0, 0]
    assert ledger.of_older_code(newer) is None  # its own is there


def test_a_full_disk_is_one_clear_error_and_loses_nothing(ledger):
    small, large = cases.entries(ledger, 2), cases.entries(ledger, 1, large=100_000)
    go(ledger, small)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, old[1]))
    try:
        with pytest.raises(OSError, match=r"ledger in .* cannot be written .*Free space and repeat the call"):
            go(ledger, [*small, *large])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert not list(ledger.temporary.iterdir())
    assert ledger.counts() == {"finished": 2, "failed": 0, "running": 0, "open": 1}
    assert len(go(ledger, [*small, *large])) == 3
    assert cases.noted(ledger) == [0, 1]


def test_a_full_file_system(tmp_path):
    """The same with a file system of 300 kB of the test's own, where the system lets us have one."""
    script = (
        f"set -e; mount -t tmpfs -o size=300k tmpfs {tmp_path}; cd {os.path.dirname(__file__)}/../..\n"
        f"exec {sys.executable} - <<'END'\n"
        "from tests.execution import sweep_cases as c\nfrom zeta_geom.execution.running import carry_out\n"
        "from zeta_geom.sweeps import SerialExecutor\n"
        f"ledger = c.Ledger('{tmp_path}/ledger')\nentries = c.entries(ledger, 5, large=15_000)\n"
        "try:\n    carry_out(ledger, entries, c.compute, SerialExecutor())\n"
        "except OSError as error:\n    print(error)\n"
        "print(ledger.counts()['finished'], [p.name for p in ledger.temporary.iterdir()])\n"
        "print(sum(ledger.read(entry) is not None for entry in entries))\nEND\n"
    )
    tried = subprocess.run(["unshare", "--mount", "--map-root-user", "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("no mount namespace may be made here")
    words = ["unshare", "--mount", "--map-root-user", "bash", "-c", script]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    error, counts, whole = result.stdout.splitlines()
    assert "No space left on device" in error
    assert "finished runs are kept" in error
    assert counts in ("1 []", "2 []")
    assert whole == counts[0]


def test_a_plan_that_is_absent_or_damaged(ledger):
    with pytest.raises(FileNotFoundError, match="there is no sweep in"):
        ledger.counts()
    go(ledger, cases.entries(ledger, 1))
    (ledger.folder / "sweep.json").write_text("[{")
    with pytest.raises(ValueError, match="is damaged; run the sweep again"):
        ledger.plan()


def test_stale_takes_the_same_settings_alone(ledger, monkeypatch):
    one, other = cases.entries(ledger, 2)
    go(ledger, [other])
    shutil.copytree(ledger.runs / other.name, ledger.runs / f"{one.name[:-12]}{'0' * 12}")
    assert ledger.of_older_code(one) is None


def test_a_damaged_failure_record(ledger):
    entries = cases.entries(ledger, 1, raises=0)
    go(ledger, entries)
    (ledger.failed / f"{entries[0].name}.json").write_text("{")
    assert ledger.failure(entries[0])
