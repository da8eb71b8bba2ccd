"""The code a function reaches: its own statements and, through names, attributes and imports, those of the project.

A part is what one name of one file is made of (`helpers.py:clean`), or what a file does when it is imported
(`helpers.py:<import>`). Whoever reaches a module also depends on what its import does, and on the imports it makes.
Nothing is executed; what only execution would tell is reported as dynamic.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..named import NamedTuple
from ..place import relative_to
from ..prints import WHOLE
from ..records import dataclass, field
from ..sources import Reader
from .index import Imported, ModuleIndex, Statement, bindings_of, loaded_by
from .names import Reference
from .noting import Noting
from .places import Places

IMPORT = "<import>"
"""Name of the part that is what a module does when it is imported."""


class DynamicUse(NamedTuple):
    """Code that is chosen while a step runs, so that no fingerprint can know it."""

    file: str
    """Relative to the project root."""
    line: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePrint:
    """What the code of a step is made of."""

    parts: Mapping[str, str]
    """`file:name` -> sha256; the file relative to the project root."""
    packages: frozenset[str]
    """Top-level names of installed packages and standard modules that reached code refers to."""
    variables: frozenset[str]
    """Environment variables it reads by a literal name."""
    dynamics: tuple[DynamicUse, ...]
    """Empty: the parts are all there is."""
    classes: frozenset[tuple[str, str]] = frozenset()
    """(absolute file, name) of the project's classes among the parts: values it returns may be of them."""
    uses: frozenset[str] = frozenset()
    """What is used of the packages, dotted: `pandas.read_csv`; a package alone where it is handed on as a whole."""

    @property
    def digest(self) -> str:
        """sha256 of the parts."""
        text = json.dumps(dict(self.parts), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


class _Target(NamedTuple):
    """Something to look at: a name of a file, its import, or all of it."""

    file: str
    name: str | None
    """None: every name; `IMPORT`: what the import does."""
    attributes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Found:
    """What one target adds by itself."""

    parts: dict[str, str] = field(default_factory=dict)
    next: list[_Target] = field(default_factory=list)
    packages: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    dynamics: list[DynamicUse] = field(default_factory=list)
    classes: set[tuple[str, str]] = field(default_factory=set)
    reads_docstrings: bool = False


class Tracer:
    """Traces functions of one project; what several reach is looked at once.

    Args:
        root: Absolute project root.
        search: Absolute directories project modules are looked up in, in order.
        read: Returns the text of a project file; None for all others.
        places: Where its modules lie, when more is known of them than `search`.
    """

    def __init__(self, root: str, search: Sequence[str], read: Reader, places: Places | None = None):
        self._root = root
        self._places = places or Places(search, read)
        self._noting = Noting(self._places)
        self._found: dict[tuple[_Target, bool], _Found] = {}
        self._with_docstrings = False

    def trace(self, file: str, name: str) -> CodePrint:
        """Return what a top-level name of a file is made of; of a method or inner function, take its outermost name.

        Raises:
            InvalidError: a file reached is no Python, at file:line.
        """
        if self._places.text(file) is not None and name not in self._places.index(file).names:
            return self.trace_module(file)  # it is made while the module is imported: by all of it, for what we know
        return self._collect(lambda: _Found(next=[_Target(file, name)]))

    def trace_module(self, file: str) -> CodePrint:
        """Return what a whole module is made of, every name of it."""
        return self._collect(lambda: _Found(next=[_Target(file, None)]))

    def trace_function(self, file: str, line: int, name: str) -> CodePrint | None:
        """Return what a function anywhere in a file is made of: a lambda, or one inside another function.

        What it takes from functions around it, its closure, is not among it. Lambdas of one line are taken together.

        Args:
            file: absolute path.
            line: 1-based, where it begins, decorators included: `co_firstlineno`.
            name: of the function alone: `inner`, `<lambda>`.

        Returns:
            None when no such function is there: the file has changed since it was imported.
        """
        if self._places.text(file) is None:
            return None
        index = self._places.index(file)
        statements = index.functions_at(line, name)
        if not statements:
            return None
        part = f"{relative_to(self._root, file)}:{name}"

        def first() -> _Found:
            found = self._statements(file, index, statements, part)
            found.next.append(_Target(file, IMPORT))
            return found

        return self._collect(first)

    def trace_script(self, file: str) -> CodePrint:
        """Return what a file is made of that runs as `__main__`."""
        return self._collect(lambda: self._script(file))

    def trace_text(self, text: str, file: str) -> CodePrint:
        """Return what a piece of code is made of that runs in a namespace of its own: a notebook's cells, a lambda.

        Args:
            text: the code.
            file: path it is taken to stand at: imports are looked up from there.
        """
        index = ModuleIndex(text, file, is_main=True)
        part = f"{relative_to(self._root, file)}:{WHOLE}"
        return self._collect(lambda: self._all(file, index, part))

    def _collect(self, first: Callable[[], _Found]) -> CodePrint:
        """Return all that can be reached; where anything of it reads docstrings, they count everywhere."""
        try:
            print_, reads_docstrings = self._reached(first())
            if reads_docstrings:
                self._with_docstrings = True
                print_, _ = self._reached(first())
            return print_
        finally:
            self._with_docstrings = False

    def _reached(self, first: _Found) -> tuple[CodePrint, bool]:
        seen: set[_Target] = set()
        stack: list[_Target] = []
        parts: dict[str, str] = {}
        packages: set[str] = set()
        uses: set[str] = set()
        variables: set[str] = set()
        classes: set[tuple[str, str]] = set()
        dynamics: dict[DynamicUse, None] = {}
        reads_docstrings = False
        found: _Found | None = first
        while found is not None:
            parts |= found.parts
            packages |= found.packages
            uses |= found.uses
            classes |= found.classes
            variables |= found.variables
            dynamics |= dict.fromkeys(found.dynamics)
            reads_docstrings |= found.reads_docstrings
            stack += [target for target in found.next if target not in seen]
            seen.update(found.next)
            found = self._look(stack.pop()) if stack else None
        code = CodePrint(
            parts=dict(sorted(parts.items())),
            packages=frozenset(packages),
            variables=frozenset(variables),
            dynamics=tuple(sorted(dynamics)),
            uses=frozenset(uses),
            classes=frozenset(classes),
        )
        return code, reads_docstrings

    def _look(self, target: _Target) -> _Found:
        found = self._found.get((target, self._with_docstrings))
        if found is None:
            index = self._places.index(target.file)
            if target.name == IMPORT:
                found = self._import(target.file, index)
            elif target.name is None:
                found = _Found(next=[_Target(target.file, each) for each in (*index.names, IMPORT)])
                for star in index.stars:
                    self._follow(target.file, star, (), found)
            else:
                found = self._name(target, index, target.name)
            self._found[target, self._with_docstrings] = found
        return found

    def _name(self, target: _Target, index: ModuleIndex, name: str) -> _Found:
        file = target.file
        statements = index.statements.get(name, [])
        found = self._statements(file, index, statements, f"{relative_to(self._root, file)}:{name}")
        found.next.append(_Target(file, IMPORT))
        if any(isinstance(each.node, ast.ClassDef) for each in statements):
            found.classes.add((file, name))
        imports = index.imports.get(name, [])
        if imports:  # what a name stands for: two may be swapped, and all they stand for stays the same
            found.parts[f"{relative_to(self._root, file)}:{name}"] = _sha256([*found.parts.values(), repr(imports)])
        for imported in imports:
            self._follow(file, imported, target.attributes, found)
        if not statements and name not in index.imports:
            if len(index.stars) > 1:  # the last that has the name wins
                found.parts[f"{relative_to(self._root, file)}:*"] = _sha256([repr(index.stars)])
            for star in index.stars:
                self._follow(file, star._replace(name=name), target.attributes, found)
            if "__getattr__" in index.statements:  # PEP 562: it may give any name from anywhere in the module
                found.next.append(_Target(file, None))
        return found

    def _statements(self, file: str, index: ModuleIndex, statements: Sequence[Statement], part: str) -> _Found:
        """Return what statements of a file add: one part, and all they refer to."""
        found = _Found()
        found.reads_docstrings = any(each.uses.reads_docstrings for each in statements)
        if statements:
            digests = [each.digest(with_docstrings=self._with_docstrings) for each in statements]
            found.parts[part] = digests[0] if len(digests) == 1 else _sha256(digests)
        for statement in statements:
            uses = statement.uses
            found.variables.update(uses.variables)
            found.dynamics += [
                DynamicUse(relative_to(self._root, file), each.line, each.what) for each in uses.dynamics
            ]
            if uses.reads_own_module:
                found.next.append(_Target(file, None))
            for module in uses.modules:
                self._follow(file, Imported(0, module, None), (), found)
            self._references(file, index, statement, uses.references, found)
        return found

    def _references(
        self, file: str, index: ModuleIndex, statement: Statement, references: Iterable[Reference], found: _Found
    ) -> None:
        local: dict[str, list[Imported]] = {}
        for node in statement.uses.imports:
            for loaded in loaded_by(node):
                self._load(file, loaded, found)
            for name, imported in bindings_of(node):
                if name == "*":
                    self._follow(file, imported, (), found)
                local.setdefault(name, []).append(imported)
        for name, attributes, _ in references:
            for imported in local.get(name, ()):
                self._follow(file, imported, attributes, found)
            if name in index.statements or name in index.imports or index.stars:
                found.next.append(_Target(file, name, attributes if name in index.imports or index.stars else ()))

    def _import(self, file: str, index: ModuleIndex) -> _Found:
        """Return what importing a module does: statements that act, functions a decorator registers, its imports."""
        acting = [*index.effects, *self._noting.noted(file, index)]
        unique = {id(each.node): each for each in acting}
        acting = sorted(unique.values(), key=lambda each: each.lines)
        found = self._statements(file, index, acting, f"{relative_to(self._root, file)}:{IMPORT}")
        for imported in index.loads:
            self._load(file, imported, found)
        self._unused(file, index, found)
        return found

    def _load(self, file: str, imported: Imported, found: _Found) -> None:
        """Add the imports of every project module that an import loads."""
        for chain in self._places.bases(file, imported):
            bases = chain if imported.name in (None, "*") else [*chain, f"{chain[-1]}/{imported.name}"]
            for base in bases:
                loaded = self._places.file_of(base)
                if loaded is not None:
                    found.next.append(_Target(loaded, IMPORT))

    def _follow(self, file: str, imported: Imported, attributes: tuple[str, ...], found: _Found) -> None:
        """Add what an imported name stands for, read with these attributes."""
        self._load(file, imported, found)
        chains = self._places.bases(file, imported) or self._folder(file, imported, attributes)
        if not chains:
            found.packages.add(imported.module.partition(".")[0])
            found.uses.add(".".join((imported.module, *([imported.name] if imported.name else []), *attributes)))
        for chain in chains:
            if imported.name == "*":
                self._descend(chain[-1], (), found)
            elif imported.name is None:
                self._descend(chain[-1], attributes, found)
            else:
                self._descend(chain[-1], (imported.name, *attributes), found)

    def _folder(self, file: str, imported: Imported, attributes: tuple[str, ...]) -> list[list[str]]:
        """Return the chain of a package without `__init__.py`: only a module in it tells where it is."""
        if imported.name is not None or imported.level:
            return []
        for count in range(1, len(attributes) + 1):
            inner = ".".join((imported.module, *attributes[:count]))
            for chain in self._places.bases(file, Imported(0, inner, None)):
                return [chain[:-count]]
        return []

    def _descend(self, base: str, attributes: tuple[str, ...], found: _Found) -> None:
        """Add what attributes of a module mean: submodules as long as they are some, then a name."""
        file = self._places.file_of(base)
        while attributes:
            name = attributes[0]
            if file is not None and self._places.binds(file, name):
                break
            inner = self._places.file_of(f"{base}/{name}")
            if inner is None and file is not None:
                break
            base, file, attributes = f"{base}/{name}", inner, attributes[1:]
        if file is not None:
            found.next.append(_Target(file, *((attributes[0], attributes[1:]) if attributes else (None, ()))))

    def _script(self, file: str) -> _Found:
        index = ModuleIndex(self._places.text(file) or "", file, is_main=True)
        return self._all(file, index, f"{relative_to(self._root, file)}:{WHOLE}")

    def _all(self, file: str, index: ModuleIndex, part: str) -> _Found:
        """Return what code adds that runs from its first line to its last: no other module can have its names."""
        found = self._statements(file, index, _all_statements(index), part)
        found.next = [target for target in found.next if target.file != file]
        for imported in index.loads:
            self._load(file, imported, found)
        used = [reference for each in _all_statements(index) for reference in each.uses.references]
        for name, attributes, _ in used:
            for imported in index.imports.get(name, ()):
                self._follow(file, imported, attributes, found)
        for star in index.stars:
            self._follow(file, star, (), found)
        self._unused(file, index, found)
        return found

    def _unused(self, file: str, index: ModuleIndex, found: _Found) -> None:
        """Add the packages that are imported for what their import does: nothing names them."""
        for imported in index.unused:
            if not self._places.bases(file, imported):
                found.packages.add(imported.module.partition(".")[0])


def _all_statements(index: ModuleIndex) -> list[Statement]:
    """Return every statement of a module once, in the order of the file."""
    every = [*index.effects, *(each for found in index.statements.values() for each in found)]
    unique = {id(each.node): each for each in every}
    return sorted(unique.values(), key=lambda each: each.lines)


def _sha256(digests: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
