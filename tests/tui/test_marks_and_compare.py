"""Marks on runs: compared side by side, stopped together; the pipelines of a project; what the list remembers."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from run_specs import spec
from ui_around import outside
from ui_pilot import UiSpace, opened

from graftline.core.estimating import typical_seconds
from graftline.core.ids import RunId
from graftline.core.states import Status
from graftline.tui.ends import Ends
from graftline.tui.memory import Memory
from graftline.tui.screens.choosing import Choosing
from graftline.tui.screens.compare import Compare
from graftline.tui.screens.dialog import Confirm
from graftline.tui.screens.past import read_pipelines
from graftline.tui.screens.runs import Runs
from graftline.tui.sidebyside import best_of


async def test_marked_runs_are_compared_by_what_differs_until_all_is_asked_for() -> None:
    space = UiSpace()
    first, second, third = space.run(), space.fail("fit"), space.run()

    async with opened(space) as ui:
        await ui.sees("of 3")
        await ui.press("space", "space")
        await ui.sees("2 marked")
        await ui.press("d")
        await ui.until(lambda: isinstance(ui.app.screen, Compare))
        await ui.sees("first to differ")
        assert [second[:6] in ui.text, third[:6] in ui.text, first[:6] in ui.text] == [True, True, False]
        [row] = [line for line in ui.lines if "state  fit" in line]
        assert row.split()[2:] == ["failed", "ok"]
        assert "state  fetch" not in ui.text
        await ui.press("equals_sign")
        await ui.sees("state  fetch")
        await ui.press("escape")

        await ui.press("escape")
        await ui.sees("marks are forgotten")
        await ui.press("d")
        await ui.sees("no earlier run of its pipeline")
        await ui.press("k", "d")
        await ui.until(lambda: isinstance(ui.app.screen, Compare))
        await ui.sees("first to differ")


async def test_eight_runs_side_by_side_move_under_their_columns_and_nine_are_too_many() -> None:
    space = UiSpace()
    runs = [space.run() if number % 2 else space.fail("fit") for number in range(9)]

    async with opened(space, (80, 24)) as ui:
        await ui.sees("of 9")
        await ui.press(*["space"] * 9)
        await ui.press("d")
        await ui.sees("at most 8 are compared")
        await ui.press("space", "d")
        await ui.until(lambda: isinstance(ui.app.screen, Compare))
        await ui.sees("first to differ")
        head = ui.lines[2]
        assert runs[1][:6] in head
        assert runs[8][:6] not in head
        await ui.press(*["right"] * 8)
        await ui.until(lambda: runs[8][:6] in ui.lines[2])
        assert runs[1][:6] in ui.lines[2]


async def test_marked_runs_are_stopped_together_after_a_question() -> None:
    space = UiSpace()
    made = [spec("a"), spec("a"), spec("a")]
    for each in made:
        space.runs.create(each, None)

    async with opened(space) as ui:
        await ui.sees("of 3")
        await ui.press("space", "space", "x")
        assert isinstance(ui.app.screen, Confirm)
        assert "Stop 2 runs?" in ui.text
        await ui.press("enter")
        await ui.sees("2 cancelled")
        states = [space.workspace.show(each.id).state for each in made]
        assert states.count(Status.CANCELLED) == 2


async def test_what_was_read_for_a_view_one_has_left_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space, gate = UiSpace(), threading.Event()
    space.run()

    def late(*asked: Any) -> Any:
        gate.wait(5)
        return read_pipelines(*asked)

    monkeypatch.setattr("graftline.tui.screens.runs.read_pipelines", late)
    async with opened(space, outside=outside(tmp_path)) as ui:
        await ui.sees("1 of 1")
        await ui.press("4", "1")
        gate.set()
        await ui.sees("1 of 1")
        await ui.pilot.pause(0.1)

        assert "of the newest" not in ui.text


async def test_pipelines_have_a_row_each_and_the_list_is_as_it_was_left(tmp_path: Path) -> None:
    space = UiSpace()
    good = space.run()
    space.fail("fit")
    space.runs.create(spec(id=RunId("zz" + "a" * 14), pipeline="other"), None)

    async with opened(space, outside=outside(tmp_path)) as ui:
        await ui.sees("of 3")
        await ui.sees("✓✗")  # what the pipeline did lately
        await ui.press("4")
        await ui.sees("TAKES")
        rows = [line.split()[0] for line in ui.lines[3:6] if line.strip()]
        assert rows == ["▌", "demo"] or rows[:2] == ["▌", "demo"]
        await ui.press("j", "enter")
        await ui.sees("pipeline=demo")
        await ui.sees("of 2")
        await ui.press("s", "c")
        assert isinstance(ui.app.screen, Choosing)
        await ui.press("space", "enter")
        await ui.until(lambda: "PROGRESS" not in ui.text)
        await ui.press("T")

    async with opened(space, (160, 50), outside=outside(tmp_path)) as ui:
        await ui.sees("of 2")
        assert "oldest first" in ui.text
        assert "PROGRESS" not in ui.text
        assert ui.app.theme == "graft-light"
        screen = ui.app.screen
        assert isinstance(screen, Runs)
        assert screen.filter == "pipeline=demo"
        assert good[:6] in ui.lines[3]


async def test_a_run_that_ends_is_told_and_the_terminal_rings_while_nobody_looks() -> None:
    space = UiSpace()
    made = spec("a")
    space.runs.create(made, None)
    log = space.runs.open(made.id)
    from graftline.core.events import RunFinished, RunStarted

    log.append([RunStarted(at=1.0)])

    async with opened(space) as ui:
        await ui.sees("running")
        log.append([RunFinished(state=Status.FAILURE, reason=None, at=9.0)])
        await ui.sees(f"{made.id[:6]} demo: failed")
    log.close()

    ended = space.workspace.show(made.id)
    assert Ends("away").signal(ended, is_away=False) == ""
    assert Ends("away").signal(ended, is_away=True) == "\x1b]9;demo: failed\x1b\\\a"
    assert Ends("off").signal(ended, is_away=True) == ""
    assert typical_seconds([ended]) is None


@pytest.mark.parametrize(
    ("name", "numbers", "best"),
    [
        ("auc", [0.9, 0.95, 0.95], {1, 2}),
        ("val_loss", [0.3, 0.1, None], {1}),
        ("auc", [0.9, 0.9], set()),
        ("auc", ["x", 1.0], set()),
        ("auc", [float("nan"), 0.5, 0.2], {1}),
        ("ok", [True, False], set()),
    ],
)
def test_the_best_of_some_numbers(name: str, numbers: list[object], best: set[int]) -> None:
    assert best_of(name, numbers) == best


def test_memory_survives_what_it_cannot_read_or_write(tmp_path: Path) -> None:
    file = tmp_path / "ui.json"
    file.write_text("{broken")
    memory = Memory(str(file))
    assert (memory.text("theme"), memory.flag("x"), memory.texts("typed")) == ("", False, [])
    memory.keep(theme="graft-light")
    assert Memory(str(file)).text("theme") == "graft-light"

    (tmp_path / "file").write_text("")
    Memory(str(tmp_path / "file" / "ui.json")).typed("run")  # no directory can be made there; nothing is said
