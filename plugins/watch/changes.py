"""Changes of a work tree: at once when one file is saved, as one set when many are written.

News only say where to look; contents decide. An editor's save is a handful of events, of which some show the file
missing or empty for a moment, so what is doubtful is looked at again when it has become quiet.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence

from ...core.changes import ChangeSet
from ...core.contents import Files
from .notices import KernelNotices, Notices, PolledNotices, why_polling
from .tree import Tree

QUIET_S = 0.05
"""While changes go on they are gathered until none came for this long."""
MANY = 8
"""News of more paths than a save makes: somebody writes many files, so wait until it is quiet."""
PATIENCE_S = 2.0
"""A tree that never gets quiet (a log that grows in it) is looked at after this long."""
GIT_PATIENCE_S = 10.0
"""The same while git works: its lock says that it has not written all files yet."""
_TRIES = 5
"""Directories may vanish while watches on them are made; then there is a new list."""


class WatchedTree:
    """`Changes` of one directory and all below it."""

    def __init__(self, root: str, files: Files, ignored: Sequence[str] = ()) -> None:
        """Begin to watch: what is different from now on is a change.

        Args:
            root: absolute project root.
            files: contents of files.
            ignored: absolute directories whose files do not count: the store.

        Raises:
            StoreError: what is known of files cannot be read.
        """
        self.note: str | None = None
        self._root = os.path.realpath(root)
        self._tree = Tree(self._root, files, [os.path.realpath(each) for each in ignored])
        self._git_lock = os.path.join(self._root, ".git", "index.lock")
        self._is_closed = threading.Event()
        self._notices: Notices = self._listen()
        self._news: set[str] | None = None
        """Paths to look at; None: all, as what was written while the watches were made has no news."""
        self._news_since = self._last_news = 0.0
        """When the first and the last of them came."""
        self._is_going_on = False
        """They came right after others, or a look was doubtful: wait until it is quiet."""

    def wait(self, timeout_s: float | None) -> ChangeSet | None:
        """Block until something changed, as `Changes.wait` says.

        Raises:
            StoreError: what is known of files cannot be read.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._is_closed.is_set():
            if self._news is None or self._news:
                found = self._look(time.monotonic())
                if found is not None:
                    return found
            if deadline is not None and time.monotonic() >= deadline:
                return None
            self._gather()
        self._notices.close()
        return None

    def written(self, files: Mapping[str, str]) -> None:
        """Tell what runs wrote, relative path -> sha256."""
        self._tree.written(files)

    def close(self) -> None:
        """Stop watching; a `wait` in another thread returns. Safe to call twice."""
        self._is_closed.set()
        self._notices.close()

    def _gather(self) -> None:
        """Take in news for one turn."""
        told = self._notices.next()
        if isinstance(self._notices, PolledNotices) and self.note is None and self._is_there():
            self._listen_again()  # the tree was gone, or changed faster than it could be watched
        elif told is None:
            self._news, self._news_since = None, time.monotonic()
        elif wanted := {path for path in told if self._tree.is_wanted(path)}:
            now = time.monotonic()
            if self._news is not None and not self._news:
                self._news_since = now
                self._is_going_on = now - self._last_news < QUIET_S
            self._last_news = now
            if self._concern_folders(wanted):
                self._listen_again()
            elif self._news is not None:
                self._news |= wanted

    def _look(self, now: float) -> ChangeSet | None:
        """Look if it is time to; None: it is not, or nothing is different."""
        is_polled = isinstance(self._notices, PolledNotices)
        is_quiet = now - self._last_news >= QUIET_S
        is_git = os.path.exists(self._git_lock)
        is_late = now - self._news_since >= (GIT_PATIENCE_S if is_git else PATIENCE_S)
        is_many = self._news is not None and len(self._news) > MANY
        if not is_late and (is_git or (not is_quiet and (self._is_going_on or is_many))):
            return None
        is_sure = is_late or (is_quiet and (self._is_going_on or not is_polled))
        changes, is_doubtful = self._tree.look(self._news, is_sure=is_sure)
        if isinstance(self._notices, PolledNotices):
            self._notices.took(time.monotonic() - now)
        if is_doubtful and not is_sure:
            self._is_going_on = True
            if is_polled:  # no news will come: it is quiet when it was for a while
                self._last_news = now
        else:
            if self._news is None and changes is not None:  # found before its news came: the next save follows this one
                self._last_news = now
            self._news, self._is_going_on = set(), False
        return changes

    def _concern_folders(self, paths: set[str]) -> bool:
        """Tell whether a directory came, went, or was replaced: a watch stays on what had the name before."""
        if not isinstance(self._notices, KernelNotices):
            return False
        watched = self._notices.folders
        return any(path in watched or (os.path.isdir(path) and not os.path.islink(path)) for path in paths)

    def _is_there(self) -> bool:
        return os.path.isdir(self._root)

    def _listen_again(self) -> None:
        before, self._notices = self._notices, self._listen()
        before.close()
        self._news, self._news_since, self._is_going_on = None, time.monotonic(), True

    def _listen(self) -> Notices:
        for _ in range(_TRIES):
            folders = self._tree.folders()
            try:
                return KernelNotices(folders) if folders else PolledNotices()
            except FileNotFoundError:
                continue
            except OSError as problem:
                self.note = why_polling(problem)
                return PolledNotices()
        return PolledNotices()
