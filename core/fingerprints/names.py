"""Which global names a statement refers to, with the attributes read of them: what it depends on in its module.

Python's scoping rules decide: a local variable that has the name of a helper is no reference to it. Where the rules
need the program to run (a class body reads a name before it binds it), the name counts: too much is safe.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import suppress

from ..named import NamedTuple

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_IMPORTS = (ast.Import, ast.ImportFrom)


class Reference(NamedTuple):
    """A global name as used: `util.clean` is `util` with the attribute `clean`."""

    name: str
    attributes: tuple[str, ...]
    line: int


class Dynamic(NamedTuple):
    """Something that names code only while it runs."""

    what: str
    """As a person would name it: `eval()`, `import_module()`."""
    line: int


class Uses(NamedTuple):
    """What a statement refers to."""

    references: tuple[Reference, ...]
    imports: tuple[ast.Import | ast.ImportFrom, ...]
    """Imports inside functions; the names they bind are among the references."""
    modules: tuple[str, ...]
    """Modules named by a literal: `import_module("helpers")`."""
    dynamics: tuple[Dynamic, ...]
    variables: tuple[str, ...]
    """Environment variables read by a literal name."""
    reads_own_module: bool
    """Whether it asks for `globals()` and the like: every name of its module may count."""
    reads_docstrings: bool
    """Whether it looks at `__doc__`: docstrings are code then."""


def uses_of(statement: ast.stmt) -> Uses:
    """Return what one statement of a module refers to."""
    walk = _Walk()
    walk.visit(statement)
    return Uses(
        references=tuple(dict.fromkeys(walk.references)),
        imports=tuple(walk.imports),
        modules=tuple(dict.fromkeys(walk.modules)),
        dynamics=tuple(walk.dynamics),
        variables=tuple(dict.fromkeys(walk.variables)),
        reads_own_module=walk.reads_own_module,
        reads_docstrings=walk.reads_docstrings,
    )


def bound_names(statement: ast.stmt) -> set[str]:
    """Return the names a statement binds in the scope it stands in; functions and classes inside have their own."""
    found: set[str] = set()
    for node in _own_scope([statement]):
        found.update(_binds(node))
    return found


class _Walk:
    """Visits the scopes of a statement from outside in. `hidden` are the names that are local where it stands."""

    def __init__(self) -> None:
        self.references: list[Reference] = []
        self.imports: list[ast.Import | ast.ImportFrom] = []
        self.modules: list[str] = []
        self.dynamics: list[Dynamic] = []
        self.variables: list[str] = []
        self.reads_own_module = False
        self.reads_docstrings = False
        self._hidden: frozenset[str] = frozenset()
        self._is_in_function = False

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, _FUNCTIONS):
            self._visit_all([*node.decorator_list, *_signature(node.args), *map(_read, _present(node.returns))])
            self._inside(node.args, node.body)
        elif isinstance(node, ast.Lambda):
            self._visit_all(_signature(node.args))
            self._inside(node.args, [node.body])
        elif isinstance(node, _COMPREHENSIONS):
            self._comprehension(node)
        elif isinstance(node, _IMPORTS):
            if self._is_in_function:
                self.imports.append(node)
        elif isinstance(node, ast.AnnAssign):
            self._visit_all([node.target, _read(node.annotation), *_present(node.value)])
        elif isinstance(node, ast.Attribute | ast.Name):
            self._chain(node)
        else:
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Subscript):
                self._subscript(node)
            self._visit_all(ast.iter_child_nodes(node))

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def _inside(self, arguments: ast.arguments, body: Iterable[ast.AST]) -> None:
        """Visit the body of a function: what it binds is local, but for imports and what it declares global."""
        body = list(body)
        bound = {each.arg for each in _arguments(arguments)}
        declared: set[str] = set()
        for node in _own_scope(body):
            if isinstance(node, ast.Global):
                declared.update(node.names)
            elif not isinstance(node, _IMPORTS):
                bound.update(_binds(node))
        imported = {name for node in _own_scope(body) if isinstance(node, _IMPORTS) for name in _binds(node)}
        outer, was_in_function = self._hidden, self._is_in_function
        # A name imported here is followed like a global one: what it is bound to is in `imports`.
        self._hidden = (outer | bound) - declared - imported
        self._is_in_function = True
        self._visit_all(body)
        self._hidden, self._is_in_function = outer, was_in_function

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.visit(node.generators[0].iter)
        outer = self._hidden
        targets = {name.id for each in node.generators for name in ast.walk(each.target) if isinstance(name, ast.Name)}
        self._hidden = outer | targets
        for position, each in enumerate(node.generators):
            self._visit_all([*([each.iter] if position else []), *each.ifs])
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._visit_all(results)
        self._hidden = outer

    def _chain(self, node: ast.Attribute | ast.Name) -> None:
        attributes: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            attributes.append(inner.attr)
            inner = inner.value
        if "__doc__" in attributes:
            self.reads_docstrings = True
        if not isinstance(inner, ast.Name):
            self.visit(inner)
        elif inner.id not in self._hidden:
            self.reads_docstrings |= inner.id == "__doc__"
            self.references.append(Reference(inner.id, tuple(reversed(attributes)), node.lineno))

    def _call(self, call: ast.Call) -> None:
        name = _last_name(call.func)
        first = call.args[0] if call.args else None
        text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
        if name in ("import_module", "__import__"):
            if text is None or text.startswith("."):
                self.dynamics.append(Dynamic(f"{name}()", call.lineno))
            else:
                self.modules.append(text)
        elif name in ("exec", "eval", "run_path", "run_module") and self._is_global(call.func):
            self.dynamics.append(Dynamic(f"{name}()", call.lineno))
        elif name in ("globals", "vars", "locals") and not call.args and self._is_global(call.func):
            self.reads_own_module = True
        elif name == "__subclasses__":
            self.dynamics.append(Dynamic("__subclasses__()", call.lineno))
        elif name == "getattr" and len(call.args) > 1 and isinstance(call.func, ast.Name):
            self._getattr(call)
        elif name in ("getenv", "get", "pop", "setdefault") and text is not None and _is_environ(call.func):
            self.variables.append(text)

    def _getattr(self, call: ast.Call) -> None:
        """`getattr(util, "clean")` is `util.clean`; by a name made at run time it is any of them."""
        named = call.args[1]
        is_literal = isinstance(named, ast.Constant) and isinstance(named.value, str)
        if is_literal and isinstance(call.args[0], ast.Name) and call.args[0].id not in self._hidden:
            self.references.append(Reference(call.args[0].id, (named.value,), call.lineno))  # type: ignore[attr-defined]

    def _subscript(self, node: ast.Subscript) -> None:
        key = node.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and _last_name(node.value) == "environ":
            self.variables.append(key.value)
        if isinstance(node.value, ast.Attribute) and _last_name(node.value) == "modules":
            self.dynamics.append(Dynamic("sys.modules[]", node.lineno))

    def _is_global(self, function: ast.expr) -> bool:
        return not (isinstance(function, ast.Name) and function.id in self._hidden)


def _own_scope(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield every node of a scope; of functions, classes and comprehensions inside, only what runs in this scope."""
    stack = list(nodes)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, (*_FUNCTIONS, ast.Lambda)):
            stack.extend(_signature(node.args))
            stack.extend(getattr(node, "decorator_list", ()))
        elif isinstance(node, ast.ClassDef):
            stack.extend([*node.decorator_list, *node.bases, *node.keywords])
        elif isinstance(node, _COMPREHENSIONS):
            # Its targets are its own, but `(y := x)` in it binds in the scope around.
            stack.extend(each for each in ast.walk(node) if isinstance(each, ast.NamedExpr))
        else:
            stack.extend(ast.iter_child_nodes(node))


def _binds(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        yield node.name
    elif isinstance(node, _IMPORTS):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names if alias.name != "*")
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        yield from _present(node.name)
    elif isinstance(node, ast.MatchMapping):
        yield from _present(node.rest)


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    rest = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]


def _signature(arguments: ast.arguments) -> list[ast.AST]:
    """Return what of a signature runs outside of the function: defaults and annotations."""
    defaults = [each for each in (*arguments.defaults, *arguments.kw_defaults) if each is not None]
    return [*defaults, *(_read(each.annotation) for each in _arguments(arguments) if each.annotation is not None)]


def _read(annotation: ast.expr) -> ast.expr:
    """Return an annotation with the types in quotes that it names beside it: values are cast by them."""
    quoted = [each.value for each in ast.walk(annotation) if isinstance(each, ast.Constant)]
    found = [annotation]
    for text in quoted:
        with suppress(SyntaxError, ValueError):
            if isinstance(text, str):
                found.append(ast.parse(text.strip(), mode="eval").body)
    return annotation if len(found) == 1 else ast.copy_location(ast.Tuple(found, ast.Load()), annotation)


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _is_environ(function: ast.expr) -> bool:
    """Tell whether `os.environ.get` or `os.getenv` is called, however they were imported."""
    if _last_name(function) == "getenv":
        return True
    return isinstance(function, ast.Attribute) and _last_name(function.value) == "environ"


def _present(value: object) -> list:  # type: ignore[type-arg]  # of whatever the value is, or nothing
    return [] if value is None else [value]
