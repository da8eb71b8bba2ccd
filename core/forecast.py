"""When the steps of a run that goes on will run and end, by how long they took before; and which made it so long."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from statistics import median

from .roles import Composites, Role
from .runs import Attempt, StepRun
from .states import Status


def ends_of(steps: Mapping[str, StepRun], own: Mapping[str, float], began: float) -> dict[str, float]:
    """Return by path when each step was done: its own end, or that of the last it waits for.

    Args:
        steps: by path.
        own: when the last attempt of each step ended that had one.
        began: wall time the run's first attempt began.
    """
    found: dict[str, float] = {}
    for first in steps:
        stack = [first]
        while stack:
            path = stack[-1]
            if path in found:
                stack.pop()
                continue
            missing = [] if path in own else [each for each in steps[path].needs if each in steps and each not in found]
            if missing:
                stack += missing
                continue
            stack.pop()
            ready = max((found[each] for each in steps[path].needs if each in found), default=began)
            found[path] = own.get(path, ready)
    return found


def critical_path(steps: Mapping[str, StepRun], own: Mapping[str, float], ends: Mapping[str, float]) -> frozenset[str]:
    """Return the steps from a start to what ended last, each the one the next waited for longest."""
    path = max(own, key=lambda each: own[each], default=None)
    found: dict[str, None] = {}
    while path is not None and path not in found:
        found[path] = None
        needs = [each for each in steps[path].needs if each in ends] if path in steps else []
        path = max(needs, key=lambda each: ends[each], default=None)
    return frozenset(found)


def begun_of(attempts: Mapping[str, Sequence[Attempt]], jobs: int) -> dict[str, float | None]:
    """Return by path since when each attempt that was handed out and has not ended is at work; None: it waits still.

    Workers hold a queue of attempts and tell of one when it ends. As many as may run at once do, the oldest first, each
    since a worker became free.

    Args:
        attempts: of a run, by path.
        jobs: that may run at once.
    """
    live: list[tuple[float, str]] = []
    freed: dict[str, float] = {}
    for path, tried in attempts.items():
        for each in tried:
            if each.state is Status.STARTED:
                live.append((each.dispatched, path))
            elif each.worker is not None and each.started is not None:
                freed[each.worker] = max(freed.get(each.worker, 0.0), each.started + (each.seconds or 0.0))
    slots = sorted(freed.values())[-jobs:]
    slots = [0.0] * (jobs - len(slots)) + slots
    found: dict[str, float | None] = {}
    for at, (dispatched, path) in enumerate(sorted(live, key=lambda each: each[0])):
        found[path] = max(dispatched, slots[at]) if at < jobs else None
    return found


class Forecast:
    """What is still to come of a run.

    Args:
        composites: of the run's graph.
        steps: by path.
        ends: when those were done that are.
        past: how long steps took before, in seconds by path.
        begun: as from `begun_of`.
        now: wall time.
        jobs: steps that may run at once.
    """

    def __init__(
        self,
        composites: Composites,
        steps: Mapping[str, StepRun],
        ends: Mapping[str, float],
        past: Mapping[str, float],
        begun: Mapping[str, float | None],
        *,
        now: float,
        jobs: int,
    ) -> None:
        self._composites = composites
        self._now = now
        self._usual = _usual(steps, past)
        self.spans: dict[str, tuple[float, float]] = {}
        """By path, from when to when it is expected to run; what cannot be foretold is not in it."""
        self._walk(steps, ends, begun, max(1, jobs))

    def _walk(
        self,
        steps: Mapping[str, StepRun],
        ends: Mapping[str, float],
        begun: Mapping[str, float | None],
        jobs: int,
    ) -> None:
        free = [self._now] * jobs
        done: dict[str, float | None] = {}
        for path, step in steps.items():
            since = begun.get(path)
            if step.state is Status.STARTED and since is not None:
                seconds = self._usual.get(path)
                end = None if seconds is None else max(self._now, since + seconds)
                if end is not None and end > self._now:
                    self.spans[path] = (self._now, end)
                done[path] = end
                heapq.heapreplace(free, self._now if end is None else end)
        for path, step in steps.items():
            if step.state.is_final:
                done[path] = min(ends.get(path, self._now), self._now)
            elif path not in done:
                done[path] = self._place(step, done, free)
        unknown = [path for path, end in done.items() if end is None]
        last = max((end for end in done.values() if end is not None), default=self._now)
        self.left_s = None if unknown else max(0.0, last - self._now)
        """Seconds until everything is done; None: of some it is not known."""

    def _place(self, step: StepRun, done: Mapping[str, float | None], free: list[float]) -> float | None:
        """Return when a step will be done; None: it cannot be told."""
        before = [done.get(need) for need in step.needs if need in done]
        if None in before:
            return None
        ready = max([self._now, *(each for each in before if each is not None)])
        seconds = self._usual.get(step.path)
        if seconds is None:
            # Ends of composites take no time worth telling. What else never ran is not known, nor what will grow.
            is_end = self._composites.role(step.path) is not Role.STEP and self._composites.body(step.path) is None
            return ready if is_end else None
        start = max(ready, free[0])
        heapq.heapreplace(free, start + seconds)
        self.spans[step.path] = (start, start + seconds)
        return start + seconds


def _usual(steps: Mapping[str, StepRun], past: Mapping[str, float]) -> dict[str, float]:
    """Return how long each step is expected to take: as before, or as its fellows of the same map."""
    families: dict[str, list[float]] = {}
    for step in steps.values():
        if step.family is not None and step.seconds is not None and step.state.is_good:
            families.setdefault(step.family, []).append(step.seconds)
    known = {family: median(took) for family, took in families.items()}
    found = {}
    for path, step in steps.items():
        seconds = past.get(path) if step.family not in known else known[step.family or ""]
        if seconds is not None:
            found[path] = seconds
    return found
