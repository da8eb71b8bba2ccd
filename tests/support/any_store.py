"""What the real store and the fake offer alike, for the contract suite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from graftline.core.ids import RunId
from graftline.core.listings import RunIndex
from graftline.core.ports import Feed, History, Outputs, RunLog, RunStore
from graftline.core.reusing import Results
from graftline.core.runs import RunSpec, StepRun


class AnyHistory(History, RunIndex, Protocol):
    """Both read sides of the run log."""


class AnyStore(Protocol):
    """The ports of a store."""

    @property
    def runs(self) -> RunStore: ...
    @property
    def history(self) -> AnyHistory: ...
    @property
    def outputs(self) -> Outputs: ...
    @property
    def results(self) -> Results: ...
    def feed(self) -> Feed: ...


Make: TypeAlias = Callable[..., tuple[RunSpec, RunLog]]
"""Creates and opens a run and appends the facts given."""


def step(store: AnyStore, run: RunId, path: str) -> StepRun:
    """Return one step of a run."""
    return next(step for step in store.history.steps(run) if step.path == path)
