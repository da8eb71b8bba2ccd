"""What happened, the watch pane, functions, workers, schedules: what each shows, and says when there is nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from run_specs import spec
from ui_around import FakeWatch, FormSpace, outside, watches
from ui_pilot import Ui, UiSpace, opened

from graftline.core.concern import Concern
from graftline.core.errors import InvalidError
from graftline.core.events import AttemptDispatched, RunStarted
from graftline.core.ids import RunId
from graftline.core.registered import NewFunction
from graftline.core.watchnews import Begun, Broken, Ended, Noticed, Planned, Waiting, Wish
from graftline.tui.screens.happened import Happened
from graftline.tui.screens.run import RunScreen
from graftline.tui.screens.runs import Runs
from graftline.tui.screens.watch import WatchPane


async def test_what_was_done_stands_as_commands_and_facts_come_live() -> None:
    space = UiSpace()
    run = space.fail("fit")

    async with opened(space) as ui:
        await ui.sees("failed")
        await ui.press("X")
        await ui.press("at")
        await ui.until(lambda: isinstance(ui.app.screen, Happened))
        await ui.sees("graft run pipeline.py:demo")
        assert "failed" in ui.text
        await ui.press("2")
        await ui.sees("AttemptFailed")
        assert "ValueError: fit is broken" in ui.text

        later = space.run()
        await ui.sees(later[:6])
        await ui.press("slash")
        await ui.type("dispatched fit")
        await ui.press("enter")
        await ui.until(lambda: "RunStarted" not in ui.text)
        await ui.press("G", "enter")
        await ui.until(lambda: isinstance(ui.app.screen, RunScreen))
        screen = ui.app.screen
        assert isinstance(screen, RunScreen)
        assert screen.run.id == run


async def test_what_was_promoted_stands_there_as_that() -> None:
    space = UiSpace()
    run = space.run()
    for name, runner in (("again", "local"), ("elsewhere", "big cluster")):
        made = spec(id=RunId(name.ljust(16, "a")), parent=run, runner=runner, origin="ui")
        space.runs.create(made, None)

    async with opened(space) as ui:
        await ui.sees("elsewh")
        ui.app.note(f"graft rerun {run[:6]}")
        await ui.press("at")

        await ui.sees(f"graft promote {run[:6]} --to 'big cluster'")
        done = [line for line in ui.lines if "graft rerun" in line]
        assert len(done) == 1
        assert "you here" in done[0]


async def test_the_watch_pane_tells_what_was_saved_what_that_concerns_and_how_it_ended() -> None:
    made: list[FakeWatch] = []
    space = FormSpace(watch=watches(made))
    run = space.run()

    async with opened(space, outside=outside()) as ui:
        await ui.sees("of 1")
        await ui.press("W")
        await ui.until(lambda: made)
        going = made[0]
        error = InvalidError("step 'fit' is wrong [/x]", "mend it", file="steps.py", line=4)
        _tell(going, Noticed(paths=("steps.py",)), Broken(error=error), Waiting(is_broken=True))
        await ui.sees("waiting for valid code")
        assert "saved steps.py" in ui.text
        assert "steps.py:4" in ui.text

        concern = Concern(path="fit", why=("steps.py:fit changed",))
        graph = space.workspace.graph(run)
        _tell(going, Planned(changed=(concern,), followers=("report",)), Begun(run=run, number=1, graph=graph))
        await ui.sees("steps.py:fit changed")
        await ui.sees("wave 1")
        _tell(going, Ended(run=space.workspace.show(run), held=("publish",), is_superseded=False))
        _tell(going, Waiting(is_broken=False, held=("publish",)))
        await ui.sees("held: publish")
        await ui.press("space", "n", "N")
        assert going.asked == [Wish.RELEASE, Wish.AGAIN, Wish.FORCE]

        await ui.press("p")
        await ui.sees("paused")
        await ui.until(lambda: ui.app.watching is not None and ui.app.watching.is_over, "the end of the watch")
        await ui.press("p")
        await ui.until(lambda: len(made) == 2)
        await ui.press("escape")
        assert isinstance(ui.app.screen, Runs)
        await ui.press("W")
        assert isinstance(ui.app.screen, WatchPane)
        await ui.sees("saved steps.py")
        await ui.press("enter")
        await ui.until(lambda: isinstance(ui.app.screen, RunScreen))
        await ui.press("escape", "x")
        await ui.until(lambda: made[1].asked == [Wish.STOP])


def _tell(going: FakeWatch, *news: Any) -> None:
    for each in news:
        going.tell(each)


async def test_functions_have_versions_a_place_and_an_editor(tmp_path: Path) -> None:
    space = FormSpace()
    (tmp_path / "steps.py").write_text("\n\ndef fit(X, C: float = 1.0):\n    return C\n")
    _register(space, "fit", "steps.py", "python")
    _register(space, "fit", "steps.py", "python", extra={"returns": ["model"]})
    _register(space, "odd [/x]", "gone.py", "nokind")

    async with opened(space, (160, 50), outside=outside(root=str(tmp_path))) as ui:
        await _go(ui, "f")
        await ui.sees("(X, C: float=1.0)")
        assert "steps.py:3" in ui.text
        assert "fit@2" in ui.text
        await ui.press("j")
        await ui.sees("odd [/x]@1")
        assert "nokind" in ui.text
        await ui.press("e")
        await ui.sees("its code is in the store alone")
        await ui.press("slash")
        await ui.type("steps")
        await ui.press("enter")
        await ui.until(lambda: "odd" not in ui.text)
        await ui.press("n")
        await ui.sees("function run fit")


def _register(space: FormSpace, name: str, path: str, kind: str, extra: dict[str, Any] | None = None) -> None:
    source = {"type": "file", "path": path, "name": name.split()[0], "code": "00" * 32}
    new = NewFunction(name=name, kind=kind, spec={"source": source, **(extra or {})}, project="demo", origin=path)
    space.workspace.parts.functions.add(new)


async def test_places_without_anything_say_so_and_what_to_do() -> None:
    space = FormSpace()

    async with opened(space, outside=outside()) as ui:
        await ui.sees("No run yet")
        for key, text in (
            ("f", "No functions are registered"),
            ("w", "The stub runner starts them on demand"),
            ("s", "No schedules and no triggers"),
            ("a", "Nothing has happened yet"),
        ):
            await _go(ui, key)
            await ui.sees(text)
        await _go(ui, "r")
        assert isinstance(ui.app.screen, Runs)


async def test_workers_are_the_processes_of_live_runs_and_their_running_steps() -> None:
    space = FormSpace()
    made = spec("a", "b")
    space.runs.create(made, None)
    log = space.runs.open(made.id)
    log.append([RunStarted(at=1.0), AttemptDispatched(node="a", attempt=1, at=2.0)])

    async with opened(space, outside=outside()) as ui:
        await _go(ui, "w")
        await ui.sees("1 live run, 1 running step")
        await ui.press("j", "enter")
        await ui.until(lambda: isinstance(ui.app.screen, RunScreen))
    log.close()


async def _go(ui: Ui, key: str) -> None:
    await ui.press("g")
    await ui.sees("what executes now")
    await ui.press(key)
    await ui.until(lambda: not ui.app.is_busy)
