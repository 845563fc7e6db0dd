"""No circle among modules, whatever the place of an import, and no test file that imports another."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
TREES = ("zeta_geom", "analyses", "figures", "benchmarks", "tests")
PATHS = {path.relative_to(ROOT).with_suffix("").parts: path for tree in TREES for path in (ROOT / tree).rglob("*.py")}
MODULES = {".".join(parts).removesuffix(".__init__"): path for parts, path in PATHS.items()}


@cache
def imports(path):
    """Return the modules that a file imports at any place: in functions and under TYPE_CHECKING too."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name if name in MODULES else name.rpartition(".")[0] for name in names} & MODULES.keys()


def test_no_circle():
    TopologicalSorter({module: imports(path) for module, path in MODULES.items()}).prepare()  # names a circle


def test_no_test_file_imports_another():
    tests = {name for name in MODULES if name.split(".")[-1].startswith("test_")}
    assert {module: imports(path) & tests for module, path in MODULES.items() if imports(path) & tests} == {}
