"""The JSON documents of `why`, `diff` and `plan`. Schema 1, as in `core/document.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from .ancestry import Descent, Maker, Making
from .codechanges import Hunk
from .comparing import Comparison, Difference, Divergence, FileDifference
from .document import SCHEMA, instant, jsonable
from .keys import CauseKind
from .plans import Fate, Plan, Planned
from .runs import Run, StepError
from .whys import Because, Compared, Group, RunWhy, StepWhy

_SECRET_DIGESTS = frozenset({CauseKind.VARIABLE})
"""Kinds whose digests are not told: those of short values can be guessed."""


def step_why_document(why: StepWhy) -> dict[str, Any]:
    """Return why one step of a run is where it is."""
    return {"schema": SCHEMA, **_why(why)}


def run_why_document(why: RunWhy) -> dict[str, Any]:
    """Return why the steps of a run ran."""
    return {
        "schema": SCHEMA,
        "run": why.run,
        "total": why.total,
        "ran": [_group(each) for each in why.groups],
        "reused": [{"from": run, "steps": list(paths)} for run, paths in why.reused.items()],
        **({"loaded": [{"from": at, "steps": list(paths)} for at, paths in why.loaded.items()]} if why.loaded else {}),
        "skipped": [_group(each) for each in why.skipped],
        "waiting": list(why.waiting),
    }


def descent_document(found: Descent) -> dict[str, Any]:
    """Return where an artifact comes from: the steps behind it, the nearest first."""
    return {
        "schema": SCHEMA,
        "artifact": {
            "name": found.name,
            "sha256": found.ref.sha256,
            "bytes": found.ref.size,
            "serializer": found.ref.serializer,
            "run": found.asked.run,
            "step": found.asked.path,
        },
        "made_by": _maker(found.root),
        "steps": [_making(each) for each in found.makings.values()],
    }


def comparison_document(found: Comparison, *, everything: bool = False) -> dict[str, Any]:
    """Return what differs between two runs; with `everything` also what is equal."""

    def rows(differences: Sequence[Difference]) -> list[dict[str, Any]]:
        return [_difference(each) for each in differences if everything or not each.is_same]

    return {
        "schema": SCHEMA,
        "old": _run(found.old),
        "new": _run(found.new),
        "same": found.is_same,
        "same_pipeline": found.is_same_pipeline,
        "first": None if found.first is None else _divergence(found.first),
        "code": [_file(each) for each in found.code if everything or not each.is_same],
        "params": rows(found.params),
        "environment": [
            each | ({"old": None, "new": None} if each["name"].startswith("$") else {})
            for each in rows(found.environment)
        ],
        "data": rows(found.data),
        "metrics": rows(found.metrics),
        "durations": rows(found.durations),
        "states": rows(found.states),
    }


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return what a run would do."""
    counts = Counter(each.fate.value for each in plan.steps)
    return {
        "schema": SCHEMA,
        "pipeline": plan.pipeline,
        "work": plan.has_work,
        "counts": {fate.value: counts[fate.value] for fate in Fate if counts[fate.value]},
        "estimate_seconds": plan.estimate_s,
        "longest_seconds": plan.longest_s,
        "steps": [_planned(each) for each in plan.steps],
        "grows": dict(plan.unknown),
    }


def because_document(because: Because) -> dict[str, Any]:
    """Return one cause."""
    cause = because.cause
    entry: dict[str, Any] = {"kind": cause.kind.value, "name": cause.name}
    if cause.kind not in _SECRET_DIGESTS:
        entry |= {"old": cause.old, "new": cause.new}
    entry |= {name: found for name in ("where", "was_where") if (found := getattr(because, name)) is not None}
    if because.hunks:
        entry["diff"] = [_hunk(each) for each in because.hunks]
    if because.made:
        entry["made_by"] = [
            {"step": each.step, "output": each.output, "run": each.run, "old_run": each.old_run}
            | ({"old": each.old, "new": each.new} if each.old is not None or each.new is not None else {})
            for each in because.made
        ]
    if because.call:
        entry["call"] = {name: {"old": old, "new": new} for name, (old, new) in because.call.items()}
    return entry


def compared_document(compared: Compared | None) -> dict[str, Any] | None:
    """Return an earlier result; None for None."""
    if compared is None:
        return None
    return {"run": compared.run, "step": compared.node, "at": instant(compared.at)}


def _planned(each: Planned) -> dict[str, Any]:
    where = {} if each.runner is None else {"runner": each.runner}
    return where | {
        "step": each.path,
        "fate": each.fate.value,
        "verdict": each.verdict,
        "detail": each.detail,
        "compared_with": compared_document(each.compared),
        "not_kept": compared_document(each.unkept),
        "causes": [because_document(because) for because in each.causes],
        "reused_from": compared_document(each.reused),
        "after": list(each.after),
        "after_by": each.hinge,
        "last_seconds": each.seconds,
    }


def _why(why: StepWhy) -> dict[str, Any]:
    return {
        "run": why.run,
        "step": why.path,
        "state": why.state.value,
        "reason": why.reason,
        "verdict": why.verdict,
        "detail": why.detail,
        "compared_with": compared_document(why.compared),
        "not_kept": compared_document(why.unkept),
        "causes": [because_document(each) for each in why.causes],
        "reused_from": compared_document(why.reused),
        **({} if why.loaded is None else {"loaded_from": why.loaded}),
        "held": dict(why.held),
        "error": _error(why.error),
        "attempts": why.attempts,
        "blocked_by": list(why.blocked_by),
        "branch": why.branch,
    }


def _group(group: Group) -> dict[str, Any]:
    shown = _why(group.why)
    del shown["run"], shown["step"], shown["attempts"]
    return {"steps": list(group.paths), **shown}


def _error(error: StepError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    frames = [
        {"file": frame.file, "line": frame.line, "function": frame.function, "code": frame.code}
        for frame in error.frames
    ]
    return {"type": error.type, "message": error.message, "frames": frames}


def _hunk(hunk: Hunk) -> dict[str, Any]:
    return {"old_line": hunk.old, "new_line": hunk.new, "lines": list(hunk.lines)}


def _maker(maker: Maker) -> dict[str, str]:
    return {"run": maker.run, "step": maker.path}


def _making(making: Making) -> dict[str, Any]:
    return {
        **_maker(making.by),
        "call": making.call,
        "place": making.place,
        "code": making.code,
        "started": instant(making.at),
        "params": {each.argument: {"value": each.value, "where": each.where} for each in making.given},
        "inputs": [
            {"argument": each.argument, **_maker(each.by), "outputs": dict(each.outputs)} for each in making.taken
        ],
        "inputs_left_out": dict(making.more),
        "files": dict(making.files),
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "project": run.project,
        "pipeline": run.pipeline,
        "state": run.state.value,
        "created": instant(run.created),
        "seconds": run.seconds,
        "git": run.code.git,
        "code": run.code.key,
    }


def _difference(each: Difference) -> dict[str, Any]:
    entry = {"name": each.name, "old": jsonable(each.old), "new": jsonable(each.new), "same": each.is_same}
    return entry if each.change is None else entry | {"change": jsonable(each.change)}


def _file(each: FileDifference) -> dict[str, Any]:
    added, removed = each.stat
    entry: dict[str, Any] = {"file": each.file, "old": each.old, "new": each.new, "same": each.is_same}
    return entry | {"added": added, "removed": removed, "diff": [_hunk(hunk) for hunk in each.hunks]}


def _divergence(found: Divergence) -> dict[str, Any]:
    return {
        "step": found.path,
        "old": found.old,
        "new": found.new,
        "outputs": list(found.outputs),
        "causes": [because_document(each) for each in found.causes],
        "causes_known": found.is_known,
    }
