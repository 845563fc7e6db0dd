"""What `make test` runs and what only `make test-all` does, how long a case may take, and shared fixtures.

A case marked `slow` is left out unless `--all` is given. Of the mixers (`make`) over dtypes (`kind`), `make test`
runs each in float32, on NumPy and on torch, and the first of each kind of plan in every dtype: what the others would
add is the same code on other numbers.
"""

import os
import sys
from collections import defaultdict
from functools import partial

if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share the cores; read when NumPy and torch are imported
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import pytest
import torch
from joblib import cpu_count

from tests.datasets.tiny_dataset import contents, serve, source, tiny
from tests.mixers.mixer_cases import DTYPES, TRAITS, VARIANTS, build, first_of_each_plan

__all__ = ["contents", "serve", "source", "tiny"]

LISTED, ALLOWED = 15, 60  # seconds: what is listed, and what fails the run, unless everything runs
WORKERS = 8  # each imports everything: seconds, and a gigabyte
spent = defaultdict(float)  # seconds by case
left_out = 0


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="run everything there is, also what is marked slow")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    return min(cpu_count(), WORKERS)  # by itself -n auto leaves out the second thread of a core


def pytest_configure(config):
    if not config.getoption("all"):
        # openTSNE imports pynndescent to see whether it is there, which compiles for 20 s; only slow tests use it
        sys.modules.setdefault("pynndescent", None)


def slow_unless(dtype, first):
    return [] if dtype == "float32" or first else pytest.mark.slow


def pytest_generate_tests(metafunc):
    """Run over the mixers (`make`) with the traits that a mark `traits` names, and over dtypes (`kind`) they take."""
    asked = {key: value for mark in metafunc.definition.iter_markers("traits") for key, value in mark.kwargs.items()}
    variants = [name for name in VARIANTS if all(getattr(TRAITS[name], key) == asked[key] for key in asked)]
    if metafunc.definition.get_closest_marker("cuda") and not torch.cuda.is_available():
        variants = variants[:1]  # one says that it is skipped
    makers = {name: partial(build, name) for name in variants}
    if {"make", "kind"} <= set(metafunc.fixturenames):
        first = first_of_each_plan(variants)
        pairs = [(name, kind) for name in variants for kind in DTYPES if kind[0] in TRAITS[name].backends]
        cases = [
            pytest.param(makers[name], kind, id="-".join((name, *kind)), marks=slow_unless(kind[1], name in first))
            for name, kind in pairs
        ]
        metafunc.parametrize(("make", "kind"), cases)
    elif "make" in metafunc.fixturenames:
        metafunc.parametrize("make", makers.values(), ids=makers)
    elif "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", DTYPES, ids="-".join)


def pytest_collection_modifyitems(config, items):
    global left_out
    if config.getoption("all"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    items[:] = [item for item in items if not item.get_closest_marker("slow")]
    left_out = len(slow)
    config.hook.pytest_deselected(items=slow)


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = left_out
    elif not session.config.getoption("all") and any(seconds > ALLOWED for seconds in spent.values()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    global left_out
    left_out = max(left_out, getattr(node, "workeroutput", {}).get("left_out", 0))


def pytest_runtest_logreport(report):
    spent[report.nodeid] += report.duration


def pytest_terminal_summary(terminalreporter, config):
    say = terminalreporter.write_line
    if left_out:
        say(f"{left_out} slow cases left out; --all runs them")
    for case, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        if seconds > LISTED:
            too_long = seconds > ALLOWED and not config.getoption("all")
            say(f"{seconds:.0f} s {case}" + f": more than {ALLOWED} s, mark it slow or make it quicker" * too_long)
