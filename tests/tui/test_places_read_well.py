"""The screens around a run as text, the way a person looked at them once: ordinary, empty, wrong and huge."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from run_specs import chain, spec
from ui_around import FORM, FakeWatch, FormSpace, outside, watches
from ui_golden import LOOKS, album_of
from ui_pilot import Ui

from graftline.core.concern import Concern
from graftline.core.errors import InvalidError, StoreError
from graftline.core.events import AttemptDispatched, RunStarted
from graftline.core.formfields import FormField
from graftline.core.functions import NewFunction
from graftline.core.ids import RunId
from graftline.core.ports import RunQuery
from graftline.core.runs import Run
from graftline.core.watchnews import Begun, Broken, Noticed, Planned
from graftline.tui.glyphs import Glyphs

WRONG = InvalidError("step 'fit': parameter 'C': expected a number", "give one", file="pipeline.py", line=3)
ALL = RunQuery(with_children=True, limit=1000)
CLOCK = re.compile(r"\d+:\d\d:\d\d(\.\d{3})?")
LASTED = re.compile(r" *\d+\.?\d*(ms|s|m|h)(\d\ds)?\b( ago)? *")
"""Times are others in each run of the test, and have other widths: they stand for nothing, with the blanks around."""
MANY = 60
"""Runs whose facts fill many screens."""
IDS = [RunId(f"run{letter}".ljust(16, letter)) for letter in "abcdefgh"]
IDS += [RunId(f"more{number:02}".ljust(16, "x")) for number in range(MANY)] + [RunId("runi".ljust(16, "i"))]


def _functions(space: FormSpace, count: int) -> None:
    for number in range(count):
        source = {"type": "file", "path": "steps.py", "name": f"fit{number:03}", "code": "00" * 32}
        new = NewFunction(
            name=f"fit{number:03}",
            kind="python",
            spec={"source": source},
            project="demo",
            origin=f"steps.py:fit{number:03}",
        )
        space.workspace.parts.functions.add(new)


def _plain(space: FormSpace, text: str) -> str:
    """Return a screen with ids and clock as they are in every run of the test."""
    runs = sorted(space.store.history.runs(ALL), key=lambda run: run.created)
    for name, run in zip(IDS, runs, strict=False):
        text = text.replace(run.id, name).replace(run.id[:6], name[:6])
    text = re.sub(r" +exit (\d) .*", r"  exit \1", text.replace(f"{os.cpu_count()} cpus", "2 cpus"))
    return LASTED.sub("  0s  ", CLOCK.sub("12:00:00", text))


@pytest.mark.timeout(300)  # 100 screens: 20 s, and ten times that where much else runs
@pytest.mark.parametrize(("glyph_set", "sizes"), LOOKS, ids=["unicode", "ascii"])
async def test_every_place_reads_well(
    glyph_set: Glyphs, sizes: dict[str, tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    watching: list[FakeWatch] = []
    space = FormSpace(watch=watches(watching))

    async with album_of(space, glyph_set, sizes, outside=outside(root=""), plain=partial(_plain, space)) as album:
        ui, look = album.ui, album.look
        await look("runs, empty", "No run yet")
        await look("go to", "what executes now", "g")
        await look("functions, empty", "No functions", "f")
        await look("workers, empty", "No worker", "g", "w")
        await look("schedules, empty", "No schedules", "g", "s")
        await look("what happened, empty", "Nothing has happened", "g", "a")
        await look("new run, to be filled", "needs path", "escape", "n")
        space.forms.problem = WRONG
        await look("new run, wrong", "pipeline.py:3", "R")
        space.forms.problem = None
        space.forms.form = [*FORM[1:], *(_field(number) for number in range(200))]
        await look("new run, huge", "name000", "R")
        await ui.press("escape")
        for number in range(8):
            space.run() if number % 3 else space.fail("fit")
        await ui.sees("of 8")
        await look("runs, marked", "8 marked", *["space"] * 8)
        await look("compare, huge", "first to differ", "d")
        await look("compare, all", "state  fetch", "equals_sign")
        await look("what happened", "graft run", "escape", "at")
        await look("copy", "traceback", "escape", "y")
        await look("retry", "steps again", "escape", "r")
        await look("confirm", "graft rerun", "escape", "ctrl+r")
        await look("columns", "Columns", "escape", "c")
        await ui.press("escape", "enter")
        await ui.sees("RESULT")
        await look("why", "$ graft why", "w")
        await ui.press("escape", "escape")
        _functions(space, 300)
        await look("functions, huge", "fit000", "g", "f")
        await look("command line", "Say what would run", "escape", "colon", "p", "l")
        await look("output, wrong", "exit 3", "x", "space", "f", "a", "i", "l", "enter")
        await look("output", "exit 0", "escape", "colon", "p", "l", "x", "enter")
        await look("schedules", "who started the newest runs", "escape", "g", "s")
        await _watched(ui, space, watching, look)
        for _ in range(MANY):
            space.run()
        await look("what happened, huge", "RunStarted", "x", "g", "a", "2", "G")
        await _worked(ui, space, look)
        await _unreadable(ui, space, monkeypatch, look)

    album.compare("places-")


def _field(number: int) -> FormField:
    return FormField(key=f"name{number:03}", kind="int", default=str(number), where="params.yaml:3", steps=("fit",))


async def _watched(ui: Ui, space: FormSpace, watching: list[FakeWatch], look: Callable[..., Awaitable[None]]) -> None:
    """Look at the watch pane: before anything, while it runs, while the code is wrong."""
    await ui.press("W")
    await ui.until(lambda: watching)
    await look("watch, empty", "looking at the files")
    run = space.store.history.runs(ALL)[0].id
    concern = Concern(path="fit", why=("steps.py:fit changed",))
    for news in (
        Noticed(paths=("steps.py",)),
        Planned(changed=(concern,), followers=("report",)),
        Begun(run=run, number=1, graph=chain("fetch", "fit", "report")),
    ):
        watching[0].tell(news)
    await look("watch", "steps.py:fit changed")
    watching[0].tell(Noticed(paths=("steps.py",)))
    watching[0].tell(Broken(error=WRONG))
    await look("watch, wrong", "the last good graph stays")


async def _worked(ui: Ui, space: FormSpace, look: Callable[..., Awaitable[None]]) -> None:
    """Look at the workers of a run that goes on."""
    made = spec("a", "b")
    space.runs.create(made, None)
    log = space.runs.open(made.id)
    log.append([RunStarted(at=1.0), AttemptDispatched(node="a", attempt=1, at=2.0)])
    await look("workers", "1 live run, 1 running step", "g", "w")
    log.close()


async def _unreadable(
    ui: Ui, space: FormSpace, monkeypatch: pytest.MonkeyPatch, look: Callable[..., Awaitable[None]]
) -> None:
    """Look at the list while its store cannot be read."""

    def broken(query: RunQuery) -> list[Run]:
        raise StoreError("the store is damaged", "graft doctor")

    read = space.store.history.runs
    with monkeypatch.context() as patch:
        patch.setattr(space.store.history, "runs", lambda query: read(query) if query is ALL else broken(query))
        ui.app.home.stale()  # `R` would say so for some seconds
        await look("runs, unreadable", "the store is damaged", "g", "r")
