"""Which options a script takes, read from its calls of argparse, click and typer and its uses of `sys.argv`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .graph import Json
from .proposals import CommandOption, Doubt

_LEFT = "is left out: its default holds"


def options_of(tree: ast.Module, file: str) -> tuple[list[CommandOption], list[Doubt]]:
    """Return the options of a script in the order of its code, and what of them could not be told."""
    options: list[CommandOption] = []
    doubts: list[Doubt] = []
    for found in (*_argparse(tree, file), *_click(tree, file), *_typer(tree, file), *_argv(tree, file)):
        if isinstance(found, Doubt):
            doubts.append(found)
        elif found.name not in {each.name for each in options}:
            options.append(found)
    return options, doubts


def namespaces(tree: ast.Module) -> set[str]:
    """Return the names that `parse_args()` is assigned to."""
    return {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _last(node.value) == "parse_args"
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _argparse(tree: ast.Module, file: str) -> Iterator[CommandOption | Doubt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _last(node) == "add_argument":
            yield from _declared(node, file, is_click=False, is_argument=False)


def _click(tree: ast.Module, file: str) -> Iterator[CommandOption | Doubt]:
    for node in ast.walk(tree):
        for each in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            if isinstance(each, ast.Call) and ast.unparse(each.func) in ("click.option", "click.argument", "option"):
                yield from _declared(each, file, is_click=True, is_argument=_last(each) == "argument")


def _declared(call: ast.Call, file: str, *, is_click: bool, is_argument: bool) -> Iterator[CommandOption | Doubt]:
    names = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    given = {each.arg: each.value for each in call.keywords if each.arg}
    if not names:
        return
    flags = [name for name in names if name.startswith("-")]
    flag = next((name for name in flags if name.startswith("--")), flags[0] if flags else None)
    named = given.get("dest")
    dest = named.value if isinstance(named, ast.Constant) else (flag or names[0]).lstrip("-").replace("-", "_")
    action = given.get("action")
    has_switch = isinstance(action, ast.Constant) and action.value not in ("store", None)
    if has_switch or (is_click and ("is_flag" in given or "/" in (flag or ""))):
        if not (isinstance(action, ast.Constant) and action.value in ("version", "help")):
            yield Doubt(file=file, line=call.lineno, text=f"the switch {flag or names[0]} {_LEFT}")
        return
    if "nargs" in given or "multiple" in given:
        yield Doubt(file=file, line=call.lineno, text=f"{flag or names[0]} takes several values, and {_LEFT}")
        return
    default = _literal(given.get("default"))
    required = given.get("required")
    is_required = (flag is None and not is_argument) or is_argument
    is_required = is_required or (isinstance(required, ast.Constant) and required.value is True)
    if default is None and not is_required:
        yield Doubt(file=file, line=call.lineno, text=f"{flag} has no default that can be read, and {_LEFT}")
        return
    yield CommandOption(name=str(dest), flag=flag, default=default, line=call.lineno)


def _typer(tree: ast.Module, file: str) -> Iterator[CommandOption | Doubt]:
    run = {
        each.args[0].id
        for each in ast.walk(tree)
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "typer.run" and each.args
        if isinstance(each.args[0], ast.Name)
    }
    has_typer = any(isinstance(each, ast.Import) and each.names[0].name == "typer" for each in ast.walk(tree))
    commands = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and (node.name in run or (has_typer and any(_is_command(each) for each in node.decorator_list)))
    ]
    if len(commands) > 1:
        yield Doubt(file=file, line=commands[0].lineno, text="has several commands, and is run without one")
        return
    for node in commands:
        arguments = node.args.args
        defaults = [None] * (len(arguments) - len(node.args.defaults)) + list(node.args.defaults)
        for argument, default in zip(arguments, defaults, strict=True):
            yield from _typed(argument, default, file)


def _typed(argument: ast.arg, default: ast.expr | None, file: str) -> Iterator[CommandOption | Doubt]:
    name, is_positional = argument.arg, default is None
    if isinstance(default, ast.Call):  # typer.Option(...), typer.Argument(...)
        is_positional = _last(default) == "Argument"
        default = default.args[0] if default.args else None
    value = _literal(default)
    if isinstance(value, bool):
        yield Doubt(file=file, line=argument.lineno, text=f"the switch --{name.replace('_', '-')} {_LEFT}")
    elif value is None and default is not None and not (isinstance(default, ast.Constant) and default.value is ...):
        yield Doubt(file=file, line=argument.lineno, text=f"'{name}' has no default that can be read, and {_LEFT}")
    else:
        flag = None if is_positional else f"--{name.replace('_', '-')}"
        yield CommandOption(name=name, flag=flag, default=value, line=argument.lineno)


def _argv(tree: ast.Module, file: str) -> Iterator[CommandOption | Doubt]:
    found: dict[int, CommandOption] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        name = node.targets[0].id if isinstance(node.targets[0], ast.Name) else None
        for each in ast.walk(node.value):
            at = _position(each)
            if at is not None and at not in found:
                default = _literal(node.value.orelse) if isinstance(node.value, ast.IfExp) else None
                found[at] = CommandOption(name=name or f"argument{at}", flag=None, default=default, line=node.lineno)
    for node in ast.walk(tree):
        at = _position(node)
        if at is not None and at not in found:
            found[at] = CommandOption(name=f"argument{at}", flag=None, default=None, line=getattr(node, "lineno", 1))
    for at in sorted(found):
        if at > len(found):
            yield Doubt(file=file, line=found[at].line, text=f"takes sys.argv[{at}], and not all before it are seen")
            return
        yield found[at]


def _position(node: ast.AST) -> int | None:
    """Return which of `sys.argv` this is; None: none of them but the script's own name."""
    match node:
        case ast.Subscript(
            value=ast.Attribute(value=ast.Name(id="sys"), attr="argv"), slice=ast.Constant(value=int(at))
        ):
            return at if at > 0 else None
    return None


def _is_command(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _last(node) == "command"


def _last(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _literal(node: ast.expr | None) -> Json:
    if node is None:
        return None
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, str | int | float) else None
