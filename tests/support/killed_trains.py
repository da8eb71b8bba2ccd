"""A training that kills itself at a marked instant: `python killed_trains.py INSTANT graft-words...`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

from graftline.cli.main import main
from graftline.core.committing import CommittingLog
from graftline.core.events import Fact, RunFinished
from graftline.store import registry as stored
from graftline.store.registry import StoredRegistry


def die(*_: object, **__: object) -> Any:
    """Leave as kill -9 leaves."""
    os.kill(os.getpid(), signal.SIGKILL)


def _before_the_commit() -> None:
    patch.object(StoredRegistry, "commit", die).start()


def _states_written() -> None:
    keep, commit = StoredRegistry._keep, StoredRegistry.commit

    def keep_and_die(*given: Any) -> None:
        keep(*given)
        die()

    def commit_half(*given: Any) -> Any:
        patch.object(StoredRegistry, "_keep", keep_and_die).start()  # a lineage is published by it too
        return commit(*given)

    patch.object(StoredRegistry, "commit", commit_half).start()


def _number_raised() -> None:
    """Die inside the transaction, when the number was raised and the row is not there."""

    def to_json(generation: Any) -> Any:
        die()

    patch.object(stored, "generation_to_json", to_json).start()


def _committed() -> None:
    commit = StoredRegistry.commit

    def commit_and_die(*given: Any) -> Any:
        made = commit(*given)
        return die() or made

    patch.object(StoredRegistry, "commit", commit_and_die).start()


def _told() -> None:
    """Die when the run has its generation and its end, before anybody was told."""
    told = CommittingLog.told

    def tell_or_die(log: CommittingLog, facts: Sequence[Fact]) -> None:
        if any(isinstance(fact, RunFinished) for fact in facts):
            die()
        told(log, facts)

    patch.object(CommittingLog, "told", tell_or_die).start()


INSTANTS: dict[str, Callable[[], None]] = {
    "steps-done": _before_the_commit,
    "states-written": _states_written,
    "number-raised": _number_raised,
    "committed": _committed,
    "told": _told,
}

if __name__ == "__main__":
    INSTANTS[sys.argv[1]]()
    sys.exit(main(sys.argv[2:]))
