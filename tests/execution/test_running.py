"""Runs are carried out once, whoever dies, hangs or fails meanwhile."""

import json
import signal
import threading

import pandas as pd
import pytest

from tests.execution import sweep_cases as cases
from zeta_geom.execution import running
from zeta_geom.execution.executors import Lost
from zeta_geom.sweeps import Ledger, PoolExecutor, SerialExecutor


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger")


def go(ledger, entries, executor=None, **how):
    return running.carry_out(ledger, entries, cases.compute, executor or SerialExecutor(), progress=False, **how)


def test_what_a_killed_process_left_half_written_is_removed(ledger):
    entries = cases.entries(ledger, 2)
    (ledger.temporary / f"{entries[0].name}~abc").mkdir(parents=True)
    go(ledger, entries)
    assert not list(ledger.temporary.iterdir())


def test_force_does_failures_again_too(ledger):
    (entry,) = cases.entries(ledger, 1, raises=0)
    go(ledger, [entry])
    path = ledger.failed / f"{entry.name}.json"
    before = path.stat().st_mtime_ns
    go(ledger, [entry], force=True, retry_failed=False)
    assert path.stat().st_mtime_ns > before


def test_force_leaves_alone_what_somebody_works_on(ledger):
    entries = cases.entries(ledger, 2)
    go(ledger, entries)
    with ledger.claim(entries[0]):
        running.clear_old(ledger, entries, True, True)
    assert [ledger.status(entry) for entry in entries] == ["finished", "open"]


def test_what_failed_meanwhile_is_not_done_again(ledger):
    (entry,) = cases.entries(ledger, 1)
    ledger.write_plan([entry])
    ledger.fail(entry, "somebody else's")
    assert running.RunCall(ledger, cases.compute, None)(entry) == "failed"
    assert cases.noted(ledger) == []


@pytest.mark.slow
def test_a_run_whose_owner_dies_while_it_is_waited_for(ledger):
    entries = cases.entries(ledger, 1, seconds=2.0)
    other = cases.in_another_process(ledger.folder, 1, seconds=2.0)
    cases.wait_until(lambda: ledger.status(entries[0]) == "running")
    threading.Timer(0.7, other.kill).start()
    assert cases.squares(go(ledger, entries)) == {0: 0}
    other.communicate()


def test_a_loss_is_a_failure_and_after_the_end_is_none(ledger):
    entry, other = cases.entries(ledger, 2)
    go(ledger, [entry])
    for each in (entry, other):
        running.record_loss(ledger, each, Lost("it died"))
    assert ledger.failure(entry) is None
    assert ledger.failure(other) == "RuntimeError: it died"


def test_a_sweep_that_starts_meanwhile_does_not_harm_a_run_with_a_limit(ledger):
    (entry,) = cases.entries(ledger, 1)
    ledger.write_plan([entry])

    def compute(settings):
        running.clear_old(Ledger(ledger.folder), [entry], False, True)  # what a second sweep does at its start
        return pd.DataFrame({"i": [0]})

    assert running.RunCall(ledger, compute, 20.0)(entry) == "finished", ledger.failure(entry)


def test_a_worker_that_does_not_see_the_ledger_says_so(ledger):
    (entry,) = cases.entries(ledger, 1)
    with pytest.raises(FileNotFoundError, match="a worker does not see the ledger"):
        running.RunCall(ledger, cases.compute, None)(entry)


def test_a_worker_with_other_code_or_libraries_is_refused(ledger, monkeypatch):
    entries = cases.entries(ledger, 1)
    monkeypatch.setattr("zeta_geom.execution.running.library_versions", lambda: {"numpy": "0.0"})
    with pytest.raises(RuntimeError, match=r"other versions of numba, numpy, .* install the same versions on both"):
        go(ledger, entries)


@pytest.mark.slow
def test_who_is_busy_elsewhere_is_waited_for(ledger):
    entries = cases.entries(ledger, 4, seconds=0.4)
    other = cases.in_another_process(ledger.folder, 4, seconds=0.4)
    cases.wait_until(lambda: cases.finished(ledger.folder) >= 1)
    assert cases.squares(go(ledger, entries)) == {0: 0, 1: 1, 2: 4, 3: 9}
    out, err = other.communicate(timeout=60)
    assert (out, err) == ("4\n", "")
    assert cases.noted(ledger) == [0, 1, 2, 3]


def test_a_killed_owners_run_is_taken_over(ledger):
    entries = cases.entries(ledger, 3, seconds=0.5)
    other = cases.in_another_process(ledger.folder, 3, seconds=0.5)
    cases.wait_until(lambda: cases.finished(ledger.folder) >= 1)
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert cases.squares(go(ledger, entries)) == {0: 0, 1: 1, 2: 4}
    assert not list(ledger.temporary.iterdir())


@pytest.mark.parametrize("how", [pytest.param("hangs", marks=pytest.mark.slow), "hangs in C"])
def test_a_run_that_hangs_is_ended_and_recorded(ledger, how, monkeypatch):
    with pytest.raises(ValueError, match="limit needs an executor"):
        go(ledger, cases.entries(ledger, 1), limit=1.0)
    entries = cases.entries(ledger, 4, **{how: 2})
    assert cases.squares(go(ledger, entries, PoolExecutor(2), limit=1.0)) == {0: 0, 1: 1, 3: 9}
    assert ledger.failure(entries[2]) == "TimeoutError: it ran past its limit."
    assert "sweep_cases.py" in json.loads((ledger.failed / f"{entries[2].name}.json").read_text())["traceback"]
    assert set(cases.noted(ledger)) == {0, 1, 3}
    assert not list(ledger.leases.glob("*.hang"))


@pytest.mark.slow
def test_a_run_whose_process_always_dies_is_recorded_as_failed(ledger):
    entries = cases.entries(ledger, 4, **{"always dies": 1})
    assert cases.squares(go(ledger, entries, PoolExecutor(2))) == {0: 0, 2: 4, 3: 9}
    assert "its process died 3 times" in ledger.failure(entries[1])
    assert set(cases.noted(ledger)) == {0, 2, 3}
