"""Carrying a run to its end in this process: open it, take in what is known, run the engine, let go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .artifacts import Output
from .collector import rare_collections
from .events import Fact, StepReset, StepReused, StepSettled
from .ids import RunId
from .orders import RunContext
from .ports import RunLog
from .runs import RunSpec, StepRun
from .scheduler import Past
from .session import Observer, Requests, Session
from .states import Reason, Status

if TYPE_CHECKING:
    from .workspace import Parts  # the bundle of ports; workspace builds Hosting, so a real import would be a circle


class Hosting:
    """Hosts runs on the ports of a workspace."""

    def __init__(self, parts: Parts):
        self._parts = parts

    @rare_collections()
    def host(self, run: RunId, observe: Observer | None, requests: Requests, expect: Status | None) -> None:
        """Take the run up and carry it to its end.

        Raises:
            ConflictError: a living process holds it.
        """
        log = self._parts.runs.open(run, expect=expect)
        try:
            spec = self._parts.runs.spec(run)
            choice = self._parts.runner(spec.runner)
            choice.runner.run(spec.graph, events=self._session(spec, log, observe, requests), **choice.options)
        finally:
            # Last: until no process of the run is left, the run is not anybody else's.
            log.close()

    def reset(self, run: RunId, paths: Sequence[str]) -> None:
        """Put steps back to PENDING, so that whoever hosts the run next runs them."""
        log = self._parts.runs.open(run)
        try:
            now = self._parts.clock()
            states = {step.path: step.state for step in self._parts.history.steps(run)}
            log.append([StepReset(node=path, at=now) for path in paths if states[path] is not Status.PENDING])
        finally:
            log.close()

    def _session(self, spec: RunSpec, log: RunLog, observe: Observer | None, requests: Requests) -> Session:
        parts = self._parts
        past = _past(parts.history.steps(spec.id))
        opening, reused = self._left_out(spec, past)
        resources = {name for operation in spec.graph.operations for name in operation.policy.resources} - {"cpus"}
        return Session(
            context=self._context(spec),
            log=log,
            clock=parts.clock,
            jobs=spec.jobs,
            slots=parts.slots({name: parts.capacity(name) for name in resources}) if resources else None,
            fail_fast=spec.fail_fast,
            deadline=None if spec.timeout_s is None else parts.clock() + spec.timeout_s,
            past=past,
            recorded={**parts.outputs.of_run(spec.id), **reused},
            opening=tuple(opening),
            observe=observe,
            requests=requests,
        )

    def _left_out(self, spec: RunSpec, past: Mapping[str, Past]) -> tuple[list[Fact], dict[str, tuple[Output, ...]]]:
        """Settle the steps outside the selection: reused where an earlier run has their outputs, else left out."""
        if spec.selected is None:
            return [], {}
        now = self._parts.clock()
        chosen = set(spec.selected)
        outside = [
            node.path for node in spec.graph.nodes if node.path not in chosen and not past[node.path].state.is_final
        ]
        newest = self._parts.outputs.newest(spec.project, spec.pipeline, outside) if outside else {}
        facts: list[Fact] = []
        for path in outside:
            if path in newest:
                from_run, outputs = newest[path]
                facts.append(StepReused(node=path, at=now, from_run=from_run, outputs=outputs))
            else:
                facts.append(StepSettled(node=path, state=Status.SKIPPED, reason=Reason.UNSELECTED, at=now))
        return facts, {path: outputs for path, (_, outputs) in newest.items()}

    def _context(self, spec: RunSpec) -> RunContext:
        parts = self._parts
        snapshot = parts.runs.snapshot(spec.id)
        names = sorted({name for operation in spec.graph.operations for name in operation.policy.secrets})
        imports = spec.environment.get("imports")
        return RunContext(
            run=spec.id,
            operations=spec.graph.operations,
            root=spec.target.root,
            cwd=spec.target.cwd,
            sys_path=spec.target.sys_path,
            objects=parts.objects,
            logs=parts.log_directory(spec.id),
            slots=parts.slot_directory,
            jobs=spec.jobs,
            preload=tuple(str(name) for name in imports) if isinstance(imports, list) else (),
            secrets=parts.secrets(names) if names else {},
            planned_files=snapshot.files,
            code=spec.code.key,
            params=spec.params,
        )


def _past(steps: Sequence[StepRun]) -> dict[str, Past]:
    return {
        step.path: Past(state=step.state, reason=Reason(step.reason) if step.reason else None, attempts=step.attempts)
        for step in steps
    }
