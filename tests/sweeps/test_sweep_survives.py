"""Sweeps on a Dask cluster of processes, and from the command line, through kills of every kind."""

import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from tests.cli.command_cases import run
from tests.execution import sweep_cases as cases
from zeta_geom.execution.dask import local_cluster
from zeta_geom.execution.running import carry_out
from zeta_geom.manifolds import make_helix
from zeta_geom.sweeps import DaskExecutor, Ledger, PoolExecutor, sweep


@pytest.fixture(scope="module")
def address():
    with local_cluster(2) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger")


def go(ledger, entries, address, **how):
    return carry_out(ledger, entries, cases.compute, DaskExecutor(address), progress=False, **how)


def test_a_worker_that_is_killed_in_the_middle_of_a_run(ledger, address):
    entries = cases.entries(ledger, 6, dies=3)
    assert cases.squares(go(ledger, entries, address)) == {i: i * i for i in range(6)}
    assert cases.noted(ledger) == list(range(6))
    assert (ledger.folder / "started3").exists()


def test_runs_that_raise_and_hang(ledger, address):
    entries = cases.entries(ledger, 6, raises=1, hangs=4)
    assert set(cases.squares(go(ledger, entries, address, limit=2.0))) == {0, 2, 3, 5}
    assert ledger.failure(entries[1]) == "ValueError: this one is odd"
    assert ledger.failure(entries[4]) == "TimeoutError: it ran past its limit."
    assert set(cases.noted(ledger)) == {0, 2, 3, 5}


def test_a_client_that_is_killed_and_called_again(ledger, address):
    executor = f"DaskExecutor({address!r})"
    client = cases.in_another_process(ledger.folder, 8, executor, seconds=0.3)
    cases.wait_until(lambda: cases.finished(ledger.folder) >= 2)
    client.send_signal(signal.SIGKILL)
    client.communicate()
    entries = cases.entries(ledger, 8, seconds=0.3)
    assert cases.squares(go(ledger, entries, address)) == {i: i * i for i in range(8)}
    assert cases.noted(ledger) == list(range(8))  # what the workers had begun they finished, nobody did it again


def test_a_part_that_is_truncated_on_the_way(ledger, address):
    entries = cases.entries(ledger, 3)
    go(ledger, entries, address)
    values = ledger.runs / entries[2].name / "result.parquet"
    values.write_bytes(values.read_bytes()[:100])
    assert cases.squares(go(ledger, entries, address)) == {0: 0, 1: 1, 2: 4}
    assert cases.noted(ledger) == [0, 1, 2, 2]


@pytest.mark.slow
def test_two_sweeps_at_once_on_one_ledger_by_a_pool_and_by_dask(ledger, address):
    other = cases.in_another_process(ledger.folder, 10, "PoolExecutor(2)", seconds=0.2)
    entries = cases.entries(ledger, 10, seconds=0.2)
    assert cases.squares(go(ledger, entries, address)) == {i: i * i for i in range(10)}
    out, _ = other.communicate(timeout=120)
    assert out == "10\n"
    assert cases.noted(ledger) == list(range(10))


def test_a_scheduler_that_goes_away(ledger):
    with local_cluster(1) as cluster:
        executor = DaskExecutor(cluster.scheduler_address)
        results = executor.map(cases.double, [1, 2])
        next(results)
    with pytest.raises(ConnectionError, match=r"the Dask scheduler at .* is gone; finished work is kept"):
        list(results)


@pytest.mark.slow
def test_every_executor_gives_the_same_table(address, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = make_helix(400, random_state=0)
    ask = {"gammas": [2, 4], "n_neighbors": (8, 16), "measures": ["dimension", "label-error"], "progress": False}
    data = {"helix": (X, (y > y.mean()).astype(int))}
    expected = sweep(data, **ask).drop(columns="seconds")
    for executor in (PoolExecutor(2), DaskExecutor(address)):
        made = sweep(data, executor=executor, folder=type(executor).__name__, **ask)
        pd.testing.assert_frame_equal(made.drop(columns="seconds"), expected, check_exact=True)
    with pytest.raises(ValueError, match="folder must be set if executor has a Dask address"):
        sweep(data, executor=DaskExecutor(address), **ask)


@pytest.fixture(scope="module")
def helix(tmp_path_factory):
    """A file of points, and the table of an undisturbed sweep over it."""
    folder = tmp_path_factory.mktemp("helix")
    np.save(folder / "helix.npy", make_helix(1500, random_state=0)[0])
    run(*command(folder, "undisturbed")[3:])
    return folder, pd.read_parquet(folder / "undisturbed" / "results.parquet").drop(columns="seconds")


def command(folder, out, *more):
    words = ["sweep", str(folder / "helix.npy"), "--gammas", "0:12:0.5", "--k", "8", "64", "--out", str(folder / out)]
    return [sys.executable, "-m", "zeta_geom.cli.main", *words, *more]


def listen():
    """Hear SIGINT also where the tests run in the background, and so ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(folder, out):
    return subprocess.Popen(
        command(folder, out, "--workers", "2"), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=listen,
    )  # fmt: skip


@pytest.mark.parametrize(
    "signal_number",
    [signal.SIGINT, *(pytest.param(number, marks=pytest.mark.slow) for number in (signal.SIGTERM, signal.SIGKILL))],
    ids=lambda number: number.name,
)
def test_the_command_line_survives(signal_number, helix):
    folder, expected = helix
    out = folder / signal_number.name
    process = start(folder, signal_number.name)
    cases.wait_until(lambda: cases.finished(out) >= 3 or process.poll() is not None)
    assert process.poll() is None, process.stderr.read()
    process.send_signal(signal_number)
    _, err = process.communicate(timeout=60)
    if signal_number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130
        assert "interrupted" in err
        assert f"of 27 runs are finished in {out}: the same" in err
        assert "Traceback" not in err
    cases.wait_until(lambda: cases.group_is_gone(process), 30)  # no worker outlives its master
    done = {path.name: path.stat().st_mtime_ns for path in Ledger(out).runs.iterdir()}
    assert 3 <= len(done) < 27
    assert all({part.name for part in path.iterdir()} == {"result.json", "result.parquet"}
               for path in Ledger(out).runs.iterdir())  # fmt: skip
    again = run(*command(folder, signal_number.name)[3:])
    assert again.stdout == f"every run is finished; wrote {out / 'results.parquet'}\n"
    assert done == {name: (Ledger(out).runs / name).stat().st_mtime_ns for name in done}
    made = pd.read_parquet(out / "results.parquet").drop(columns="seconds")
    pd.testing.assert_frame_equal(made, expected, check_exact=True)
    assert not list(Ledger(out).temporary.iterdir())


@pytest.mark.slow
def test_two_commands_at_once(helix):
    folder, expected = helix
    both = [start(folder, "both") for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    made = pd.read_parquet(folder / "both" / "results.parquet").drop(columns="seconds")
    pd.testing.assert_frame_equal(made, expected, check_exact=True)
    assert os.listdir(Ledger(folder / "both").temporary) == []
