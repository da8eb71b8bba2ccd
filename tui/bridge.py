"""Between the screens and the workspace: reads on threads, and whether the store has moved.

The event loop never waits for the store. Only `moved` asks it in the loop: `PRAGMA data_version` takes 3 us.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Thread
from time import thread_time
from typing import Any, TypeVar

from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.worker import WorkType

from ..core.errors import GraftError
from ..core.ports import Feed
from ..core.waiting import waited_for
from ..core.workspace import Workspace

T = TypeVar("T")


def begin(node: DOMNode, work: Callable[[], Coroutine[Any, Any, None]], group: str, *, exclusive: bool = True) -> None:
    """Start a piece of work in the event loop; an earlier one of the same group gives way, unless not `exclusive`."""

    async def while_it_stands() -> None:
        try:
            await work()
        except NoMatches:
            if not is_closing(node):
                raise  # else its widgets went before it did

    given: WorkType[None] = while_it_stands  # called by the worker: a coroutine that is never awaited would warn
    node.run_worker(given, group=group, exclusive=exclusive)


def is_closing(node: DOMNode) -> bool:
    """Tell whether a screen is on its way out, or the whole app."""
    # Textual has no public word for it; without one, work that ends just then fails for the want of a widget.
    return node.app._exit or node._closing or node._closed or node._pruning


class Bridge:
    """One workspace, asked from the event loop."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        # Two: a long read (the log of gigabytes, a plan) does not hold up the list.
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="graft-read")
        self._feed: Feed | None = None
        self._version: int | None = None
        self.spent_s = 0.0
        """CPU seconds that reads have taken; what they waited for the machine does not count."""

    @property
    def space(self) -> Workspace:
        """Return the workspace, for what runs on a thread of its own."""
        return self._workspace

    @property
    def project(self) -> str:
        """Return the project at hand."""
        return self._workspace.parts.project

    @property
    def store(self) -> str:
        """Return the directory of the store."""
        return self._workspace.parts.objects.rstrip("/").rpartition("/")[0]

    @property
    def runner(self) -> str:
        """Return the runner of runs that name none."""
        return self._workspace.parts.default_runner

    @property
    def labels(self) -> Mapping[str, int]:
        """Return the labels this machine serves beside `default`, and how many steps of each at once."""
        return self._workspace.parts.labels

    def now(self) -> float:
        """Return the wall time."""
        return self._workspace.parts.clock()

    async def ask(self, call: Callable[[Workspace], T]) -> T:
        """Call something with the workspace on a thread and return what it returns.

        Raises:
            GraftError: what the call raises.
        """
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._timed, call)

    async def load(self, call: Callable[[Workspace], T]) -> T:
        """Call something that may take long, because code of the user is imported for it; on a thread of its own.

        When the caller is cancelled, what it waited for is given up: the process that imports is killed.

        Raises:
            GraftError: what the call raises.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        is_over = Event()

        def tell(outcome: Callable[[], None]) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(lambda: None if answer.done() else outcome())

        def work() -> None:
            try:
                with waited_for(lambda: not is_over.is_set()):
                    found = call(self._workspace)
            except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
                failure = error
                tell(lambda: answer.set_exception(failure))
            else:
                tell(lambda: answer.set_result(found))

        # A daemon: an import that hangs must not keep the UI from ending.
        Thread(target=work, name="graft-load", daemon=True).start()
        try:
            return await answer
        finally:
            is_over.set()

    def _timed(self, call: Callable[[Workspace], T]) -> T:
        begun = thread_time()
        try:
            return call(self._workspace)
        finally:
            self.spent_s += thread_time() - begun

    async def open_feed(self) -> None:
        """Begin to watch for commits."""
        self._feed = await self.ask(lambda space: space.feed())

    def moved(self) -> bool:
        """Tell whether anybody has committed since the last call.

        Raises:
            StoreError: the store cannot be read any more.
        """
        if self._feed is None:
            return False
        version = self._feed.version()
        is_new = version != self._version
        self._version = version
        return is_new

    def close(self) -> None:
        """Give up the watch; reads that are under way are waited for by nobody."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._feed is not None:
            with suppress(GraftError):
                self._feed.close()
