"""Compiled code where no folder for it can be written, and where the disk is full or damaged."""

import ast
import errno
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.caching import FunctionCache

from zeta_geom.execution import compiling
from zeta_geom.execution.compiling import njit

ROOT = Path(compiling.__file__).parents[1]


@pytest.fixture(autouse=True)
def _untold(monkeypatch):
    monkeypatch.setattr(compiling, "_warned", [])


def test_every_kernel_is_compiled_in_one_way():
    for path in sorted(ROOT.rglob("*.py")):
        if path.name != "compiling.py":
            names = {
                node.attr if isinstance(node, ast.Attribute) else node.id
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Attribute | ast.Name)
            }
            assert "numba" not in names, path


def kernels(count):
    def kernel(x):
        return x + 1

    return [njit(nogil=True)(kernel) for _ in range(count)]


def test_without_a_folder_it_is_compiled_all_the_same_and_said_once(monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)  # by which numba tries a folder
    with pytest.warns(RuntimeWarning, match="Set NUMBA_CACHE_DIR to a folder that can be written") as caught:
        made = kernels(3)
    assert len(caught) == 1
    assert [kernel(np.arange(2)).tolist() for kernel in made] == [[1, 2]] * 3


@pytest.mark.parametrize("broken", ["save_overload", "load_overload"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), EOFError("Ran out of input")])
def test_a_full_or_damaged_cache_costs_the_cache_alone(broken, error, monkeypatch, tmp_path):
    if broken == "save_overload" and not isinstance(error, OSError):
        pytest.skip("nothing that is written ends early")

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))  # empty: an earlier run's kernel would be loaded
    monkeypatch.setattr(FunctionCache, broken, fail)
    (kernel,) = kernels(1)
    with pytest.warns(RuntimeWarning, match=f"{re.escape(str(error))}.*NUMBA_CACHE_DIR"):
        assert kernel(1) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert kernel(1.5) == 2.5


def test_started_processes_do_not_say_it_again(monkeypatch):
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: object())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiling._warn_without_cache("no")


@pytest.mark.slow
def test_a_number_of_threads_that_numba_refuses_is_named():
    words = [sys.executable, "-c", "import zeta_geom.geometry"]
    done = subprocess.run(words, env=os.environ | {"NUMBA_NUM_THREADS": "0"}, capture_output=True, text=True)
    assert "Unset NUMBA_NUM_THREADS, or set it to 1 or more." in done.stderr.splitlines()[-1]
