"""The JSON documents: of a run (`graft --json run`, `show`, `RunResult.to_dict`) and of an error. Schema 1."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .artifacts import Output
from .errors import GraftError
from .graph import ON_FAILURE, Policy
from .provenance import Origins
from .records import names_of
from .routes import Routes
from .runs import Attempt, Run, RunSpec, StepError, StepRun
from .states import Reason, Status
from .undeclared import GUARD_ROLE, Undeclared

SCHEMA = 1
FOLD_ABOVE = 1000
"""Items of one map family up to which each has its own entry; outputs of one step up to which each has one (a split has
one for each item)."""
FAILED_SHOWN = 20
"""Paths of failed items that a folded family names."""


def run_document(
    run: Run,
    steps: Sequence[StepRun],
    *,
    spec: RunSpec | None = None,
    attempts: Mapping[str, Sequence[Attempt]] | None = None,
    guards: Mapping[str, Undeclared] | None = None,
    full: bool = False,
) -> dict[str, Any]:
    """Return the document of a run, ready for `json.dumps`.

    Args:
        steps: in definition order.
        spec: adds to each step where its arguments came from and how it is attempted; None when it cannot be read.
        attempts: by path, oldest first; read only when `full`.
        guards: what steps used and did not declare, by path.
        full: unfold map families and add `attempts_log` to each step.
    """
    families = {} if full else _large_families(steps)
    started_from = None if spec is None else _Spec(spec)
    folded = {step.path: family for family, members in families.items() for step in members}
    entries: list[dict[str, Any]] = []
    for step in steps:
        family = folded.get(step.path)
        if family is None:
            entry = _step(step, folded, (attempts or {}).get(step.path, ()) if full else None)
            if guards and step.path in guards:
                entry["guard"] = guards[step.path].to_json()
            entries.append(entry | started_from.of(step.path) if started_from else entry)
        elif families[family][0] is step:
            entries.append(_folded(family, families[family]))
    return {
        "schema": SCHEMA,
        "run": run.id,
        "project": run.project,
        "pipeline": run.pipeline,
        "action": run.action,
        "state": run.state.value,
        "runner": run.runner,
        "origin": run.origin,
        "params": jsonable(run.params),
        "tags": list(run.tags),
        "created": instant(run.created),
        "started": instant(run.started),
        "finished": instant(run.finished),
        "seconds": _rounded(run.seconds),
        "lineage": run.lineage,
        "generation": run.generation,
        "parent": run.parent,
        "reason": run.reason,
        "code": {"git": run.code.git, "dirty": run.code.dirty, "key": run.code.key},
        "steps": entries,
        "metrics": jsonable(roll_up(steps)),
        "counts": dict(run.counts),
        **_functions({} if spec is None else spec.environment),
    }


def error_document(error: GraftError) -> dict[str, Any]:
    """Return the document of an error that ends a command."""
    return {
        "schema": SCHEMA,
        "error": {
            "code": error.exit_code,
            "message": error.message,
            "hint": error.hint,
            "file": error.file,
            "line": error.line,
        },
    }


def roll_up(steps: Sequence[StepRun]) -> dict[str, Any]:
    """Return the metrics of a run by name, in definition order.

    A metric of a map's items is the list of their values under the map's path (`trials/auc`), in item order: the value
    at `i` is of item `i`, None when that logged none. In a map inside a map it is a list of such lists, under the path
    of the outer one. When several steps (or several of one item, or the iterations of a loop) log one name, the last of
    them in definition order gives the value; the others are in their steps.
    """
    found: dict[str, Any] = {}
    for step in steps:
        place = None if step.family is None else _place(step.path, step.family)
        for key, value in metrics_of(step).items():
            if place is None:
                found[key] = value
            else:
                _put(found, (f"{place[0]}/{key}", *place[1]), value)
    return {key: _listed(value) if isinstance(value, _Items) else value for key, value in found.items()}


def metrics_of(step: StepRun) -> dict[str, Any]:
    """Return the last value of each metric of a step: returned ones, then logged ones."""
    values = {output.name: inline_json(output) for output in step.outputs if output.role == "metric"}
    return values | {point.key: point.value for point in step.metrics} if step.metrics else values


def root_failures(steps: Sequence[StepRun]) -> list[StepRun]:
    """Return the steps that failed by themselves, in definition order: those a person has to look at.

    Composites that failed for what is inside are left out where that is there; so are steps whose `on_failure` path
    took over, unless nothing else failed.
    """
    failed = [step for step in steps if step.state is Status.FAILURE]
    own = [step for step in failed if step.reason != Reason.INSIDE]
    recovered = {step.path.removesuffix(f"/{ON_FAILURE}") for step in steps if step.state.is_good}
    return [step for step in own if step.path not in recovered] or own or failed


def instant(at: float | None) -> str | None:
    """Return ISO 8601 in UTC with milliseconds for seconds since the epoch; None for None."""
    if at is None:
        return None
    from datetime import UTC, datetime  # 1.5 ms of each command otherwise

    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def jsonable(value: Any) -> Any:
    """Return the value with what JSON cannot hold as text: NaN and the infinities by name."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): jsonable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(each) for each in value]
    return value


class _Spec:
    """What a run's spec says of its steps."""

    def __init__(self, spec: RunSpec):
        self._graph = spec.graph
        self._origins = Origins(spec.graph, spec.environment)
        self._away = Routes.noted(spec.environment).steps(spec.graph, spec.runner)

    def of(self, path: str) -> dict[str, Any]:
        """Return `provenance` by argument, what of the `policy` is not the default, and the runner a route leads to."""
        found: dict[str, Any] = {"provenance": {name: each.to_json() for name, each in self._origins.of(path).items()}}
        if path in self._graph.index and (policy := policy_document(self._graph.operation_of(path).policy)):
            found["policy"] = policy
        if path in self._away:
            found["runner"] = self._away[path]
        return found


def policy_document(policy: Policy) -> dict[str, Any]:
    """Return what of a policy is not the default, ready for `json.dumps`."""
    return {
        name: jsonable(dict(value) if isinstance(value, Mapping) else value)
        for name in names_of(Policy)
        if (value := getattr(policy, name)) != getattr(_DEFAULT_POLICY, name)
    }


_DEFAULT_POLICY = Policy()


def _functions(environment: Mapping[str, Any]) -> dict[str, Any]:
    """Return step -> `name@version` of the registered functions a run used; nothing when it used none."""
    used = environment.get("functions")
    if not isinstance(used, Mapping) or not used:
        return {}
    return {"functions": {str(step): each["function"] for step, each in used.items()}}


def _step(step: StepRun, folded: Mapping[str, str], attempts: Sequence[Attempt] | None) -> dict[str, Any]:
    is_full = attempts is not None
    outputs = [output for output in step.outputs if output.role not in ("metric", GUARD_ROLE)]
    entry = {
        "name": step.name,
        "path": step.path,
        "state": step.state.value,
        "reason": step.reason,
        "attempts": step.attempts,
        "started": instant(step.started),
        "seconds": _rounded(step.seconds),
        "peak_bytes": step.peak_bytes,
        "cpu_seconds": _rounded(step.cpu_seconds),
        "needs": list(dict.fromkeys(folded.get(need, need) for need in step.needs)),
        "params": jsonable(step.params),
        "cached_from": step.cached_from,
        "error": _error(step.error),
        "metrics": jsonable(metrics_of(step)),
        "outputs": {
            output.name: {
                "sha256": output.ref.sha256,
                "bytes": output.ref.size,
                "serializer": output.ref.serializer,
            }
            for output in (outputs if is_full or len(outputs) <= FOLD_ABOVE else ())
        },
    }
    if not is_full and len(outputs) > FOLD_ABOVE:
        entry["outputs_folded"] = len(outputs)
    if attempts is not None:
        entry["attempts_log"] = [_attempt(attempt) for attempt in attempts]
    return entry


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "n": attempt.n,
        "state": attempt.state.value,
        "reason": attempt.reason,
        "started": instant(attempt.started),
        "seconds": _rounded(attempt.seconds),
        "worker": attempt.worker,
        "code": attempt.code,
    }


def _error(error: StepError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {
        "type": error.type,
        "message": error.message,
        "frames": [
            {"file": frame.file, "line": frame.line, "function": frame.function, "code": frame.code}
            for frame in error.frames
        ],
        "inputs": dict(error.inputs),
        "traceback": error.traceback,
    }


def _folded(family: str, members: Sequence[StepRun]) -> dict[str, Any]:
    failed = [step.path for step in members if step.state is Status.FAILURE]
    return {
        "name": members[0].name,
        "path": family,
        "items": len(members),
        "counts": dict(Counter(step.state.value for step in members)),
        "seconds": _rounded(sum(step.seconds or 0.0 for step in members)),
        "failed": failed[:FAILED_SHOWN],
    }


def _large_families(steps: Sequence[StepRun]) -> dict[str, list[StepRun]]:
    members: dict[str, list[StepRun]] = {}
    for step in steps:
        if step.family is not None:
            members.setdefault(step.family, []).append(step)
    return {family: found for family, found in members.items() if len(found) > FOLD_ABOVE}


class _Items(dict[int, Any]):
    """Values of a metric by item; of an inner map's these again."""


def _place(path: str, family: str) -> tuple[str, list[int]]:
    """Return the path of the outermost map a step is in, and the numbers of the items, outermost first."""
    parts = path.split("/")
    at = [position for position, part in enumerate(family.split("/")) if part == "*"]
    return "/".join(parts[: at[0]]), [int(parts[position]) for position in at]


def _put(found: dict[Any, Any], keys: Sequence[str | int], value: Any) -> None:
    for key in keys[:-1]:
        inner = found.get(key)
        if not isinstance(inner, _Items):
            inner = found[key] = _Items()
        found = inner
    found[keys[-1]] = value


def _listed(items: _Items) -> list[Any]:
    found = [items.get(number) for number in range(max(items) + 1)]
    return [_listed(each) if isinstance(each, _Items) else each for each in found]


def inline_json(output: Output) -> Any:
    """Return an output that is short JSON, as a returned metric is; None when it was too large to travel inline."""
    try:
        return json.loads(output.ref.inline) if output.ref.inline is not None else None
    except ValueError:
        return None


def _rounded(seconds: float | None) -> float | None:
    """Return seconds to the microsecond: more digits are noise of subtracting two clocks."""
    return None if seconds is None else round(seconds, 6)
