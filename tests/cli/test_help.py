"""The help of every command teaches, and the reference page knows every command and option."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import typer
from source_tree import ROOT

from graftline.cli.examples import EXAMPLES, example_lines
from graftline.cli.main import COMMANDS, Root, main
from graftline.cli.options import NAMES, to_command

VISIBLE = [name for name, entry in COMMANDS.items() if entry.group]
PAGE = (ROOT / "docs" / "cli.md").read_text()


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

    assert context.params


def test_an_example_with_a_wrong_option_is_seen() -> None:
    usage_problem = typer.BadParameter.__bases__[0]
    with pytest.raises(usage_problem, match="--nope"):
        command("show").make_context("show", ["--nope"])


@pytest.mark.parametrize("name", VISIBLE)
def test_the_reference_page_knows_every_option_of_every_command(name: str) -> None:
    heading = f"### {name}\n" if name != "runs" else "### runs, ls\n"
    assert heading in PAGE
    section = re.split(r"^##", PAGE.partition(heading)[2], maxsplit=1, flags=re.MULTILINE)[0]
    own = [each for each in command(name).params if each.name not in NAMES and each.name not in ("help", "context")]
    options = [option for each in own if each.param_type_name == "option" for option in each.opts]
    assert [option for option in options if f"`{option}" not in section and f" {option}" not in section] == []


def test_the_reference_page_knows_the_common_options() -> None:
    def nothing(options: object) -> None: ...

    common = [each for each in to_command("x", nothing).params if each.name in NAMES]
    assert len(common) == len(NAMES)
    assert [each.opts[0] for each in common if f"`{each.opts[0]}" not in PAGE] == []
