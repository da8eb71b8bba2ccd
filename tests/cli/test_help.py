"""The help of every command teaches by examples that work."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
import typer

from graftline.cli.examples import EXAMPLES, example_lines
from graftline.cli.main import COMMANDS, main
from graftline.cli.program import Root

VISIBLE = [name for name, entry in COMMANDS.items() if entry.group]


def command(name: str) -> Any:
    found = Root(name="graft").get_command(None, name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", VISIBLE)
def test_help_shows_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([name, "-h"])

    shown = capsys.readouterr().out
    assert code == 0
    assert all(line in shown for line, _ in example_lines(name))
    assert "Examples:" in shown


@pytest.mark.parametrize("line", [each.line for examples in EXAMPLES.values() for each in examples])
def test_every_example_parses(line: str) -> None:
    words = [word for word in shlex.split(line.partition(" | ")[0]) if word != "--json"]

    context = command(words[0]).make_context(words[0], words[1:])

    if hasattr(context.command, "resolve_command"):  # a command with commands of its own
        verb, inner, rest = context.command.resolve_command(context, words[1:])
        context = inner.make_context(verb, rest, parent=context)
    assert context.params


def test_an_example_with_a_wrong_option_is_seen() -> None:
    usage_problem = typer.BadParameter.__bases__[0]
    with pytest.raises(usage_problem, match="--nope"):
        command("show").make_context("show", ["--nope"])
