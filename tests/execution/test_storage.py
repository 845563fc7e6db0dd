"""Storage that lacks hard links or file locks: claims stay exclusive, and what is not promised is said once."""

import errno
import json
import logging
import os
import time

import pytest
from filelock import FileLock

from tests.execution import sweep_cases as cases
from zeta_geom.execution import leases
from zeta_geom.execution.leases import lease_owner, take_lease
from zeta_geom.execution.locks import hold
from zeta_geom.execution.running import carry_out
from zeta_geom.manifolds import make_helix
from zeta_geom.sweeps import Ledger, PoolExecutor, SerialExecutor, sweep


def without(monkeypatch, *things, number=errno.EOPNOTSUPP):
    def refuse(*_, **__):
        raise OSError(number, "Operation not supported")

    if "links" in things:
        monkeypatch.setattr(os, "link", refuse)
    if "locks" in things:
        monkeypatch.setattr(FileLock, "acquire", refuse)


LACKING = [("links",), ("locks",), ("links", "locks")]


@pytest.mark.parametrize("lacking", LACKING, ids="-".join)
@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EPERM, errno.ENOSYS, errno.EINVAL])
def test_a_claim_is_exclusive_all_the_same(lacking, number, tmp_path, monkeypatch):
    if "locks" in lacking and number == errno.EPERM:
        pytest.skip("no sign that locks are absent")
    without(monkeypatch, *lacking, number=number)
    with take_lease(tmp_path, "a") as ours, take_lease(tmp_path, "a") as again, take_lease(tmp_path, "b") as other:
        assert (ours, again, other) == (True, False, True)
        assert lease_owner(tmp_path, "a")["pid"] == os.getpid()
        assert json.loads((tmp_path / "a.lease").read_text(encoding="utf-8"))["pid"] == os.getpid()
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".lock"]


def test_a_lease_that_is_just_being_written_is_not_taken_over_until_it_is_old(tmp_path):
    lease = tmp_path / "a.lease"
    lease.touch()
    with take_lease(tmp_path, "a") as ours:
        assert not ours
    old = time.time() - leases.LEASE - 1
    os.utime(lease, (old, old))
    with take_lease(tmp_path, "a") as ours:
        assert ours


@pytest.mark.parametrize("lacking", LACKING, ids="-".join)
def test_a_sweep_runs_there_and_says_once_what_it_cannot_promise(lacking, tmp_path, monkeypatch, caplog):
    without(monkeypatch, *lacking)
    X, _ = make_helix(60, random_state=0)
    ask = {"gammas": [2, 3, 4], "n_neighbors": 8, "progress": False, "folder": tmp_path / "runs"}
    with caplog.at_level(logging.WARNING):
        table = sweep({"helix": X}, **ask)
        sweep({"helix": X}, **ask)
    assert len(table) == 5
    (said,) = [each.getMessage() for each in caplog.records]
    assert ("without hard links" in said) == ("links" in lacking)
    assert ("without file locks" in said) == ("locks" in lacking)
    assert f"{tmp_path / 'runs' / 'claims'} lies on storage without" in said


@pytest.mark.slow
def test_processes_of_a_pool_do_each_run_once_there(tmp_path):
    """The processes of the pool have hard links; this one's claims must exclude theirs."""
    ledger = Ledger(tmp_path)
    entries = cases.entries(ledger, 4, seconds=0.2)
    carry_out(ledger, entries, cases.compute, PoolExecutor(2), progress=False)
    assert cases.noted(ledger) == list(range(4))


def test_other_storage_is_said_nothing_about(tmp_path, caplog):
    ledger = Ledger(tmp_path)
    carry_out(ledger, cases.entries(ledger, 1), cases.compute, SerialExecutor(), progress=False)
    assert caplog.text == ""
    assert not [path for path in ledger.leases.iterdir() if path.suffix != ".lock"]


def test_a_lock_that_is_not_to_be_had_is_gone_without_and_said_once(tmp_path, monkeypatch, caplog):
    without(monkeypatch, "locks", number=errno.ENOLCK)
    for _ in range(2):
        with hold(tmp_path / "a.lock"):
            pass
    assert caplog.text.count(f"{tmp_path} lies on storage without file locks") == 1
    without(monkeypatch, "locks", number=errno.EIO)
    with pytest.raises(OSError, match="Operation not supported"), hold(tmp_path / "a.lock"):
        pass


def test_a_full_disk_names_the_lease(tmp_path, monkeypatch):
    def full(self, *_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "write_text", full)
    with pytest.raises(OSError, match=r"a\.lease"), take_lease(tmp_path, "a"):
        pass
