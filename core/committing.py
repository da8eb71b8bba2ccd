"""The run log of a run that trains: when its last step is done, a generation is committed before the run ends.

Around the log and not in the engine, so that every runner commits, also one that carries whole graphs itself. In three
commits: what the last steps made; the generation, in the registry; that the run has it, with its end. Whatever process
is killed when, what is done of this is done once: a registry gives a run that commits again the generation it has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from .artifacts import Output
from .document import inline_json, jsonable, roll_up
from .errors import GraftError, StoreError
from .events import CancelRequested, Fact, GenerationCommitted, RunFinished
from .graph import CallKind, Graph, Json, ReturnKind
from .learning import LOWER, SOURCE, UPPER
from .lineages import GenerationDraft, State
from .ports import RunLog
from .runs import Lifecycle, RunSpec
from .session import Observer
from .states import Reason, Status

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds who wraps, so a real import would be a circle


class CommittingLog:
    """A `RunLog` that commits a generation when its run succeeds.

    Args:
        log: of the run; what it cannot write is raised as it raises it.
        commit: commits what the run recorded and returns version and number.
        observe: told what was really committed; give `told` to whoever appends here.
    """

    def __init__(self, log: RunLog, commit: Callable[[], tuple[str, int]], observe: Observer | None) -> None:
        self._log = log
        self._commit = commit
        self._observe = observe
        self._written: Sequence[Fact] = ()
        self.problem: GraftError | None = None
        """Why no generation was committed; the run is a FAILURE then, and can be resumed."""

    def append(self, facts: Sequence[Fact]) -> None:
        """Commit facts; before the end of a run that succeeded, its generation."""
        ends = [fact for fact in facts if isinstance(fact, RunFinished) and fact.state is Status.SUCCESS]
        if not ends:
            self._write(facts)
            return
        before = [fact for fact in facts if fact is not ends[0]]
        if before:
            self._log.append(before)
        try:
            lineage, number = self._commit()
        except GraftError as problem:
            self.problem = problem
            self._write([RunFinished(state=Status.FAILURE, reason=Reason.COMMIT, at=ends[0].at)], before)
            return
        self._write([GenerationCommitted(at=ends[0].at, lineage=lineage, number=number), ends[0]], before)

    def told(self, facts: Sequence[Fact]) -> None:
        """Tell the observer what was committed in place of these facts."""
        if self._observe is not None:
            self._observe(self._written)

    def requests(self) -> Sequence[CancelRequested]:
        """Return cancel requests that came since the last call."""
        return self._log.requests()

    def close(self) -> None:
        """Give up the run."""
        self._log.close()

    def _write(self, facts: Sequence[Fact], before: Sequence[Fact] = ()) -> None:
        self._log.append(facts)
        self._written = [*before, *facts]


def committing(parts: Parts, spec: RunSpec, log: RunLog, observe: Observer | None) -> CommittingLog:
    """Return the log of a run that trains."""
    return CommittingLog(log, lambda: _commit(parts, spec), observe)


def is_training(spec: RunSpec) -> bool:
    """Tell whether a generation is committed when the run succeeds."""
    return spec.lifecycle is not None and spec.lifecycle.makes_generation


def _commit(parts: Parts, spec: RunSpec) -> tuple[str, int]:
    """Commit what a run recorded, from its recorded values; return version and number of the generation."""
    lifecycle = spec.lifecycle
    assert lifecycle is not None
    draft = _draft(parts, parts.runs.spec(spec.id), lifecycle)
    refs = {state.ref.sha256: state.ref for state in draft.states}
    inline = {
        output.ref.sha256: output.ref
        for outputs in parts.outputs.of_run(spec.id).values()
        for output in outputs
        if output.ref.sha256 in refs
    }
    parts.trust.keep(refs, "made", draft.created)
    generation = parts.registry_at(lifecycle.registry).commit(draft, lambda sha256: parts.outputs.read(inline[sha256]))
    return generation.draft.version, generation.number


def _draft(parts: Parts, spec: RunSpec, lifecycle: Lifecycle) -> GenerationDraft:
    outputs = parts.outputs.of_run(spec.id)
    metrics = roll_up(parts.history.steps(spec.id))
    score = metrics.get(lifecycle.score) if lifecycle.score is not None else None
    if lifecycle.scored is not None and lifecycle.score is not None:
        # What was found on rows that it had not seen, and not what it measures of those it has: gates go by it.
        score = metrics[lifecycle.score] = lifecycle.scored
    lower, upper = _bounds(outputs, lifecycle)
    return GenerationDraft(
        project=lifecycle.project,
        version=lifecycle.version,
        states=states_of(spec.graph, outputs),
        params=spec.params,
        metrics=jsonable(metrics),
        score=float(score) if isinstance(score, int | float) and not isinstance(score, bool) else None,
        direction=lifecycle.direction,
        lower=lower,
        upper=upper,
        run=spec.id,
        runner=spec.runner,
        parent=lifecycle.parent,
        origin=lifecycle.origin,
        created=parts.clock(),
    )


def states_of(graph: Graph, outputs: Mapping[str, Sequence[Output]]) -> tuple[State, ...]:
    """Return the states a run made, by path of the step and name of the return.

    Raises:
        StoreError: a step that succeeded has not recorded a state it declares; or there is none at all.
    """
    found: list[State] = []
    for node in graph.nodes:
        operation = graph.operations[node.operation]
        if operation.call.kind is CallKind.LOAD or node.path not in outputs:
            continue
        made = {output.name: output.ref for output in outputs[node.path]}
        for each in operation.returns:
            if each.kind is not ReturnKind.STATE:
                continue
            if each.name not in made:
                raise StoreError(f"step '{node.path}' has not recorded its state '{each.name}'", "train again")
            found.append(State(f"{node.path}:{each.name}", made[each.name]._replace(inline=None)))
    if not found:
        raise StoreError("the run recorded no state", "the runner must report what steps return")
    return tuple(found)


def _bounds(outputs: Mapping[str, Sequence[Output]], lifecycle: Lifecycle) -> tuple[Json, Json]:
    """Return what of the ordinal was trained on, as the source found it; else as it was asked for."""
    found: dict[str, Json] = {output.name: inline_json(output) for output in outputs.get(SOURCE, ())}
    return found.get(LOWER, lifecycle.lower), found.get(UPPER, lifecycle.upper)
