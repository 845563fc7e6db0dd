"""One part of a local dimension in parts: its counts, whatever the order of the search, and its file."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from zeta_geom.geometry import knn, local_dimension
from zeta_geom.scale.files import write_part
from zeta_geom.scale.task import PartTask, count_dimensions

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("held", [60, 10**6])
def test_dimensions_come_in_the_order_of_the_rows(tmp_path, held):
    X = RNG.normal(size=(150, 6)) * np.exp(RNG.normal(size=(150, 1)))
    np.save(tmp_path / "X.npy", X)
    task = PartTask(
        part="", key="", code="", points=str(tmp_path / "X.npy"), queries=None, anchors=None, n=150, start=0,
        stop=150, k=20, ks=(20,), alpha=0.05, metric="euclidean", block=150, held=held, threads=1, device=None,
    )  # fmt: skip
    counts = count_dimensions(task, knn(X, 20).indices, RNG.permutation(150))
    np.testing.assert_array_equal(counts[0], local_dimension(X, 20)[20])
    assert len(np.unique(counts)) > 1


def test_a_part_that_is_broken_off_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "part.parquet"
    write_part(path, {"indices": np.arange(3)}, "key")
    old = path.read_bytes()

    def break_off(table, target, **_):
        target.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(pq, "write_table", break_off)
    with pytest.raises(KeyboardInterrupt):
        write_part(path, {"indices": np.arange(4)}, "key")
    assert [each.name for each in tmp_path.iterdir()] == ["part.parquet"]
    assert path.read_bytes() == old
