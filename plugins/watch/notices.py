"""News of a work tree: which paths to look at, told by the kernel, or that it is time to look at all of them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Protocol

import watchfiles

STEP_MS = 5
"""Between two looks at what the kernel told; news are handed on when a step brought no more. 10 ms made a save 6 ms
later, 5 ms of idle steps cost 0.5 % of a core."""
TURN_MS = 50
"""At most this long until `next` returns, with or without news."""
POLL_S = 0.25
POLL_SHARE = 10
"""Polling rests this many times as long as a look took."""


class Notices(Protocol):
    """News of one set of directories."""

    def next(self) -> set[str] | None:
        """Return absolute paths there are news of, after some 50 ms at most; empty: none. None: look at all files."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


class KernelNotices:
    """News by inotify.

    Directories are watched, never files: a watch on a file is deaf once an editor has put another file in its place.
    Each directory by itself, as a recursive watch would also take in .git and node_modules, thousands of them.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        """Begin to listen.

        Raises:
            OSError: a directory is gone (FileNotFoundError), or the kernel gives no more watches.
        """
        self.folders = frozenset(folders)
        self._batches: Iterator[set[tuple[watchfiles.Change, str]]] = watchfiles.watch(
            *folders,
            watch_filter=None,
            debounce=TURN_MS,
            step=STEP_MS,
            rust_timeout=TURN_MS,
            yield_on_timeout=True,
            force_polling=False,
            recursive=False,
            ignore_permission_denied=False,  # True also hides that there are no more watches
        )
        self._first: set[str] | None = self._turn()  # only now are the watches made

    def next(self) -> set[str] | None:
        """Return the paths there are news of."""
        first, self._first = self._first, None
        return first or self._turn()

    def close(self) -> None:
        """Stop listening."""
        close = getattr(self._batches, "close", None)
        if close is not None:
            with suppress(ValueError):  # another thread waits in it, and will close it
                close()

    def _turn(self) -> set[str]:
        try:
            return {path for _, path in next(self._batches)}
        except StopIteration:
            return set()
        except RuntimeError as problem:  # what watchfiles makes of the kernel's errors
            raise OSError(str(problem)) from problem


class PolledNotices:
    """Looking at everything again and again, where the kernel does not tell."""

    def __init__(self) -> None:
        self._looked = time.monotonic()
        self._rest_s = POLL_S

    def next(self) -> set[str] | None:
        """Return None when it is time to look."""
        now = time.monotonic()
        left = self._looked + self._rest_s - now
        if left > 0:
            time.sleep(min(left, TURN_MS / 1000))
            return set()
        self._looked = now
        return None

    def took(self, seconds: float) -> None:
        """Note how long a look took, so that looking stays a tenth of the time."""
        self._rest_s = max(POLL_S, POLL_SHARE * seconds)

    def close(self) -> None:
        """Nothing to stop."""


def why_polling(problem: OSError) -> str:
    """Return what to tell a person."""
    limits = "fs.inotify.max_user_watches and max_user_instances"
    said = problem.strerror or str(problem)
    return f"the kernel gives no more file watches ({os.fsdecode(said)}): looking at all files instead; raise {limits}"
