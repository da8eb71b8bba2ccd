"""A project that is watched in this process, by real files and real workers."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

from forked_nurseries import parents

from graftline.core.events import AttemptDispatched, Fact
from graftline.core.ids import RunId
from graftline.core.ports import RunQuery
from graftline.core.requests import RunRequest
from graftline.core.runs import Run
from graftline.core.selection import Selection
from graftline.core.states import Status
from graftline.core.watchnews import Begun, Ended, News, Planned, Waiting, WatchRequest, Wish
from graftline.plugins.local.descent import descendants
from graftline.wiring import Given, find_target, open_workspace

DEADLINE_S = 20.0
PIPELINE = """\
from graftline import Pipeline, PythonTask
from steps import clean, load, report

main = Pipeline([
    PythonTask(load, returns=["raw"]),
    PythonTask(clean, returns=["good"]),
    PythonTask(report),
])
"""
STEPS = """\
from pathlib import Path

FACTOR = 1

def note(name):
    with open("ran.log", "a") as file:
        print(name, file=file)

def load():
    note("load")
    return 3

def clean(raw):
    note("clean")
    return raw * FACTOR

def report(good):
    note(f"report {good}")
"""
_T = TypeVar("_T")


class Watched:
    """A watch that goes on in a thread; use it as a context manager.

    Args:
        root: of the project; its `pipeline.py` is watched.
        store: directory of the run log.
        holds_effects: as in `WatchRequest`.
        only: steps that are selected; all when empty.
        params: reads the parameters of each request, and the file they are in.
    """

    def __init__(
        self,
        root: Path,
        store: Path,
        *,
        holds_effects: bool = True,
        only: tuple[str, ...] = (),
        params: tuple[Path, Callable[[Path], dict[str, str]]] | None = None,
    ):
        self.root = root
        self.warnings: list[str] = []
        choices = Given(store=str(store), project=str(root))
        self.space = open_workspace(choices, None, warn=self.warnings.append)
        self.news: list[News] = []
        self.facts: list[Fact] = []
        self.problem: BaseException | None = None
        self._queue: queue.Queue[News | Sequence[Fact]] = queue.Queue()

        def request() -> RunRequest:
            given = {} if params is None else params[1](params[0])
            return RunRequest(target=find_target(None, choices), params=given, selection=Selection(only=only), jobs=2)

        configs = () if params is None else (str(params[0]),)
        wanted = WatchRequest(run=request, configs=configs, holds_effects=holds_effects)
        self.watch = self.space.watch(wanted, self)
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Watched:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def tell(self, news: News) -> None:
        """Take news."""
        self._queue.put(news)

    def observe(self, facts: Sequence[Fact]) -> None:
        """Take facts."""
        self._queue.put(tuple(facts))

    def leave(self) -> None:
        """Stop it, and see that it does."""
        self.watch.ask(Wish.STOP)
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive(), "the watch does not end"

    def until(self, find: Callable[[News | Fact], _T | None]) -> _T:
        """Wait for news, or a fact, that came since the last call; return what was found in it."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                came = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"not told of it; the end of the news: {self.news[-6:]}") from self.problem
            if isinstance(came, tuple):
                self.facts += came
            else:
                self.news.append(came)  # type: ignore[arg-type]
            for each in came if isinstance(came, tuple) else (came,):
                found = find(each)
                if found is not None:
                    return found

    def until_waiting(self) -> Waiting:
        """Wait until nothing goes on."""
        return self.until(lambda came: came if isinstance(came, Waiting) else None)

    def until_ended(self) -> Ended:
        """Wait for the end of a wave."""
        return self.until(lambda came: came if isinstance(came, Ended) else None)

    def until_planned(self) -> Planned:
        """Wait for a plan."""
        return self.until(lambda came: came if isinstance(came, Planned) else None)

    def until_begun(self, path: str) -> None:
        """Wait until a step was handed to a worker."""
        self.until(lambda came: True if isinstance(came, AttemptDispatched) and came.node == path else None)

    def is_silent(self, seconds: float) -> bool:
        """Tell whether no news come for so long."""
        try:
            came = self._queue.get(timeout=seconds)
        except queue.Empty:
            return True
        self._queue.put(came)
        return False

    def save(self, name: str, text: str) -> None:
        """Save a file as editors do: another one takes its place."""
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        fresh = path.with_name(f".{path.name}.tmp")
        fresh.write_text(text)
        os.replace(fresh, path)

    def replace(self, name: str, old: str, new: str) -> None:
        """Save a file with a piece replaced."""
        text = (self.root / name).read_text()
        assert old in text
        self.save(name, text.replace(old, new))

    def ran(self) -> list[str]:
        """Return what steps noted since the last call."""
        log = self.root / "ran.log"
        found = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return found

    def waves(self) -> list[Run]:
        """Return the runs of this watch, newest first."""
        return self.space.runs(RunQuery(tag=f"watch:{self.watch.session}", with_children=True))

    def states(self, run: RunId) -> dict[str, Status]:
        """Return the states of a run's steps."""
        return {step.path: step.state for step in self.space.steps(run)}

    def begun(self) -> list[Begun]:
        """Return the waves told of so far."""
        return [each for each in self.news if isinstance(each, Begun)]

    def _run(self) -> None:
        try:
            self.watch.run()
        except BaseException as problem:  # noqa: BLE001  the test tells of it
            self.problem = problem


def survivors() -> list[int]:
    """Return what lives below this process, but for what all tests share."""
    shared = parents()
    return [pid for pid in descendants(os.getpid()) if pid not in shared]


def settled(before: Collection[int] = ()) -> bool:
    """Tell whether soon nothing lives below this process that did not live before; waits a little."""
    deadline = time.monotonic() + 5.0
    while set(survivors()) - set(before):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
