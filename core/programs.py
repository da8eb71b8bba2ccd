"""What a Python file that is no pipeline is run as: a program from its first line, or through its `run()`.

Pure: the file is read, not run. A file is called through `run()` when to run it as a program would define things and
nothing more: it has a function `run` at its top level, no `if __name__ == "__main__"`, and no statement there that
loops, uses one of its own functions, or calls anything but a class of its own or what it imports (setting up: logging,
a seed, sys.path). Whatever does more is a program, as it always was.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from inspect import Parameter
from typing import Any, Optional

from .errors import InvalidError, nearest
from .records import dataclass
from .sources import parse, returns_value
from .takes import Take, Takes

ENTRY = "run"
"""Name of the function a file is called through."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_HARMLESS = (*_FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass)
_VALUES = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Assert, ast.Delete)
_TYPES: dict[str, Any] = {kind.__name__: kind for kind in (bool, int, float, str, list, dict, tuple, set)}
_TYPES["Optional"] = Optional
_TYPE_NODES = (ast.Name, ast.Constant, ast.BinOp, ast.BitOr, ast.Subscript, ast.Tuple, ast.Load)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A function of a file that is called by name."""

    name: str
    line: int
    takes: Takes
    returns_value: bool
    """Whether it holds `return <value>`."""


def own_entry(text: str, file: str) -> Entry | None:
    """Return the `run()` a file is called through; None when it is run as a program.

    Raises:
        InvalidError: it is no Python.
    """
    tree = parse(text, file)
    function = _functions(tree).get(ENTRY)
    if function is None or not _only_defines(tree):
        return None
    return _entry(function)


def entry_named(text: str, file: str, name: str) -> Entry:
    """Return a function at the top level of a file.

    Raises:
        InvalidError: there is none of that name, or the file is no Python.
    """
    functions = _functions(parse(text, file))
    if name not in functions:
        listed = f"it has {', '.join(functions)}" if functions else "it has no function at its top level"
        raise InvalidError(f"'{file}' has no function '{name}'{nearest(name, list(functions))}", listed)
    return _entry(functions[name])


def annotation_of(node: ast.expr | None) -> object:
    """Return the type an annotation names; `Parameter.empty` for one that is not made of builtin types alone."""
    if node is None:
        return Parameter.empty
    for part in ast.walk(node):
        is_known = isinstance(part, _TYPE_NODES) and (not isinstance(part, ast.Name) or part.id in _TYPES)
        if not is_known or (isinstance(part, ast.Constant) and part.value is not None):
            return Parameter.empty
    try:
        return eval(compile(ast.Expression(node), "<annotation>", "eval"), {"__builtins__": {}}, dict(_TYPES))
    except TypeError:  # `int[str]`
        return Parameter.empty


def _functions(tree: ast.Module) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    return {node.name: node for node in tree.body if isinstance(node, _FUNCTIONS)}


def _entry(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Entry:
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    required = len(positional) - len(given.defaults)
    takes = [_take(each, is_required=index < required) for index, each in enumerate(positional)]
    takes += [_take(each, is_required=d is None) for each, d in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    return Entry(
        name=function.name,
        line=function.lineno,
        takes=Takes(tuple(takes), takes_rest=given.kwarg is not None),
        returns_value=returns_value(function),
    )


def _take(argument: ast.arg, *, is_required: bool) -> Take:
    return Take(argument.arg, is_required, annotation_of(argument.annotation))


def _only_defines(tree: ast.Module) -> bool:
    own = set(_functions(tree))
    may_call = {node.name for node in tree.body if isinstance(node, ast.ClassDef)} | _imported(tree)
    return all(_is_harmless(node, own, may_call) for node in _statements(tree.body))


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run at the top level, those under `if` and `try` too."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from _statements([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            caught = [each for handler in node.handlers for each in handler.body]
            yield from _statements([*node.body, *caught, *node.orelse, *node.finalbody])


def _is_harmless(node: ast.stmt, own: set[str], may_call: set[str]) -> bool:
    if isinstance(node, (*_HARMLESS, ast.Try)):
        return True
    if isinstance(node, ast.If):
        return not any(isinstance(each, ast.Name) and each.id == "__name__" for each in ast.walk(node.test))
    if not isinstance(node, _VALUES) or _uses(node, own):
        return False
    # What an assignment calls makes a value; a call that stands alone is there for what it does.
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)] if isinstance(node, ast.Expr) else []
    return all(_root(each.func) in may_call for each in calls)


def _uses(node: ast.stmt, names: set[str]) -> bool:
    return any(isinstance(each, ast.Name) and each.id in names for each in ast.walk(node))


def _imported(tree: ast.Module) -> set[str]:
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {alias.asname or alias.name.partition(".")[0] for node in imports for alias in node.names}


def _root(node: ast.expr) -> str | None:
    """Return the name an attribute chain begins with: `logging` of `logging.basicConfig`."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else None
