"""docs/cli.md names every command and every option, and none that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graftline.cli.carrying import EXIT_CODES
from graftline.cli.main import COMMANDS
from graftline.cli.program import Root
from graftline.cli.program import root as root_group
from graftline.core import errors

DOCS = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", DOCS, re.MULTILINE | re.DOTALL))
COMMON = DOCS[DOCS.index("## Options of every command") : DOCS.index("## What the arguments mean")]
DOCUMENTED = sorted(name for name, entry in COMMANDS.items() if entry.group)


def options_of(command: object) -> set[str]:
    inner = getattr(command, "commands", {}).values()
    parameters = [each for one in (command, *inner) for each in getattr(one, "params", [])]
    return {name for parameter in parameters for name in parameter.opts if name.startswith("-")}


def quoted(text: str) -> set[str]:
    found: set[str] = set()
    for span in re.findall(r"`([^`]+)`", text):
        found |= set(re.findall(r"(?:^|(?<=[ ,]))(--?[a-zA-Z][\w-]*)", span))
    return found


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_option_of_a_command_is_documented_and_exists(name: str) -> None:
    root = root_group()
    own = options_of(Root.get_command(root, None, name)) - options_of(root)
    told = quoted(SECTIONS[name])
    assert own <= told, f"not in docs/cli.md: {own - told}"
    assert told - options_of(root) - {"-METRIC", "-"} <= own, f"no such option: {told - own}"


def test_every_common_option_is_documented() -> None:
    assert options_of(root_group()) <= quoted(COMMON)


def test_every_command_has_a_section() -> None:
    assert set(DOCUMENTED) <= set(SECTIONS)


def test_every_exit_code_is_documented() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.GraftError)]
    codes = {kind.exit_code for kind in kinds} | set(EXIT_CODES.values()) | {141, 143}
    assert {f"| {code} |" in DOCS for code in codes} == {True}
