"""What Python source says without being run: the project files it imports, the packages it uses, what returns a value.

Pure: files come through a reader. The same scan is the base of fingerprints.
"""

from __future__ import annotations

import ast
import functools
import posixpath
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from .errors import InvalidError
from .named import NamedTuple
from .records import dataclass, field

Reader: TypeAlias = Callable[[str], str | None]
"""Returns the text of an absolute path; None when there is no such file."""

_OURS = __name__.partition(".")[0]
_PIPELINE_NAMES = frozenset({"Pipeline", "PythonJob", "ShellJob", "NotebookJob"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Import(NamedTuple):
    """One import as written."""

    level: int
    """Leading dots; 0: absolute."""
    module: str
    """Dotted name; empty for `from . import x`."""
    names: tuple[str, ...] = ()
    """Names after `from ... import`, which may be submodules; `*` among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What a file reaches by imports."""

    files: tuple[str, ...]
    """Absolute paths of project files, the first one included, sorted."""
    packages: tuple[str, ...]
    """Third-party top-level packages any of them imports, sorted; neither the standard library nor graftline."""
    uses_pipelines: bool
    """Whether one of them imports graftline and names a Pipeline."""


@functools.lru_cache(maxsize=128)  # the scan for imports and fingerprints want the same trees: 2 ms for 500 lines
def parse(text: str, file: str) -> ast.Module:
    """Return the syntax tree; it is shared, and must not be changed.

    Raises:
        InvalidError: it is no Python, at file:line.
    """
    try:
        return ast.parse(text, file)
    except SyntaxError as error:
        raise InvalidError(f"syntax error: {error.msg}", file=file, line=error.lineno) from error
    except ValueError as error:  # a NUL byte
        raise InvalidError(f"it is no Python source: {error}", file=file) from error


def reach(file: str, search: Sequence[str], read: Reader) -> Reached:
    """Follow the imports of a file, and of the project files it imports, without running anything.

    Args:
        file: Absolute path.
        search: Absolute directories that project modules are looked up in, in order.
        read: Returns the text of a file.

    Raises:
        InvalidError: a file reached is no Python, at file:line.
    """
    walk = _Walk(search=search, read=read)
    walk.add(file)
    while walk.waiting:
        walk.visit(walk.waiting.pop())
    return Reached(
        files=tuple(sorted(walk.files)), packages=tuple(sorted(walk.packages)), uses_pipelines=walk.uses_pipelines
    )


def imports_of(tree: ast.AST) -> Iterator[Import]:
    """Yield every import in a tree, those inside functions too, those for type checkers alone not."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Import):
            yield from (Import(0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield Import(node.level, node.module or "", tuple(alias.name for alias in node.names))
        elif isinstance(node, ast.Call) and (dynamic := _dynamic_import(node)):
            yield dynamic
        if isinstance(node, ast.If) and _is_type_checking(node.test):
            stack.extend(node.orelse)
        else:
            stack.extend(ast.iter_child_nodes(node))


def returns_value(function: ast.AST) -> bool:
    """Tell whether a function holds `return <value>`. `return None` is none: that is how one leaves early.

    A lambda always does. Functions inside it are not looked into.
    """
    if isinstance(function, ast.Lambda):
        return True
    stack: list[ast.AST] = list(getattr(function, "body", []))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
            return True
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(node))
    return False


def returning_functions(text: str, file: str = "") -> dict[tuple[str, int], bool]:
    """Return by (name, first line) whether each function of a source text returns a value; empty if it is no Python.

    The first line is that of the first decorator, as in `co_firstlineno`.
    """
    try:
        tree = parse(text, file)
    except InvalidError:
        return {}
    found: dict[tuple[str, int], bool] = {}
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[node.name, first] = returns_value(node)
        elif isinstance(node, ast.Lambda):
            found["<lambda>", node.lineno] = True
    return found


@dataclass(slots=True)
class _Walk:
    search: Sequence[str]
    read: Reader
    files: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
    waiting: list[tuple[str, str]] = field(default_factory=list)
    """Files to visit, with their text."""
    uses_pipelines: bool = False

    def add(self, file: str) -> bool:
        """Note a file; return whether it exists."""
        if file in self.files:
            return True
        text = self.read(file)
        if text is None:
            return False
        self.files.add(file)
        self.waiting.append((file, text))
        return True

    def visit(self, source: tuple[str, str]) -> None:
        """Follow what one file imports."""
        file, text = source
        tree = parse(text, file)
        imports = list(imports_of(tree))
        if not self.uses_pipelines and any(each.level == 0 and _top(each.module) == _OURS for each in imports):
            self.uses_pipelines = any(
                _name_of(node) in _PIPELINE_NAMES or _has_pipeline_above(node) for node in ast.walk(tree)
            )
        for each in imports:
            self._follow(file, each)
        if posixpath.basename(file) == "__init__.py":
            self._add_listed(file, tree)

    def _follow(self, file: str, each: Import) -> None:
        if each.level:
            base = posixpath.dirname(file)
            for _ in range(each.level - 1):
                base = posixpath.dirname(base)
            self._add_module(posixpath.join(base, *each.module.split(".")) if each.module else base, each.names)
        elif _top(each.module) == _OURS:
            return  # where it lies on the search path as source, the walk would read all of it: 0.3 s
        elif not self._add_absolute(each) and _is_third_party(_top(each.module)):
            self.packages.add(_top(each.module))

    def _add_absolute(self, each: Import) -> bool:
        parts = each.module.split(".")
        for directory in self.search:
            is_found = False
            for count in range(1, len(parts)):  # `import p.sub.m` runs p/__init__ and p/sub/__init__ too
                is_found |= self.add(posixpath.join(directory, *parts[:count], "__init__.py"))
            if self._add_module(posixpath.join(directory, *parts), each.names) or is_found:
                return True
        return False

    def _add_module(self, path: str, names: Sequence[str]) -> bool:
        is_found = self.add(f"{path}/__init__.py") or self.add(f"{path}.py")
        for name in names:  # `from p import sub`, and a namespace package has no __init__ of its own
            if name != "*":
                is_found |= self.add(f"{path}/{name}.py") or self.add(f"{path}/{name}/__init__.py")
        return is_found

    def _add_listed(self, file: str, tree: ast.Module) -> None:
        """Add the submodules an `__all__` names: `from p import *` imports them."""
        for node in tree.body:
            if isinstance(node, ast.Assign) and any(_name_of(target) == "__all__" for target in node.targets):
                texts = [each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
                self._add_module(posixpath.dirname(file), [text for text in texts if isinstance(text, str)])


def _dynamic_import(call: ast.Call) -> Import | None:
    """Return the import of `import_module("name")` or `__import__("name")` with a literal name."""
    if _name_of(call.func) not in ("import_module", "__import__") or not call.args:
        return None
    name = call.args[0]
    is_plain = isinstance(name, ast.Constant) and isinstance(name.value, str) and not name.value.startswith(".")
    return Import(0, name.value) if is_plain else None  # type: ignore[attr-defined]  # narrowed by is_plain


def _is_type_checking(test: ast.expr) -> bool:
    return _name_of(test) == "TYPE_CHECKING"


def _name_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.name if isinstance(node, ast.alias) else None


def _has_pipeline_above(node: ast.AST) -> bool:
    """Tell whether a function has `@pipeline` above it; a variable may well be called so in a script."""
    decorators = node.decorator_list if isinstance(node, _FUNCTIONS) else []
    return any(_name_of(each.func if isinstance(each, ast.Call) else each) == "pipeline" for each in decorators)


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _top(module: str) -> str:
    return module.partition(".")[0]


def _is_third_party(package: str) -> bool:
    return package not in sys.stdlib_module_names and package != _OURS and package != "__main__"
