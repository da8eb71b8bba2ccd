"""A training that kills itself at a marked instant: `python killed_trains.py INSTANT graft-words...`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from graftline.cli.main import main
from graftline.core.committing import CommittingLog
from graftline.core.events import Fact, RunFinished
from graftline.store import registry as stored
from graftline.store.registry import StoredRegistry


def die(*_: object, **__: object) -> Any:
    """Leave as kill -9 leaves."""
    os.kill(os.getpid(), signal.SIGKILL)


def _before_the_commit() -> None:
    StoredRegistry.commit = die  # type: ignore[method-assign]


def _states_written() -> None:
    keep, commit = StoredRegistry._keep, StoredRegistry.commit

    def keep_and_die(*given: Any) -> None:
        keep(*given)
        die()

    def commit_half(*given: Any) -> Any:
        StoredRegistry._keep = keep_and_die  # type: ignore[method-assign]  # a lineage is published by it too
        return commit(*given)

    StoredRegistry.commit = commit_half  # type: ignore[method-assign]


def _number_raised() -> None:
    """Die inside the transaction, when the number was raised and the row is not there."""

    def to_json(generation: Any) -> Any:
        die()

    stored.generation_to_json = to_json


def _committed() -> None:
    commit = StoredRegistry.commit

    def commit_and_die(*given: Any) -> Any:
        made = commit(*given)
        return die() or made

    StoredRegistry.commit = commit_and_die  # type: ignore[method-assign]


def _told() -> None:
    """Die when the run has its generation and its end, before anybody was told."""
    told = CommittingLog.told

    def tell_or_die(log: CommittingLog, facts: Sequence[Fact]) -> None:
        if any(isinstance(fact, RunFinished) for fact in facts):
            die()
        told(log, facts)

    CommittingLog.told = tell_or_die  # type: ignore[method-assign]


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
