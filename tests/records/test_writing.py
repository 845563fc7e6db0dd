"""Files that are written whole or not at all; places that cannot be written, found before the work."""

import errno
import os
import resource
import tempfile
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

from tests.cli.command_cases import folder, run
from zeta_geom import records, scale
from zeta_geom.records import disk as writing
from zeta_geom.records.disk import atomic_path, check_writable, new_folder, write_result
from zeta_geom.sweeps import SerialExecutor

__all__ = ["folder"]


def begun(path):
    """Begin to write a file, as another process would; return the handle that the system closes when it dies."""
    return writing.begin_file(path)


@pytest.mark.parametrize("name", ["mixed.npz", "[ζ] 50%.npz", "a" * 200 + ".npz"])
def test_what_a_killed_process_left_goes_and_what_a_living_one_writes_stays(folder, name):
    out = folder / name
    handle, dead = begun(out)
    os.close(handle)
    living_handle, living = begun(out)
    assert not dead.exists()
    other = folder / ".mixed-abcdefgh.npz"  # a user's own, whatever its name looks like
    other.touch()
    run("mix", folder / "data.npz", "--out", out)
    assert living.exists()
    assert other.exists()
    os.close(living_handle)
    run("mix", folder / "data.npz", "--out", out)
    assert {path.name for path in folder.iterdir()} == {"data.npz", "data.npy", name, other.name}
    assert len(np.load(out)["X"]) == 200


def test_storage_without_locks_keeps_what_may_be_alive(tmp_path, monkeypatch):
    handle, left = begun(tmp_path / "a.csv")
    os.close(handle)

    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(writing.fcntl, "flock", refuse)
    write_result(tmp_path / "a.csv", {"k": np.arange(3)})
    assert left.exists()
    assert len(pd.read_csv(tmp_path / "a.csv")) == 3


@contextmanager
def room_for(size):
    """Let no file grow beyond `size` bytes, as on a disk that is nearly full."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize("name", ["a.npz", "a.csv", "a.parquet"])
def test_a_full_disk_names_the_file_and_leaves_nothing(tmp_path, name):
    values = {"x": np.random.default_rng(0).random(20_000)}
    path = tmp_path / "new" / name
    with room_for(10_000), pytest.raises(OSError, match=str(path)) as caught:
        write_result(path, values)
    assert writing.__name__ not in str(caught.value)
    assert "~" not in str(caught.value)  # the temporary name tells nobody anything
    assert list(tmp_path.iterdir()) == []
    with room_for(10_000), pytest.raises(OSError, match=r"demo\.npz"):
        records.record("demo", lambda: values, settings={}, data="none", folder=tmp_path)


def test_an_error_about_another_file_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"), atomic_path(tmp_path / "a"):
        (tmp_path / "absent").read_bytes()


def test_a_new_folder_goes_where_nothing_was_put_into_it(tmp_path):
    with pytest.raises(ValueError, match="no"), new_folder(tmp_path / "a" / "b"):
        raise ValueError("no")
    assert not (tmp_path / "a").exists()
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "a" / "b"):
        (tmp_path / "a" / "kept").write_text(str((tmp_path / "a" / "kept").write_text("") / 0), encoding="utf-8")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["kept"]
    with pytest.raises(ValueError, match="k must be at most 3"):
        scale.knn(np.eye(4), 4, executor=SerialExecutor(), parts=tmp_path / "parts")
    assert not (tmp_path / "parts").exists()


UNWRITABLE = {
    "below a file": lambda place: place / "data.npy" / "new",
    "read-only": lambda place: place / "new",
}


@pytest.mark.parametrize("why", UNWRITABLE)
@pytest.mark.parametrize(
    ("words", "option", "ending"),
    [
        (["mix", "data.npz"], "--out", ".npz"),
        (["dimension", "data.npz"], "--out", ".csv"),
        (["dimension", "data.npy", "--out", "d.csv", "--workers", "1"], "--parts", ""),
        (["realism", "data.npz"], "--out", ".csv"),
        (["neighbors", "data.npz", "data.npz"], "--out", ".csv"),
        (["audit", "--original", "data.npz", "--mixer", "zeta"], "--out", ""),
        (["sweep", "data.npz"], "--out", ""),
        (["sweep", "plot", "runs"], "--out", ".png"),
        (["train", "table-4/cifar-10/resnet18/mixup"], "--out", ".csv"),
        (["train", "table-4/cifar-10/resnet18/mixup"], "--folder", ""),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else value,
)
def test_an_output_that_cannot_be_written_is_refused_before_the_work(why, words, option, ending, folder, monkeypatch):
    monkeypatch.chdir(folder)
    if why == "read-only":
        monkeypatch.setattr(tempfile, "TemporaryFile", refuse_to_write)
    out = UNWRITABLE[why](folder).with_suffix(ending)
    before = sorted(folder.rglob("*"))
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("it has begun to work"))
    try:
        result = run(*words, option, out)
        text = " ".join(result.output.replace("│", "").split())
        assert result.exit_code == 2
    except OSError as error:
        text = str(error)
    assert "that can be written" in text
    assert sorted(folder.rglob("*")) == before


def refuse_to_write(*, dir):
    raise OSError(errno.EROFS, "Read-only file system", str(dir))


def test_an_output_of_the_wrong_kind_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"out must be a folder that can be written; .*file: is a file\. Name another"):
        check_writable(tmp_path / "file", "out", folder=True)
    with pytest.raises(OSError, match=r"out must be a file that can be written; .*: is a folder"):
        check_writable(tmp_path, "out")
    check_writable(tmp_path / "file", "out")
    check_writable(tmp_path / "a" / "b", "out", folder=True)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_refused_calls_leave_no_folder(folder):
    data = folder / "data.npz"
    with pytest.raises(ValueError, match="batch_size"):
        run("audit", "--original", data, "--mixer", "zeta", "--batch-size", 0, "--out", folder / "report")
    with pytest.raises(ValueError, match="gamma"):
        run("sweep", data, "--gammas", "-1", "--out", folder / "runs")
    assert {path.name for path in folder.iterdir()} == {"data.npz", "data.npy"}
