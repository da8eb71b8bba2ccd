"""For tests of pipelines: a store that is gone afterwards, by context manager or by the pytest fixture `graft_store`.
For tests of runners: `RunnerConformance`, what each of them promises.

pytest loads this module by itself where graftline is installed (entry point `pytest11`), so it imports next to nothing:
whoever does not ask for a store pays for none of it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

try:
    import pytest
except ImportError:  # a test suite of unittest has no use for fixtures
    _has_pytest = False
else:
    _has_pytest = True

if TYPE_CHECKING:
    from .conformance import RunnerConformance as RunnerConformance
    from .core.results import RunResult

_HOME = "GRAFTLINE_HOME"


class VirtualStore:
    """A store in a temporary directory."""

    def __init__(self, path: Path):
        self.path = path
        """Directory of the store, which processes that are started meanwhile use too (GRAFTLINE_HOME)."""

    def __repr__(self) -> str:
        return f"<VirtualStore {self.path}>"

    def runs(self) -> list[RunResult]:
        """Return every run, newest first, also those that others started."""
        from .programs import list_runs  # the database: 60 ms that a test without runs need not wait for

        return list_runs(store=str(self.path))

    def load_run(self, run: str = "@last") -> RunResult:
        """Return a run by id, unique prefix, `@last`, `@last~N`, `@last-failed` or tag; of any project.

        Raises:
            MissingError: there is no such run.
        """
        from .programs import load_run  # as above

        return load_run(run, store=str(self.path), all_projects=True)


@contextmanager
def virtual_store() -> Iterator[VirtualStore]:
    """Have runs go to a store of their own, which is deleted at the end; a store that was in use before is again then.

    Only what is still running in the background at the end may keep files of it alive.
    """
    before = os.environ.get(_HOME)
    with tempfile.TemporaryDirectory(prefix="graftline-", ignore_cleanup_errors=True) as directory:
        path = Path(directory, "store")
        os.environ[_HOME] = str(path)
        try:
            yield VirtualStore(path)
        finally:
            if before is None:
                os.environ.pop(_HOME, None)
            else:
                os.environ[_HOME] = before


if _has_pytest:

    @pytest.fixture
    def graft_store() -> Iterator[VirtualStore]:
        """A store of its own for this test: no run is seen or left elsewhere."""
        with virtual_store() as store:
            yield store


def __getattr__(name: str) -> object:
    if name != "RunnerConformance":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .conformance import RunnerConformance  # of tests of runners alone

    return RunnerConformance
