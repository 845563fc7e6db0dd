"""The modules that a computation reaches by imports, determined without running them, and a digest of each.

A name that a package only hands on leads to the module that defines it, so that importing one name of a room does not
reach the rest of the room. The packages on the way count too, since Python runs them.
"""

from __future__ import annotations

import ast
import gc
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
INIT = "__init__.py"
WEIGHTS = ".safetensors"
NOTED = {ast.Constant, ast.Call, ast.Dict, ast.Import, ast.ImportFrom}
INSTALLED = {"site-packages", "dist-packages"}  # folders whose packages are not of one repository

State = tuple[int, int]  # a file's time of change in ns, and its size
Chain = tuple[str, ...]  # (a, b) of x.a.b


@dataclass(frozen=True)
class Imported:
    """An imported name; "" stands for the module itself, "*" for all of its names."""

    module: str
    name: str
    alias: str  # in the importing module
    level: int = 0  # dots of a relative import


@dataclass
class Module:
    """The contents of a file that matter here."""

    digest: str = ""
    imports: list[Imported] = field(default_factory=list)
    chains: dict[str, set[Chain]] = field(default_factory=lambda: defaultdict(set))  # x -> {(a, b)} for x.a.b
    table: dict[str, str] = field(default_factory=dict)  # of a lazy package: name -> module
    weights: list[str] = field(default_factory=list)  # names of files


def module_name(path: Path) -> tuple[str, Path]:
    """Return the dotted name of a file's module, and the folder that holds its top package.

    Folders without `__init__.py` are packages too, if Python would search for them: below a folder of sys.path.
    """
    parts = [] if path.name == INIT else [path.stem]
    folder = path.parent
    while (folder / INIT).exists():
        parts.append(folder.name)
        folder = folder.parent
    searched = search_path()
    roots = [] if folder in searched else [parent for parent in folder.parents if parent in searched]
    inner = folder.relative_to(roots[0]).parts if roots else ()
    if roots and all(part.isidentifier() for part in inner):
        parts += reversed(inner)
        folder = roots[0]
    return ".".join(reversed(parts)), folder


def search_path() -> tuple[Path, ...]:
    """Return the folders in which Python searches for modules."""
    return _resolved(tuple(folder or str(Path.cwd()) for folder in sys.path))


@cache
def _resolved(folders: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(Path(folder).resolve() for folder in folders)


def find_module(name: str, folder: Path) -> Path | None:
    """Return the file of a module or package below a folder, or None if it does not exist."""
    stem = folder.joinpath(*name.split("."))
    return next((path for path in (stem / INIT, stem.with_name(f"{stem.name}.py")) if path.is_file()), None)


def file_state(path: Path) -> State:
    """Return a value that changes if a file is written again."""
    state = path.stat()
    return state.st_mtime_ns, state.st_size


def reached_modules(sources: Iterable[Path], package: Path) -> tuple[dict[str, str], dict[Path, State]]:
    """Return the digests of modules that sources reach and of weights that these name, and states of files outside.

    Modules of `package` are followed, and those beside the top package of a source, or beside a plain script.
    """
    walk = _Walk(package)
    collects = gc.isenabled()
    gc.disable()  # the collector would visit the growing syntax trees again and again, half of the time of parsing
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
        self.folders: list[tuple[str, Path]] = []  # the top package of each source, and its folder
        self.digests: dict[str, str] = {}
        self.outside: dict[Path, State] = {}
        self.places: dict[str, Path | None] = {}
        self.modules: dict[str, Module] = {}
        self.followed: set[str] = set()

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
            top = name.split(".")[0]
            folders = [
                folder for package, folder in self.folders if top == package or not INSTALLED & set(folder.parts)
            ]
            if top == self.package.name:
                folders = [self.package.parent]
            self.places[name] = next(filter(None, (find_module(name, each) for each in folders)), None)
        return self.places[name]

    def _read(self, name: str, path: Path) -> Module:
        """Parse a module and count it and the packages that it lies in."""
        if name not in self.modules:
            # the process runs the package as it was loaded, so the text of a file that is edited later does not count
            inside = self.package in path.parents
            if not inside:
                self.outside[path] = file_state(path)
            self.modules[name] = _parse(path, None if inside else self.outside[path])
            self.digests[name] = self.modules[name].digest
            parent = name.rpartition(".")[0]
            if (place := self._locate(parent) if parent else None) is not None:
                self._read(parent, place)
        return self.modules[name]

    def _follow_module(self, name: str, path: Path) -> None:
        """Reach a module and all that it imports."""
        if name in self.followed:
            return
        self.followed.add(name)
        module = self._read(name, path)
        for weights in module.weights if self.package in path.parents else ():
            for file in path.parent.rglob(weights):
                self.digests[f"{name}/{weights}"] = _digest_of_weights(file)
        parent = name if path.name == INIT else name.rpartition(".")[0]
        for imported in module.imports:
            self._follow_import(imported, parent, (), module.chains[imported.alias])

    def _follow_import(self, imported: Imported, parent: str, chain: Chain, chains: set[Chain]) -> None:
        source = imported.module
        if imported.level:  # relative to `parent`, the package that imports
            parts = parent.split(".")[: len(parent.split(".")) - imported.level + 1]
            source = ".".join([*parts, source] if source else parts)
        if imported.name == "*":
            self._follow_name(source, (), {()})
        elif not imported.name and imported.alias == source.split(".")[0]:  # import a.b, which binds a
            self._follow_name(source, (), set())
            self._follow_name(imported.alias, (), chains)
        elif not imported.name:
            self._follow_name(source, chain, chains)
        else:
            self._follow_name(source, (imported.name, *chain), chains)

    def _follow_name(self, name: str, chain: Chain, chains: set[Chain]) -> None:
        """Reach the module that defines `name.a.b` for a chain (a, b).

        If that is a package, only its names in `chains` are reached, or all of it for an empty chain.
        """
        path = self._locate(name)
        if path is None:
            return
        if path.name != INIT:
            self._follow_module(name, path)
            return
        package = self._read(name, path)
        if not chain:
            for used in chains - {()}:
                self._follow_name(name, used, {()})
            if () in chains:
                for file in path.parent.rglob("*.py"):
                    self._follow_module(module_name(file)[0], file)
            return
        first, rest = chain[0], chain[1:]
        bound = [imported for imported in package.imports if imported.alias == first]
        target = f"{name}.{package.table.get(first, first)}"
        if bound:
            for imported in bound:
                self._follow_import(imported, name, rest, chains)
        elif self._locate(target) is not None:
            self._follow_name(target, chain if first in package.table else rest, chains)
        else:  # the package defines it
            self._follow_module(name, path)


@cache
def _digest_of_weights(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _parse(path: Path, state: State | None) -> Module:
    """Parse a file; `state` tells versions of it apart."""
    module, parts = Module(), list[str]()
    _read_node(ast.parse(path.read_bytes()), module, parts)
    module.digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return module


def _read_node(node: ast.AST, module: Module, parts: list[str]) -> None:
    """Append a syntax tree to texts, as ast.dump in a third of the time, and note imports and used names."""
    kind = node.__class__
    if kind in (ast.Name, ast.Attribute) and (names := _chain(node)):
        module.chains[names[0]].add(tuple(names[1:]))
        parts += names
        return
    if kind in NOTED:
        _note(node, module)
    parts.append(kind.__name__)
    for name in node._fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            parts.append("[")
            for element in value:
                _read_value(element, module, parts)
            parts.append("]")
        else:
            _read_value(value, module, parts)


def _read_value(value: object, module: Module, parts: list[str]) -> None:
    if not isinstance(value, ast.AST):
        parts.append(repr(value))
    elif isinstance(value, ast.If) and _chain(value.test)[-1:] == ["TYPE_CHECKING"]:
        for statement in value.orelse:  # the body never runs
            _read_value(statement, module, parts)
    elif not (isinstance(value, ast.Expr) and isinstance(value.value, ast.Constant)):  # a docstring
        _read_node(value, module, parts)


def _chain(node: ast.AST) -> list[str]:
    """Return [x, a, b] for x.a.b, nothing for an expression that does not begin with a name."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else []


def _note(node: ast.AST, module: Module) -> None:
    """Note imports, import_module("a.b") and import_module(f"{__name__}.b"), files of weights, a package's table."""
    match node:
        case ast.Constant(str(name)) if name.endswith(WEIGHTS) and name != WEIGHTS:
            module.weights.append(name)
        case ast.Call(ast.Name("import_module") | ast.Attribute(attr="import_module"), [ast.Constant(str(name)), *_]):
            module.imports.append(Imported(name, "*", ""))
        case ast.Call(
            ast.Name("import_module") | ast.Attribute(attr="import_module"),
            [ast.JoinedStr([ast.FormattedValue(ast.Name("__name__")), ast.Constant(str(name))]), *_],
        ):
            module.imports.append(Imported(name.removeprefix("."), "*", "", 1))
        case ast.Dict():
            for pair in zip(node.keys, node.values):
                match pair:
                    case ast.Constant(str(name)), ast.Constant(str(target)):
                        module.table[name] = target
        case ast.Import():
            module.imports += [Imported(one.name, "", one.asname or one.name.split(".")[0]) for one in node.names]
        case ast.ImportFrom():
            source, level = node.module or "", node.level
            module.imports += [Imported(source, one.name, one.asname or one.name, level) for one in node.names]
