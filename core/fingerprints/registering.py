"""Whether a decorator may note what it decorates somewhere, so that others find it: a registry.

`@register` puts a function into a table that a step looks into by name; the step then depends on every function so
decorated. `@timed` wraps a function and notes nothing; to count what it decorates would re-run every step of a module.
"""

from __future__ import annotations

import ast

from .index import ModuleIndex
from .names import bound_names

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_HOOKS = frozenset({"__init_subclass__", "__new__", "__init__", "__call__", "__prepare__", "__set_name__"})


def may_register(index: ModuleIndex, name: str) -> bool:
    """Tell whether calling a name of a module as a decorator may change anything outside of it. In doubt: yes."""
    return _may_register(index, name, set())


def notes_classes(node: ast.ClassDef) -> bool:
    """Tell whether making a class below this one, or of it as a metaclass, may change anything but that class."""
    hooks = [each for each in node.body if isinstance(each, ast.FunctionDef) and each.name in _HOOKS]
    return any(_notes_class(hook) for hook in hooks)


def _notes_class(hook: ast.FunctionDef) -> bool:
    own = hook.args.args[0].arg if hook.args.args else ""
    local = _local_names(hook) - {own}
    for node in ast.walk(hook):
        if isinstance(node, ast.Global):
            return True
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            target: ast.expr = node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            target = node.func
        else:
            continue
        root = _root(target)
        # `cls.name = 1` is the new class alone; `cls.known.append(cls)` is a list that others have.
        is_own = root == own and isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
        if root is not None and root not in local and root != "super" and not is_own:
            return True
    return False


def _may_register(index: ModuleIndex, name: str, seen: set[str]) -> bool:
    if name in seen:
        return False
    seen.add(name)
    statements = index.statements.get(name, [])
    if name in index.imports or len(statements) != 1 or not isinstance(statements[0].node, _FUNCTIONS):
        return True
    function = statements[0].node
    local = _local_names(function)
    return any(_notes(node, local, index, seen) for node in ast.walk(function))


def _notes(node: ast.AST, local: set[str], index: ModuleIndex, seen: set[str]) -> bool:
    if isinstance(node, ast.Global):
        return True
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return _root(node) not in local
    if isinstance(node, ast.Call):
        root = _root(node.func)
        if root is None or root in local:
            return False
        if isinstance(node.func, ast.Attribute):  # TABLE.append(f); of an imported package: functools.wraps(f)
            return root in index.statements
        return root in index.statements and _may_register(index, root, seen)
    return False


def _local_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Return the names of a function and of all functions inside it."""
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, (*_FUNCTIONS, ast.Lambda)):
            arguments = node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            found.update(each.arg for each in (*every, arguments.vararg, arguments.kwarg) if each is not None)
        if isinstance(node, _FUNCTIONS):
            for statement in node.body:
                found.update(bound_names(statement))
    return found


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None
