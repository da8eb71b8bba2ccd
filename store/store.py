"""The door of this room: opens a store directory and hands out what core's ports ask for."""

from __future__ import annotations

import time
import weakref
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from .database import Database, Durability
from .filehashes import FileHashes
from .functions import StoredFunctions
from .graphs import Graphs
from .history import StoredHistory
from .layout import Layout
from .logfiles import LogFiles
from .marks import StoredMarks
from .migrate import prepare
from .objects import Objects
from .outputs import StoredOutputs
from .results import StoredResults
from .runstore import StoredRuns
from .trust import StoredTrust

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..core.backups import Copied
    from ..core.cleaning import Housekeeping
    from ..core.registry import Registry
    from .cleaning import Cleaning
    from .datasets import StoredDatasets
    from .doctor import Finding
    from .feed import StoredFeed
    from .queue import StoredQueue
    from .registry import StoredRegistry


class Store:
    """One open store. Its parts may be used by any thread, a run's log by one at a time."""

    def __init__(self, layout: Layout, database: Database) -> None:
        self._database = database
        self._feeds: weakref.WeakSet[StoredFeed] = weakref.WeakSet()  # dropped ones close themselves
        graphs = self._graphs = Graphs()
        self.layout = layout
        self.objects = Objects(layout)
        self.runs = StoredRuns(layout, database, self.objects, graphs)
        self.history = StoredHistory(layout, database, graphs)
        self.outputs = StoredOutputs(database, self.objects, graphs)
        self.files = FileHashes(database)
        self.results = StoredResults(layout, database, self.objects, graphs, self.files)
        self.functions = StoredFunctions(database, self.objects)
        self.logs = LogFiles(layout)
        self.marks = StoredMarks(database)
        self.trust = StoredTrust(database)
        self.files = FileHashes(database)

    @cached_property
    def registry(self) -> StoredRegistry:
        """The registry in this store."""
        from .registry import StoredRegistry  # 4 ms, of which versions of lineages take half

        return StoredRegistry(self._database, self.objects)

    @property
    def read_only(self) -> bool:
        """Tell whether nothing can be written through it."""
        return self._database.read_only

    @cached_property
    def queue(self) -> StoredQueue:
        """Submissions and workers."""
        from .queue import StoredQueue  # as above

        return StoredQueue(self.layout, self._database)

    @cached_property
    def datasets(self) -> StoredDatasets:
        """Values by name."""
        from .datasets import StoredDatasets  # as above

        return StoredDatasets(self._database)

    def feed(self) -> StoredFeed:
        """Return a new feed; it has a connection of its own, closed with it or with the store."""
        from .feed import StoredFeed  # for who follows runs of others

        feed = StoredFeed(self._database)
        self._feeds.add(feed)
        return feed

    def doctor(self, *, repair: bool = False) -> list[Finding]:
        """Return what is wrong with the store, and mend what can be mended without losing anything.

        Reads every object: seconds for each GB.
        """
        from .doctor import examine  # cold path: it hashes everything

        return examine(self.layout, self._database, repair=repair)

    def cleaning(self) -> Cleaning:
        """Return what cleans the store."""
        from .cleaning import Cleaning  # for one command

        return Cleaning(self.layout, self._database, self._graphs)

    def housekeeping(self, registry: Callable[[], Registry]) -> Housekeeping:
        """Return what cleans the store, and a registry that has files of its own."""
        from ..core.cleaning import Housekeeping  # as above

        return Housekeeping(self.cleaning(), registry, time.time)

    def back_up(self, target: Path, tell: Callable[[int, int], None]) -> Copied:
        """Copy the store to a directory that is not there yet; `tell` hears how many bytes of how many are copied.

        Raises:
            InvalidError: something is there already.
            ConflictError: another process cleans the store.
            StoreError: it cannot be read or written, or the copy does not hold.
        """
        from .backup import back_up_store  # for one command

        return back_up_store(self.layout, self._database, target, tell)

    def close(self) -> None:
        """Close every connection. Runs that are open keep theirs. Safe to call twice."""
        for feed in list(self._feeds):
            feed.close()
        self._feeds.clear()
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_made(directory: Path) -> Store:
    """Open a store that is there, to look after it: none is made, and one that may not be written is only read.

    Raises:
        StoreError: as `open_store`.
    """
    layout = Layout(directory)
    return open_store(directory, read_only=not layout.database.exists() or layout.is_sealed())


def open_store(directory: Path, *, read_only: bool = False, durability: Durability = Durability.NORMAL) -> Store:
    """Open a store directory; made when it is missing, unless it is only to be read.

    Raises:
        StoreError: unwritable, somebody else's, damaged, of a newer version, or missing and read-only.
    """
    layout = Layout(directory.expanduser().absolute())
    database = Database(layout, read_only=read_only, durability=durability)
    prepare(layout, database)
    return Store(layout, database)
