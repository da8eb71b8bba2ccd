"""`:` - lines of the command line: completed by its grammar, run as a process, their screens where there are some."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import Input
from ui_around import FormSpace, outside
from ui_pilot import Ui, opened

from graftline.cli.grammar import candidates, split_line
from graftline.cli.options import Options
from graftline.core.errors import InvalidError
from graftline.tui.routes import Route, route, words_of
from graftline.tui.screens.commandline import CommandLine
from graftline.tui.screens.compare import Compare
from graftline.tui.screens.output import Output
from graftline.tui.screens.run import RunScreen
from graftline.tui.screens.runs import Runs


async def _say(ui: Ui, line: str) -> None:
    await ui.press("colon")
    assert isinstance(ui.app.screen, CommandLine)
    ui.app.screen.query_one("#line", Input).value = line
    await ui.press("enter")


async def test_commands_are_offered_completed_run_and_remembered(tmp_path: Path) -> None:
    space = FormSpace()

    async with opened(space, outside=outside(tmp_path)) as ui:
        await ui.press("colon")
        await ui.sees("Run a pipeline.")
        await ui.type("pl")
        await ui.sees("Say what would run")
        assert "List plugins" in ui.text
        await ui.press("tab")
        assert ui.app.screen.query_one("#line", Input).value == "plan"
        await ui.press("enter")

        await ui.sees("exit 0")
        assert "got ['plan']" in ui.text
        assert "evil" not in ui.text
        await ui.press("escape")
        await _say(ui, "doctor 'fail it' fail")
        await ui.sees("exit 3")
        assert "got ['doctor', 'fail it', 'fail']" in ui.text
        assert [deed.command for deed in ui.app.deeds] == ["graft doctor 'fail it' fail"]
        await ui.press("i")
        assert ui.app.screen.query_one("#line", Input).value == "doctor 'fail it' fail"
        await ui.press("escape", "escape", "colon", "up", "up")
        assert ui.app.screen.query_one("#line", Input).value == "plan"
        await ui.press("down")
        assert ui.app.screen.query_one("#line", Input).value == "doctor 'fail it' fail"

    remembered = json.loads((tmp_path / "state" / "ui.json").read_text())
    assert remembered["typed"] == ["plan", "doctor 'fail it' fail"]


async def test_commands_with_a_screen_open_it() -> None:
    space = FormSpace()
    good, bad = space.run(), space.fail("fit")

    async with opened(space, outside=outside()) as ui:
        await ui.sees("of 2")
        await _say(ui, "graft runs --state failed")
        await ui.sees("1 of 1")
        await _say(ui, f"show {good[:6]}")
        await ui.until(lambda: isinstance(ui.app.screen, RunScreen))
        await ui.press("escape")
        await _say(ui, "logs @last fit")
        await ui.until(lambda: isinstance(ui.app.screen, RunScreen))
        screen = ui.app.screen
        assert isinstance(screen, RunScreen)
        assert (screen.tab_shown, screen.step, screen.run.id) == ("logs", "fit", bad)
        await ui.press("escape")
        await _say(ui, "!show @last")
        await ui.until(lambda: isinstance(ui.app.screen, Output))
        await ui.sees("got ['show', '@last']")
        await ui.sees("exit 0")  # what is said of its end would else take the place of the next message
        await ui.press("escape")
        await _say(ui, "show nothere")
        await ui.sees("there is no run 'nothere'")
        assert isinstance(ui.app.screen, Runs)
        await _say(ui, "show 'open")
        await ui.sees("close the quote")
        await _say(ui, "diff")
        await ui.until(lambda: isinstance(ui.app.screen, Compare))


def test_a_line_is_a_route_only_without_options_that_ask_for_text() -> None:
    assert route(["ls", "--state=failed", "--tag", "best"]) == Route("runs", ("state=failed", "tag=best"))
    assert route(["ls", "--all-projects"]) == Route("runs", (), True)
    assert route(["show"]) == Route("run", ())
    assert route(["logs", "a", "fit", "-f"]) == Route("logs", ("a", "fit"))
    assert route(["q"]) == Route("quit")
    for words in (["ls", "--top", "3"], ["show", "--json"], ["diff", "a", "b", "--stat"], ["run"], ["show", "a", "b"]):
        assert route(words) is None


def test_a_line_is_read_as_a_shell_reads_it() -> None:
    assert words_of("graft run 'a b' -p C=1") == ["run", "a b", "-p", "C=1"]
    with pytest.raises(InvalidError):
        words_of("run 'a")
    assert split_line("run --fr") == (["run"], "--fr")
    assert split_line("run ") == (["run"], "")
    assert split_line("run 'a b") == (["run"], "a b")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("wh", "why"),
        ("run --fo", "--force"),
        ("function ", "add"),
        ("show ", "@last"),
        ("diff @last~1 ", "@last"),
        ("retry --stale ", "keep"),
        ("nothing ", None),
        ("run --nothing x", None),
        ("run 'a", None),
    ],
)
def test_the_grammar_of_the_command_line_offers_what_may_come_next(line: str, offered: str | None) -> None:
    found = [each.text for each in candidates(line, Options())]

    assert offered in found if offered is not None else found == []
