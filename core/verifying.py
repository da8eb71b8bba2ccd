"""Runs steps of an ended run again, elsewhere in the order and under another hash seed, and compares what comes out.

The steps run in a hidden run of origin `verify`: it is never the newest, it feeds no reuse (it has no fingerprints,
so it makes no keys), and nobody takes it up again when it is interrupted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .artifacts import Output
from .equality import Equality
from .errors import ConflictError, InvalidError
from .givenup import refuse_given_up
from .graph import CallKind, Graph, Node, Operation
from .hosting import Hosting
from .ids import RunId, new_run_id
from .preflight import Preflight
from .prints import Prints
from .records import dataclass, field, replace
from .repeating import Repeat, repeat
from .reusing import Reusing
from .runs import VERIFY, RunSpec, StepRun
from .selection import Selection
from .session import Observer, Requests
from .states import Reason, Status
from .surrounding import moved
from .verification import Checked, Compared, Level, Mark, Outcome, Verification, compare, sample, sample_size

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds Verifying, so a real import would be a circle

ALL_UP_TO = 100
"""Steps up to which all are run again when nobody says how many; of more, as many of every kind."""
_PLUMBING = frozenset({CallKind.JOIN, CallKind.SPLIT, CallKind.CHOOSE, CallKind.UNTIL, CallKind.LOAD})
"""What graftline itself does at the borders of composites: no code of the user."""
_SEEDS = 2**32
"""PYTHONHASHSEED is a number below this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest:
    """A run to be verified."""

    run: RunId
    selection: Selection = field(default_factory=Selection)
    """Which of its steps."""
    sample: str | None = None
    """How many of them: `20`, `10%`, `0.1`; `all`; None: all of up to 100, else 100 of all kinds."""
    with_files: bool = False
    """Also steps that read or write files of the project: they find recorded ones there, and leave new ones."""
    rtol: float = 0.0
    """Relative difference up to which numbers are equal."""
    hash_seed: int | None = None
    """PYTHONHASHSEED of the workers; None: one that follows from the check's own run id."""
    jobs: int | None = None
    """cpus that steps may use together; None: another number than in the run, if the machine has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A verification that may go ahead."""

    request: VerifyRequest
    old: RunSpec
    steps: Mapping[str, StepRun]
    recorded: Mapping[str, tuple[Output, ...]]
    """Outputs of all good steps of the run."""
    chosen: tuple[str, ...]
    """Paths that run again, in definition order."""
    skipped: Mapping[str, str]
    """Path -> why it does not run again; steps the person did not ask for are not among them."""
    spec: RunSpec
    """Of the hidden run."""
    repeat: Repeat
    hash_seed: int

    @property
    def states(self) -> dict[str, Status]:
        """By path, where the steps of the hidden run stand before it begins."""
        return {node.path: Status.PENDING for node in self.repeat.graph.nodes}


class Verifying:
    """Verifies runs on the ports of a workspace."""

    def __init__(self, parts: Parts, hosting: Hosting):
        self._parts = parts
        self._hosting = hosting
        self._preflight = Preflight(parts)

    def prepare(self, request: VerifyRequest) -> Check:
        """Find out what would run again, without running or writing anything.

        Raises:
            ConflictError: the run is still going.
            InvalidError: its results were made up (mock); the selection, the sample or a needed resource is wrong.
        """
        parts = self._parts
        old = parts.runs.spec(request.run)
        self._refuse(request, old)
        steps = {step.path: step for step in parts.history.steps(request.run)}
        recorded = parts.outputs.of_run(request.run)
        wanted = [path for path in self._wanted(request, old) if path in steps]
        skipped = {path: why for path in wanted if (why := _obstacle(old, steps[path], request)) is not None}
        able = [path for path in wanted if path not in skipped]
        picked = _picked(old, able, request.sample)
        gone = moved(parts, old, [steps[path] for path in able if path in picked])
        picked -= gone.keys()
        # Backwards, as far from the order of the run as can be.
        again = repeat(old.graph, recorded, [path for path in reversed(able) if path in picked])
        chosen = tuple(path for path in able if path in again.graph.index)
        spec = self._spec(old, again, request)
        if chosen:
            given = [output.ref for outputs in again.given.values() for output in outputs]
            refuse_given_up(parts.outputs, request.run, given, f"a check of run {request.run[:6]}")
            self._preflight.check_again(spec, chosen, again.given, "set it up as it was for the run")
        return Check(
            request=request,
            old=old,
            steps=steps,
            recorded=recorded,
            chosen=chosen,
            skipped={**skipped, **gone, **again.unmade},
            spec=spec,
            repeat=again,
            hash_seed=_seed_of(spec.id) if request.hash_seed is None else request.hash_seed,
        )

    def verify(self, check: Check, observe: Observer | None = None, requests: Requests | None = None) -> Verification:
        """Run the chosen steps again, compare, and mark in the store what is not deterministic.

        Raises:
            ConflictError, StoreError, PluginError: as hosting any run.
        """
        parts, requests = self._parts, requests or Requests()
        results: dict[str, StepRun] = {}
        is_cancelled = False
        if check.chosen:
            parts.runs.create(check.spec, parts.runs.snapshot(check.old.id))
            with parts.hash_seed(check.hash_seed):
                self._hosting.host(check.spec.id, observe, requests, Status.PENDING, given=check.repeat.given)
                results = {step.path: step for step in parts.history.steps(check.spec.id)}
                is_cancelled = parts.history.run(check.spec.id).state is Status.CANCELLED
                found = self._compared(check, results, requests)
        else:
            found = {}
        checked = [self._checked(check, path, results, found) for path in check.steps if _is_told(check, path)]
        marked = self._mark(check, checked)
        return Verification(
            run=check.old.id,
            again=check.spec.id if check.chosen else None,
            hash_seed=check.hash_seed,
            jobs=check.spec.jobs,
            jobs_before=check.old.jobs,
            steps=tuple(replace(each, is_marked=each.path in marked) for each in checked),
            is_cancelled=is_cancelled,
        )

    def marked(self, pipeline: str, graph: Graph, prints: Prints, project: str | None = None) -> dict[str, Mark]:
        """Return by path the steps of a graph that were seen to be non-deterministic, with the code they have there.

        Args:
            pipeline: its name.
            graph: as it is, or as it had grown.
            prints: of its operations.
            project: whose pipeline it is; None: the one at hand.
        """
        known = self._parts.marks.marks(project or self._parts.project, pipeline)
        found: dict[str, Mark] = {}
        for node in graph.nodes if known else ():
            mark = known.get(node.family or node.path)
            if mark is not None and mark.code == _code_of(prints, node):
                found[node.path] = mark
        return found

    def _refuse(self, request: VerifyRequest, old: RunSpec) -> None:
        parts = self._parts
        state, short = parts.history.run(request.run).state, request.run[:6]
        if not state.is_final:
            hint = f"wait for it with 'graft attach {short}'" if state is Status.STARTED else f"'graft attach {short}'"
            raise ConflictError(f"run {request.run} has not ended: it is {state}", hint)
        if old.origin == VERIFY:
            raise InvalidError(
                f"run {request.run} is itself a check of run {old.parent}", f"graft verify {str(old.parent)[:6]}"
            )
        if not parts.runner(old.runner).runner.takes_resources:
            raise InvalidError(
                f"run {request.run} was made by runner '{old.runner}', which executes no step: nothing can be compared",
                "verify a run of the local runner",
            )

    def _wanted(self, request: VerifyRequest, old: RunSpec) -> list[str]:
        chosen = request.selection.paths(old.graph)
        operations = old.graph.operations
        return [
            node.path
            for node in old.graph.nodes
            if node.path in chosen and operations[node.operation].call.kind not in _PLUMBING
        ]

    def _spec(self, old: RunSpec, again: Repeat, request: VerifyRequest) -> RunSpec:
        return replace(
            old,
            id=new_run_id(),
            graph=again.graph,
            parent=old.id,
            origin=VERIFY,
            selected=None,
            tags=(),
            prints={},
            lifecycle=None,  # what is trained again is compared, not committed
            reusing=Reusing(is_on=False),
            uses_snapshot=True,
            fail_fast=False,
            timeout_s=None,
            jobs=request.jobs or _other_jobs(old.jobs, self._parts.machine.cores()),
            created=self._parts.clock(),
        )

    def _compared(
        self, check: Check, results: Mapping[str, StepRun], requests: Requests
    ) -> dict[str, tuple[Compared, ...]]:
        """Compare what came out: the bytes here, and values of other bytes where user code may be imported."""
        found, pairs = {}, []
        for path, step in results.items():
            if step.state is Status.SUCCESS:
                compared, odd = compare(path, check.recorded.get(path, ()), step.outputs)
                found[path] = compared
                pairs += odd
        if pairs:
            verdicts = Equality(self._parts, self._hosting).compare(check.spec, pairs, check.request.rtol, requests)
            for path in {pair.path for pair in pairs}:
                found[path] = [_judged(each, verdicts.get((path, each.name))) for each in found[path]]
        return {path: tuple(each) for path, each in found.items()}

    def _checked(
        self,
        check: Check,
        path: str,
        results: Mapping[str, StepRun],
        found: Mapping[str, tuple[Compared, ...]],
    ) -> Checked:
        family = check.steps[path].family
        if path in check.skipped:
            return Checked(path=path, outcome=Outcome.SKIPPED, detail=check.skipped[path], family=family)
        step = results[path]
        if path in found:
            is_held = all(each.level is not Level.DIFFERENT for each in found[path])
            outcome = Outcome.HELD if is_held else Outcome.DIFFERENT
            detail = None if is_held else self._excuse(check, path)
            return Checked(path=path, outcome=outcome, outputs=found[path], detail=detail, family=family)
        if step.state is Status.FAILURE:
            # An input that is gone or damaged is no fault of the step.
            is_ours = step.reason in (Reason.INPUT, Reason.PREFLIGHT)
            outcome = Outcome.SKIPPED if is_ours else Outcome.FAILED
            return Checked(path=path, outcome=outcome, detail=_error_text(step), family=family)
        return Checked(path=path, outcome=Outcome.SKIPPED, detail="the check was stopped before it", family=family)

    def _excuse(self, check: Check, path: str) -> str | None:
        """Say what besides the step itself may explain a difference; None: nothing is known."""
        known = check.old.prints.get(check.old.graph.node(path).operation)
        return None if known is None or known.source is None else f"it may have read something else: {known.source}"

    def _mark(self, check: Check, checked: Sequence[Checked]) -> set[str]:
        """Note what came out otherwise for no other reason; return the paths."""
        guilty = [each for each in checked if each.outcome is Outcome.DIFFERENT and each.detail is None]
        marks: dict[str, Mark] = {}
        now = self._parts.clock()
        for each in guilty:
            place = each.family or each.path
            names = [output.name for output in each.outputs if output.level is Level.DIFFERENT]
            before = marks[place].outputs if place in marks else ()
            marks[place] = Mark(
                path=place,
                outputs=tuple(dict.fromkeys((*before, *names))),
                code=_code_of(check.old.prints, check.old.graph.node(each.path)),
                run=check.old.id,
                at=now,
            )
        if marks:
            self._parts.marks.mark(check.old.project, check.old.pipeline, list(marks.values()))
        return {each.path for each in guilty}


def _obstacle(old: RunSpec, step: StepRun, request: VerifyRequest) -> str | None:
    """Say why a step cannot be run again; None: it can."""
    node = old.graph.node(step.path)
    operation = old.graph.operations[node.operation]
    if not step.state.is_good:
        return f"it did not succeed in the run ({step.state})"
    if old.selected is not None and step.state is Status.CACHED and step.path not in old.selected:
        return f"the run took it from run {step.cached_from} without running its own code"
    if operation.is_effect:
        return "an effect: it keeps nothing, it is run for what it does"
    if not request.with_files and _touches_files(operation):
        return "it exchanges files with the project; --files runs it too, and leaves its files there"
    return None


def _touches_files(operation: Operation) -> bool:
    policy = operation.policy
    return bool(policy.put or policy.get) or any(each.file is not None for each in operation.returns)


def _picked(old: RunSpec, able: Sequence[str], wanted: str | None) -> set[str]:
    if wanted == "all" or (wanted is None and len(able) <= ALL_UP_TO):
        return set(able)
    try:
        size = ALL_UP_TO if wanted is None else sample_size(wanted, len(able))
    except ValueError:
        raise InvalidError(f"'{wanted}' is no sample", "--sample 20, --sample 10% or --sample 0.1") from None
    return sample({path: _kind(old, old.graph.node(path)) for path in able}, size)


def _kind(old: RunSpec, node: Node) -> object:
    """Return what steps of the same code have in common."""
    known = old.prints.get(node.operation)
    return node.operation if known is None else known.digest


def _code_of(prints: Prints, node: Node) -> str | None:
    known = prints.get(node.operation)
    return None if known is None else known.digest


def _is_told(check: Check, path: str) -> bool:
    return path in check.skipped or path in check.repeat.graph.index


def _judged(compared: Compared, verdict: str | None) -> Compared:
    """Return what is known of an output once its values were compared; None: they were not."""
    if verdict is None:
        return compared
    return replace(compared, detail=verdict) if verdict else replace(compared, level=Level.EQUAL)


def _error_text(step: StepRun) -> str:
    if step.error is None:
        return str(step.reason or step.state)
    return f"{step.error.type}: {step.error.message}".partition("\n")[0]


def _other_jobs(before: int, cores: int) -> int:
    """Return another number of cpus than the run's: one instead of several, else all there are."""
    return 1 if before > 1 else max(2, cores)


def _seed_of(run: RunId) -> int:
    """Return a hash seed that follows from a run id, so that it is another each time; never 0, which turns it off."""
    value = 0
    for letter in str(run):
        value = (value * 31 + ord(letter)) % (_SEEDS - 1)
    return value + 1
