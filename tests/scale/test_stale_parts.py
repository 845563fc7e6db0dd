"""Parts that older code wrote are refused, or accepted by `stale`."""

import logging

import numpy as np
import pytest

from zeta_geom.records import keys
from zeta_geom.scale import Parts, knn
from zeta_geom.sweeps import SerialExecutor

X = np.random.default_rng(0).normal(size=(300, 6))
SERIAL = SerialExecutor(threads=1)


def test_parts_of_older_code_are_refused_or_accepted_by_stale(tmp_path, monkeypatch, caplog):
    expected = knn(X, 4, executor=SERIAL, parts=Parts(tmp_path, chunk_size=100)).indices
    (tmp_path / "part-000001.parquet").unlink()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("part-*")}
    monkeypatch.setattr(keys, "code_fingerprint", lambda _: "f" * 64)
    with pytest.raises(ValueError, match=r"Cannot resume: .* were written by other code.*stale=True"):
        knn(X, 4, executor=SERIAL, parts=Parts(tmp_path, chunk_size=100))
    with caplog.at_level(logging.WARNING):
        found = knn(X, 4, executor=SERIAL, parts=Parts(tmp_path, chunk_size=100, stale=True)).indices
    np.testing.assert_array_equal(found, expected)
    assert "parts: reusing the result of older code" in caplog.text
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert len(list(tmp_path.glob("part-*"))) == 3


def test_stale_accepts_no_other_settings(tmp_path):
    knn(X, 4, executor=SERIAL, parts=Parts(tmp_path, chunk_size=100))
    with pytest.raises(ValueError, match=r"n_neighbors \(4 there, 5 here\)"):
        knn(X, 5, executor=SERIAL, parts=Parts(tmp_path, chunk_size=100, stale=True))
