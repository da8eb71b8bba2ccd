"""What each key of the terminal UI is pressed for: where, after which keys, and what is then so.

Driven by `tui/keys.py`: a key without a case fails `test_bindings.py`, and every way to press it is pressed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.widgets import Input
from ui_pilot import Ui

from graftline.tui.app import GraftApp
from graftline.tui.screens.run import RunScreen
from graftline.tui.screens.runs import Runs


@dataclass(frozen=True)
class Did:
    """What a UI was seen to do outside itself."""

    ui: Ui
    ran: list[list[str]]
    """Programs that were started."""
    left: list[int]
    """Exit codes it was left with."""

    @property
    def app(self) -> GraftApp:
        return self.ui.app

    @property
    def screen(self) -> Any:
        return self.app.screen

    @property
    def on(self) -> str:
        """The name of the screen on top."""
        return type(self.screen).__name__

    @property
    def focused(self) -> Any:
        return self.app.screen.focused

    @property
    def runs(self) -> Runs:
        return self.app.home

    @property
    def run(self) -> RunScreen:
        return next(screen for screen in reversed(self.app.screen_stack) if isinstance(screen, RunScreen))


So = Callable[[Did], object]


@dataclass(frozen=True)
class Case:
    """One key: it holds after the key is pressed, and not before."""

    so: So | str
    """What holds then; a text: it is on the screen."""
    before: str = ""
    """Keys pressed first, by blanks."""
    after: str = ""
    """Keys that lead back."""
    is_change: bool = False
    """`so` returns something that is another after the key."""
    once: bool = False
    """It cannot be done twice: only the first way to press it is tried."""
    given: So | None = None
    """What is waited for before it is pressed, beside the screen's own reading."""


@dataclass(frozen=True)
class Place:
    """Where some keys are pressed."""

    space: str
    """Which of the spaces of the test it is on."""
    keys: str
    """That lead there, by blanks; those of the place before are not undone."""
    sees: str
    cases: Mapping[str, Case]
    size: tuple[int, int] = (120, 40)


def on(screen: str) -> So:
    return lambda did: did.on == screen


def changed(probe: So, before: str = "", after: str = "") -> Case:
    return Case(probe, before, after, is_change=True)


def cursor(did: Did) -> int:
    return int(did.focused.cursor)


def at(row: int) -> So:
    return lambda did: did.focused.cursor == row


LAST = 3
"""Row of the last run in the list."""
MOVES = {
    "row.down": Case(at(1), "home"),
    "row.up": Case(at(0), "home j"),
    "row.half_down": Case(at(LAST), "home"),
    "row.half_up": Case(at(0), "end"),
    "row.page_down": Case(at(LAST), "home"),
    "row.page_up": Case(at(0), "end"),
    "row.top": Case(at(0), "end"),
    "row.end": Case(at(LAST), "home"),
}
EVERYWHERE = {
    "help": Case(on("Help"), after="escape"),
    "palette": Case(on("CommandPalette"), after="escape"),
    "command": Case(on("CommandLine"), after="escape"),
    "log": Case(on("Happened"), after="escape"),
    "goto": Case("what executes now", after="escape"),
    "theme": changed(lambda did: did.app.theme),
    "refresh": Case("reading the store again"),
    "back": Case("q quits; runs go on"),
    "pane.next": Case(lambda did: did.focused.id == "detail", after="tab"),
    "quit": Case(lambda did: did.left),
    "interrupt": changed(lambda did: len(did.left)),
}
LIST = {
    "row.open": Case(on("RunScreen"), "home", "escape"),
    "filter": Case(lambda did: did.focused.id == "filter", after="escape"),
    "runs.all": Case(lambda did: did.runs.view == "all", "3"),
    "runs.active": Case(lambda did: did.runs.view == "active", after="1"),
    "runs.failed": Case(lambda did: did.runs.view == "failed", after="1"),
    "runs.cycle": Case(lambda did: did.runs.view == "active", after="1"),
    "runs.pipelines": Case(lambda did: did.runs.view == "pipelines", after="1"),
    "runs.projects": Case(lambda did: did.runs.is_everywhere, after="ctrl+a"),
    "runs.mark": Case("1 marked", after="escape"),
    "runs.compare": Case(on("Compare"), "home space space", "escape escape"),
    "runs.columns": Case(on("Choosing"), after="escape"),
    "runs.sort": Case("oldest first", after="s"),
    "places.watch": Case(on("WatchPane"), after="escape"),
    "run.new": Case(on("NewRun"), after="escape"),
    "run.logs": Case(lambda did: did.on == "RunScreen" and did.run.tab_shown == "logs", "home", "escape"),
    "run.retry": Case(on("Retry"), "home", "escape"),
    "run.rerun": Case(on("Confirm"), "home", "escape"),
    "run.promote": Case(on("Promote"), "home", "escape"),
    "copy": Case(on("Choose"), "home", "escape"),
    "found.look": Case(on("FoundLines"), after="escape"),
    "run.kill": Case(on("Confirm"), "end", "escape"),
    "run.cancel": Case("$ graft cancel", "end", once=True),
}
RUN = {
    **{
        f"tab.{name}": Case(lambda did, name=name: did.run.tab_shown == name, "7" if name != "info" else "1")  # type: ignore[misc]
        for name in ("steps", "graph", "gantt", "logs", "metrics", "artifacts", "info")
    },
    "tab.next": Case(lambda did: did.run.tab_shown == "graph", "1"),
    "tab.previous": Case(lambda did: did.run.tab_shown == "steps", "2"),
    "pane.zoom": Case(lambda did: did.screen.has_class("-detail"), "1", "escape"),
}
STEP = {
    "step.why": Case("$ graft why", after="escape"),
    "step.debug": Case(lambda did: did.ran and "debug" in did.ran[-1]),
}
FAILED = {
    "edit": Case(lambda did: did.ran and did.ran[-1][1].startswith("+")),
    "problem.next": changed(lambda did: did.focused.at_key, "home"),
    "problem.previous": changed(lambda did: did.focused.at_key, "end"),
}
SHEET = {
    "sheet.down": Case(lambda did: did.focused.scroll_y > 0, "home"),
    "sheet.up": Case(lambda did: did.focused.scroll_y < did.focused.max_scroll_y, "end"),
    "sheet.page_down": Case(lambda did: did.focused.scroll_y > 1, "home"),
    "sheet.page_up": Case(lambda did: did.focused.scroll_y < did.focused.max_scroll_y - 1, "end"),
    "sheet.top": Case(lambda did: did.focused.scroll_y == 0, "end"),
    "sheet.end": Case(lambda did: did.focused.scroll_y == did.focused.max_scroll_y, "home"),
}
GRAPH = {
    "graph.left": Case(lambda did: did.focused.node == "fetch", "g g l"),
    "graph.right": Case(lambda did: did.focused.node == "validate", "g g"),
    "graph.up": Case(lambda did: did.focused.node == "feat.num", "g g l l l j j"),
    "graph.down": Case(lambda did: did.focused.node == "feat.text", "g g l l l k k"),
    "graph.in": Case("boxes", after="_"),
    "graph.out": Case("heat", after="+"),
    "graph.turn": changed(lambda did: did.focused.view.orientation),
    "graph.focus": changed(lambda did: did.focused.view.focus),
    "graph.wider": changed(lambda did: did.focused.view.radius, "f", "f"),
    "graph.closer": changed(lambda did: did.focused.view.radius, "f > >", "f"),
    "graph.unfold": Case(lambda did: not did.focused.view.is_folded, "("),
    "graph.fold": Case(lambda did: did.focused.view.is_folded, ")"),
    "graph.map": Case(lambda did: did.screen.query_one("MapSheet").has_class("-open"), after="escape"),
    "graph.export": Case(on("Choose"), after="escape"),
}
GANTT = {
    "gantt.in": Case("×2", after="_"),
    "gantt.out": Case("×2", "+ +", "_"),
    "gantt.left": changed(lambda did: did.focused._window, "+ + l l"),
    "gantt.right": changed(lambda did: did.focused._window, "home h h h h h h h h h h"),
    "gantt.workers": Case("busy", after="|"),
    "gantt.unfold": Case(lambda did: not did.run.part.is_folded),  # type: ignore[union-attr]
    "gantt.fold": Case(lambda did: did.run.part.is_folded, ")"),  # type: ignore[union-attr]
}
LOG = {
    "log.follow": changed(lambda did: did.focused.is_following),
    "log.search": Case(lambda did: did.focused.id != "list" and did.on == "RunScreen" and _types(did), after="escape"),
    "log.next": changed(lambda did: did.focused.found, "home / r o w enter", "escape"),
    "log.previous": changed(lambda did: did.focused.found, "end / r o w enter", "escape"),
    "log.times": changed(lambda did: did.focused.has_times),
    "log.right": Case(lambda did: did.focused._across == 20, "left left"),
    "log.left": Case(lambda did: did.focused._across == 0, "left right"),
    "log.filter": Case(lambda did: _types(did), after="escape"),
    "log.wrap": changed(lambda did: did.focused.is_wrapped),
    "log.raw": changed(lambda did: did.focused.is_raw),
    "log.attempt": Case(on("Choose"), after="escape"),
    "log.merge": Case("feat.text  40 lines", "A 2"),
    "log.step": Case("all steps", after="a"),
    "log.pager": Case(lambda did: Path("paged").exists()),
}
FOUND = {
    "found.search": Case(lambda did: _types(did), after="escape"),
    "found.stop": Case("nothing is being searched"),
    "found.copy": Case("copied"),
}
NUMBERS = {"chart.scale": changed(lambda did: did.run.part.is_log)}  # type: ignore[union-attr]
ARTIFACTS = {
    "artifact.load": Case("list of 3 objects", once=True),
    "artifact.save": Case("wrote", once=True),
    "artifact.open": Case("viewer could not be opened"),
}
LINE = {
    "line.complete": Case(lambda did: did.focused.value == "plan", ": p l", "escape"),
    "line.older": Case(lambda did: did.focused.value == "functions", ":", "escape"),
    "line.newer": Case(lambda did: did.focused.value == "", ": up", "escape"),
}
OUTPUT = {
    "output.again": Case(on("CommandLine"), after="escape"),
    "output.copy": Case("copied"),
    "output.stop": Case("exit", once=True),
    "output.kill": Case(lambda did: did.screen.child.is_over, "i enter", once=True),
}
COMPARE = {
    "compare.all": changed(lambda did: did.screen.has_all),
    "compare.right": Case(lambda did: did.screen.first == 1, "left left left left"),
    "compare.left": Case(lambda did: did.screen.first == 0, "left left left left right"),
    "compare.copy": Case("copied"),
}
HAPPENED = {
    "happened.facts": Case(lambda did: did.screen.view == "facts", "1"),
    "happened.commands": Case(lambda did: did.screen.view == "commands", "2"),
    "happened.copy": Case("copied"),
}
WATCH = {
    "watch.open": Case(on("RunScreen"), after="escape"),
    "watch.again": Case("runs what is not up to date"),
    "watch.force": Case("runs every step"),
    "watch.release": Case("runs publish"),
    "watch.pause": Case("paused", once=True),
    "watch.stop": Case(on("Runs"), once=True),
}
FUNCTIONS = {
    "functions.copy": Case("copied"),
    "functions.edit": changed(lambda did: len(did.ran)),
    "functions.run": Case(on("CommandLine"), after="escape"),
}
NEW = {
    "new.change": Case("-p kind=tree", "home j j j j", "backspace"),
    "new.clear": Case(lambda did: "-p kind=tree" not in did.ui.text, "space"),
    "new.watch": Case(on("WatchPane"), after="x n"),
    "new.start": Case(on("RunScreen"), once=True),
}


def _on_generation(did: Did) -> object:
    """Tell whether the sheet of the registry is that of the generation at the cursor."""
    facts = did.screen.facts
    return facts is not None and facts.row == did.screen.grid.current and facts.row.generation is not None


def _of_generation(so: So | str) -> Case:
    """Return a case of a key that is pressed on a generation, and leads to a screen or a dialog."""
    return Case(so, "home j j", "escape", given=_on_generation)


REGISTRY = {
    "shelf.run": _of_generation(on("RunScreen")),
    "shelf.diff": _of_generation(on("ShelfDiff")),
    "shelf.train": _of_generation(on("NewRun")),
    "shelf.apply": _of_generation(on("NewRun")),
    "shelf.eval": _of_generation(on("NewRun")),
    "shelf.alias": _of_generation("Have an alias stand at churn/0.2.0/2"),
    "shelf.back": _of_generation("Put an alias of churn back"),
    "shelf.release": _of_generation("Release the working copy"),
    "shelf.copy": _of_generation("Copy churn/0.2.0/2 to another registry"),
    "shelf.export": _of_generation("Export churn/0.2.0/2"),
    "shelf.remove": _of_generation("Remove churn/0.2.0/2?"),
    "shelf.registry": _of_generation("Which registry?"),
    "shelf.yank": _of_generation(on("Choose")),
    "shelf.verify": Case("every byte is what was committed", "home j j", given=_on_generation),
    "shelf.dev": changed(lambda did: did.screen.with_dev, after="ctrl+a"),
}
SHELF_DIFF = {
    "shelfdiff.other": changed(lambda did: did.screen.other.address),
    "shelfdiff.all": changed(lambda did: did.screen.has_all),
    "shelfdiff.copy": Case("copied"),
}


def _types(did: Did) -> bool:
    return isinstance(did.focused, Input)
