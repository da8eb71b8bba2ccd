"""Stores with runs of some age, for tests of cleaning and of backups."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace

from run_specs import dispatched, spec, started, succeeded, tick

from graftline.core.artifacts import ArtifactRef, Output
from graftline.core.events import Fact, ResultKept, RunFinished, StepJudged
from graftline.core.ids import RunId
from graftline.core.keys import Basis, Evidence
from graftline.core.reusing import Result, Verdict
from graftline.core.states import Status
from graftline.store.store import Store

DAY_S = 86400.0


def stored(store: Store, data: bytes, name: str = "value", role: str = "value") -> Output:
    """Return an output whose bytes are an object file, written days ago."""
    sha256 = store.objects.write(data)
    age(store, sha256)
    return Output(name, role, ArtifactRef(sha256, len(data), "pickle"))


def age(store: Store, sha256: str, seconds: float = 30 * DAY_S) -> None:
    """Let an object file be written so long ago."""
    at = time.time() - seconds
    os.utime(store.objects.path(sha256), (at, at))


def evidence(node: str, data: bytes) -> Evidence:
    return Evidence(place=node, basis=Basis(code="1" * 64), call="2" * 64, arguments={"x": f"value:{data[:20]!r}"})


def add_run(
    store: Store,
    values: Sequence[bytes],
    *,
    state: Status = Status.SUCCESS,
    roles: Sequence[str] = (),
    **changes: object,
) -> RunId:
    """Add a run of a chain of steps, one for each value; its results may serve again."""
    names = [f"s{number}" for number in range(len(values))]
    run = replace(spec(*names), **changes)  # type: ignore[arg-type]
    store.runs.create(run, None)
    log = store.runs.open(run.id)
    facts: list[Fact] = [started()]
    for at, (name, data) in enumerate(zip(names, values, strict=True)):
        output = stored(store, data, role=roles[at] if at < len(roles) else "value")
        facts += [
            StepJudged(node=name, at=tick(), verdict=Verdict.NEVER, evidence=evidence(name, data)),
            dispatched(name),
            succeeded(name, 1, [output]),
            ResultKept(node=name, attempt=1, at=tick()),
        ]
    log.append([*facts, RunFinished(state=state, reason=None, at=tick())])
    log.close()
    return run.id


def results(store: Store, node: str, data: bytes) -> list[Result]:
    """Return what a later run would find for a step."""
    key = evidence(node, data).key
    return store.results.find([key]).get(key, [])
