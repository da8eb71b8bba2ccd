"""What every attempt of a run shares, as a worker holds it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from ..core.records import dataclass
from ..core.undeclared import GuardMode
from . import recorded
from .messages import CONTEXT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """The `context` message. Paths are absolute."""

    run: str
    root: str
    """Project root."""
    cwd: str
    """Where each attempt starts."""
    sys_path: tuple[str, ...]
    """Entries put before sys.path."""
    objects: str
    """Directory of object files; also where messages are spilled."""
    planned_files: Mapping[str, str]
    """Relative path -> sha256 of the planned code."""
    secrets: Mapping[str, str]
    """Name -> value."""
    params: Mapping[str, object]
    code: str | None
    """Digest of the code snapshot."""
    umask: int | None
    """Of the person who runs it; None: the process's own stays."""
    environ: Mapping[str, str] | None
    """The whole environment of steps; None: the process's own stays."""
    guard: GuardMode | None
    """Look for undeclared use; None: nobody does."""

    @classmethod
    def of(cls, given: Mapping[str, object]) -> WorkerContext:
        """Return the context of a message.

        Raises:
            KeyError: a key is missing.
        """
        return cls(**{key: given[key] for key in CONTEXT_KEYS})  # type: ignore[arg-type]

    def settle(self) -> None:
        """Make this process one of the run: directory, import path, umask, environment, random state.

        Raises:
            OSError: the directory is not there.
        """
        os.chdir(self.cwd)
        recorded.install(self.objects)
        sys.path[:0] = [entry for entry in self.sys_path if entry not in sys.path[: len(self.sys_path)]]
        if self.umask is not None:
            os.umask(self.umask)
        if self.environ is not None:
            os.environ.clear()
            os.environ.update(self.environ)
        # Workers are forked from one warmed process: without this all would draw numpy's same numbers.
        # Python's own `random` reseeds itself after a fork.
        numpy_random = sys.modules.get("numpy.random")
        if numpy_random is not None:
            numpy_random.seed()
