"""A source file as its top-level statements: which bind a name, which act when the module is imported."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cached_property

from ..named import NamedTuple
from ..records import dataclass, field
from ..sources import parse
from .building import Building
from .names import Uses, bound_names, uses_of

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)
_ALIAS: tuple[type[ast.stmt], ...] = (ast.TypeAlias,) if hasattr(ast, "TypeAlias") else ()  # Python 3.12
_ASSIGNMENTS = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete, *_ALIAS)
_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_COMPOUND = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match)


class Imported(NamedTuple):
    """What an import binds a name to."""

    level: int
    """Leading dots; 0: absolute."""
    module: str
    name: str | None
    """Of the module, or its submodule; None: the module itself."""


@dataclass(slots=True)
class Statement:
    """One top-level statement."""

    node: ast.stmt
    names: frozenset[str]
    """What it binds, or changes in place."""
    _uses: Uses | None = None
    _digests: dict[bool, str] = field(default_factory=dict)

    @property
    def uses(self) -> Uses:
        """What it refers to."""
        if self._uses is None:
            self._uses = uses_of(self.node)
        return self._uses

    def digest(self, *, with_docstrings: bool) -> str:
        """Return the sha256 of what it says: comments, layout and, unless asked, docstrings aside."""
        if with_docstrings not in self._digests:
            text = ast.dump(self.node) if with_docstrings else _dump_without_docstrings(self.node)
            self._digests[with_docstrings] = hashlib.sha256(text.encode()).hexdigest()
        return self._digests[with_docstrings]

    @property
    def lines(self) -> tuple[int, int]:
        """First and last line, 1-based, decorators included."""
        first = min([self.node.lineno, *(each.lineno for each in getattr(self.node, "decorator_list", ()))])
        return first, self.node.end_lineno or self.node.lineno


class ModuleIndex:
    """The statements of one source file.

    Args:
        text: of the file.
        file: its path, for messages.
        is_main: whether it runs as `__main__`, so that its main block counts.

    Raises:
        InvalidError: it is no Python, at file:line.
    """

    def __init__(self, text: str, file: str, *, is_main: bool = False):
        self.statements: dict[str, list[Statement]] = {}
        """By name, those that bind or change it."""
        self.imports: dict[str, list[Imported]] = {}
        """By name, what imports bind it to; several where a `try` has a fallback."""
        self.stars: list[Imported] = []
        self.effects: list[Statement] = []
        """Those that act on import and may change what others see."""
        self.decorated: list[Statement] = []
        """Functions and classes with decorators, which may register them somewhere."""
        self.subclasses: list[Statement] = []
        """Classes with bases or a metaclass, which may note them somewhere."""
        self.loads: list[Imported] = []
        """Every module imported at top level: its own effects happen too."""
        self._is_main = is_main
        self._text = text
        self._import_lines: list[tuple[int, int]] = []
        self._building = Building()
        self._plain: list[tuple[str, Imported]] = []
        """Imports that are certain to happen: not those of a `try` or an `if`."""
        self._literals: set[str] = set()
        """Names bound to lists, dicts and sets written here: what their methods change is of no other name."""
        self._aliases: set[str] = set()
        """Names bound to what an import has (`OPTIONS = settings.OPTIONS`): to change them changes it for all."""
        self._tree = parse(text, file)
        for node in self._tree.body:
            self._add(node)

    def functions_at(self, line: int, name: str) -> list[Statement]:
        """Return the functions of a name, `<lambda>` too, whose first line (a decorator's, if any) is this one."""
        return [
            Statement(each, frozenset())
            for each in map(_as_statement, ast.walk(self._tree))
            if each is not None and _named(each) == name and Statement(each, frozenset()).lines[0] == line
        ]

    @cached_property
    def names(self) -> list[str]:
        """Every name the module binds, sorted."""
        return sorted({*self.statements, *self.imports})

    @cached_property
    def unused(self) -> list[Imported]:
        """Modules imported under names that nothing in the file mentions: for what importing them does."""
        if not self._plain:
            return []
        lines = self._text.splitlines()
        for first, last in self._import_lines:
            lines[first - 1 : last] = [""] * (last - first + 1)
        named = set(re.findall(r"\w+", "\n".join(lines)))  # a walk over the tree takes twenty times as long
        return [each for name, each in self._plain if name not in named]

    def _add(self, node: ast.stmt) -> None:
        if isinstance(node, _IMPORTS):
            self._import(node)
            self._plain += [(name, each) for name, each in bindings_of(node) if name != "*"]
            self._import_lines.append((node.lineno, node.end_lineno or node.lineno))
        elif isinstance(node, _DEFINITIONS):
            node = self._building.bare(node)
            self._define(node)
        elif isinstance(node, _ASSIGNMENTS):
            self._assign(node)
        elif isinstance(node, _COMPOUND):
            self._compound(node)
        elif (changed_literal := _method_target(node)) in self._literals and changed_literal is not None:
            self._bind(node, {changed_literal})
        elif not _says_nothing(node) and not self._building.is_it(node):
            self.effects.append(Statement(node, frozenset()))

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        # `@area.register` on a function of this module (singledispatch) changes that function, and nothing else.
        changed = {name for name in map(_registry_of, node.decorator_list) if name and self._is_function(name)}
        statement = self._bind(node, {node.name, *changed})
        if any(_registry_of(each) not in changed for each in node.decorator_list):
            self.decorated.append(statement)
        if isinstance(node, ast.ClassDef) and (node.bases or node.keywords):
            self.subclasses.append(statement)

    def _is_function(self, name: str) -> bool:
        found = self.statements.get(name, [])
        return bool(found) and isinstance(found[0].node, ast.FunctionDef | ast.AsyncFunctionDef)

    def _bind(self, node: ast.stmt, names: set[str]) -> Statement:
        statement = Statement(node, frozenset(names))
        for name in names:
            self.statements.setdefault(name, []).append(statement)
        return statement

    def _assign(self, node: ast.stmt) -> None:
        changed = set(_changed_in_place(node))
        bound = bound_names(node)
        self._building.note(node, bound)
        if isinstance(getattr(node, "value", None), _DISPLAYS):
            self._literals |= bound
        statement = self._bind(node, bound | changed)
        # `settings.LIMIT = 3` on an imported module acts on that module, not on a name of this one.
        if changed & (self.imports.keys() | self._aliases) or _changes_no_name(node):
            self.effects.append(statement)
        if isinstance(node, ast.Assign) and _root_name(node.value) in self.imports.keys() | self._aliases:
            self._aliases |= bound

    def _compound(self, node: ast.stmt) -> None:
        if isinstance(node, ast.If) and _is_type_checking(node.test):
            for other in node.orelse:
                self._add(other)
            return
        if isinstance(node, ast.If) and _is_main_block(node.test) and not self._is_main:
            for inner_statement in node.body:  # functions in it are steps of `execute()`; it does nothing on import
                self._bind(inner_statement, bound_names(inner_statement) - self.imports.keys())
            return
        if isinstance(node, ast.With):
            self._building.note_with(node)
        for inner in ast.walk(node):
            if isinstance(inner, _IMPORTS):
                self._import(inner)
        # What is imported in it too: which of the names a `try` binds is its own doing.
        statement = self._bind(node, bound_names(node) | set(_changed_in_place(node)))
        if any(self._acts(each) for each in _inner_statements(node)):
            self.effects.append(statement)

    def _acts(self, node: ast.stmt) -> bool:
        """Tell whether a statement inside a compound one may change what others see."""
        if isinstance(node, ast.Expr):
            return not _says_nothing(node) and not self._building.is_it(node)
        return isinstance(node, _ASSIGNMENTS) and _changes_no_name(node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.loads += loaded_by(node)
        for name, imported in bindings_of(node):
            if name == "*":
                self.stars.append(imported)
            else:
                self.imports.setdefault(name, []).append(imported)
                self._building.imported(name, *imported)


def _as_statement(node: ast.AST) -> ast.stmt | None:
    """Return a function as a statement, a lambda wrapped into one; None: it is neither."""
    if isinstance(node, ast.Lambda):
        return ast.copy_location(ast.Expr(node), node)
    return node if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None


def _named(statement: ast.stmt) -> str:
    return getattr(statement, "name", "<lambda>")


def bindings_of(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Imported]]:
    """Yield each name an import binds, `*` for all, with what it is bound to."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield alias.asname or alias.name, Imported(node.level, node.module or "", alias.name)
        elif alias.asname:
            yield alias.asname, Imported(0, alias.name, None)
        else:  # `import p.sub.m` binds p
            top = alias.name.partition(".")[0]
            yield top, Imported(0, top, None)


def loaded_by(node: ast.Import | ast.ImportFrom) -> list[Imported]:
    """Return the modules an import loads; what it takes from one may be a submodule."""
    if isinstance(node, ast.Import):
        return [Imported(0, alias.name, None) for alias in node.names]
    return [Imported(node.level, node.module or "", alias.name) for alias in node.names]


def _changed_in_place(node: ast.AST) -> Iterator[str]:
    """Yield the names whose object an assignment changes: `X.y = 1`, `X[k] = 1`, `del X[k]`."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute | ast.Subscript) and not isinstance(inner.ctx, ast.Load):
            target: ast.expr = inner
            while isinstance(target, ast.Attribute | ast.Subscript):
                target = target.value
            if isinstance(target, ast.Name):
                yield target.id


def _method_target(node: ast.stmt) -> str | None:
    """Return `X` of the statement `X.append(1)`; None where its arguments call something, which may act by itself."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    arguments = [*call.args, *(each.value for each in call.keywords)]
    if any(isinstance(inner, ast.Call) for each in arguments for inner in ast.walk(each)):
        return None
    return call.func.value.id if isinstance(call.func.value, ast.Name) else None


def _root_name(node: ast.expr) -> str | None:
    """Return the name that attributes and items are taken of, without a call in between."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _registry_of(decorator: ast.expr) -> str | None:
    """Return `area` of the decorators `@area.register` and `@area.register(int)`."""
    inner = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(inner, ast.Attribute) and inner.attr == "register" and isinstance(inner.value, ast.Name):
        return inner.value.id
    return None


def _changes_no_name(node: ast.stmt) -> bool:
    """Tell whether it changes something that no name stands for: `globals()[name] = f`, `sys.modules[n].x = 1`."""
    return any(
        isinstance(inner, ast.Attribute | ast.Subscript)
        and not isinstance(inner.ctx, ast.Load)
        and any(isinstance(each, ast.Call) for each in ast.walk(inner.value))
        for inner in ast.walk(node)
    )


def _inner_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    """Yield the statements of a compound one that run with it, those of functions and classes in it not."""
    stack: list[ast.AST] = [node]
    while stack:
        for inner in ast.iter_child_nodes(stack.pop()):
            if isinstance(inner, ast.stmt):
                yield inner
            if not isinstance(inner, (*_DEFINITIONS, ast.expr)):
                stack.append(inner)


def _says_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Pass)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _is_main_block(test: ast.expr) -> bool:
    """Tell whether it reads `__name__ == "__main__"`, either way round."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = [test.left, test.comparators[0]]
    has_name = any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
    return has_name and any(isinstance(side, ast.Constant) and side.value == "__main__" for side in sides)


def _dump_without_docstrings(node: ast.stmt) -> str:
    """Return the dump of a statement as if it had no docstrings; the tree is as it was afterwards."""
    documented = [inner for inner in ast.walk(node) if isinstance(inner, _DEFINITIONS) and _docstring(inner)]
    bodies = [inner.body for inner in documented]
    for inner in documented:  # parsing what unparse gives, to have a copy, is 30 times as slow
        inner.body = inner.body[1:] or [ast.Pass()]
    try:
        return ast.dump(node)
    finally:
        for inner, body in zip(documented, bodies, strict=True):
            inner.body = body


def _docstring(node: ast.AST) -> bool:
    if not isinstance(node, _DEFINITIONS) or not node.body or not isinstance(node.body[0], ast.Expr):
        return False
    value = node.body[0].value
    return isinstance(value, ast.Constant) and isinstance(value.value, str)
