"""Workshops keep data and estimators from one run to the next."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest

from tests.cli.command_cases import folder
from zeta_geom.geometry import LocalPCA
from zeta_geom.manifolds import make_helix
from zeta_geom.records import data_fingerprint
from zeta_geom.sweeps import Ledger
from zeta_geom.sweeps.grid import Run
from zeta_geom.sweeps.measures import Points
from zeta_geom.sweeps.workshop import RemoteWorkshop, Workshop, keep_array

X = make_helix(400, random_state=0)[0]
__all__ = ["folder"]


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger")


def test_an_array_that_is_kept_is_whole(ledger):
    fingerprint = data_fingerprint(X)
    path = keep_array(ledger.folder, X, fingerprint)
    before = path.stat().st_mtime_ns
    assert keep_array(ledger.folder, X, fingerprint).stat().st_mtime_ns == before
    path.write_bytes(path.read_bytes()[:-80] + bytes(80))
    np.testing.assert_array_equal(np.load(keep_array(ledger.folder, X, fingerprint)), X)


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
