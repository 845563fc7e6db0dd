"""The routes by which data sets come, each against a stand-in for the other end. No test asks the network."""

import io
import socket
import sys
import tarfile
import time
from pathlib import Path

import pytest

from tests.datasets.tiny_dataset import FILES, Remote, gzipped, visible, whole
from zeta_geom import datasets
from zeta_geom.datasets import routes
from zeta_geom.datasets.routes import DebianPackage, Folder, Mirror, NpmPackage, RouteError


@pytest.mark.alone  # its time is taken
def test_silent_mirror_is_passed_over_soon(tiny, contents, tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and never says a word
        tiny(Mirror(f"http://127.0.0.1:{silent.getsockname()[1]}", connect_seconds=0.3), Remote(contents))
        started = time.monotonic()
        assert whole(datasets.fetch("tiny", data_home=tmp_path))
        assert time.monotonic() - started < 2


def test_mirror_names_why_nobody_is_there(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(RouteError, match=r"no connection|no answer"):
        Mirror(f"http://127.0.0.1:{port}").bring(FILES, tmp_path)


def test_folder_brings_what_it_has_and_names_the_rest(source, tmp_path):
    with pytest.raises(RouteError, match="the folder lacks missing"):
        Folder(source).bring([FILES[0], "missing"], tmp_path)
    assert (tmp_path / FILES[0]).read_bytes() == (source / FILES[0]).read_bytes()


def test_npm_package(contents, tmp_path, monkeypatch):
    def pack(command, folder, **_):
        assert command == ["npm", "pack", "--ignore-scripts", "some-data@1.0"]
        with tarfile.open(folder / "some-data-1.0.tgz", "w:gz") as package:
            for name, content in {"index.js": b"", **contents}.items():
                member = tarfile.TarInfo(f"package/../../{name}")  # a path that must not lead outside
                member.size = len(content)
                package.addfile(member, io.BytesIO(content))

    monkeypatch.setattr(routes, "run_command", pack)
    into = tmp_path / "deep" / "into"
    into.mkdir(parents=True)
    NpmPackage("some-data@1.0").bring(FILES, into)
    assert whole(into)
    assert visible(into) == {*FILES, "some-data-1.0.tgz"}
    assert visible(tmp_path) == {"deep"}


@pytest.mark.parametrize("lists", ["there", "empty"])
def test_debian_package(lists, contents, tmp_path, monkeypatch):
    commands = []

    def run(command, folder, **_):
        commands.append(command)
        if lists == "empty" and command == ["apt-get", "download", "some-data"]:
            raise RouteError("Unable to locate package")
        if command[-2:] == ["download", "some-data"]:
            (folder / "some-data_1_all.deb").touch()
        if command[0] == "dpkg":
            files = Path(command[-1]) / "usr/share/data"
            files.mkdir(parents=True)
            for name, packed in gzipped(contents).items():
                (files / name).write_bytes(packed)

    monkeypatch.setattr(routes, "run_command", run)
    DebianPackage("some-data", "/usr/share/data").bring(FILES, tmp_path)
    assert whole(tmp_path)
    updates = [command for command in commands if command[-1] == "update"]
    assert len(updates) == (lists == "empty")
    for command in updates:  # into a folder of our own, so that any user may
        assert f"Dir::State::Lists={tmp_path / 'apt' / 'lists'}" in command


def test_run_command_tells_what_went_wrong(tmp_path, monkeypatch):
    with pytest.raises(RouteError, match="the command no-such-command is not installed"):
        routes.run_command(["no-such-command"], tmp_path)
    code = "import sys; sys.exit('first\\nsecond\\nthird')"
    with pytest.raises(RouteError, match=r"^second / third$"):
        routes.run_command([sys.executable, "-c", code], tmp_path)
    with pytest.raises(RouteError, match="exit status 3"):
        routes.run_command([sys.executable, "-c", "raise SystemExit(3)"], tmp_path)
    monkeypatch.setattr(routes, "COMMAND_SECONDS", 0.2)
    with pytest.raises(RouteError, match=r"not finished after 0\.2 s"):
        routes.run_command([sys.executable, "-c", "import time; time.sleep(30)"], tmp_path)
