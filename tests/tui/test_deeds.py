"""What a person can do to a run: it asks where it must, does it through the workspace, and says the command."""

from __future__ import annotations

from typing import Any

import pytest
from graphs import graph_of
from run_specs import spec
from ui_pilot import UiSpace, opened

from graftline.core.states import Status
from graftline.tui.screens.dialog import Choose, Confirm
from graftline.tui.screens.retry import Retry
from graftline.tui.screens.runs import Runs


async def test_a_waiting_run_is_cancelled_at_once_and_the_command_is_said() -> None:
    space = UiSpace()
    made = spec("a")
    space.runs.create(made, None)

    async with opened(space) as ui:
        await ui.sees("pending")
        await ui.press("x")

        await ui.sees(f"$ graft cancel {made.id[:6]}")
        assert space.workspace.show(made.id).state is Status.CANCELLED


async def test_a_kill_asks_first_and_escape_is_no() -> None:
    space = UiSpace()
    made = spec("a")
    space.runs.create(made, None)

    async with opened(space) as ui:
        await ui.sees("pending")
        await ui.press("X")
        assert isinstance(ui.app.screen, Confirm)
        assert f"graft cancel {made.id[:6]} --kill" in ui.text
        await ui.press("escape")
        assert isinstance(ui.app.screen, Runs)
        assert space.workspace.show(made.id).state is Status.PENDING

        await ui.press("X", "enter")

        await ui.until(lambda: space.workspace.show(made.id).state is Status.CANCELLED)


@pytest.mark.parametrize(("age", "asks"), [(10.0, False), (3600.0, True)])
async def test_work_of_more_than_ten_minutes_is_not_cancelled_without_a_question(age: float, asks: bool) -> None:
    space = UiSpace()
    made = spec("a")
    space.runs.create(made, None)
    log = space.runs.open(made.id)
    now = space.workspace.parts.clock()
    _begin(log, now - age)

    async with opened(space) as ui:
        await ui.sees("running")
        await ui.press("x")

        if asks:
            assert isinstance(ui.app.screen, Confirm)
            await ui.press("y")
        await ui.sees("asked to stop")
        assert len(log.requests()) == 1
    log.close()


def _begin(log: Any, at: float) -> None:
    from graftline.core.events import RunStarted

    log.append([RunStarted(at=at)])


async def test_a_run_that_is_over_cannot_be_cancelled_and_says_so() -> None:
    space = UiSpace()
    space.run()

    async with opened(space) as ui:
        await ui.sees("ok")
        await ui.press("x")
        await ui.sees("the run is over")
        await ui.press("r")
        await ui.sees("nothing failed")


async def test_a_retry_shows_what_would_run_before_it_does() -> None:
    space = UiSpace()
    run = space.fail("fit")

    async with opened(space) as ui:
        await ui.sees("failed")
        await ui.press("r")
        assert isinstance(ui.app.screen, Retry)
        await ui.sees("2 steps again")
        assert "fit, report" in ui.text
        assert "1 result kept" in ui.text
        assert f"$ graft retry {run[:6]}" in ui.text

        await ui.press("a")
        await ui.sees("3 steps again")
        await ui.press("c")
        await ui.sees(f"graft retry {run[:6]} --all --code recorded")
        await ui.sees("3 steps again")
        await ui.press("enter")

        await ui.sees("goes on")
        assert space.launcher.launched == [(run, space.workspace.show(run).state)]
        assert set(space.states(run).values()) == {"PENDING"}


async def test_from_a_step_on_is_offered_where_there_is_a_step() -> None:
    space = UiSpace()
    run = space.fail("fit")

    async with opened(space) as ui:
        await ui.sees("failed")
        await ui.press("enter")
        await ui.sees("RESULT")
        await ui.press("r", "o")

        await ui.sees(f"graft retry {run[:6]} --only fit")
        await ui.sees("1 step again")


async def test_the_items_of_a_map_are_named_as_one_in_a_retry() -> None:
    items = {f"trials/{number}/fit": ["load"] for number in range(20)}
    space = UiSpace(graph_of({"load": [], **items}))
    space.fail("load")

    async with opened(space, (80, 24)) as ui:
        await ui.sees("failed")
        await ui.press("enter")
        await ui.sees("RESULT")
        await ui.press("r")

        await ui.sees("21 steps again  load, trials/*/fit ×20")
        assert "a everything" in ui.text  # all four ways have room on 80 columns


async def test_a_plan_that_cannot_be_is_told_and_starts_nothing() -> None:
    space = UiSpace()
    space.fail("fit")

    async with opened(space) as ui:
        await ui.sees("failed")
        space.loader.load = _broken  # type: ignore[method-assign]
        await ui.press("r")

        await ui.sees("steps.py does not import")
        await ui.press("enter")
        assert isinstance(ui.app.screen, Retry)
        assert space.launcher.launched == []


def _broken(request: object) -> Any:
    from graftline.core.errors import InvalidError

    raise InvalidError("steps.py does not import", "mend it")


async def test_a_rerun_is_a_new_run_with_this_one_as_its_parent() -> None:
    space = UiSpace()
    run = space.run()

    async with opened(space) as ui:
        await ui.sees("ok")
        await ui.press("ctrl+r")
        await ui.sees(f"graft rerun {run[:6]}")
        await ui.press("enter")

        await ui.sees("started")
        [(created, _)] = space.launcher.launched
        assert space.workspace.show(created).parent == run
        assert space.workspace.show(created).origin == "ui"


async def test_id_and_traceback_can_be_copied() -> None:
    space = UiSpace()
    run = space.fail("fit")

    async with opened(space) as ui:
        await ui.sees("failed")
        await ui.press("y")
        await ui.until(lambda: isinstance(ui.app.screen, Choose))
        assert "traceback" in ui.text
        await ui.press("i")

        await ui.sees("copied")
        assert ui.app.clipboard == run


async def test_the_editor_is_opened_only_where_a_line_is_known() -> None:
    space = UiSpace()
    space.run()

    async with opened(space) as ui:
        await ui.sees("ok")
        await ui.press("e")

        await ui.sees("no line of your code")
