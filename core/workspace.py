"""The use-cases: what the CLI, the TUI and the Python API call, and nothing beneath it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from .artifacts import ArtifactRef
from .collector import rare_collections
from .errors import MissingError, PluginError
from .events import CancelRequested
from .graph import Graph
from .hosting import Hosting
from .ids import RunId
from .launching import Launching
from .library import Library
from .listings import Spread
from .parts import Parts
from .ports import EventRow, Feed, Loaded, LogChunk, LogTail, RunQuery
from .records import replace
from .requests import CodeChoice, RetryPlan, RetryRequest, RunRequest, Stale
from .retrying import Retrying
from .roles import Composites
from .runs import Attempt, Run, RunSpec, Snapshot, StepRun
from .session import Observer, Requests
from .states import Status
from .undeclared import Undeclared, chosen_guard, reports_of

if TYPE_CHECKING:
    from .debugging import Debugging
    from .inquiry import Inquiry
    from .lifecycle import Lifecycles
    from .locking import Locking
    from .promoting import Promoting
    from .pulling import Pulling
    from .releasing import Lineages
    from .searches import Searches
    from .submitting import Submissions
    from .verifying import Verifying


class Workspace:
    """One project on one store."""

    def __init__(self, parts: Parts):
        self.parts = parts
        self._launching = Launching(parts)
        self._retrying = Retrying(parts)
        self._hosting = Hosting(parts)
        self.functions = Library(parts)
        """Registered functions."""
        self.watch = parts.watch
        """Makes a watch of a target, whose waves run in this process; nothing happens before its `run`."""

    @cached_property
    def inquiry(self) -> Inquiry:
        """Why steps ran, where artifacts come from, how runs differ, what would run."""
        from .inquiry import Inquiry  # 25 ms that most commands never need

        return Inquiry(self.parts)

    @cached_property
    def debugging(self) -> Debugging:
        """Running one step again at the terminal, in a debugger."""
        from .debugging import Debugging  # as above

        return Debugging(self.parts)

    @cached_property
    def locking(self) -> Locking:
        """What results depend on, as a file for version control."""
        from .locking import Locking  # 6 ms, as above

        return Locking(self.parts, self._launching)

    @cached_property
    def verifying(self) -> Verifying:
        """Running steps again to see whether they come out the same."""
        from .verifying import Verifying  # 9 ms, as above

        return Verifying(self.parts, self._hosting)

    @cached_property
    def promoting(self) -> Promoting:
        """Sending runs to other runners, and comparing what comes out."""
        from .promoting import Promoting  # as above

        return Promoting(self.parts, self._hosting, self._launching)

    @cached_property
    def pulling(self) -> Pulling:
        """Bringing home what a run left elsewhere."""
        from .pulling import Pulling  # as above

        return Pulling(self.parts, self._hosting)

    @cached_property
    def lineages(self) -> Lineages:
        """What is in the registry: published code, and what was trained with it."""
        from .releasing import Lineages  # as above

        return Lineages(self.parts)

    @cached_property
    def lifecycle(self) -> Lifecycles:
        """Training, applying, evaluating."""
        from .lifecycle import Lifecycles  # as above

        return Lifecycles(self.parts, self._launching, self.lineages)

    def with_registry(self, text: str | None) -> Workspace:
        """Return the same with another registry, as `-P` names it, a directory absolute; None: with the one at hand."""
        at = self.parts.registry_at
        other = replace(self.parts, registry=lambda: at(text), registry_place=lambda: text or "")
        return self if text is None else Workspace(other)

    @cached_property
    def submissions(self) -> Submissions:
        """Runs that wait for workers, and who works."""
        from .submitting import Submissions  # as above

        return Submissions(self.parts)

    @cached_property
    def searches(self) -> Searches:
        """Sweeping and tuning."""
        from .searches import Searches  # as above

        return Searches(self.parts, self._launching, self.lifecycle)

    # -- develop ---------------------------------------------------------------------------------------------------

    def load(self, request: RunRequest) -> Loaded:
        """Import and compile a target without running it (`check`, `graph`).

        Raises:
            InvalidError: the code does not import or the pipeline is wrong; all problems in one message.
        """
        return self._launching.load(request)

    def form(self, request: RunRequest) -> Loaded:
        """Import a target for its parameters (`Loaded.form`) and steps; the graph may lack values and is not run.

        Raises:
            InvalidError: the code does not import or the pipeline is wrong, a missing parameter aside.
        """
        return self._launching.form(request)

    def yaml(self, request: RunRequest) -> str:
        """Return the pipeline of a target as YAML, with the parameters that are given.

        Raises:
            InvalidError: as `load`; or a step cannot be written (a lambda, a closure).
        """
        return self._launching.yaml(request)

    def yaml_of(self, run: RunId) -> str:
        """Return the pipeline of a run as YAML, from its recorded code, with the parameters it was given.

        Raises:
            InvalidError: as `yaml`; or the run was made where no file holds its code.
        """
        return self._launching.yaml_of(run)

    def create(self, request: RunRequest, loaded: Loaded | None = None) -> RunId:
        """Write a PENDING run of what was loaded, or is now; everything that can be found wrong is found before.

        Raises:
            InvalidError: as `load`; a selection that fits nothing; an unknown label; a missing input or secret.
        """
        spec, loaded = self._launching.prepare(request, loaded)
        self._keep_blobs(loaded.blobs)
        self.parts.runs.create(spec, loaded.snapshot)
        return spec.id

    @rare_collections()
    def create_compiled(self, spec: RunSpec, loaded: Loaded) -> RunId:
        """Write a PENDING run of a pipeline that was compiled in this process (`execute()`)."""
        spec = replace(spec, guard=chosen_guard(spec.guard, self.parts.default_guard))
        self._launching.check(spec)
        self.parts.warn_of(loaded)
        self._keep_blobs(loaded.blobs)
        self.parts.runs.create(spec, loaded.snapshot)
        return spec.id

    def run(self, request: RunRequest, observe: Observer | None = None, requests: Requests | None = None) -> Run:
        """Create a run, host it in this process until it ends, and return it."""
        return self.host(self.create(request), observe, requests)

    def submit(self, request: RunRequest) -> RunId:
        """Create a run and have a process of its own host it; return at once."""
        return self.launch(self.create(request))

    def launch(self, run: RunId) -> RunId:
        """Have a process of its own host a PENDING run; return at once.

        Raises:
            PluginError: no process can be started; the run is cancelled, for nobody would ever take it up.
        """
        try:
            self.parts.host.launch(run, Status.PENDING)
        except PluginError:
            self.parts.runs.request_cancel(run, is_hard=False)
            raise
        return run

    def host(
        self,
        run: RunId,
        observe: Observer | None = None,
        requests: Requests | None = None,
        *,
        expect: Status | None = None,
    ) -> Run:
        """Take a run up in this process and carry it to its end.

        Args:
            run: to be taken up.
            observe: told of every committed group of facts.
            requests: where this process asks it to stop.
            expect: state it must still be in; None: any that may go on.

        Raises:
            ConflictError: a living process holds it, or it is in another state by now.
        """
        self._hosting.host(run, observe, requests or Requests(), expect)
        return self.parts.history.run(run)

    # -- run log ---------------------------------------------------------------------------------------------------

    def find(self, text: str = "@last", *, all_projects: bool = False) -> RunId:
        """Resolve what a person typed for a run.

        Raises:
            MissingError: nothing fits, or the prefix is ambiguous.
        """
        try:
            return self.parts.history.find(text, None if all_projects else self.parts.project)
        except MissingError:
            # Nothing of this project yet: `graft run samples/iris/pipeline.py; graft show @last` means that run.
            if text.startswith("@") and not self.parts.history.runs(RunQuery(project=self.parts.project, limit=1)):
                found = self.parts.history.find(text, None)
                told = f"{text} is {found[:4]} of {self.parts.history.run(found).project}"
                self.parts.warn(f"project {self.parts.project} has no run yet; {told}")
                return found
            raise

    def runs(self, query: RunQuery) -> list[Run]:
        """Return runs, newest first."""
        return self.parts.history.runs(query)

    def spread(self, query: RunQuery, every: int) -> Spread:
        """Count the runs of a query and mark every so many of them, for lists that are scrolled."""
        return self.parts.index.spread(query, every)

    def show(self, run: RunId) -> Run:
        """Return one run."""
        return self.parts.history.run(run)

    def steps(self, run: RunId) -> list[StepRun]:
        """Return the steps of a run in definition order."""
        return self.parts.history.steps(run)

    def attempts(self, run: RunId, node: str | None = None) -> dict[str, list[Attempt]]:
        """Return attempts by path, oldest first."""
        return self.parts.history.attempts(run, node)

    def spec(self, run: RunId) -> RunSpec:
        """Return what a run was started from, graph included."""
        return self.parts.runs.spec(run)

    def snapshot(self, run: RunId) -> Snapshot:
        """Return the code a run recorded."""
        return self.parts.runs.snapshot(run)

    def graph(self, run: RunId) -> Graph:
        """Return the graph of a run."""
        return self.parts.runs.spec(run).graph

    def step_path(self, run: RunId, text: str) -> str:
        """Resolve a step's path or last name within a run.

        Raises:
            MissingError: no step, or several, fit.
        """
        from .naming import named_step  # for commands that name one

        return named_step(run, self.graph(run), text)

    def logs(self, run: RunId, node: str | None = None, attempt: int | None = None) -> Iterator[LogChunk]:
        """Yield captured output by time."""
        return self.parts.logs.read(run, node, attempt)

    def follow_logs(self, run: RunId, node: str | None = None, attempt: int | None = None) -> LogTail:
        """Return what reads captured output on where it stopped."""
        return self.parts.logs.follow(run, node, attempt)

    def output(self, run: RunId, text: str) -> ArtifactRef:
        """Find an output of a run by `name`, `step:name`, or the path of a catalog file.

        Raises:
            MissingError: nothing, or several things, have that name.
        """
        from .naming import named_output  # as above

        step = text.rpartition(":")[0]
        making = self.making_steps(run)
        if not step:
            return named_output(run, text, making, making)
        path = self.step_path(run, step)
        return named_output(run, text, [each for each in self.steps(run) if each.path == path], making)

    def making_steps(self, run: RunId) -> list[StepRun]:
        """Return the steps whose outputs people ask for by name, without starts of composites and ends of iterations.

        The items of a map and the word of a choice are had by path: `trials/items:3`.
        """
        composites = Composites(self.graph(run))
        return [step for step in self.steps(run) if composites.role(step.path).is_counted]

    def read(self, ref: ArtifactRef) -> bytes:
        """Return an artifact's stored bytes, verified."""
        return self.parts.outputs.read(ref)

    def guards(self, steps: Sequence[StepRun]) -> dict[str, Undeclared]:
        """Return by path what steps used and did not declare, as far as a guard looked at them."""
        return reports_of(steps, self.read)

    def feed(self) -> Feed:
        """Open the live feed."""
        return self.parts.feed()

    def events(self, run: RunId | None = None, after: int = 0, limit: int = 1000) -> list[EventRow]:
        """Return facts after a sequence number, oldest first."""
        feed = self.parts.feed()
        try:
            return feed.events(after, run, limit)
        finally:
            feed.close()

    def cancel(self, run: RunId, *, is_hard: bool = False) -> Status:
        """Ask a run to stop (CANCELLED at once when nobody hosts it) and return its state now."""
        return self.parts.runs.request_cancel(run, is_hard=is_hard)

    # -- again -----------------------------------------------------------------------------------------------------

    def plan_retry(self, request: RetryRequest) -> RetryPlan:
        """Say what a retry would run and keep, without changing anything.

        Raises:
            InvalidError: nothing to retry, or the graph upstream of a kept step is another now.
            ConflictError: the run is still going.
        """
        return self._retrying.prepare(request).plan

    def begin_retry(self, request: RetryRequest, decide: Callable[[RetryPlan], Stale] | None = None) -> RetryPlan:
        """Put a run back to where its retry starts, and return what was planned; host or launch it next.

        `decide` is asked what becomes of stale steps that the request would keep. Raises as `plan_retry`.
        """
        retry = self._retrying.decided(request, decide)
        if retry.loaded is not None:
            self._keep_blobs(retry.loaded.blobs)
        spec = retry.spec
        if spec.lifecycle is not None and retry.loaded is not None:
            spec = self.lifecycle.again(spec, retry.loaded)
        self.parts.runs.revise(request.run, spec, retry.loaded.snapshot if retry.loaded else None)
        self._hosting.reset(request.run, retry.plan.again, retry.plan.left_out)
        return retry.plan

    def retry(self, request: RetryRequest, observe: Observer | None = None, requests: Requests | None = None) -> Run:
        """Continue a run: failed and unfinished steps and what follows them, by default."""
        return self.host(self.begin_retry(request).run, observe, requests)

    def submit_retry(self, request: RetryRequest) -> RunId:
        """Continue a run in a process of its own; return at once."""
        self.begin_retry(request)
        self.parts.host.launch(request.run, self.parts.history.run(request.run).state)
        return request.run

    def rerun(
        self, run: RunId, *, code: CodeChoice = CodeChoice.RECORDED, origin: str = "cli", runner: str | None = None
    ) -> RunId:
        """Write a new PENDING run from a frozen spec, `parent` set; host or launch it next."""
        spec, loaded = self._launching.again(run, code=code, origin=origin, runner=runner)
        if loaded is not None:
            spec = spec if spec.lifecycle is None else self.lifecycle.again(spec, loaded)
            self._keep_blobs(loaded.blobs)
        self.parts.runs.create(spec, self.parts.runs.snapshot(run) if loaded is None else loaded.snapshot)
        return spec.id

    def request_stop(self, requests: Requests, *, is_hard: bool, spared: tuple[str, ...] = ()) -> None:
        """Ask a run hosted by this process to stop; safe in a signal handler. Running steps that are spared may end."""
        requests.add(CancelRequested(at=self.parts.clock(), is_hard=is_hard, spared=spared))

    def _keep_blobs(self, blobs: Mapping[str, bytes]) -> None:
        for data in blobs.values():
            self.parts.outputs.keep(data)
