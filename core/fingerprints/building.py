"""Statements that only build a pipeline, which are no code of the functions in it.

`load >> fit`, `flow.add(report)` and `@task(retries=3)` act when the module is imported, on steps and pipelines alone.
What they say is in the graph and counts there; were it code, each new step would re-run all steps of its file.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable

_OURS = __name__.partition(".")[0]
_DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Building:
    """The names of one module that stand for graftline, its steps and its pipelines, as the file is gone through."""

    def __init__(self) -> None:
        self._ours: dict[str, str] = {}
        """Names imported from graftline -> what they are there; empty for graftline itself."""
        self._built: set[str] = set()
        """Names bound to what those made."""
        self._actors: set[str] = set()
        """Names of functions with `@actor`, which have `@NAME.apply`."""

    def imported(self, name: str, level: int, module: str, original: str | None) -> None:
        """Note an import: a name, and what it is called in the module; None: it is the module."""
        if level == 0 and module.partition(".")[0] == _OURS:
            self._ours[name] = original or ""
        else:
            self._ours.pop(name, None)

    def note(self, node: ast.stmt, names: Iterable[str]) -> None:
        """Note an assignment of these names: of a step or a pipeline, or of something else."""
        value = getattr(node, "value", None)
        if value is not None and isinstance(node, ast.Assign | ast.AnnAssign) and self._makes(value):
            self._built.update(names)
        else:
            self._built.difference_update(names)

    def note_with(self, node: ast.With) -> None:
        """Note `with Pipeline() as flow`."""
        for item in node.items:
            if isinstance(item.optional_vars, ast.Name) and self._makes(item.context_expr):
                self._built.add(item.optional_vars.id)

    def is_it(self, node: ast.stmt) -> bool:
        """Tell whether an expression statement acts on nothing but steps and pipelines."""
        if not isinstance(node, ast.Expr):
            return False
        value = node.value
        if isinstance(value, ast.BinOp):
            return all(isinstance(each, ast.Name) and each.id in self._built for each in _operands(value))
        return isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and _root(value) in self._built

    def bare(self, node: _DEFINITION) -> _DEFINITION:
        """Return a definition without decorators of graftline, which leave the function as it is."""
        kept = [each for each in node.decorator_list if not self._is_task(each)]
        if len(kept) == len(node.decorator_list):
            return node
        self._built.discard(node.name)
        self._actors.discard(node.name)
        if any(self._of_ours(each) == "actor" for each in node.decorator_list):
            self._actors.add(node.name)
        bare = copy.copy(node)  # trees are shared: only the top is another one
        bare.decorator_list = kept
        return bare

    def _is_task(self, decorator: ast.expr) -> bool:
        inner = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id in self._actors:
            return inner.attr == "apply"
        return self._of_ours(inner) in ("task", "pipeline", "actor")

    def _of_ours(self, value: ast.expr) -> str | None:
        """Return what a name or attribute is called in graftline; None: it is not of it."""
        if isinstance(value, ast.Name):
            return self._ours.get(value.id) or None
        if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
            return value.attr if self._ours.get(value.value.id) == "" else None
        return None

    def _makes(self, value: ast.expr) -> bool:
        if isinstance(value, ast.BinOp):
            return all(isinstance(each, ast.Name) and each.id in self._built for each in _operands(value))
        if isinstance(value, ast.List | ast.Tuple):
            return bool(value.elts) and all(self._makes(each) for each in value.elts)
        if not isinstance(value, ast.Call):
            return False
        return (self._of_ours(value.func) or "")[:1].isupper() or _root(value) in self._built


def _operands(value: ast.expr) -> Iterable[ast.expr]:
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.RShift):
        yield from _operands(value.left)
        yield from _operands(value.right)
    elif isinstance(value, ast.List | ast.Tuple):
        for each in value.elts:
            yield from _operands(each)
    else:
        yield value


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None
