"""Leases exclude other processes, die with their owners, and expire for other hosts."""

import errno
import json
import os
import subprocess
import sys
import time

import pytest
from filelock import FileLock

from tests.execution import sweep_cases as cases
from zeta_geom.execution import leases
from zeta_geom.execution.leases import lease_owner, take_lease
from zeta_geom.sweeps import Ledger


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger")


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


def test_theheart_forgets_what_is_done(tmp_path):
    with take_lease(tmp_path, "a"):
        assert tmp_path / "a.lease" in leases.heart.leases
    assert not leases.heart.leases


def test_two_on_one_host_without_locks(tmp_path, monkeypatch):

    def acquire(self, *args, **kwargs):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(FileLock, "acquire", acquire)
    with take_lease(tmp_path, "a") as ours:
        assert ours
        with take_lease(tmp_path, "a") as again:
            assert not again


def test_an_expired_lease_is_taken_over_whole(tmp_path):
    lease = tmp_path / "a.lease"
    lease.write_text("{")  # half of one
    with take_lease(tmp_path, "a") as ours:
        assert ours
        assert json.loads(lease.read_text())["pid"] == os.getpid()
    assert {path.name for path in tmp_path.iterdir()} == {"a.lock"}


def test_a_claim_dies_with_its_owner(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from zeta_geom.execution.leases import take_lease\n"
        f"with take_lease(Path({str(tmp_path)!r}), 'a') as ours: print(ours, flush=True); time.sleep(100)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout.readline() == "True\n"
    with take_lease(tmp_path, "a") as ours:
        assert not ours
    assert lease_owner(tmp_path, "a")["pid"] == owner.pid
    owner.kill()
    owner.wait()
    assert lease_owner(tmp_path, "a") is None
    with take_lease(tmp_path, "a") as ours:
        assert ours
        assert lease_owner(tmp_path, "a")["pid"] == os.getpid()
    assert lease_owner(tmp_path, "a") is None


def test_another_hosts_lease_holds_until_it_runs_out(tmp_path, ledger):
    lease = tmp_path / "a.lease"
    lease.write_text(json.dumps({"host": "elsewhere", "pid": 1, "token": "x", "since": 0}))
    with take_lease(tmp_path, "a") as ours:
        assert not ours
    assert lease_owner(tmp_path, "a")["host"] == "elsewhere"
    old = time.time() - leases.LEASE - 1
    os.utime(lease, (old, old))
    assert lease_owner(tmp_path, "a") is None
    with take_lease(tmp_path, "a") as ours:
        assert ours
    assert not lease.exists()
    assert not list(tmp_path.glob("*clock*"))


def test_a_lease_that_was_taken_over_is_not_removed_by_its_old_owner(tmp_path):
    theirs = json.dumps({"host": "elsewhere", "pid": 1, "token": "theirs", "since": 0})
    with take_lease(tmp_path, "a") as ours:
        assert ours
        (tmp_path / "a.lease").write_text(theirs)
    assert (tmp_path / "a.lease").read_text() == theirs


def test_a_lease_is_touched_while_its_owner_works(tmp_path, monkeypatch):
    monkeypatch.setattr(leases, "LEASE", 0.2)
    with take_lease(tmp_path, "a"):
        before = (tmp_path / "a.lease").stat().st_mtime_ns
        cases.wait_until(lambda: (tmp_path / "a.lease").stat().st_mtime_ns > before, 5)
