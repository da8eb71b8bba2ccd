"""Every key of the table, pressed where it is for, in each way it can be pressed; and found by help and palette."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from run_specs import chain, spec
from ui_around import FakeWatch, FormSpace, outside, watches
from ui_cases import (
    ARTIFACTS,
    COMPARE,
    EVERYWHERE,
    FAILED,
    FOUND,
    FUNCTIONS,
    GANTT,
    GRAPH,
    HAPPENED,
    LINE,
    LIST,
    LOG,
    MOVES,
    NEW,
    NUMBERS,
    OUTPUT,
    REGISTRY,
    RUN,
    SHEET,
    SHELF_DIFF,
    STEP,
    WATCH,
    Case,
    Did,
    Place,
)
from ui_pilot import Ui, opened
from ui_records import Records, RunRecords
from ui_shelves import filled, shelf_space, train

from graftline.core.functions import NewFunction
from graftline.core.ports import RunQuery
from graftline.core.watchnews import Begun, Waiting
from graftline.tui.app import GraftApp
from graftline.tui.keys import KEYS
from graftline.tui.outside import Outside
from graftline.tui.screens import artifactpart
from graftline.tui.screens.help import offers

PLACES: Mapping[str, tuple[Place, ...]] = {
    "the list": (Place("list", "", "of 4", {**MOVES, **LIST, **EVERYWHERE}),),
    "a run": (Place("live", "enter", "waits for", RUN),),
    "a failure": (
        Place("failed", "j enter", "RESULT", FAILED),
        Place("failed", "g g } enter", "opens the line", SHEET, size=(60, 16)),
    ),
    "a step": (Place("list", "enter", "RESULT", STEP),),
    "the drawing": (Place("live", "enter 2", "○ join", GRAPH),),
    "the chart": (Place("live", "enter 3", "critical path", GANTT),),
    "the log": (Place("live", "enter l", "40 lines", LOG),),
    "found lines": (Place("live", "F r o w enter", "every run was searched", FOUND),),
    "numbers and artifacts": (
        Place("live", "enter 5", "200 values", NUMBERS),
        Place("live", "6 j", "reads its", ARTIFACTS),
    ),
    "lines and output": (
        Place("list", "", "of 4", LINE),
        Place("list", ": l o c k enter", "lock", OUTPUT),
    ),
    "side by side": (Place("many", "space space space space space space space space d", "differ", COMPARE, (80, 24)),),
    "places": (
        Place("list", "@", "graft run", HAPPENED),
        Place("list", "g f", "fit@1", FUNCTIONS),
        Place("list", "escape n", "3 run", NEW),
    ),
    "the watch": (Place("list", "W", "held: publish", WATCH),),
    "the registry": (
        Place("shelf", "g m", "0.2.0", REGISTRY),
        Place("shelf", "home j j d", "rows equal", SHELF_DIFF),
    ),
}
VIEW_ONLY = (
    *("help", "quit", "interrupt", "back", "theme", "refresh", "goto", "command", "palette", "pane.", "row.", "sheet."),
    *("runs.cycle", "runs.pipelines", "runs.mark", "runs.columns", "runs.sort", "tab.", "problem.", "copy", "edit"),
    *("graph.", "gantt.", "log.", "chart.", "artifact.open", "artifact.load", "line.", "output.", "compare.", "new."),
    *("happened.", "found.stop", "found.copy", "functions.edit", "functions.copy", "watch."),
    *("shelf.diff", "shelf.verify", "shelf.yank", "shelfdiff."),
)
"""Keys that change nothing but what is seen, copied or being typed, or that speak to what the UI itself has started:
a shell has the same without graft."""


def _list(told: list[FakeWatch], folder: Path) -> FormSpace:
    space = FormSpace(watch=watches(told))
    space.forms.form = [each for each in space.forms.form if each.default is not None]
    waiting = spec("a", created=0.5)
    space.runs.create(waiting, None)
    space.run()
    space.run()
    space.fail("fit")
    source = {"type": "file", "path": "steps.py", "name": "fit", "code": "00" * 32}
    new = NewFunction(name="fit", kind="python", spec={"source": source}, project="demo", origin="steps.py")
    space.workspace.parts.functions.add(new)
    return space


def _many(told: list[FakeWatch], folder: Path) -> FormSpace:
    space = FormSpace()
    for number in range(8):
        space.run() if number % 3 else space.fail("fit")
    return space


def _shelf(told: list[FakeWatch], folder: Path) -> FormSpace:
    space = shelf_space(folder)
    filled(space.registry)
    train(space.registry, "0.2.0", b"two", {"auc": 0.95, "latency": 8.0}, run=space.run())
    return space


SPACES: Mapping[str, Callable[[list[FakeWatch], Path], Any]] = {
    "list": _list,
    "many": _many,
    "live": lambda told, folder: RunRecords(),
    "failed": lambda told, folder: Records(),
    "shelf": _shelf,
}


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Let programs be noted instead of started, in an empty directory."""
    found: list[list[str]] = []

    def run(words: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        found.append(words)
        return subprocess.CompletedProcess(words, 0)

    @contextmanager
    def suspended(self: GraftApp) -> Iterator[None]:
        yield

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(GraftApp, "suspend", suspended)
    monkeypatch.setattr(artifactpart, "_opener", lambda: "viewer")
    monkeypatch.setattr(artifactpart, "AT_ONCE", 30)
    monkeypatch.setenv("GRAFTLINE_PAGER", "dd of=paged status=none")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "steps.py").write_text("def fit(): ...\n")
    return found


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the codes it is left with be noted instead of leaving."""
    found: list[int] = []
    monkeypatch.setattr(GraftApp, "exit", lambda self, code=0, **_: found.append(code))
    return found


def _keys(text: str) -> list[str]:
    return text.split()


async def _pressed(did: Did, key_id: str, case: Case) -> None:
    """Press a key in each way there is; what it is for does not hold before, and holds after."""
    ui, so = did.ui, case.so
    holds = (lambda did: so in ui.text) if isinstance(so, str) else so
    ways = KEYS[key_id].keys.split(",")
    for key in ways[:1] if case.once else ways:
        await ui.press(*_keys(case.before))
        await ui.until(lambda: not ui.app.is_busy, f"rest before {key_id}")
        await ui.until(lambda: case.given is None or case.given(did), f"what {key_id} needs")
        assert key_id in _offered(ui) or key_id.startswith("line."), f"help does not know {key_id}"
        before = holds(did)
        assert case.is_change or not before, f"{key_id}: it was so before '{key}' was pressed:\n{ui.text}"
        await ui.press(key)
        await ui.until(
            lambda before=before: holds(did) != before if case.is_change else holds(did),  # type: ignore[misc]
            f"what {key_id} is for, by '{key}',",
        )
        await ui.until(lambda: not ui.app.is_busy, f"rest after {key_id}")
        await ui.press(*_keys(case.after))


def _offered(ui: Ui) -> set[str]:
    """Return what help offers here; the palette offers the same."""
    found = offers(ui.app.screen)
    assert len(list(ui.app.get_system_commands(ui.app.screen))) == len(found)
    return {offer.id for offer in found}


def _given(tmp_path: Path) -> Outside:
    sleeper = "import time; print('on', flush=True); time.sleep(60)"
    given = outside(tmp_path, program=(sys.executable, "-S", "-c", sleeper), root=str(tmp_path))
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "ui.json").write_text('{"typed": ["functions"]}')
    return given


@pytest.mark.parametrize("name", PLACES)
async def test_every_key_does_what_it_is_for(name: str, ran: list[list[str]], left: list[int], tmp_path: Path) -> None:
    told: list[FakeWatch] = []
    places = PLACES[name]
    space = SPACES[places[0].space](told, tmp_path)

    async with opened(space, places[0].size, outside=_given(tmp_path)) as ui:
        did = Did(ui, ran, left)
        await ui.until(lambda: not ui.app.is_busy and ui.app.home.grid.current is not None)
        for place in places:
            if place.size != places[0].size:
                await ui.pilot.resize_terminal(*place.size)
            await ui.press(*_keys(place.keys))
            if told:
                _hold(told[-1], space)
            await ui.sees(place.sees)
            await ui.until(lambda: not ui.app.is_busy)
            for key_id, case in place.cases.items():
                await _pressed(did, key_id, case)


def _hold(watch: FakeWatch, space: FormSpace) -> None:
    run = space.store.history.runs(RunQuery())[0].id
    watch.tell(Begun(run=run, number=1, graph=chain("fetch", "fit", "report")))
    watch.tell(Waiting(is_broken=False, held=("publish",)))


def test_every_key_of_the_table_has_a_case_and_says_the_command_that_does_the_same() -> None:
    cases = {key_id for places in PLACES.values() for place in places for key_id in place.cases}

    assert sorted(set(KEYS) - cases) == []
    assert sorted(cases - set(KEYS)) == []
    assert [key_id for key_id, key in KEYS.items() if not key.cli and not key_id.startswith(VIEW_ONLY)] == []
