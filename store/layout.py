"""Paths under a store directory, and the rule that nobody else may touch them: 0700 and 0600 under any umask."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..core.errors import StoreError
from ..core.ids import RunId, is_run_id
from ..core.records import dataclass

MAJOR = 1
"""Schema major: names the directory. A later major lives beside it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are in one store."""

    directory: Path
    """The store directory itself, absolute."""

    @property
    def root(self) -> Path:
        """Return the directory of this schema major."""
        return self.directory / f"v{MAJOR}"

    @property
    def database(self) -> Path:
        """Return the SQLite file."""
        return self.root / "graft.db"

    @property
    def objects(self) -> Path:
        """Return the directory of content-addressed files."""
        return self.root / "objects"

    @property
    def slots(self) -> Path:
        """Return the directory of machine-wide slot files."""
        return self.root / "slots"

    @property
    def runs(self) -> Path:
        """Return the directory of the runs' lock files."""
        return self.root / "runs"

    @property
    def code(self) -> Path:
        """Return the directory of copies of recorded code, which steps are imported from; its owner's alone."""
        return self.root / "code"

    def object(self, sha256: str) -> Path:
        """Return the path of an object file.

        Raises:
            StoreError: not a digest, so it may not become a path.
        """
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise StoreError(f"{sha256!r} is not a sha256 digest")
        return self.objects / sha256[:2] / sha256[2:]

    def logs(self, run: RunId) -> Path:
        """Return the directory of a run's log files."""
        return self.root / "logs" / _checked(run)

    def lock(self, run: RunId) -> Path:
        """Return the lock file of a run."""
        return self.runs / f"{_checked(run)}.lock"

    def is_sealed(self) -> bool:
        """Tell whether there is a store here that this user may only read."""
        if not self.database.exists():
            return False
        return not (os.access(self.root, os.W_OK) and os.access(self.database, os.W_OK))

    def create(self) -> None:
        """Make the directories that every store has.

        Raises:
            StoreError: they cannot be made, or others could write in them.
        """
        for path in (self.directory, self.root, self.objects, self.root / "logs", self.runs, self.slots):
            make_private(path)

    def check(self) -> None:
        """Refuse a store that somebody else owns or could write in.

        Raises:
            StoreError: naming the path and the remedy.
        """
        for path in (self.directory, self.root, self.database):
            check_private(path)


def make_private(path: Path) -> None:
    """Make a directory and what is missing above it, for its owner alone; one that exists is left as it is.

    Raises:
        StoreError: it cannot be made.
    """
    if path.is_dir():
        return
    if not path.parent.exists():
        make_private(path.parent)
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        if stat.S_IMODE(path.stat().st_mode) != 0o700:
            path.chmod(0o700)  # an umask such as 0277 took bits away
    except OSError as error:
        raise StoreError(
            f"cannot make the store directory {path}: {error.strerror}",
            "make it writable, or use another store with --store DIR",
        ) from error


def check_private(path: Path) -> None:
    """Refuse a path of the store that another user owns or could write; nothing to say about one that is missing.

    Raises:
        StoreError: naming the path and the remedy.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(
            f"cannot read the store at {path}: {error.strerror}", "use another with --store DIR"
        ) from error
    if found.st_uid != os.getuid():
        raise StoreError(
            f"the store {path} belongs to another user (uid {found.st_uid})", "use a store of your own with --store DIR"
        )
    if found.st_mode & 0o022:
        raise StoreError(f"others can write in the store {path}", f"run: chmod go-w {path}")


def _checked(run: RunId) -> str:
    """Return the run id; it becomes a file name, so nothing else may pass."""
    if not is_run_id(run):
        raise StoreError(f"{run!r} is not a run id")
    return run
