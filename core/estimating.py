"""How long a run would take, by how long its steps last took."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from .graph import Graph
from .plans import Fate, Planned
from .ports import History, RunQuery
from .runs import Run, RunSpec
from .states import Status

LOOKED_AT = 5
"""Newest runs of the pipeline whose durations are looked at: with steps reused, the last one may have none."""


def last_seconds(history: History, spec: RunSpec, paths: Sequence[str]) -> dict[str, float]:
    """Return by path how long a step last took, in seconds; of an item of a map that never ran, how long others did."""
    found: dict[str, float] = {}
    families: dict[str, float] = {}
    query = RunQuery(project=spec.project, pipeline=spec.pipeline, with_children=True, limit=LOOKED_AT)
    for run in history.runs(query):
        for step in history.steps(run.id):
            if step.seconds is not None and step.state.is_good:
                found.setdefault(step.path, step.seconds)
                if step.family is not None:
                    families.setdefault(step.family, step.seconds)
        if found.keys() >= set(paths):
            break
    wanted = {path: found.get(path, families.get(_starred(path))) for path in paths}
    return {path: seconds for path, seconds in wanted.items() if seconds is not None}


def typical_seconds(runs: Sequence[Run]) -> float | None:
    """Return how long a pipeline takes: the median of its runs that went well; None when none did.

    Runs that reused everything are among them: what comes next is as likely to.
    """
    seconds = sorted(run.seconds for run in runs if run.state is Status.SUCCESS and run.seconds is not None)
    return seconds[len(seconds) // 2] if seconds else None


def estimate(graph: Graph, steps: Sequence[Planned], jobs: int) -> tuple[float | None, float | None]:
    """Return the seconds a plan takes: of what runs for certain, and of all that may run.

    The longest chain, or all of it divided by the cpus, whichever is more. None: how long some of it takes is not
    known.
    """
    certain = {each.path: each.seconds for each in steps if each.fate is Fate.RUN}
    longest = certain | {each.path: each.seconds for each in steps if each.fate is Fate.MAY_RUN}
    return _seconds(graph, certain, jobs), _seconds(graph, longest, jobs)


def _seconds(graph: Graph, took: Mapping[str, float | None], jobs: int) -> float | None:
    known = {path: seconds for path, seconds in took.items() if seconds is not None}
    if len(known) < len(took):
        return None
    return max(sum(known.values()) / max(1, jobs), _longest_chain(graph, known, known.keys()))


def _longest_chain(graph: Graph, known: Mapping[str, float], paths: Collection[str]) -> float:
    ends: dict[str, float] = {}
    for node in graph.nodes:  # in topological order
        before = max([ends.get(need, 0.0) for need in node.needs], default=0.0)
        ends[node.path] = before + (known[node.path] if node.path in paths else 0.0)
    return max(ends.values(), default=0.0)


def _starred(path: str) -> str:
    return "/".join("*" if part.isdecimal() else part for part in path.split("/"))
