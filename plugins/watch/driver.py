"""Drives a watch: threads that wait for files, load and host, and one loop that asks `core.watching` what to do."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial

from ...core.changes import Changes
from ...core.errors import GraftError, StoreError
from ...core.events import Fact, StepReused
from ...core.ids import RunId, new_run_id
from ...core.records import replace
from ...core.requests import RunRequest
from ...core.runs import Target
from ...core.session import Requests
from ...core.watchevents import (
    Changed,
    CodeBroken,
    CodeLoaded,
    Command,
    Event,
    Leave,
    Load,
    Own,
    Recalled,
    Start,
    Stop,
    WaveEnded,
    WaveRefused,
    WaveTold,
)
from ...core.watching import Watching
from ...core.watchnews import Begun, Listener, News, Remarked, WatchRequest, Wish
from ...core.workspace import Workspace

CONFIGS = ("graftline.toml", "pyproject.toml")
"""Files at the project root that a workspace is opened by."""
_RECALLED = 2000
"""Steps of one wave whose reads are looked up; 0.1 ms each."""
_LEAVE_S = 15.0
"""Seconds a wave has to end when the watch is left: the grace of its steps, and a little."""


class WatchDriver:
    """Implements `core.watchnews.Watch` on real files, threads and processes.

    Args:
        root: absolute project root.
        request: what to watch.
        listener: is told.
        open_workspace: opens the workspace by the configuration as it is now.
        open_changes: begins to watch the tree.
        stay_warm: while it is entered, processes for loading and for steps are kept ready from wave to wave.
    """

    def __init__(
        self,
        *,
        root: str,
        request: WatchRequest,
        listener: Listener,
        open_workspace: Callable[[], Workspace],
        open_changes: Callable[[], Changes],
        stay_warm: Callable[[Target], AbstractContextManager[object]],
    ) -> None:
        self.session = new_run_id()[:8]
        self._request = request
        self._listener = listener
        self._open_workspace = open_workspace
        self._open_changes = open_changes
        self._stay_warm = stay_warm
        configs = frozenset((*CONFIGS, *(os.path.relpath(path, root) for path in request.configs)))
        self._machine = Watching(configs=configs, holds_effects=request.holds_effects)
        self._events: queue.SimpleQueue[Event | BaseException] = queue.SimpleQueue()
        self._requests = Requests()
        self._waves = 0
        self._reused: dict[str, RunId] = {}
        """Path -> the run whose result was reused."""
        self._recalled: dict[str, RunId] = {}
        """Of those, what was looked up already."""
        self._warned: set[str] = set()
        self._telling = threading.Lock()
        self._threads: list[threading.Thread] = []

    def ask(self, wish: Wish) -> None:
        """Ask for something; safe in a signal handler and in any thread."""
        self._events.put(wish)  # SimpleQueue.put may be entered again from a signal handler

    def run(self) -> None:
        """Watch until `Wish.STOP`; no process of it survives.

        Raises:
            GraftError: there is nothing to watch, or the store failed.
        """
        self._opened = self._open()
        with ExitStack() as stack:
            stack.callback(self._join)  # of loads too: their processes have ended with the warm ones
            stack.enter_context(self._stay_warm(self._opened[1].target))
            changes = self._open_changes()
            if changes.note is not None:
                self._tell(Remarked(text=changes.note))
            stack.callback(self._end)
            stack.callback(changes.close)
            self._spawn(lambda: self._watch_files(changes), "files")
            self._loop(changes)

    def _loop(self, changes: Changes) -> None:
        commands = self._machine.begin()
        while True:
            for command in commands:
                if isinstance(command, Leave):
                    return
                self._do(command, changes)
            event = self._events.get()
            if isinstance(event, BaseException):
                raise event
            commands = self._machine.take(event)

    def _do(self, command: Command, changes: Changes) -> None:
        if isinstance(command, Load):
            self._spawn(lambda: self._load(is_renewed=command.is_renewed), "load")
        elif isinstance(command, Start):
            self._requests = Requests()
            self._spawn(lambda: self._start(command, self._requests), "wave")
        elif isinstance(command, Stop):
            self._opened[0].request_stop(self._requests, is_hard=command.is_hard, spared=command.spared)
        elif isinstance(command, Own):
            changes.written(command.files)
        elif not isinstance(command, Leave):
            self._tell(command)

    def _watch_files(self, changes: Changes) -> None:
        while (found := changes.wait(None)) is not None:
            self._events.put(Changed.of(found, time.time()))

    def _load(self, *, is_renewed: bool) -> None:
        try:
            if is_renewed:
                self._opened = self._open()
            space, wanted = self._opened
            loaded = space.load(wanted)
            selection = wanted.selection
            chosen = None if selection.is_everything else frozenset(selection.paths(loaded.graph))
        except StoreError:
            raise
        except GraftError as error:
            self._events.put(CodeBroken(error=error))
        else:
            self._events.put(CodeLoaded(loaded=loaded, chosen=chosen))

    def _open(self) -> tuple[Workspace, RunRequest]:
        """Read the configuration and the request as they are now."""
        parts = self._open_workspace().parts
        space = Workspace(replace(parts, warn=partial(self._warn_once, parts.warn)))
        request = self._request.run()
        return space, replace(request, origin="watch", tags=(*request.tags, f"watch:{self.session}"))

    def _warn_once(self, warn: Callable[[str], None], text: str) -> None:
        """Pass on what is odd about the pipeline, but not in every wave."""
        if text not in self._warned:
            self._warned.add(text)
            warn(text)

    def _start(self, start: Start, requests: Requests) -> None:
        space, wanted = self._opened
        try:
            run = space.create(replace(wanted, reusing=start.reusing), start.loaded)
        except StoreError:
            raise
        except GraftError as error:
            self._events.put(WaveRefused(error=error))
            return
        self._waves += 1
        self._reused = {}
        self._tell(Begun(run=run, number=self._waves, graph=start.loaded.graph))
        self._host(space, run, requests)

    def _host(self, space: Workspace, run: RunId, requests: Requests) -> None:
        problem = None
        try:
            space.host(run, self._observe, requests)
        except StoreError:
            raise
        except GraftError as error:  # the run is on record as FAILURE; the message says what to do
            problem = error
        self._events.put(Recalled(seen=self._recall(space)))
        self._events.put(WaveEnded(at=time.time(), run=space.show(run), error=problem))

    def _recall(self, space: Workspace) -> dict[str, Mapping[str, str | None]]:
        """Look up what the steps that were reused had read, so that a change of it is noticed."""
        found: dict[str, Mapping[str, str | None]] = {}
        for node, run in self._reused.items():
            if self._recalled.get(node) == run or len(found) >= _RECALLED:
                continue
            self._recalled[node] = run
            judgement = space.parts.results.judgement(run, node)
            if judgement is not None:
                declared = {} if judgement.evidence is None else judgement.evidence.basis.reads
                found[node] = {**declared, **judgement.seen}
        return found

    def _tell(self, news: News) -> None:
        with self._telling:
            self._listener.tell(news)

    def _observe(self, facts: Sequence[Fact]) -> None:
        reused = [(fact.node, fact.from_run) for fact in facts if isinstance(fact, StepReused)]
        self._reused |= {node: run for node, run in reused if run is not None}
        self._listener.observe(facts)
        self._events.put(WaveTold(facts=tuple(facts)))

    def _spawn(self, work: Callable[[], None], name: str) -> None:
        def guarded() -> None:
            try:
                work()
            except BaseException as problem:  # noqa: BLE001  the edge of a thread: the loop raises it
                self._events.put(problem)

        self._threads = [each for each in self._threads if each.is_alive()]
        thread = threading.Thread(target=guarded, name=f"graft-watch-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _end(self) -> None:
        """Stop what a wave still runs, and wait for it; not for a load, which may hang in an import."""
        self._opened[0].request_stop(self._requests, is_hard=True)
        self._join(sparing="load")

    def _join(self, sparing: str | None = None) -> None:
        deadline = time.monotonic() + _LEAVE_S
        for thread in self._threads:
            if sparing is None or not thread.name.endswith(sparing):
                thread.join(max(0.0, deadline - time.monotonic()))
