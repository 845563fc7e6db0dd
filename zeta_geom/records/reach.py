"""Which modules a computation reaches by imports, found without running them, and a digest of each.

A name that a package only hands on leads to the module that defines it, so that importing one name of a room does not
reach the rest of the room. The packages on the way count too, since Python runs them.
"""

from __future__ import annotations

import ast
import gc
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

__all__ = ["PACKAGE", "State", "file_state", "find_module", "module_name", "reached_modules"]

PACKAGE = Path(__file__).parents[1]
INIT = "__init__.py"
WEIGHTS = ".safetensors"
INSTALLED = {"site-packages", "dist-packages"}  # there a package beside another is none of the same repository

State = tuple[int, int]  # a file's time of change in ns, and its size


@dataclass(frozen=True)
class Imported:
    """One imported name: `import module` has no `name`; `alias` is what the importing module calls it."""

    module: str
    name: str | None
    alias: str
    level: int = 0  # dots of a relative import
    outside: bool = False  # at the top of the module, not inside a function or class


@dataclass
class Module:
    """What a file's syntax tree says of it."""

    text: bytes
    digest: str = ""
    imports: list[Imported] = field(default_factory=list)
    table: dict[str, str] = field(default_factory=dict)  # of a lazy package: name -> module
    weights: list[str] = field(default_factory=list)  # names of files

    @cached_property
    def chains(self) -> dict[str, set[tuple[str, ...]]]:
        """For each name x what is asked of it: ("a", "b") for x.a.b, () for x itself."""
        chains: dict[str, set[tuple[str, ...]]] = {}
        pending: list[ast.AST] = [ast.parse(self.text)]
        while pending:
            node = pending.pop()
            names = _chain(node)
            if names:
                chains.setdefault(names[0], set()).add(tuple(names[1:]))
            else:
                pending.extend(ast.iter_child_nodes(node))
        return chains


def module_name(path: Path) -> tuple[str, Path]:
    """Return the dotted name of a file's module, and the folder that the name starts from."""
    parts = [] if path.name == INIT else [path.stem]
    folder = path.parent
    while (folder / INIT).exists():
        parts.append(folder.name)
        folder = folder.parent
    return ".".join(reversed(parts)), folder


def find_module(name: str, folder: Path) -> Path | None:
    """Return the file of a module or package below a folder, None where there is none."""
    stem = folder.joinpath(*name.split("."))
    return next((path for path in (stem / INIT, stem.with_name(f"{stem.name}.py")) if path.is_file()), None)


def file_state(path: Path) -> State:
    """Return what changes when a file is written again."""
    state = path.stat()
    return state.st_mtime_ns, state.st_size


def reached_modules(sources: Iterable[Path], package: Path) -> tuple[dict[str, str], dict[Path, State]]:
    """Return a digest of each module that the sources reach and of each file of weights that these modules name.

    Followed are modules of `package`, and those beside the top package of a source, or beside a plain script. The
    second value holds the files outside `package`, with their states.
    """
    walk = _Walk(package)
    collects = gc.isenabled()
    gc.disable()  # it would walk over the syntax trees again and again, which doubles the time of parsing
    try:
        for source in sources:
            walk.start(source.resolve())
    finally:
        if collects:
            gc.enable()
    return walk.digests, walk.outside


class _Walk:
    """One walk over imports, which collects digests."""

    def __init__(self, package: Path) -> None:
        self.package = package
        self.folders: list[tuple[str, Path]] = []  # of a source, its top package and where that lies
        self.digests: dict[str, str] = {}
        self.outside: dict[Path, State] = {}
        self.places: dict[str, Path | None] = {}
        self.modules: dict[str, Module] = {}
        self.followed: set[object] = set()

    def start(self, source: Path) -> None:
        """Follow a source."""
        name, folder = module_name(source)
        if self.package not in source.parents:
            self.folders.append((name.split(".")[0], folder))
        self.places = {}
        self._follow_module(name, source)

    def _locate(self, name: str) -> Path | None:
        """Return the file of a module of this repository, None for any other."""
        if name not in self.places:
            self.places[name] = self._search(name)
        return self.places[name]

    def _search(self, name: str) -> Path | None:
        top = name.split(".")[0]
        if top == self.package.name:
            return find_module(name, self.package.parent)
        folders = [folder for own, folder in self.folders if top == own or not INSTALLED & set(folder.parts)]
        return next((path for folder in folders if (path := find_module(name, folder)) is not None), None)

    def _read(self, name: str, path: Path) -> Module:
        """Parse a module and count it."""
        if name not in self.modules:
            # the package runs as it was loaded, so what is edited meanwhile counts as it was before
            inside = self.package in path.parents
            if not inside:
                self.outside[path] = file_state(path)
            self.modules[name] = _parse(path, None if inside else self.outside[path])
            self.digests[name] = self.modules[name].digest
        return self.modules[name]

    def _follow_module(self, name: str, path: Path) -> None:
        """Reach a module and all that it imports."""
        if not self._is_new(name):
            return
        module = self._read(name, path)
        self._pass_through(name)
        for weights in module.weights if self.package in path.parents else ():
            for file in path.parent.rglob(weights):
                self.digests[f"{name}/{weights}"] = _digest_of_weights(file)
        parent = name if path.name == INIT else name.rpartition(".")[0]
        for imported in module.imports:
            self._follow_import(imported, parent, module)

    def _follow_import(self, imported: Imported, parent: str, module: Module) -> None:
        source = _absolute(imported, parent)
        if self._locate(source) is None:
            return
        if imported.name == "*":
            self._follow_name(source, ())
        elif imported.name is not None:
            self._follow_name(source, (imported.name,), module, imported.alias)
        elif imported.alias != source.split(".")[0]:  # import a.b as x
            self._follow_name(source, (), module, imported.alias)
        else:  # import a.b, which binds a
            self._follow_name(source, None)
            for chain in module.chains.get(imported.alias, set()) - {()}:
                self._follow_name(imported.alias, chain)

    def _follow_name(
        self, name: str, chain: tuple[str, ...] | None, module: Module | None = None, alias: str = ""
    ) -> None:
        """Reach what `name.a.b` means for a chain (a, b), all of a package for none; None: the package's own file.

        Where that is a package, which `module` calls `alias`, only what the module asks of it is reached.
        """
        path = self._locate(name)
        if path is None:
            return
        if path.name != INIT:
            self._follow_module(name, path)
            return
        package = self._read(name, path)
        self._pass_through(name)
        if chain:
            self._follow_member(name, path, chain, module, alias)
        elif module is not None:
            for asked in module.chains.get(alias, set()):
                self._follow_name(name, asked)
        elif chain is not None and self._is_new((name, "all")):
            self._follow_module(name, path)
            for first in package.table:
                self._follow_member(name, path, (first,), None, "")

    def _follow_member(
        self, name: str, path: Path, chain: tuple[str, ...], module: Module | None, alias: str
    ) -> None:
        """Reach the module that defines a name of a package, for what follows in the chain."""
        first, rest = chain[0], chain[1:]
        bound = [one for one in self.modules[name].imports if one.outside and one.alias == first]
        table = self.modules[name].table
        if bound:
            for imported in bound:
                inner = (*([imported.name] if imported.name else []), *rest)
                self._follow_name(_absolute(imported, name), inner, module, alias)
        elif first in table:
            target = f"{name}.{table[first]}"
            self._follow_name(target if self._locate(target) else table[first], chain, module, alias)
        elif self._locate(f"{name}.{first}") is not None:
            self._follow_name(f"{name}.{first}", rest, module, alias)
        else:
            self._follow_module(name, path)

    def _pass_through(self, name: str) -> None:
        """Count the packages that a module lies in."""
        while name := name.rpartition(".")[0]:
            path = self._locate(name)
            if path is not None:
                self._read(name, path)

    def _is_new(self, what: object) -> bool:
        new = what not in self.followed
        self.followed.add(what)
        return new


def _absolute(imported: Imported, parent: str) -> str:
    """Return the full name of an import's module; `parent` is the package that imports it."""
    if not imported.level:
        return imported.module
    parts = parent.split(".")
    return ".".join([*parts[: len(parts) - imported.level + 1], *([imported.module] if imported.module else [])])


@cache
def _digest_of_weights(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _parse(path: Path, state: tuple[int, int] | None) -> Module:
    """Parse a file; `state`, its time and size, tells versions of it apart."""
    text = path.read_bytes()
    tree, module = ast.parse(text), Module(text)
    _strip(tree, module, outside=True)
    parts: list[str] = []
    _write(tree, parts)
    module.digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    if b"import_module" in text or WEIGHTS.encode() in text:  # few files: a walk takes as long as parsing
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                module.imports += _called_modules(node)
            elif isinstance(node, ast.Constant) and str(node.value).endswith(WEIGHTS) and node.value != WEIGHTS:
                module.weights.append(str(node.value))
    return module


def _strip(node: ast.AST, module: Module, *, outside: bool) -> None:
    """Remove what does not count, docstrings and what is for type checkers alone, and note imports and tables."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        statements = getattr(node, name, None)
        if not isinstance(statements, list):
            continue
        kept: list[ast.AST] = []
        for one in statements:
            if isinstance(one, ast.If) and _chain(one.test)[-1:] == ["TYPE_CHECKING"]:
                kept += one.orelse  # the body never runs
            elif not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)):
                kept.append(one)
        statements[:] = kept
        for one in kept:
            if isinstance(one, (ast.Import, ast.ImportFrom)):
                module.imports += _imports(one, outside)
            elif isinstance(one, (ast.Assign, ast.AnnAssign)) and isinstance(one.value, ast.Dict) and outside:
                module.table |= _table(one.value)
            else:
                inside = isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
                _strip(one, module, outside=outside and not inside)


def _imports(node: ast.Import | ast.ImportFrom, outside: bool) -> list[Imported]:
    if isinstance(node, ast.Import):
        return [Imported(one.name, None, one.asname or one.name.split(".")[0], 0, outside) for one in node.names]
    return [Imported(node.module or "", one.name, one.asname or one.name, node.level, outside) for one in node.names]


def _table(node: ast.Dict) -> dict[str, str]:
    """Return the entries of a dict whose key and value are texts: of a lazy package's table, name and module."""
    pairs = [
        (key.value, value.value)
        for key, value in zip(node.keys, node.values)
        if isinstance(key, ast.Constant) and isinstance(value, ast.Constant)
    ]
    return {key: value for key, value in pairs if isinstance(key, str) and isinstance(value, str)}


def _write(node: ast.AST, parts: list[str]) -> None:
    """Append a tree to a list of texts, without positions; ast.dump takes three times as long."""
    parts.append(node.__class__.__name__)
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            _write(value, parts)
        elif isinstance(value, list):
            parts.append("[")
            for one in value:
                if isinstance(one, ast.AST):
                    _write(one, parts)
                else:
                    parts.append(repr(one))
            parts.append("]")
        else:
            parts.append(repr(value))


def _called_modules(call: ast.Call) -> list[Imported]:
    """Return the module of import_module("a.b") and import_module(f"{__name__}.b"), a text that is known here."""
    if _chain(call.func)[-1:] != ["import_module"] or not call.args:
        return []
    argument = call.args[0]
    if isinstance(argument, ast.Constant):
        return [Imported(str(argument.value), "*", "")]
    match argument:
        case ast.JoinedStr([ast.FormattedValue(ast.Name("__name__")), ast.Constant(str(rest))]):
            return [Imported(rest.removeprefix("."), "*", "", 1)]
    return []


def _chain(node: ast.AST) -> list[str]:
    """Return [x, a, b] for x.a.b, nothing for what does not begin with a name."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else []
