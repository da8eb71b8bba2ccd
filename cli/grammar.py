"""How a line of the command line may go on: its commands, options, runs and steps, from the definitions that run it."""

from __future__ import annotations

import shlex
from typing import Any

from ..core.errors import GraftError
from ..tui.outside import Candidate
from .options import NAMES, Options


def candidates(line: str, options: Options) -> list[Candidate]:
    """Return ways to go on with the last word of a line, without `graft` before it.

    Args:
        line: up to the cursor; an empty last word, after a blank, is asked for too.
        options: that stand before the line.
    """
    words, incomplete = split_line(line)
    from .main import COMMANDS
    from .program import root  # typer, for whoever types a line

    if not words:
        known = [Candidate(name, entry.summary) for name, entry in COMMANDS.items() if not name.startswith("_")]
        return [each for each in known if each.text.startswith(incomplete)]
    try:
        command, context = _resolved(root(), words)
    except (GraftError, SystemExit, Exception):  # noqa: BLE001 - a line that is wrong so far offers nothing
        return []
    context.obj = options
    context.params |= {name: getattr(options, name) for name in NAMES if not context.params.get(name)}
    return _offered(command, context, words, incomplete)


def split_line(line: str) -> tuple[list[str], str]:
    """Return the finished words of a line and the one being typed; an open quote belongs to the latter."""
    text = line.lstrip()
    for closing in ("", '"', "'"):
        try:
            words = shlex.split(text + closing)
        except ValueError:
            continue
        if not text or (text[-1].isspace() and not closing):
            return words, ""
        return words[:-1], words[-1] if words else ""
    return text.split(), ""


def _resolved(root: Any, words: list[str]) -> tuple[Any, Any]:
    """Return the command the words lead to, and its context with what they give; nothing is called."""
    context = root.make_context("graft", list(words), resilient_parsing=True)
    command = root
    while hasattr(command, "resolve_command") and (rest := [*context._protected_args, *context.args]):
        _, found, left = command.resolve_command(context, rest)
        if found is None:
            break
        context = found.make_context(found.name, left, parent=context, resilient_parsing=True)
        command = found
    return command, context


def _offered(command: Any, context: Any, words: list[str], incomplete: str) -> list[Candidate]:
    parameters = command.get_params(context)
    options = [each for each in parameters if each.param_type_name == "option"]
    last = words[-1] if words else ""
    open_option = next((each for each in options if last in each.opts and not each.is_flag), None)
    if open_option is not None:
        return _values(open_option, context, incomplete)
    if incomplete.startswith("-"):
        return [
            Candidate(flag, each.help or "")
            for each in options
            for flag in each.opts[-1:]
            if flag.startswith(incomplete) and not getattr(each, "hidden", False)
        ]
    if hasattr(command, "list_commands"):
        return [
            Candidate(name, command.get_command(context, name).get_short_help_str(60))
            for name in command.list_commands(context)
            if name.startswith(incomplete)
        ]
    free = [each for each in parameters if each.param_type_name == "argument"]
    unfilled = [each for each in free if not _is_given(each, context, words)]
    return _values(unfilled[0], context, incomplete) if unfilled else []


def _is_given(argument: Any, context: Any, words: list[str]) -> bool:
    value = context.params.get(argument.name)
    texts = [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]
    return argument.nargs == 1 and value is not None and any(text in words for text in texts)


def _values(parameter: Any, context: Any, incomplete: str) -> list[Candidate]:
    found = parameter.shell_complete(context, incomplete)
    return [Candidate(each.value, each.help or "") for each in found if getattr(each, "type", "plain") == "plain"]
