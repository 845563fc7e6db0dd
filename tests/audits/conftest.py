"""Libraries that tests of audits may lack: without one a case is skipped, but with --all it fails."""

import importlib

import pytest


@pytest.fixture(scope="session")
def library(request):
    """Import a library by its name, or skip the case."""
    return importlib.import_module if request.config.getoption("all") else pytest.importorskip
