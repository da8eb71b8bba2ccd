"""What runs are asked: why their steps ran, where an artifact comes from, how two of them differ, what would run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .ancestry import Ancestry, Descent
from .artifacts import Output
from .comparing import Comparing, Comparison
from .errors import GraftError, MissingError, nearest
from .estimating import last_seconds
from .explaining import Explaining
from .folding import rows
from .ids import RunId
from .launching import Launching
from .loaded import Loaded
from .planning import Planning
from .plans import Plan
from .ports import RunQuery
from .records import replace
from .remembered import Remembered
from .requests import RunRequest
from .reusing import Reusing
from .roles import Composites
from .runs import RunSpec
from .states import Reason, Status
from .timeline import Timeline, timeline, worker_timeline
from .whys import RunWhy, StepWhy

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds Inquiry, so a real import would be a circle

DIGEST = re.compile(r"[0-9a-f]{6,64}")
"""A sha256, or the beginning of one that nobody types by chance."""
SEARCHED = 200
"""Newest runs in which a digest is looked for; there is no index of them, and a run of 10,000 steps takes 0.1 s."""


class Inquiry:
    """Answers questions about runs, on the ports of a workspace. Changes nothing."""

    def __init__(self, parts: Parts):
        self._parts = parts
        self._launching = Launching(parts)

    def plan(self, request: RunRequest) -> Plan:
        """Return what a run would do, and why, without starting or writing anything.

        Raises:
            InvalidError: as creating the run would: the code, the selection or a step is wrong.
        """
        return self.plan_of(*self._launching.prepare(request))

    def plan_of(self, spec: RunSpec, loaded: Loaded) -> Plan:
        """Return what a run of this spec would do; nothing of it is on record."""
        if not self._parts.runner(spec.runner).runner.takes_resources:
            spec = replace(spec, reusing=Reusing(is_on=False))  # one that only pretends reuses nothing
        return Planning(self._parts, spec, loaded).plan()

    def why(self, run: RunId, path: str) -> StepWhy | RunWhy:
        """Return why a step of a run is where it is; of a composite why the steps inside of it are.

        Args:
            run: its id.
            path: of a step of its graph, as `Workspace.step_path` resolves it.

        Raises:
            MissingError: no such run.
        """
        explaining = Explaining(self._parts)
        if explaining.is_hollow(run, path):
            return explaining.run(run, below=path)
        return explaining.step(run, path)

    def reasons(self, run: RunId) -> RunWhy:
        """Return why the steps of a run ran, equal reasons together; MissingError when there is no such run."""
        return Explaining(self._parts).run(run)

    def origin(self, run: RunId, path: str, name: str) -> Descent:
        """Return where an output of a step comes from, back to the sources.

        Raises:
            MissingError: the step has no output of that name, with the nearest.
        """
        recorded = Remembered(self._parts)
        step = recorded.steps(run).get(path)
        outputs: tuple[Output, ...] = () if step is None else step.outputs
        found = next((each for each in outputs if each.name == name), None)
        if found is None:
            names = [each.name for each in outputs]
            hint = f"it has {', '.join(names[:12])}" if names else "it has none"
            raise MissingError(f"step '{path}' of run {run} has no output '{name}'{nearest(name, names)}", hint)
        return Ancestry(recorded).of(run, path, name, found.ref)

    def origin_of(self, digest: str) -> Descent:
        """Return where the newest artifact comes from whose sha256 begins so.

        Raises:
            MissingError: no output of the newest runs does, or several do.
        """
        recorded = Remembered(self._parts)
        for run in self._parts.history.runs(RunQuery(limit=SEARCHED, with_children=True)):
            steps = recorded.steps(run.id)
            found = [
                (step.path, output)
                for step in steps.values()
                for output in step.outputs
                if output.ref.sha256.startswith(digest)
            ]
            digests = {output.ref.sha256 for _, output in found}
            if len(digests) > 1:
                raise MissingError(
                    f"several artifacts begin with {digest}", f"they are {', '.join(sorted(digests)[:4])}"
                )
            if found:
                # The step that made it; who only hands it on comes later.
                path, output = found[0]
                return Ancestry(recorded).of(run.id, path, output.name, output.ref)
        raise MissingError(
            f"no artifact of the newest {SEARCHED} runs begins with {digest}", "graft output RUN lists those of a run"
        )

    def past_seconds(self, run: RunId) -> dict[str, float]:
        """Return by path how long the steps of a run last took, in seconds; steps that never ran are not in it."""
        try:
            spec = self._parts.runs.spec(run)
        except GraftError:
            return {}  # what it was started from cannot be read: nothing can be foretold
        return last_seconds(self._parts.history, spec, list(spec.graph.index))

    def timeline(self, run: RunId, *, is_full: bool = False, by_worker: bool = False) -> Timeline:
        """Return a run over time.

        Args:
            run: its id.
            is_full: a lane for every node; otherwise large families share one.
            by_worker: a lane for each worker instead.

        Raises:
            MissingError: no such run.
        """
        history, now = self._parts.history, self._parts.clock()
        found, attempts = history.run(run), history.attempts(run)
        if by_worker:
            return worker_timeline(found, attempts, now=now, jobs=self._parts.runs.spec(run).jobs)
        spec = self._parts.runs.spec(run)
        steps = history.steps(run)
        composites = Composites(spec.graph)
        lanes = rows(
            composites,
            [step.path for step in steps],
            untaken={step.path for step in steps if step.state is Status.SKIPPED and step.reason == Reason.BRANCH},
            is_full=is_full,
        )
        past = {} if found.state.is_final else self.past_seconds(run)
        return timeline(found, composites, lanes, steps, attempts, now=now, past=past, jobs=spec.jobs)

    def compare(self, old: RunId, new: RunId) -> Comparison:
        """Return what differs between two runs; MissingError when there is no such run."""
        return Comparing(self._parts).compare(old, new)
