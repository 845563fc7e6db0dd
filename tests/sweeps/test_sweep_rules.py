"""Rules of ledgers, executors, sweeps and parts that a careful reader would break one by one."""

import errno
import json
import os
import shutil
import signal
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from joblib import effective_n_jobs
from matplotlib.figure import Figure

from tests.cli.command_cases import X as points_of_the_file
from tests.cli.command_cases import folder, in_a_shell, run
from tests.cli.command_cases import y as labels_of_the_file
from tests.execution import sweep_cases as cases
from zeta_geom import datasets
from zeta_geom.execution import leases, running
from zeta_geom.execution.executors import Lost
from zeta_geom.execution.leases import take_lease
from zeta_geom.geometry import LocalPCA
from zeta_geom.manifolds import make_crescents, make_helix
from zeta_geom.neighborhoods import vote_errors
from zeta_geom.plots.sweep import sweep_panel
from zeta_geom.records import data_fingerprint, keys
from zeta_geom.sweeps import DaskExecutor, Ledger, PoolExecutor, SerialExecutor, gamma_sweep, sweep, sweep_table
from zeta_geom.sweeps.grid import Run
from zeta_geom.sweeps.measures import Points
from zeta_geom.sweeps.workshop import RemoteWorkshop, Workshop, keep_array

X = make_helix(400, random_state=0)[0]
__all__ = ["folder"]


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger")


def go(ledger, entries, executor=None, **how):
    return running.carry_out(ledger, entries, cases.compute, executor or SerialExecutor(), progress=False, **how)


@pytest.mark.parametrize(("number", "raised"), [(errno.ENOLCK, False), (errno.EOPNOTSUPP, False), (errno.EIO, True)])
def test_a_file_system_without_locks_has_leases(tmp_path, monkeypatch, number, raised):
    def acquire(self, *args, **kwargs):
        raise OSError(number, "no")

    monkeypatch.setattr(FileLock, "acquire", acquire)
    if raised:
        with pytest.raises(OSError, match="no"), take_lease(tmp_path, "a"):
            pass
        return
    (tmp_path / "b.lease").write_text(json.dumps({"host": "elsewhere", "pid": 1, "token": "x", "since": 0}))
    with take_lease(tmp_path, "a") as ours, take_lease(tmp_path, "b") as theirs:
        assert (ours, theirs) == (True, False)
    assert not (tmp_path / "a.lease").exists()


def test_the_heart_forgets_what_is_done(tmp_path):
    with take_lease(tmp_path, "a"):
        assert tmp_path / "a.lease" in leases._heart.leases
    assert not leases._heart.leases


def test_what_a_killed_process_left_half_written_is_removed(ledger):
    entries = cases.entries(ledger, 2)
    (ledger.temporary / f"{entries[0].name}~abc").mkdir(parents=True)
    go(ledger, entries)
    assert not list(ledger.temporary.iterdir())


def test_stale_takes_the_same_settings_alone(ledger, monkeypatch):
    one, other = cases.entries(ledger, 2)
    go(ledger, [other])
    shutil.copytree(ledger.runs / other.name, ledger.runs / f"{one.name[:-12]}{'0' * 12}")
    assert ledger.of_older_code(one) is None


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
        running._forget(ledger, entries, True, True)
    assert [ledger.status(entry) for entry in entries] == ["finished", "open"]


def test_what_failed_meanwhile_is_not_done_again(ledger):
    (entry,) = cases.entries(ledger, 1)
    ledger.write_plan([entry])
    ledger.fail(entry, "somebody else's")
    assert running._Call(ledger, cases.compute, None)(entry) == "failed"
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
        running._record_loss(ledger, each, Lost("it died"))
    assert ledger.failure(entry) is None
    assert ledger.failure(other) == "RuntimeError: it died"


@pytest.mark.slow
def test_the_death_in_company_does_not_count(tmp_path):
    assert dict(PoolExecutor(2).map(cases.dies_three_times, [str(tmp_path / "a")])) == {0: "alive"}


def test_who_stops_listening_ends_the_work():
    executor = PoolExecutor(2)
    results = executor.map(cases.double, list(range(50)))
    next(results)
    pool = executor._pool()
    results.close()
    assert executor._pool() is not pool


def test_fewer_threads_in_this_process():
    assert dict(SerialExecutor(threads=1).map(cases.blas_threads, [0])) == {0: 1}


def test_labels_are_part_of_the_key(tmp_path):
    points, y = make_crescents(200, random_state=0)
    ask = {
        "gammas": [],
        "measures": ["label-error"],
        "mixers": [],
        "n_neighbors": 8,
        "folder": tmp_path,
        "progress": False,
    }
    first = sweep({"moons": (points, y)}, **ask)
    second = sweep({"moons": (points, np.random.default_rng(0).permutation(y))}, **ask)
    assert first["mean"][0] < 0.3 < second["mean"][0]


def test_spread_over_seeds_without_a_gamma():
    table = gamma_sweep(X, gammas=[], mixers=("mixup",), n_neighbors=8, seeds=(0, 1), progress=False)
    mixup = table[table["mixer"] == "mixup"]
    np.testing.assert_allclose(mixup["seed_std"], mixup["mean"].std())


def test_force_stale_and_batch_size_of_the_command(folder, monkeypatch):
    words = ["sweep", folder / "data.npz", "--gammas", "2", "--k", "8", "--batch-size", "8", "--out", folder / "runs"]
    run(*words)
    expected = sweep(
        {"data": (points_of_the_file, labels_of_the_file)}, gammas=[2], n_neighbors=8, batch_size=8, progress=False
    )
    assert pd.read_parquet(folder / "runs" / "results.parquet")["mean"].tolist() == expected["mean"].tolist()

    def times():
        return {path.name: path.stat().st_mtime_ns for path in (folder / "runs" / "runs").iterdir()}

    before = times()
    run(*words)
    assert times() == before
    run(*words, "--force")
    assert all(times()[name] > then for name, then in before.items())
    before = times()
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: "f" * 64)
    run(*words, "--stale")
    assert times() == before


def test_largest_shares_that_differ_by_rounding_are_both_largest():
    votes = np.array([[0.0, 1.0]])
    assert not vote_errors(np.array([[0]]), votes, np.array([[0.5 + 1e-8, 0.5 - 1e-8]]))[0]


def test_realism_needs_ten_classes():
    images = datasets.load("mnist-sample").X_train[:40]
    with pytest.raises(ValueError, match="10 classes"):
        sweep({"a": (images, np.arange(40) % 3)}, gammas=[], measures=["realism"], progress=False)


def test_the_band_of_wrong_labels_is_over_seeds():
    row = {"data": "a", "mixer": "zeta", "n_mix": 0, "anchor": "", "measure": "label-error", "k": 8, "mean": 0.5}
    table = pd.DataFrame([row | {"gamma": g, "std": 0.4, "seed_std": 0.1} for g in (1.0, 2.0)])
    (band,) = sweep_panel(Figure().subplots(), table).collections
    heights = band.get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose([heights.min(), heights.max()], [0.4, 0.6])


def test_a_narrow_band_shows_two_standard_errors():
    row = {"data": "a", "n_mix": 0, "anchor": "", "measure": "dimension", "k": 8, "mean": 5.0, "std": 1.0, "sem": 0.1}
    table = pd.DataFrame([row | {"mixer": "zeta", "gamma": g} for g in (1.0, 2.0)])
    _, narrow = sweep_panel(Figure().subplots(), table).collections
    heights = narrow.get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose([heights.min(), heights.max()], [4.8, 5.2])
    ax = sweep_panel(Figure().subplots(), pd.DataFrame([row | {"mixer": "mixup", "gamma": np.nan}]))
    np.testing.assert_allclose([ax.patches[1].get_y(), ax.patches[1].get_height()], [4.8, 0.4])
    for sem in (0.0, np.nan):  # all points used, or one anchor
        assert len(sweep_panel(Figure().subplots(), table.assign(sem=sem)).collections) == 1


def test_an_array_that_is_kept_is_whole(ledger):
    fingerprint = data_fingerprint(X)
    path = keep_array(ledger.folder, X, fingerprint)
    before = path.stat().st_mtime_ns
    assert keep_array(ledger.folder, X, fingerprint).stat().st_mtime_ns == before
    path.write_bytes(path.read_bytes()[:-80] + bytes(80))
    np.testing.assert_array_equal(np.load(keep_array(ledger.folder, X, fingerprint)), X)


@pytest.mark.slow
def test_no_task_is_lost_when_a_process_dies_between_two_results():
    executor = PoolExecutor(2)
    results = executor.map(cases.double, list(range(20)))
    found = dict([next(results)])
    pool = executor._pool()
    os.kill(next(iter(pool._processes)), signal.SIGKILL)
    cases.wait_until(lambda: pool._flags.broken is not None)
    found |= dict(results)
    assert found == {i: 2 * i for i in range(20)}


def test_a_sweep_that_starts_meanwhile_does_not_harm_a_run_with_a_limit(ledger):
    (entry,) = cases.entries(ledger, 1)
    ledger.write_plan([entry])

    def compute(settings):
        running._forget(Ledger(ledger.folder), [entry], False, True)  # what a second sweep does at its start
        return pd.DataFrame({"i": [0]})

    assert running._Call(ledger, compute, 20.0)(entry) == "finished", ledger.failure(entry)


def test_stale_runs_are_in_the_plan(tmp_path, monkeypatch):
    ask = {"gammas": [2, 4], "n_neighbors": 8, "folder": tmp_path, "progress": False}
    gamma_sweep(X, **ask)
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: "f" * 64)
    table = gamma_sweep(X, stale=True, **ask)
    assert len(table) == 4
    assert Ledger(tmp_path).counts() == {"finished": 4, "failed": 0, "running": 0, "open": 0}
    assert sweep_table(tmp_path).equals(table)


def test_a_damaged_failure_record(ledger):
    entries = cases.entries(ledger, 1, raises=0)
    go(ledger, entries)
    (ledger.failed / f"{entries[0].name}.json").write_text("{")
    assert ledger.failure(entries[0])


def test_two_on_one_host_without_locks(tmp_path, monkeypatch):

    def acquire(self, *args, **kwargs):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(FileLock, "acquire", acquire)
    with take_lease(tmp_path, "a") as ours:
        assert ours
        with take_lease(tmp_path, "a") as again:
            assert not again


def test_plot_of_nothing_makes_nothing(tmp_path):
    in_a_shell(tmp_path, ["sweep", "plot", "nowhere"])
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "more",
    [
        {"alpha": np.float32(0.05)},
        {"n_neighbors": np.array([8])},
        {"n_mix": [np.int64(8)]},
        {"mixers": {"a": ("zeta", {"n_mix": np.int64(8)})}},
    ],
)
def test_numpy_numbers(more):
    sweep({"a": X}, **({"gammas": [2], "n_neighbors": 8, "progress": False} | more))


def test_fraction_of_k():
    with pytest.raises((TypeError, ValueError), match="n_neighbors"):
        sweep({"a": X}, gammas=[2], n_neighbors=(8.7,), progress=False)


def test_an_array_for_a_mapping():
    with pytest.raises((TypeError, ValueError), match="data must"):
        sweep(X, gammas=[2], n_neighbors=8, progress=False)


def test_alpha_int_and_float_have_one_key(tmp_path):
    ask = {"gammas": [], "mixers": [], "n_neighbors": 8, "folder": tmp_path, "progress": False}
    sweep({"a": X}, alpha=1, **ask)
    sweep({"a": X}, alpha=1.0, **ask)
    assert len(list((tmp_path / "runs").iterdir())) == 1


def test_a_label_original(tmp_path):
    with pytest.raises(ValueError, match="original"):
        sweep({"a": X}, gammas=[], mixers={"original": ("mixup", {})}, n_neighbors=8, progress=False)


def test_unicode_names(tmp_path):
    sweep({"数" * 80: X}, gammas=[], mixers=[], n_neighbors=8, folder=tmp_path, progress=False)


def threads_there(task):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return effective_n_jobs(task)


@pytest.mark.slow
def test_threads_of_a_dask_worker_are_used():
    assert dict(DaskExecutor(n_workers=1, threads=2).map(threads_there, [2])) == {0: 2}


def test_threads_of_one_worker_do_not_mix_up_their_runs(tmp_path, monkeypatch):
    """Each thread has fitted before the other reads, unless they take turns."""
    np.save(tmp_path / "x.npy", X)
    remote = RemoteWorkshop((("helix", tmp_path / "x.npy", None),), 1)
    how = {"data": "helix", "label": "zeta", "mixer": "zeta", "options": {"n_neighbors": [8], "alpha": 0.05}}
    asked = [Run(gamma=gamma, **how).model_dump() for gamma in (0.0, 8.0)]
    expected = [float(Workshop({"helix": Points(X, None)}, 1)(settings)["mean"][0]) for settings in asked]
    both, fit = threading.Barrier(2, timeout=1), LocalPCA.fit

    def fit_and_wait(self, points):
        made = fit(self, points)
        with suppress(threading.BrokenBarrierError):
            both.wait()
        return made

    monkeypatch.setattr(LocalPCA, "fit", fit_and_wait)
    with ThreadPoolExecutor(2) as pool:
        found = [float(table["mean"][0]) for table in pool.map(remote, asked)]
    assert found == expected


def test_force_wins_over_stale(tmp_path, monkeypatch):
    ask = {"gammas": [], "n_neighbors": 8, "folder": tmp_path, "progress": False}
    gamma_sweep(X, **ask)
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: "f" * 64)
    gamma_sweep(X, stale=True, force=True, **ask)
    assert len(list(Ledger(tmp_path).runs.iterdir())) == 4  # those of the older code are left alone


def test_a_worker_that_does_not_see_the_ledger_says_so(ledger):
    (entry,) = cases.entries(ledger, 1)
    with pytest.raises(FileNotFoundError, match="a worker does not see the ledger"):
        running._Call(ledger, cases.compute, None)(entry)


def test_an_expired_lease_is_taken_over_whole(tmp_path):
    lease = tmp_path / "a.lease"
    lease.write_text("{")  # half of one
    with take_lease(tmp_path, "a") as ours:
        assert ours
        assert json.loads(lease.read_text())["pid"] == os.getpid()
    assert {path.name for path in tmp_path.iterdir()} == {"a.lock"}
