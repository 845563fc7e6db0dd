"""Commands called in this process or in a shell, and the data of the files that they read."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from zeta_geom.cli.main import app, main

RNG = np.random.default_rng(0)
X, y = RNG.random((200, 5)), RNG.integers(0, 3, 200)


@pytest.fixture
def folder(tmp_path):
    np.savez(tmp_path / "data.npz", X=X, y=y)
    np.save(tmp_path / "data.npy", X)
    return tmp_path


def run(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def in_a_shell(folder, words):
    command = [sys.executable, "-m", "zeta_geom.cli", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8")


@pytest.fixture(params=["here", pytest.param("in a shell", marks=pytest.mark.slow)])
def program(request, folder, monkeypatch, capsys):
    """Return the program as a function of its words: called in this process, or as a command."""

    def here(words):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["zeta-geom", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        output = capsys.readouterr()
        return SimpleNamespace(returncode=ended.value.code, stdout=output.out, stderr=output.err)

    return here if request.param == "here" else lambda words: in_a_shell(folder, words)
