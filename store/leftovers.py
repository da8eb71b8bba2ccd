"""What crashes left beside the rows: half-written files, logs and locks of runs not on record, copies of code."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from ..core.ids import RunId, is_run_id
from ..core.records import dataclass
from .layout import Layout
from .liveness import RunLock
from .objects import TEMPORARY

STALE_S = 3600.0
"""Age in seconds from which a half-written file is nobody's: a value takes minutes to write at most."""
_CODE_S = 86400.0
"""Age in seconds from which a copy of code that no run has is nobody's: a server may still import from it."""
_HALF = (".tmp-", "tmp")
"""How names of half-written objects and copies of code begin."""


class Leftover(StrEnum):
    """What it is."""

    TEMPORARY = "half-written files"
    LOGS = "logs"
    CODE = "copies of code"
    LOCK = "locks of runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One file or directory that may go."""

    kind: Leftover
    path: Path
    size: int
    """Bytes, of a directory those of all its files."""


def leftovers(layout: Layout, runs: Collection[str], codes: Collection[str], now: float) -> Iterator[Found]:
    """Yield what is nobody's.

    Args:
        layout: of the store.
        runs: ids of the runs on record.
        codes: keys of the code snapshots on record.
        now: wall time.
    """
    for path in _half_written(layout):
        if _age(path, now) > STALE_S:
            yield Found(kind=Leftover.TEMPORARY, path=path, size=size_of(path))
    for path in _entries(layout.root / "logs"):
        if is_run_id(path.name) and path.name not in runs and _age(path, now) > STALE_S:
            yield Found(kind=Leftover.LOGS, path=path, size=size_of(path))
    for path in _entries(layout.code):
        if path.name not in codes and not path.name.startswith(_HALF) and _age(path, now) > _CODE_S:
            yield Found(kind=Leftover.CODE, path=path, size=size_of(path))
    for path in _entries(layout.runs):
        if path.suffix == ".lock" and path.stem not in runs and is_run_id(path.stem) and _age(path, now) > STALE_S:
            yield Found(kind=Leftover.LOCK, path=path, size=0)


def of_run(layout: Layout, run: RunId) -> Iterator[Found]:
    """Yield what a run that goes has beside its rows."""
    logs = layout.logs(run)
    if logs.is_dir():
        yield Found(kind=Leftover.LOGS, path=logs, size=size_of(logs))
    if layout.lock(run).exists():
        yield Found(kind=Leftover.LOCK, path=layout.lock(run), size=0)


def remove(found: Found) -> bool:
    """Delete it; False when somebody holds it or it is gone.

    Raises:
        OSError: it cannot be deleted.
    """
    if found.kind is Leftover.LOCK:
        return _remove_lock(found.path)
    if found.path.is_dir():
        shutil.rmtree(found.path)
        return True
    with suppress(FileNotFoundError):
        found.path.unlink()
        return True
    return False


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files of a directory; 0 for what is gone."""
    try:
        if not path.is_dir():
            return path.lstat().st_size
        return sum(size_of(each) for each in _entries(path))
    except FileNotFoundError:
        return 0


def _remove_lock(path: Path) -> bool:
    """Delete a lock file while holding it: whoever waited for it then finds that the run is not there."""
    lock = RunLock.take(path)
    if lock is None:
        return False
    try:
        path.unlink(missing_ok=True)
    finally:
        lock.release()
    return True


def _half_written(layout: Layout) -> Iterator[Path]:
    for path in _entries(layout.objects):
        if path.name.startswith(_HALF) and not path.is_dir():
            yield path
        elif len(path.name) == 2:
            yield from (each for each in _entries(path) if each.name.endswith(TEMPORARY))
    yield from (path for path in _entries(layout.code) if path.name.startswith(_HALF))
    for logs in _entries(layout.root / "logs"):
        yield from (path for path in _entries(logs) if path.name.endswith(TEMPORARY))


def _entries(directory: Path) -> list[Path]:
    try:
        return [directory / name for name in sorted(os.listdir(directory))]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _age(path: Path, now: float | None = None) -> float:
    try:
        return (time.time() if now is None else now) - path.lstat().st_mtime
    except FileNotFoundError:
        return 0.0
