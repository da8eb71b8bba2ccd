"""Which definitions of a module may be noted elsewhere when it is imported: by a decorator, a base or a metaclass."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .index import Imported, ModuleIndex, Statement
from .names import uses_of
from .places import Places
from .registering import may_register, notes_classes


class Noting:
    """Tells which functions and classes count for whoever imports their module.

    Args:
        places: where the modules of the project lie.
    """

    def __init__(self, places: Places):
        self._places = places

    def noted(self, file: str, index: ModuleIndex) -> list[Statement]:
        """Return the definitions of a module that may be noted somewhere when it is imported."""
        return [
            *(each for each in index.decorated if self._is_registered(file, index, each)),
            *(each for each in index.subclasses if self._is_noted(file, each.node, set())),
        ]

    def _is_registered(self, file: str, index: ModuleIndex, statement: Statement) -> bool:
        """Tell whether a decorator of the project may note the function somewhere."""
        decorators = getattr(statement.node, "decorator_list", [])
        return any(self._notes(file, index, each) for each in decorators)

    def _notes(self, file: str, index: ModuleIndex, decorator: ast.expr) -> bool:
        for name, attributes, _ in uses_of(ast.Expr(decorator)).references:
            if name in index.statements and (attributes or may_register(index, name)):
                return True
            for imported in index.imports.get(name, ()):
                for chain in self._places.bases(file, imported):
                    if self._imported_notes(chain[-1], imported.name, attributes):
                        return True
        return False

    def _imported_notes(self, base: str, name: str | None, attributes: tuple[str, ...]) -> bool:
        wanted = [each for each in (name, *attributes) if each is not None]
        file = self._places.file_of(base)
        while file is None or (wanted and not self._places.binds(file, wanted[0])):
            if not wanted:
                return True
            base = f"{base}/{wanted.pop(0)}"
            file = self._places.file_of(base)
            if file is None and not wanted:
                return True
        return len(wanted) != 1 or may_register(self._places.index(file), wanted[0])

    def _is_noted(self, file: str, node: ast.stmt, seen: set[int]) -> bool:
        """Tell whether a base or metaclass of the project may note a class."""
        if not isinstance(node, ast.ClassDef) or id(node) in seen:
            return False
        seen.add(id(node))
        metaclasses = [each.value for each in node.keywords if each.arg == "metaclass"]
        if any(self._notes_classes(file, each, set()) for each in metaclasses):
            return True
        for base in node.bases:
            for home, found in self._classes(file, base):
                if (_has_init_subclass(found) and notes_classes(found)) or self._is_noted(home, found, seen):
                    return True
        return False

    def _notes_classes(self, file: str, metaclass: ast.expr, seen: set[int]) -> bool:
        for home, found in self._classes(file, metaclass):
            if id(found) in seen:
                continue
            seen.add(id(found))
            if notes_classes(found) or any(self._notes_classes(home, base, seen) for base in found.bases):
                return True
        return False

    def _classes(self, file: str, value: ast.expr) -> Iterator[tuple[str, ast.ClassDef]]:
        """Yield the classes of the project an expression may name, with the files they are in."""
        for name, attributes, _ in uses_of(ast.Expr(value)).references:
            yield from self._classes_named(file, name, attributes, set())

    def _classes_named(
        self, file: str, name: str, attributes: tuple[str, ...], seen: set[tuple[str, str]]
    ) -> Iterator[tuple[str, ast.ClassDef]]:
        if (file, name) in seen:
            return
        seen.add((file, name))
        index = self._places.index(file)
        for statement in index.statements.get(name, ()):
            if isinstance(statement.node, ast.ClassDef):
                yield file, statement.node
        stars = [star._replace(name=name) for star in index.stars] if name not in index.names else []
        for imported in (*index.imports.get(name, ()), *stars):
            for home, inner in self._homes(file, imported, attributes):
                yield from self._classes_named(home, inner, (), seen)

    def _homes(self, file: str, imported: Imported, attributes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Yield the files and names an imported name may stand for."""
        for chain in self._places.bases(file, imported):
            wanted = [each for each in (imported.name, *attributes) if each is not None]
            base = chain[-1]
            while wanted:
                found = self._places.file_of(base)
                if found is not None and (self._places.binds(found, wanted[0]) or self._places.index(found).stars):
                    yield found, wanted[0]
                    break
                base = f"{base}/{wanted.pop(0)}"


def _has_init_subclass(node: ast.ClassDef) -> bool:
    return any(isinstance(each, ast.FunctionDef) and each.name == "__init_subclass__" for each in node.body)
