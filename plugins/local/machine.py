"""What core asks about this machine: cores, git, and a place for recorded code."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from ...core.errors import InvalidError, StoreError
from ...core.records import replace
from ...core.runs import CodeState, Snapshot
from ...worker.workplace import git_state, uncommitted_files

_HASH_SEED = "PYTHONHASHSEED"


class LocalMachine:
    """Implements `Machine`.

    Args:
        code: directory under which recorded code is written, one folder for each snapshot.
    """

    def __init__(self, code: Path):
        self._code = code

    def cores(self) -> int:
        """Return how many cores this process may use (the affinity mask, not the machine's count)."""
        affinity = getattr(os, "sched_getaffinity", None)
        return len(affinity(0)) if affinity else os.cpu_count() or 1

    def code_state(self, root: str, key: str | None) -> CodeState:
        """Return git's view of a project root."""
        return replace(git_state(root), key=key)

    def requirements(self, packages: Mapping[str, str]) -> Mapping[str, str]:
        """Return these distributions and all that they need, with the versions that are installed."""
        from ...worker.closure import with_needs  # reads the metadata of each: 0.1 s, for releases

        return with_needs(packages)

    def make_environment(self, folder: str, requirements: str, python: str) -> None:
        """Make a virtual environment with what a file of requirements names."""
        from .environment import make_environment  # for one command

        make_environment(folder, requirements, python)

    def uncommitted(self, root: str, files: Sequence[str]) -> list[str]:
        """Return those files of a project that git has no commit of as they are."""
        return uncommitted_files(root, files)

    def materialise(self, snapshot: Snapshot, key: str) -> str:
        """Write recorded code into a directory of its own; a second call finds it there.

        Raises:
            InvalidError: a recorded path would leave the directory.
            StoreError: the directory cannot be written.
        """
        final = self._code / key
        if final.is_dir():
            return str(final)
        import shutil  # with `tempfile` 4 ms, where no recorded code is laid out
        from tempfile import mkdtemp

        fresh = None
        try:
            self._code.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = Path(mkdtemp(dir=self._code))
            _write(snapshot, fresh)
            fresh.rename(final)  # whole or not at all: another process may do the same
        except OSError as error:
            if not final.is_dir():
                raise StoreError(
                    f"cannot write recorded code in the store at {self._code.parent.parent}: {error.strerror}",
                    "make it writable and see that there is space, or use another store with --store DIR",
                ) from error
        finally:
            if fresh is not None:
                shutil.rmtree(fresh, ignore_errors=True)
        return str(final)

    def capacity(self, name: str, limits: dict[str, int]) -> float:
        """Return how much of a resource there is: configured, else gpus and memory as found, else one of its kind."""
        if name in limits:
            return float(limits[name])
        if name == "gpu":
            return float(gpus())
        if name == "memory":
            return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        return 1.0


def who() -> str:
    """Return the user and host this process is of, as `user@host`."""
    import getpass  # asked when an alias moves
    import socket

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


@contextmanager
def hash_seed(seed: int) -> Iterator[None]:
    """Set PYTHONHASHSEED for the interpreters that are started meanwhile, and for what steps start."""
    before = os.environ.get(_HASH_SEED)
    os.environ[_HASH_SEED] = str(seed)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_HASH_SEED]
        else:
            os.environ[_HASH_SEED] = before


def _write(snapshot: Snapshot, folder: Path) -> None:
    for name, digest in snapshot.files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise InvalidError(f"recorded code names a file outside its project: {name}")
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(snapshot.contents[digest])


def gpus() -> int:
    """Return how many gpus there are: those that are visible, else those the driver lists."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([each for each in visible.split(",") if each.strip() not in ("", "-1")])
    found = Path("/proc/driver/nvidia/gpus")
    return len(list(found.iterdir())) if found.is_dir() else 0
