"""The list of mutants: where each changes the source, and which test files reach the change."""

from __future__ import annotations

import ast
import re
import sqlite3
import tomllib
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

LIST = Path(__file__).with_name("mutants.toml")
UNSEEN = {"njit", "cache", "lru_cache"}  # decorators whose functions run compiled, or once for many tests
SAMPLED_FILES, SAMPLED_TESTS = 6, 25  # of the tests that are tried first: files, and tests of each
HERE = "test_mutants.py"  # says that every old text is there, which is not so in a mutated tree


@dataclass(frozen=True)
class Mutant:
    """A fault: in `function` of `module`, the text `old`, which is there once, becomes `new`."""

    number: int
    module: str
    function: str
    fault: str
    old: str
    new: str

    def position(self, source: str) -> int:
        """Return where `old` starts in the module's source; ValueError where it is not there just once."""
        node = functions(source).get(self.function)
        if node is None:
            raise ValueError(f"mutant {self.number}: {self.module} has no function {self.function}.")
        first, last = span(node)
        lines = source.splitlines(keepends=True)
        before, text = "".join(lines[: first - 1]), "".join(lines[first - 1 : last])
        if (count := text.count(self.old)) != 1:
            raise ValueError(f"mutant {self.number}: {self.function} of {self.module} holds {count} x {self.old!r}.")
        return len(before) + text.index(self.old)

    def apply(self, source: str) -> str:
        """Return the mutated source, which can be parsed."""
        start = self.position(source)
        changed = source[:start] + self.new + source[start + len(self.old) :]
        ast.parse(changed)
        return changed

    def lines(self, source: str) -> set[int]:
        """Return the numbers of the lines of the statements that change."""
        start = self.position(source)
        first = source.count("\n", 0, start) + 1
        changed = range(first, first + self.old.rstrip("\n").count("\n") + 1)
        inside = [
            range(node.lineno, (node.end_lineno or node.lineno) + 1)
            for node in ast.walk(functions(source)[self.function])
            if isinstance(node, ast.stmt) and not hasattr(node, "body")
        ]
        # coverage names the first line of a statement that has several
        return set(changed).union(*(lines for lines in inside if set(lines) & set(changed)))


def read_mutants(path: Path = LIST) -> list[Mutant]:
    """Return the mutants of the list."""
    return [Mutant(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]]


@cache
def functions(source: str) -> dict[str, ast.AST]:
    """Return the functions and methods of a module by their names, `name` or `Class.name`."""
    found: dict[str, ast.AST] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{part.name}": part for part in node.body if isinstance(part, ast.FunctionDef)}
    return found


def span(node: ast.AST) -> tuple[int, int]:
    """Return the first and the last line of a function, its decorators among them."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]), node.end_lineno


@dataclass
class Reach:
    """Which test files reach which lines of a tree, by a coverage database with a context for each test."""

    tree: Path
    database: Path
    durations: dict[str, float] = field(default_factory=dict)

    @cached_property
    def tests(self) -> dict[str, dict[int, set[str]]]:
        """The tests that reach a line, by module and line."""
        found: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        query = "select file.path, context.context, numbits from line_bits join file on file.id = file_id "
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            rows = connection.execute(query + "join context on context.id = context_id").fetchall()
        for path, context, numbits in rows:
            test, module = context.rpartition("|")[0], path[path.rfind("zeta_geom/") :]
            if not test or Path(test.split("::")[0]).name == HERE:
                continue
            for place, byte in enumerate(numbits):  # a bit a line
                for bit in range(8):
                    if byte >> bit & 1:
                        found[module][8 * place + bit].add(test)
        return found

    @cached_property
    def lines(self) -> dict[str, dict[int, set[str]]]:
        """The test files that reach a line, by module and line."""
        return {
            module: {line: {test.split("::")[0] for test in tests} for line, tests in by_line.items()}
            for module, by_line in self.tests.items()
        }

    @cached_property
    def sources(self) -> dict[str, str]:
        """The texts of the package's modules."""
        paths = sorted((self.tree / "zeta_geom").rglob("*.py"))
        return {str(path.relative_to(self.tree)): path.read_text(encoding="utf-8") for path in paths}

    @cached_property
    def names(self) -> dict[tuple[str, str], set[str]]:
        """The names that each function of the package uses."""
        return {
            (module, name): {getattr(part, "id", getattr(part, "attr", "")) for part in ast.walk(node)}
            for module, source in self.sources.items()
            for name, node in functions(source).items()
        }

    def files(self, mutant: Mutant) -> list[str]:
        """Return the test files that reach the mutant, those that take the least time first."""
        found = self._of_lines(mutant.module, mutant.lines(self.sources[mutant.module]))
        if not found or self._unseen(mutant.module, mutant.function):
            found = found | self._of_callers(mutant.module, mutant.function, set())
        if not found:
            found = self._of_lines(mutant.module, set(self.lines[mutant.module]))
        there = {file for file in found if (self.tree / file).exists()}
        return sorted(there, key=lambda file: (self.durations.get(file, 0.0), file))

    def sample(self, mutant: Mutant) -> list[str]:
        """Return some of the tests that reach the mutant's lines, of the files whose tests are the quickest."""
        by_line = self.tests.get(mutant.module, {})
        reaching = set().union(*(by_line.get(line, ()) for line in mutant.lines(self.sources[mutant.module])))
        by_file: dict[str, list[str]] = defaultdict(list)
        for test in sorted(reaching):
            by_file[test.split("::")[0]].append(test)
        quickest = sorted(by_file, key=lambda file: self.durations.get(file, 0.0) / self._sizes[file])
        chosen = []
        for file in [file for file in quickest if (self.tree / file).exists()][:SAMPLED_FILES]:
            chosen += by_file[file][:: -(-len(by_file[file]) // SAMPLED_TESTS)]
        return chosen

    @cached_property
    def _sizes(self) -> Counter[str]:
        """How many tests each test file has."""
        tests = {test for by_line in self.tests.values() for reaching in by_line.values() for test in reaching}
        return Counter(test.split("::")[0] for test in tests)

    def _of_lines(self, module: str, lines: set[int]) -> set[str]:
        by_line = self.lines.get(module, {})
        return set().union(*(by_line.get(line, ()) for line in lines))

    def _unseen(self, module: str, function: str) -> bool:
        node = functions(self.sources[module])[function]
        return any(UNSEEN & set(re.findall(r"\w+", ast.unparse(part))) for part in node.decorator_list)

    def _of_callers(self, module: str, function: str, seen: set[tuple[str, str]]) -> set[str]:
        """Return the test files that reach a function which names this one, or names one that does, if unseen too."""
        found: set[str] = set()
        seen.add((module, function))
        for (other, caller), names in self.names.items():
            if function.split(".")[-1] not in names or (other, caller) in seen:
                continue
            first, last = span(functions(self.sources[other])[caller])
            reached = self._of_lines(other, set(range(first, last + 1)))
            if not reached or self._unseen(other, caller):
                reached |= self._of_callers(other, caller, seen)
            found |= reached
        return found


def read_durations(report: Path) -> dict[str, float]:
    """Return the seconds of each test file in a JUnit report."""
    seconds: dict[str, float] = defaultdict(float)
    for case in ElementTree.parse(report).iter("testcase"):
        parts = case.get("classname", "").split(".")
        # tests.test_x.TestClass, or zeta_geom.mixers.methods.zeta of a docstring
        whole = [part for part in parts if not part[:1].isupper()]
        seconds["/".join(whole) + ".py"] += float(case.get("time", 0))
    return dict(seconds)
