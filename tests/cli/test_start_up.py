"""What the start of the package and of the command line imports: help must not wait for NumPy, pandas or torch."""

import subprocess
import sys

import pytest

from zeta_geom.cli.main import app

HEAVY = {"joblib", "matplotlib", "numba", "numpy", "pandas", "pyarrow", "scipy", "sklearn", "torch", "yaml"}
COMMANDS = [
    command.name or command.callback.__name__ for command in (*app.registered_commands, *app.registered_groups)
]

HELP = """
from zeta_geom.cli.main import app

try:
    app([*sys.argv[1:], "--help"], standalone_mode=False)
except SystemExit:
    pass
"""
REPORT = "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"


def imported(program, *words):
    """Return the output of a program, and the packages that its process imports."""
    command = [sys.executable, "-c", f"import sys\n{program}\n{REPORT}", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout, set(done.stderr.split())


def test_the_package_imports_nothing_but_the_standard_library():
    _, before = imported("")
    _, after = imported("import zeta_geom")
    assert after - before - set(sys.stdlib_module_names) == {"zeta_geom"}


def test_the_help_imports_no_library_that_computes_or_validates():
    said, names = imported(HELP)
    assert all(command in said for command in COMMANDS)
    assert names & (HEAVY | {"pydantic"}) == set()


@pytest.mark.parametrize("words", [*COMMANDS, "sweep run", "sweep status", "sweep plot", "data fetch", "data list"])
def test_the_help_of_a_command_imports_no_library_that_computes(words):
    said, names = imported(HELP, *words.split())
    assert "Usage" in said
    assert names & HEAVY == set()  # typer itself imports pydantic for some types of options
