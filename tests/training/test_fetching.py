"""How data sets for training are fetched: from an address of this machine. No test asks the network."""

import dataclasses
import hashlib
import io
import tarfile
from functools import partial

import pytest

from tests.training.training_files import make_files
from zeta_geom.training.data import IMAGE_SETS, load_image_data
from zeta_geom.training.data.readers.archives import fetch_archive


def to_archive(folder, name):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as package:
        package.add(folder / name, name)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["stl-10", "imagenette"])
def test_an_archive_is_fetched_once_and_moved_there_whole(name, serve, tmp_path, monkeypatch):
    make_files(name, tmp_path, monkeypatch)
    folder = tmp_path / name
    holds = {"stl-10": "stl10_binary", "imagenette": "imagenette2"}[name]
    content = to_archive(folder, holds)
    md5 = hashlib.md5(content).hexdigest()
    options = {"url": f"{serve({'tiny.tgz': content})}/tiny.tgz", "md5": md5, "holds": holds}
    fetched = dataclasses.replace(IMAGE_SETS[name], fetch=partial(fetch_archive, **options))
    monkeypatch.setitem(IMAGE_SETS, name, fetched)
    data = load_image_data(name, data_home=tmp_path / "other", progress=False)
    assert data.fingerprint == load_image_data(name, data_home=tmp_path).fingerprint
    assert {path.name for path in (tmp_path / "other" / name).iterdir()} == {holds, ".lock"}
    options["url"] = "http://127.0.0.1:9/gone.tgz"
    fetch_archive(tmp_path / "other" / name, **options)  # it is there: nothing is asked


@pytest.mark.parametrize(("cut", "reason"), [(0.5, ""), (1, "arrived corrupt, with MD5")])
def test_an_archive_that_comes_broken_leaves_nothing(cut, reason, serve, tmp_path, monkeypatch):
    url = f"{serve({'tiny.tgz': bytes(999)}, cut=cut)}/tiny.tgz"
    broken = dataclasses.replace(IMAGE_SETS["stl-10"], fetch=partial(fetch_archive, url=url, md5="0", holds="x"))
    monkeypatch.setitem(IMAGE_SETS, "stl-10", broken)
    with pytest.raises(FileNotFoundError, match=r"data set 'stl-10' is not in .* Get http.*stl10_binary") as caught:
        load_image_data("stl-10", data_home=tmp_path, progress=False)
    assert reason in str(caught.value)
    assert [path.name for path in (tmp_path / "stl-10").iterdir()] == [".lock"]


def test_medmnist_is_fetched_and_its_hash_checked(serve, tmp_path, monkeypatch):
    from medmnist.info import INFO

    make_files("breastmnist", tmp_path, monkeypatch)
    content = (tmp_path / "breastmnist" / "breastmnist.npz").read_bytes()
    url = f"{serve({'breastmnist.npz': content})}/breastmnist.npz"
    monkeypatch.setitem(INFO, "breastmnist", INFO["breastmnist"] | {"url": url, "MD5": "0"})
    with pytest.raises(
        FileNotFoundError, match=r"arrived corrupt, with MD5 .* Get breastmnist\.npz from https://zenodo"
    ):
        load_image_data("breastmnist", data_home=tmp_path / "other", progress=False)
    monkeypatch.setitem(INFO["breastmnist"], "MD5", hashlib.md5(content).hexdigest())
    data = load_image_data("breastmnist", data_home=tmp_path / "other", progress=False)
    assert data.class_names == ("malignant", "normal, benign")
    assert "CC BY 4.0" in data.source


def test_what_the_other_room_keeps_is_fetched_by_it(tmp_path, monkeypatch):
    make_files("fashion-mnist", tmp_path, monkeypatch)
    with pytest.raises(FileNotFoundError, match="copy these files into that folder"):
        load_image_data("fashion-mnist", data_home=tmp_path / "other", progress=False)  # its routes are taken away
