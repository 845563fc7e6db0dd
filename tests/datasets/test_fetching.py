"""Fetching data sets: every way in which it can go wrong. No test asks the network."""

import gzip
import hashlib
import json
import logging
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.datasets.tiny_dataset import ARRAYS, FILES, Remote, gzipped, visible, whole
from zeta_geom import datasets
from zeta_geom.datasets import fetching
from zeta_geom.datasets.routes import Folder, Mirror
from zeta_geom.records import data_fingerprint

CHILD = """
import json, sys, time
from pathlib import Path
from zeta_geom.datasets import DATASETS, Specification, fetch
from zeta_geom.datasets.routes import Folder

source, home, log, mode, files = sys.argv[1:]

class Slow:
    local = False
    def bring(self, files, into, *, progress=True):
        with open(log, "a") as file:
            file.write("asked\\n")
        if mode == "hang":
            Folder(source).bring(list(files)[:2], into)
            Path(log).with_name("ready").touch()
            time.sleep(60)
        time.sleep(0.5)
        Folder(source).bring(files, into)

DATASETS["tiny"] = Specification("", "", "", (), None, json.loads(files), (Slow(),))
fetch("tiny", data_home=home)
"""


def test_load_fetches_once(tiny, contents, tmp_path):
    route = Remote(contents)
    tiny(route)
    data = datasets.load("tiny", data_home=tmp_path)
    np.testing.assert_array_equal(data.X_train, ARRAYS[FILES[0]])
    np.testing.assert_array_equal(data.y_test, ARRAYS[FILES[3]])
    datasets.load("tiny", data_home=tmp_path, download=False)
    assert route.asked == [list(FILES)]
    assert visible(tmp_path / "tiny") == set(FILES)


def test_fingerprint_sees_a_changed_pixel(tiny, source, tmp_path):
    tiny(Folder(source))
    data = datasets.load("tiny", data_home=tmp_path)
    data.X_train[0, 0, 0] ^= 1
    assert data_fingerprint(data.X_train, data.y_train, data.X_test, data.y_test) != data.fingerprint


def test_environment_variable_is_obeyed(monkeypatch, tmp_path, tiny, source):
    tiny(Folder(source))
    monkeypatch.setenv("ZETA_GEOM_DATA", str(tmp_path))
    assert datasets.fetch("tiny") == tmp_path / "tiny"
    assert whole(tmp_path / "tiny")


@pytest.mark.parametrize("value", ["", "  "])
def test_a_blank_environment_variable_is_none(value, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("ZETA_GEOM_DATA", value)
    assert datasets.data_home() == tmp_path / "zeta_geom"


@pytest.mark.parametrize("value", ["~", "~nobody-of-this-name/data", None])
def test_a_user_without_a_home_folder_is_told_what_to_set(value, monkeypatch):
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as for a number that no user has
    for name in ("XDG_CACHE_HOME", "ZETA_GEOM_DATA"):
        monkeypatch.delenv(name, raising=False)
    if value is not None:
        monkeypatch.setenv("ZETA_GEOM_DATA", value)
    with pytest.raises(
        ValueError, match=r"data_home must be a folder; .*~.* Pass another folder, or set ZETA_GEOM_DATA"
    ):
        datasets.data_home()
    assert len(datasets.load("digits").X_test) == 297  # which needs none


def test_second_mirror_where_the_first_is_corrupt(tiny, contents, serve, tmp_path):
    broken = gzipped(contents)
    broken[f"{FILES[1]}.gz"] = gzip.compress(contents[FILES[1]][:-1] + b"\x07")
    second = Remote(contents)
    tiny(Mirror(serve(broken)), second)
    assert whole(datasets.fetch("tiny", data_home=tmp_path))
    assert second.asked == [[FILES[1]]]  # what came whole is not fetched again


@pytest.mark.parametrize("cut", [0.6, 0.0])
def test_second_mirror_where_the_first_breaks_off(cut, tiny, contents, serve, tmp_path):
    tiny(Mirror(serve(gzipped(contents), cut=cut)), Mirror(serve(gzipped(contents))))
    folder = datasets.fetch("tiny", data_home=tmp_path)
    assert whole(folder)
    assert visible(folder) == set(FILES)


@pytest.mark.parametrize("damage", [lambda b: b[:-5], lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda b: b""])
def test_damaged_files_in_the_cache_are_removed_and_fetched_again(damage, tiny, contents, tmp_path, caplog):
    route = Remote(contents)
    tiny(route)
    folder = datasets.fetch("tiny", data_home=tmp_path)
    (folder / FILES[2]).write_bytes(damage(contents[FILES[2]]))
    with caplog.at_level(logging.WARNING):
        data = datasets.load("tiny", data_home=tmp_path)
    np.testing.assert_array_equal(data.X_test, ARRAYS[FILES[2]])
    assert route.asked[1:] == [[FILES[2]]]
    assert f"{folder / FILES[2]} is corrupt" in caplog.text


def test_error_says_what_was_tried_and_what_to_do(tiny, contents, serve, tmp_path):
    empty = serve({})
    corrupt = Remote({FILES[0]: b"nonsense"}, RuntimeError("the line went dead"))
    tiny(Mirror(empty), corrupt)
    with pytest.raises(FileNotFoundError) as caught:
        datasets.fetch("tiny", data_home=tmp_path)
    text = str(caught.value)
    assert f"data set 'tiny' is not in {tmp_path / 'tiny'}, and could not be fetched" in text
    assert f"mirror {empty}: 404" in text
    assert "fake route: the line went dead" in text
    assert f"fake route: {FILES[0]} arrived corrupt" in text
    assert "zeta-geom data fetch tiny" in text
    assert "ZETA_GEOM_DATA" in text
    for name, content in contents.items():
        assert f"{name}  {hashlib.sha256(content).hexdigest()}" in text
    assert visible(tmp_path / "tiny") == set()


def test_offline_asks_nobody(tiny, contents, tmp_path):
    route = Remote(contents)
    tiny(route)
    with pytest.raises(FileNotFoundError, match=r"'tiny' is not in .* and download=False prevents") as caught:
        datasets.load("tiny", data_home=tmp_path, download=False)
    assert all(name in str(caught.value) for name in FILES)
    assert route.asked == []
    assert list(tmp_path.iterdir()) == []


def test_offline_takes_files_put_there_by_hand(tiny, contents, tmp_path):
    tiny(Remote({}))
    folder = tmp_path / "tiny"
    folder.mkdir()
    for number, (name, content) in enumerate(contents.items()):
        if number % 2:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    datasets.load("tiny", data_home=tmp_path, download=False)
    assert whole(folder)


def test_interrupt_leaves_nothing_that_counts(tiny, contents, tmp_path):
    half = {FILES[0]: contents[FILES[0]][:20], FILES[1]: contents[FILES[1]]}
    tiny(Remote(half, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        datasets.fetch("tiny", data_home=tmp_path)
    assert visible(tmp_path / "tiny") == {FILES[1]}  # whole, so that it need not come again
    second = Remote(contents)
    tiny(second)
    assert whole(datasets.fetch("tiny", data_home=tmp_path))
    assert FILES[1] not in second.asked[0]


def test_home_that_cannot_be_written(tiny, contents, tmp_path):
    tiny(Remote(contents))
    (tmp_path / "file").touch()
    with pytest.raises(FileNotFoundError, match=r"could not be fetched:\n.*file"):
        datasets.fetch("tiny", data_home=tmp_path / "file")


def start_child(specification, source, home, mode):
    arguments = [str(source), str(home), str(home / "log"), mode, json.dumps(specification.files)]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )


def test_two_processes_at_once(tiny, source, tmp_path):
    specification = tiny()
    children = [start_child(specification, source, tmp_path, "good") for _ in range(2)]
    assert [child.wait(60) for child in children] == [0, 0]
    assert whole(tmp_path / "tiny")
    assert (tmp_path / "log").read_text().splitlines() == ["asked"]  # the second found all done
    assert visible(tmp_path / "tiny") == set(FILES)


def test_killed_process_leaves_no_lock_and_nothing_that_counts(tiny, source, contents, tmp_path):
    route = Remote(contents)
    specification = tiny(route)
    child = start_child(specification, source, tmp_path, "hang")
    deadline = time.monotonic() + 30
    while not (tmp_path / "ready").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    child.kill()
    child.wait()
    left = visible(tmp_path / "tiny")
    assert len(left) == 1
    assert left.pop().startswith(fetching.TEMPORARY)
    assert whole(datasets.fetch("tiny", data_home=tmp_path))
    assert visible(tmp_path / "tiny") == set(FILES)
