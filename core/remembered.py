"""What runs recorded, each thing read once: who explains ten thousand steps asks for the same again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from .errors import GraftError, MissingError, StoreError
from .graph import Operation
from .ids import RunId
from .keeper import is_masked
from .keys import Evidence
from .ports import RunQuery
from .reusing import Judgement
from .runs import Run, RunSpec, Snapshot, StepRun
from .states import Status
from .whys import Compared

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; who builds this is built by workspace

MASK = "***"
"""Stands for the value of a secret."""


class Remembered:
    """Runs of a workspace, for as long as one question takes."""

    def __init__(self, parts: Parts):
        self._parts = parts
        self._runs: dict[RunId, Run] = {}
        self._specs: dict[RunId, RunSpec] = {}
        self._steps: dict[RunId, dict[str, StepRun]] = {}
        self._snapshots: dict[RunId, Snapshot] = {}
        self._judgements: dict[tuple[RunId, str], Judgement | None] = {}
        self._previous: dict[RunId, RunId | None] = {}
        self._secrets: dict[RunId, tuple[str, ...]] = {}
        """Values that are masked, by run."""

    def imagine(self, spec: RunSpec, snapshot: Snapshot, steps: Sequence[StepRun]) -> None:
        """Take in a run that is only planned, as if it were on record."""
        self._specs[spec.id] = spec
        self._snapshots[spec.id] = snapshot
        self._steps[spec.id] = {step.path: step for step in steps}

    def run(self, run: RunId) -> Run:
        """Return a run; MissingError when there is none."""
        if run not in self._runs:
            self._runs[run] = self._parts.history.run(run)
        return self._runs[run]

    def spec(self, run: RunId) -> RunSpec:
        """Return what a run was started from."""
        if run not in self._specs:
            self._specs[run] = self._parts.runs.spec(run)
        return self._specs[run]

    def steps(self, run: RunId) -> Mapping[str, StepRun]:
        """Return the steps of a run by path, in definition order."""
        if run not in self._steps:
            self._steps[run] = {step.path: step for step in self._parts.history.steps(run)}
        return self._steps[run]

    def judgement(self, run: RunId, path: str) -> Judgement | None:
        """Return what was decided of a step; None: nothing is on record."""
        if (run, path) not in self._judgements:
            judged = None
            with suppress(MissingError):  # that run, or the step in it, is gone
                judged = self._parts.results.judgement(run, path)
            self._judgements[run, path] = judged
        return self._judgements[run, path]

    def source(self, run: RunId, file: str) -> str | None:
        """Return the text of a recorded source file of a run; None: it is not among its code, or is no text."""
        snapshot = self._snapshot(run)
        data = snapshot.contents.get(snapshot.files.get(file, ""))
        if data is None:
            return None
        with suppress(UnicodeDecodeError):
            return data.decode("utf-8-sig")
        return None

    def files(self, run: RunId) -> Mapping[str, str]:
        """Return the recorded source files of a run: path -> sha256."""
        return self._snapshot(run).files

    def _snapshot(self, run: RunId) -> Snapshot:
        if run not in self._snapshots:
            self._snapshots[run] = self._parts.runs.snapshot(run)
        return self._snapshots[run]

    def operation(self, run: RunId, path: str) -> Operation | None:
        """Return the operation of a step; None when the graph of the run does not hold it."""
        graph = self.spec(run).graph
        return graph.operation_of(path) if path in graph.index else None

    def parts(self, run: RunId, path: str, evidence: Evidence) -> Mapping[str, str]:
        """Return the parts of a step's code, `file:name` -> sha256; empty when those of its evidence are not known.

        A retry with changed code gives the run other prints than those an older attempt was judged by.
        """
        spec = self.spec(run)
        if path not in spec.graph.index:
            return {}
        found = spec.prints.get(spec.graph.node(path).operation)
        return found.parts if found is not None and found.digest == evidence.basis.code else {}

    def unkept(self, spec: RunSpec, path: str, *, is_planned: bool = False) -> Compared | None:
        """Return what a step made in the run before a run, if that was not kept; None: it made nothing there.

        Args:
            spec: of the run.
            path: of the step.
            is_planned: the run is not on record, so that the one before it is the newest there is.
        """
        before = self._before(spec, is_planned=is_planned)
        step = None if before is None else self.steps(before).get(path)
        if before is None or step is None or step.state is not Status.SUCCESS:
            return None
        judged = self.judgement(before, path)
        is_unkept = judged is not None and not judged.is_kept
        return Compared(run=before, node=path, at=self.ended(before, path)) if is_unkept else None

    def _before(self, spec: RunSpec, *, is_planned: bool) -> RunId | None:
        if spec.id not in self._previous:
            query = RunQuery(
                project=spec.project,
                pipeline=spec.pipeline,
                before=None if is_planned else (spec.created, spec.id),
                with_children=True,
                limit=1,
            )
            found = self._parts.history.runs(query)
            self._previous[spec.id] = found[0].id if found else None
        return self._previous[spec.id]

    def ended(self, run: RunId, path: str) -> float | None:
        """Return the wall time at which a step of a run ended; None: it is not known."""
        step = self._step(run, path)
        return None if step is None or step.started is None else step.started + (step.seconds or 0.0)

    def maker(self, run: RunId, path: str) -> tuple[RunId, str]:
        """Return the run that made the result a step of a run has, and the step's path there.

        That is this run, or one the result was taken from. An item of a map may have had another number there: then it
        is known by what it made.
        """
        seen = {run}
        while (step := self._step(run, path)) is not None and step.cached_from is not None:
            source = step.cached_from
            there = self._same(source, step)
            if source in seen or there is None:
                break  # that run, or the step in it, is gone
            seen.add(source)
            run, path = source, there
        return run, path

    def _step(self, run: RunId, path: str) -> StepRun | None:
        try:
            return self.steps(run).get(path)
        except (MissingError, StoreError):
            return None

    def _same(self, run: RunId, step: StepRun) -> str | None:
        """Return the path in another run of the step whose result this one has; None: it is not there."""
        found = self._step(run, step.path)
        made = _digests(step)
        if found is not None and (step.family is None or _digests(found) == made):
            return step.path
        if step.family is None or self._step(run, step.path.partition("/")[0]) is None:
            return None
        alike = (each for each in self.steps(run).values() if each.family == step.family and each.state.is_good)
        return next((each.path for each in alike if _digests(each) == made), None)

    def masked(self, text: str, run: RunId) -> str:
        """Return a text without the values of secrets that steps of a run ask for."""
        for value in self._values(run):
            text = text.replace(value, MASK)
        return text

    def _values(self, run: RunId) -> tuple[str, ...]:
        if run not in self._secrets:
            names = {name for operation in self.spec(run).graph.operations for name in operation.policy.secrets}
            found = [self._secret(name) for name in sorted(names)]
            self._secrets[run] = tuple(value for value in found if is_masked(value))
        return self._secrets[run]

    def _secret(self, name: str) -> str:
        with suppress(GraftError):
            return self._parts.secrets([name])[name]
        return ""  # it is nowhere any more


def _digests(step: StepRun) -> list[tuple[str, str]]:
    return [(each.name, each.ref.sha256) for each in step.outputs]
