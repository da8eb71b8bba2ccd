"""Rows to records and back. Column lists stand beside the function that reads them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any

from ..core.artifacts import ArtifactRef, MetricPoint, Output
from ..core.canonical import canonical, plain, rich
from ..core.codec import error_from_json
from ..core.graph import Graph, Json, Node
from ..core.ids import RunId
from ..core.packing import records_of
from ..core.prints import prints_from_json
from ..core.records import names_of
from ..core.reusing import Reusing
from ..core.runs import Attempt, CodeState, Lifecycle, Run, RunSpec, StepRun, Target
from ..core.states import Status
from ..core.supply import Constant
from ..core.undeclared import GuardMode

if TYPE_CHECKING:
    from ..core.trials import SearchSpec

Row = tuple[Any, ...]
"""What sqlite3 gives; Any because this is the edge."""

RUN_COLUMNS = (
    "id, project, pipeline, action, state, reason, runner, origin, params, tags, created, started, finished,"
    " lineage, generation, parent, code, git, dirty, remote, branch, counts, host, pid, seq"
)
SPEC_COLUMNS = (
    "run.id, project, pipeline, action, runner, origin, params, tags, created, parent,"
    " code, git, dirty, remote, branch, spec, prints.json, graph, environment.json"
)
STEP_COLUMNS = (
    "step.node, step.state, step.reason, attempts, step.dispatched, cached_from,"
    " attempt.started, seconds, cpu_seconds, peak_bytes, attempt.state, error"
)
ATTEMPT_COLUMNS = (
    "node, n, attempt.state, attempt.reason, dispatched, attempt.started, seconds, cpu_seconds, peak_bytes, worker,"
    " coalesce(attempt.code, run.code), error"
)
OUTPUT_COLUMNS = (
    "name, role, output.sha256, size, serializer,"
    " CASE WHEN is_file THEN NULL ELSE coalesce(output.bytes, artifact.bytes) END"
)
METRIC_COLUMNS = "key, value, kind, step, at"


_MARKED = '{"$'
"""Begins the text of what `plain` has wrapped, or must wrap."""
STATUS = {each.value: each for each in Status}
"""A look-up: `Status(text)` costs 0.5 us."""
_IS_OVER = {each.value: each.is_final or each is Status.PENDING for each in Status}
"""By state, whether what is on record of the last attempt is all of it."""
_WITH_OUTPUTS = frozenset(each.value for each in Status if each.is_good or each is Status.FAILURE)
_STARTED, _INTERRUPTED, _FAILURE = Status.STARTED.value, Status.INTERRUPTED.value, Status.FAILURE.value
_new = tuple.__new__
"""Makes a named tuple without a call of Python: 0.15 us instead of 0.4."""


def dump(value: Json) -> str:
    """Return a JSON value as the store keeps it: `canonical(plain(value))`."""
    try:
        text = canonical(value)
    except ValueError:  # NaN
        return canonical(plain(value))
    return canonical(plain(value)) if _MARKED in text else text  # what is wrapped is rare, looking for it takes long


def load(text: str) -> Any:
    """Return the value `dump` wrote."""
    value = json.loads(text)
    return rich(value) if _MARKED in text else value


def run_to_row(spec: RunSpec, graph: int, environment: int, prints: int | None) -> dict[str, Any]:
    """Return the columns of a new run, given the rows it shares with others."""
    return {
        "id": spec.id,
        "project": spec.project,
        "pipeline": spec.pipeline,
        "action": spec.action,
        **_generation(spec.lifecycle),
        "state": Status.PENDING,
        "runner": spec.runner,
        "origin": spec.origin,
        "params": dump(dict(spec.params)),
        "tags": dump(list(spec.tags)),
        "created": spec.created,
        "parent": spec.parent,
        "hidden": spec.is_hidden,
        "code": spec.code.key,
        "git": spec.code.git,
        "dirty": spec.code.dirty,
        "remote": spec.code.remote,
        "branch": spec.code.branch,
        "graph": graph,
        "environment": environment,
        "prints": prints,
        "spec": dump(_rest_of_spec(spec)),
        "counts": dump({Status.PENDING: len(spec.graph.nodes)} if spec.graph.nodes else {}),
    }


def spec_from_row(row: Row, graph: Graph) -> RunSpec:
    """Return what a run was started from; the row has `SPEC_COLUMNS`."""
    (
        run,
        project,
        pipeline,
        action,
        runner,
        origin,
        params,
        tags,
        created,
        parent,
        *code,
        rest,
        prints,
        _,
        environment,
    ) = row
    given = load(rest)
    target = given["target"]
    selected = given.get("selected")
    return RunSpec(
        id=RunId(run),
        project=project,
        pipeline=pipeline,
        action=action,
        runner=runner,
        runner_config=given["runner_config"],
        origin=origin,
        params=load(params),
        tags=tuple(load(tags)),
        target=Target(**{**target, "sys_path": tuple(target["sys_path"])}),
        graph=graph,
        code=_code_state(code),
        environment=load(environment),
        parent=None if parent is None else RunId(parent),
        jobs=given["jobs"],
        fail_fast=given["fail_fast"],
        timeout_s=given["timeout_s"],
        selected=None if selected is None else tuple(selected),
        prints={} if prints is None else prints_from_json(json.loads(prints)),
        reusing=_reusing_from_json(given.get("reusing", {})),
        uses_snapshot=given.get("uses_snapshot", False),
        guard=GuardMode(given["guard"]) if "guard" in given else None,
        lifecycle=_lifecycle_from_json(given["lifecycle"]) if "lifecycle" in given else None,
        search=_search_from_json(given["search"]) if "search" in given else None,
        created=created,
    )


def run_from_row(row: Row, death: str | None = None, last_sign: float | None = None) -> Run:
    """Return a run; the row has `RUN_COLUMNS`. `death` makes a STARTED row an INTERRUPTED run for that reason."""
    (run, project, pipeline, action, state, reason, runner, origin, params, tags, created, started, finished) = row[:13]
    lineage, generation, parent, *code, counts, host, pid, _ = row[13:]
    steps: dict[str, int] = json.loads(counts)
    if death is not None:
        state, reason, finished = Status.INTERRUPTED, death, last_sign
        if Status.STARTED in steps:
            steps[Status.INTERRUPTED] = steps.pop(Status.STARTED) + steps.get(Status.INTERRUPTED, 0)
    return Run(
        id=RunId(run),
        project=project,
        pipeline=pipeline,
        action=action,
        state=Status(state),
        reason=reason,
        runner=runner,
        origin=origin,
        params=load(params),
        tags=tuple(load(tags)),
        created=created,
        started=started,
        finished=finished,
        lineage=lineage,
        generation=generation,
        parent=None if parent is None else RunId(parent),
        code=_code_state(code),
        counts=steps,
        host=host,
        pid=pid,
    )


def steps_from_rows(
    rows: Sequence[Row],
    nodes: Sequence[Node],
    outputs: Sequence[Sequence[Output]],
    metrics: Sequence[Sequence[MetricPoint]],
    *,
    is_dead: bool,
) -> list[StepRun]:
    """Return steps; their rows have `STEP_COLUMNS`, each attempt the one whose result is shown.

    By columns, as a run that changes nothing makes ten thousand of them for its last words: 2 us each instead of 5.
    """
    if not rows:
        return []
    _, texts, reasons, attempts, dispatched, cached_from, started, seconds, cpu, peak, ends, errors = zip(
        *rows, strict=True
    )
    if is_dead:
        texts = tuple([_INTERRUPTED if text == _STARTED else text for text in texts])
    is_over = [_IS_OVER[text] for text in texts]
    begun = [
        None if not tries else sent if at is None or not over else at
        for tries, sent, at, over in zip(attempts, dispatched, started, is_over, strict=True)
    ]
    problems = [
        error_from_json(json.loads(error)) if error and over and ended == _FAILURE else None
        for error, over, ended in zip(errors, is_over, ends, strict=True)
    ]
    columns: dict[str, Sequence[Any]] = {
        "path": [node.path for node in nodes],
        "name": [node.name for node in nodes],
        "state": [STATUS[text] for text in texts],
        "reason": reasons,
        "attempts": attempts,
        "started": begun,
        "seconds": _where(is_over, seconds, None),
        "cpu_seconds": _where(is_over, cpu, None),
        "peak_bytes": _where(is_over, peak, None),
        "needs": [node.needs for node in nodes],
        "params": [
            {name: source.value for name, source, _ in node.arguments if type(source) is Constant} for node in nodes
        ],
        "cached_from": cached_from,
        "error": problems,
        "outputs": _where([text in _WITH_OUTPUTS for text in texts], map(tuple, outputs), ()),
        "metrics": _where(is_over, map(tuple, metrics), ()),
        "family": [node.family for node in nodes],
    }
    return records_of(StepRun, [columns[name] for name in names_of(StepRun)])


def _where(conditions: Iterable[bool], values: Iterable[Any], other: Any) -> list[Any]:
    """Return each value whose condition holds, and the other one in place of the rest."""
    return [value if holds else other for holds, value in zip(conditions, values, strict=True)]


def attempt_from_row(row: Row) -> tuple[int, Attempt]:
    """Return the node's position and the attempt; the row has `ATTEMPT_COLUMNS`."""
    node, n, state, reason, dispatched, started, seconds, cpu_seconds, peak_bytes, worker, code, error = row
    return node, Attempt(
        n=n,
        state=Status(state),
        reason=reason,
        dispatched=dispatched,
        started=started,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        peak_bytes=peak_bytes,
        worker=worker,
        code=code,
        error=None if error is None else error_from_json(json.loads(error)),
    )


def output_from_row(row: Sequence[Any]) -> Output:
    """Return a named output; the row has `OUTPUT_COLUMNS`."""
    name, role, sha256, size, serializer, inline = row
    return _new(Output, (name, role, _new(ArtifactRef, (sha256.hex(), size, serializer, inline))))


def outputs_from_rows(rows: Sequence[Sequence[Any]]) -> list[Output]:
    """Return `output_from_row` of each row; by columns, 1 us a row instead of 3, as every step of a run has some."""
    if not rows:
        return []
    names, roles, digests, *rest = zip(*rows, strict=True)
    references = map(_new, repeat(ArtifactRef), zip(map(bytes.hex, digests), *rest, strict=True))
    return list(map(_new, repeat(Output), zip(names, roles, references, strict=True)))


def metric_to_row(point: MetricPoint) -> Row:
    """Return the columns `METRIC_COLUMNS`: SQLite has no booleans, and stores NaN as NULL."""
    key, value, step, at = point
    if isinstance(value, bool):
        return key, int(value), "bool", step, at
    if isinstance(value, float) and math.isnan(value):
        return key, None, "nan", step, at
    return key, value, None, step, at


def metric_from_row(row: Row) -> MetricPoint:
    """Return a logged value; the row has `METRIC_COLUMNS`."""
    key, value, kind, step, at = row
    return MetricPoint(key, bool(value) if kind == "bool" else math.nan if kind == "nan" else value, step, at)


def _reusing_to_json(reusing: Reusing) -> dict[str, Json]:
    """Return what differs from how most runs have it."""
    usual = Reusing()
    given = {name: (getattr(reusing, name), getattr(usual, name)) for name in Reusing.__slots__}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, (value, same) in given.items()
        if value != same
    }


def _reusing_from_json(document: Mapping[str, Any]) -> Reusing:
    """Return what `_reusing_to_json` wrote; what this version does not know is dropped."""
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in document.items()
        if name in Reusing.__slots__
    }
    return Reusing(**known)


def _generation(lifecycle: Lifecycle | None) -> dict[str, Any]:
    """Return the columns that name the generation a new run applies; a run that trains gets its own at its end."""
    if lifecycle is None or lifecycle.makes_generation or lifecycle.loads is None:
        return {}
    return {"lineage": lifecycle.loads[0], "generation": lifecycle.loads[1]}


def _lifecycle_to_json(lifecycle: Lifecycle) -> dict[str, Json]:
    found = {name: getattr(lifecycle, name) for name in names_of(Lifecycle)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _lifecycle_from_json(document: Mapping[str, Any]) -> Lifecycle:
    """Return what `_lifecycle_to_json` wrote; what this version does not know is dropped."""
    names = set(names_of(Lifecycle))
    known: dict[str, Any] = {name: value for name, value in document.items() if name in names}
    if known.get("loads") is not None:
        known["loads"] = tuple(known["loads"])
    return Lifecycle(**known)


def _search_to_json(search: SearchSpec) -> dict[str, Json]:
    from ..core.trials import search_to_json  # spaces and methods, for one kind of run

    return search_to_json(search)


def _search_from_json(document: Mapping[str, Any]) -> SearchSpec:
    from ..core.trials import search_from_json  # as above

    return search_from_json(document)


def _rest_of_spec(spec: RunSpec) -> dict[str, Json]:
    target, reusing = spec.target, _reusing_to_json(spec.reusing)
    return {
        "runner_config": dict(spec.runner_config),
        "jobs": spec.jobs,
        "fail_fast": spec.fail_fast,
        "timeout_s": spec.timeout_s,
        "selected": None if spec.selected is None else list(spec.selected),
        "uses_snapshot": spec.uses_snapshot,
        **({"reusing": reusing} if reusing else {}),
        **({} if spec.guard is None else {"guard": spec.guard}),
        **({} if spec.lifecycle is None else {"lifecycle": _lifecycle_to_json(spec.lifecycle)}),
        **({} if spec.search is None else {"search": _search_to_json(spec.search)}),
        "target": {
            "text": target.text,
            "root": target.root,
            "cwd": target.cwd,
            "sys_path": list(target.sys_path),
            "is_loadable": target.is_loadable,
            **({} if target.definition is None else {"definition": dict(target.definition)}),
        },
    }


def _code_state(row: Sequence[Any]) -> CodeState:
    key, git, dirty, remote, branch = row
    return CodeState(key=key, git=git, dirty=None if dirty is None else bool(dirty), remote=remote, branch=branch)


def counts_text(counts: Mapping[str, int]) -> str:
    """Return steps by status as the run row has it; only statuses that occur."""
    # Written by hand, as every commit does it: 1 us instead of 12.
    found = ",".join([f'"{state}":{number}' for state, number in counts.items() if number])
    return f"{{{found}}}"
