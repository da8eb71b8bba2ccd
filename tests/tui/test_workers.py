"""The screen of workers: those of the store and what they have, other live runs, and what waits for whom."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from run_specs import spec
from ui_around import FormSpace, outside
from ui_golden import compare, settled
from ui_pilot import Ui, opened

from graftline.core.events import AttemptDispatched, RunStarted
from graftline.core.ids import RunId
from graftline.core.queue import Submission, SubmissionState, Worker, WorkerState
from graftline.core.runs import RunSpec
from graftline.core.states import Status
from graftline.store.store import open_store
from graftline.tui.glyphs import ASCII, UNICODE, Glyphs
from graftline.tui.screens.run import RunScreen
from graftline.wiring import Given, open_workspace

CLOCK = re.compile(r"\d+:\d\d:\d\d|\b\d+ cpus")
STARTED = 1000.0


class Line:
    """A queue as it stands: what a viewer reads of one."""

    def __init__(self) -> None:
        self.listed: list[Worker] = []
        self.queued: list[Submission] = []

    def workers(self) -> list[Worker]:
        return self.listed

    def waiting(self) -> list[Submission]:
        return self.queued

    def enter(self, *labels: str, state: WorkerState = WorkerState.LIVE, runs: tuple[RunId, ...] = ()) -> None:
        number = len(self.listed) + 1
        self.listed.append(
            Worker(
                number=number, host=f"host{number}", pid=4000 + number, labels=labels, slots=2, state=state, runs=runs,
                beat_age_s=75.0 if state is WorkerState.LOST else 1.0, started=STARTED,
            )
        )  # fmt: skip

    def queue(self, run: RunId, *labels: str) -> None:
        waits = SubmissionState.WAITING
        self.queued.append(Submission(run=run, labels=labels, state=waits, worker=None, claims=0, created=STARTED))


def made(space: FormSpace, letter: str) -> RunSpec:
    created = spec("fetch", "fit", id=RunId(letter * 16), pipeline="churn", created=STARTED)
    space.runs.create(created, None)
    return created


def begun(space: FormSpace, letter: str) -> RunId:
    run = made(space, letter).id
    log = space.runs.open(run)
    log.append([RunStarted(at=STARTED), AttemptDispatched(node="fetch", attempt=1, at=STARTED)])
    return run


def busy(space: FormSpace, line: Line) -> None:
    """Fill a line with every kind of worker and submission."""
    line.enter("default", "gpu", runs=(begun(space, "a"),))
    line.enter("gpu", state=WorkerState.DRAINING)
    line.enter("odd [/x]", state=WorkerState.LOST)
    begun(space, "b")
    line.queue(made(space, "c").id, "gpu")
    line.queue(made(space, "d").id, "gpu", "tpu")


@pytest.mark.parametrize(
    ("size", "glyph_set", "name"),
    [((120, 40), UNICODE, "120x40"), ((80, 24), UNICODE, "80x24"), ((80, 24), ASCII, "ascii")],
    ids=["120x40", "80x24", "ascii"],
)
async def test_workers_what_they_have_and_what_waits_read_well(
    size: tuple[int, int], glyph_set: Glyphs, name: str
) -> None:
    line = Line()
    space = FormSpace(queue=lambda: line, clock=lambda: STARTED + 90.0)
    busy(space, line)

    async with opened(space, size, glyph_set=glyph_set, outside=outside(root="")) as ui:
        await go(ui)
        await ui.sees("nobody serves tpu")
        await ui.until(lambda: ui.app._changed_at is not None, "the clock of the first poll")
        shown = CLOCK.sub("12:00:00", await settled(ui))

    compare({f"workers-{name}": shown})


async def test_a_worker_opens_what_it_has_and_what_waits_can_be_stopped() -> None:
    line = Line()
    space = FormSpace(queue=lambda: line, clock=lambda: STARTED + 90.0)
    busy(space, line)

    async with opened(space, outside=outside()) as ui:
        await go(ui)
        await ui.sees("3 workers, 2 live runs, 2 running steps, 2 waiting")
        await ui.press("enter")
        await ui.until(lambda: isinstance(ui.app.screen, RunScreen))
        await ui.press("escape")
        await ui.press("G", "x")
        await ui.until(lambda: space.store.history.run(RunId("d" * 16)).state is Status.CANCELLED)
        await ui.press("g", "g", "j", "j", "j", "enter")  # the second worker has nothing
        await ui.sees("this worker has nothing to do now")


async def test_a_worker_that_registers_is_seen_at_once(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    given = Given(store=str(tmp_path / "store"), project=str(project))

    async with opened(open_workspace(given), outside=outside()) as ui:
        await go(ui)
        await ui.sees("graft worker --label gpu")
        with open_store(tmp_path / "store") as store:
            number = store.queue.register(["gpu"], 2)
            await ui.sees("gpu  0 of 2 runs")
            await ui.sees("served: default by 1, gpu by 1")
            store.queue.leave(number)
            await ui.sees("No worker.")


async def go(ui: Ui) -> None:
    await ui.press("g")
    await ui.sees("what executes now")
    await ui.press("w")
    await ui.until(lambda: not ui.app.is_busy)
