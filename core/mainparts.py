"""Modules of functions: what their main part calls, in order, when that is all it does."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from .graph import Json
from .proposals import FunctionCall

_HARMLESS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Pass)


def calls_of(tree: ast.Module) -> list[FunctionCall] | None:
    """Return the calls of a module's own functions by its `if __name__ == "__main__":`.

    None: it has no such part, the part does something else too, or importing the module does.
    """
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    main: Sequence[ast.stmt] | None = None
    for node in tree.body:
        if isinstance(node, ast.If) and _is_main(node.test):
            main = node.body
        elif not (isinstance(node, _HARMLESS) or _is_constant(node)):
            return None
    if main is None:
        return None
    if len(main) == 1 and (inner := _only_call(main[0])) in functions and not functions[inner].args.args:
        main = functions[inner].body
        functions = {name: each for name, each in functions.items() if name != inner}
        if main and _is_docstring(main[0]):
            main = main[1:]
    return _calls(main, functions)


def _calls(main: Sequence[ast.stmt], functions: dict[str, ast.FunctionDef]) -> list[FunctionCall] | None:
    found: list[FunctionCall] = []
    constants: dict[str, Json] = {}
    made: set[str] = set()
    for statement in main:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            for target in statement.targets:
                if not isinstance(target, ast.Name):
                    return None
                constants[target.id] = _plain(statement.value)
            continue
        call = _call(statement, functions, constants, made)
        if call is None:
            return None
        if set(call.returns) & made:  # a name that is given twice: which of them is meant depends on the place
            return None
        made |= set(call.returns)
        found.append(call)
    return found or None


def _call(
    statement: ast.stmt, functions: dict[str, ast.FunctionDef], constants: dict[str, Json], made: set[str]
) -> FunctionCall | None:
    value = statement.value if isinstance(statement, ast.Assign | ast.Expr) else None
    if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in functions):
        return None
    returns = _targets(statement)
    bound = _bound(value, functions[value.func.id])
    if returns is None or bound is None:
        return None
    inputs: list[tuple[str, str]] = []
    params: list[tuple[str, Json]] = []
    for argument, each in bound:
        if isinstance(each, ast.Name) and each.id in made:
            if each.id != argument:
                inputs.append((argument, each.id))
        elif isinstance(each, ast.Name) and each.id in constants:
            params.append((argument, constants[each.id]))
        elif isinstance(each, ast.Constant) and isinstance(each.value, str | int | float | bool | None):
            params.append((argument, each.value))
        else:
            return None
    return FunctionCall(
        function=value.func.id, line=statement.lineno, returns=returns, inputs=tuple(inputs), params=tuple(params)
    )


def _bound(call: ast.Call, function: ast.FunctionDef) -> list[tuple[str, ast.expr]] | None:
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if len(call.args) > len(names) or any(isinstance(each, ast.Starred) for each in call.args):
        return None
    if any(each.arg is None for each in call.keywords):
        return None
    placed = list(zip(names, call.args, strict=False))
    return placed + [(each.arg, each.value) for each in call.keywords if each.arg is not None]


def _targets(statement: ast.stmt) -> tuple[str, ...] | None:
    if isinstance(statement, ast.Expr):
        return ()
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    names = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    if not all(isinstance(each, ast.Name) for each in names):
        return None
    found = tuple(each.id for each in names if isinstance(each, ast.Name))
    return found if len(set(found)) == len(found) else None


def _only_call(statement: ast.stmt) -> str:
    value = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and not value.args and not value.keywords:
        return value.func.id
    return ""


def _is_main(test: ast.expr) -> bool:
    return ast.unparse(test).replace('"', "'") in ("__name__ == '__main__'", "'__main__' == __name__")


def _is_constant(node: ast.stmt) -> bool:
    if _is_docstring(node):
        return True
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    return value is not None and not any(isinstance(each, ast.Call) and not _is_path(each) for each in ast.walk(value))


def _is_path(call: ast.Call) -> bool:
    return ast.unparse(call.func) in ("Path", "pathlib.Path", "os.path.join", "logging.getLogger", "frozenset", "set")


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _plain(node: ast.Constant) -> Json:
    return node.value if isinstance(node.value, str | int | float | bool) else None
