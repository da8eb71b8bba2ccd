"""Bringing a run home: its states, values and logs, from the directory that runners and machines exchange them through.

Values of a run that this store hosts pass through its host, so most of it is here. What may be lacking: values that
were lost here; ends of attempts whose host was gone when they came; and everything of a run that no engine hosts, whose
steps are `graft exec-node` in pods.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .burden import constants
from .committing import committing, is_training
from .engine import Engine
from .errors import ConflictError, InvalidError, MissingError, nearest
from .events import RunStarted
from .graph import Graph
from .homecoming import End, Homecoming, NoMoreWord
from .hosting import Hosting
from .ids import RunId
from .laid import Laid
from .ports import Deposit
from .pulled import Pulled, PullRequest
from .records import replace
from .reusing import Reusing
from .runs import CodeState, RunSpec, StepRun, Target
from .session import Session
from .states import Reason, Status
from .turns import Past

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds Pulling, so a real import would be a circle

ARTIFACTS = "artifacts"
"""Option of a runner: the directory."""
_UNSEEN = frozenset({Reason.LOST})
"""Reasons of failures that only say that nobody here saw the end."""
_JOBS = 1 << 20
"""More than any graph has steps that could run at once: nothing runs."""


class Pulling:
    """Brings runs home, on the ports of a workspace."""

    def __init__(self, parts: Parts, hosting: Hosting):
        self._parts = parts
        self._hosting = hosting

    def find(self, request: PullRequest) -> RunId:
        """Return the run that lies in the directory and is meant by its id or a unique prefix.

        Raises:
            MissingError: no run there fits, or several do.
            InvalidError: no directory is known.
        """
        folder = self._folder(request)
        known = self._parts.deposit(folder).runs()
        fitting = [each for each in known if each.startswith(request.run)] if len(request.run) >= 4 else []
        if len(fitting) == 1:
            return RunId(fitting[0])
        if fitting:
            raise MissingError(f"'{request.run}' fits several runs in {folder}", f"they are {', '.join(fitting[:6])}")
        hint = f"there are {', '.join(known[:6])}" if known else "nothing was laid out there"
        raise MissingError(f"there is no run '{request.run}' here nor in {folder}{nearest(request.run, known)}", hint)

    def pull(self, request: PullRequest) -> Pulled:
        """Bring everything of a run that lies there and not here. A second time nothing comes.

        Raises:
            InvalidError: the run is not known here, and no directory either.
            MissingError: it is in neither.
            ConflictError: it goes on.
            StoreError: something cannot be read there or written here.
        """
        parts, run = self._parts, RunId(request.run)
        is_new = not self._is_known(run)
        folder = self._folder(request) if is_new else self._folder_of(request, run)
        deposit = None if folder is None else parts.deposit(folder)
        if is_new:
            assert deposit is not None
            self._create(deposit.laid(run), request)
        elif not (state := parts.history.run(run).state).is_final and state is not Status.PENDING:
            raise ConflictError(f"run {run} goes on: it is {state}", f"'graft attach {run[:6]}' follows it")
        steps: tuple[str, ...] = ()
        log_bytes = count = size = 0
        if deposit is not None:
            log_bytes = deposit.bring_logs(run, parts.log_directory(run))
            count, size = self._bring(run, deposit, ends := deposit.ends(run))
            steps = self._take_in(run, ends)
        return Pulled(
            run=run,
            folder=folder,
            is_new=is_new,
            state=parts.history.run(run).state,
            steps=steps,
            values=count,
            value_bytes=size,
            log_bytes=log_bytes,
            lacking=self._lacking(run),
        )

    # -- where it is -----------------------------------------------------------------------------------------------

    def _is_known(self, run: RunId) -> bool:
        try:
            self._parts.history.run(run)
        except MissingError:
            return False
        return True

    def _folder(self, request: PullRequest) -> str:
        """Return the directory that a request names, or that of the one runner that has any."""
        if request.folder is not None:
            return request.folder
        names = [request.runner] if request.runner else self._parts.runners()
        found = {name: at for name in names if (at := self._artifacts(name)) is not None}
        if len(set(found.values())) == 1:
            return next(iter(found.values()))
        if found:
            hint = f"name it: {', '.join(f'-R {name}' for name in found)}, or --from DIR"
            raise InvalidError(f"there is no run '{request.run}' here, and several runners have artifacts", hint)
        hint = "name the directory with --from DIR, or set [runner.NAME] artifacts"
        raise InvalidError(f"there is no run '{request.run}' here, and no runner has artifacts", hint)

    def _folder_of(self, request: PullRequest, run: RunId) -> str | None:
        if request.folder is not None:
            return request.folder
        return self._artifacts(request.runner or self._parts.history.run(run).runner)

    def _artifacts(self, runner: str) -> str | None:
        found = self._parts.runner(runner).options.get(ARTIFACTS)
        return None if found is None else str(found)

    # -- a run that is not known here ------------------------------------------------------------------------------

    def _create(self, laid: Laid, request: PullRequest) -> None:
        parts = self._parts
        for data in laid.objects:
            parts.outputs.keep(data)
        root = request.root
        target = Target(
            text=laid.graph.name,
            root=root,
            cwd=posixpath.normpath(posixpath.join(root, laid.cwd)),
            sys_path=tuple(posixpath.normpath(posixpath.join(root, entry)) for entry in laid.sys_path),
            is_loadable=False,  # its code is the recorded one: where it was written is not known
        )
        spec = RunSpec(
            id=RunId(laid.run),
            project=parts.project,
            pipeline=laid.graph.name,
            runner=request.runner or parts.default_runner,
            params=laid.params,
            target=target,
            graph=laid.graph,
            code=CodeState(key=laid.snapshot.key),
            environment=laid.environment,
            reusing=Reusing(is_on=False),
            uses_snapshot=True,
            created=parts.clock(),
        )
        parts.runs.create(spec, laid.snapshot)

    # -- values ----------------------------------------------------------------------------------------------------

    def _bring(self, run: RunId, deposit: Deposit, ends: Mapping[str, End]) -> tuple[int, int]:
        """Bring the values that steps made or take and that are not here; return how many, and how large."""
        parts = self._parts
        wanted: dict[str, int | None] = dict.fromkeys(constants(parts.runs.spec(run).graph))
        outputs = [output for step in parts.history.steps(run) for output in step.outputs]
        outputs += [output for end in ends.values() for output in end.outputs]
        wanted |= {each.ref.sha256: each.ref.size for each in outputs if each.ref.inline is None}
        sizes = [size for digest in parts.lacking(wanted) if (size := deposit.bring(digest)) is not None]
        return len(sizes), sum(sizes)

    def _lacking(self, run: RunId) -> tuple[str, ...]:
        made = {
            output.ref.sha256: f"{step.path}:{output.name}"
            for step in self._parts.history.steps(run)
            for output in step.outputs
            if output.ref.inline is None and output.role != "file"  # of files perhaps only the digest is kept
        }
        sizes = {
            output.ref.sha256: output.ref.size
            for step in self._parts.history.steps(run)
            for output in step.outputs
            if output.ref.sha256 in made
        }
        return tuple(made[digest] for digest in self._parts.lacking(sizes))

    # -- states ----------------------------------------------------------------------------------------------------

    def _take_in(self, run: RunId, ends: Mapping[str, End]) -> tuple[str, ...]:
        """Have an engine hear of every end that is news, so that all that follows from it is on record too."""
        parts = self._parts
        spec = parts.runs.spec(run)
        news = self._news(run, ends)
        if not news:
            return ()
        steps = parts.history.steps(run)
        again = _to_hear_again(spec.graph, steps, news)
        if not parts.history.run(run).is_untouched:
            self._hosting.reset(run, again, ())
        executor = Homecoming(news)
        log = parts.runs.open(run)
        try:
            if is_training(spec):
                log = committing(parts, spec, log, None)
            past = {step.path: _past(step) for step in parts.history.steps(run)}
            session = Session(
                context=self._hosting.context(spec),
                log=log,
                clock=executor.clock,
                jobs=_JOBS,
                past=past,
                recorded=parts.outputs.of_run(run),
            )
            session.report([RunStarted(at=executor.now)])
            Engine(graph=_untried(spec.graph), session=session, executor=executor).run()
        except NoMoreWord:
            pass  # the run is left as one whose host is gone, and goes on with a retry
        finally:
            log.close()
        return tuple(executor.taken)

    def _news(self, run: RunId, ends: Mapping[str, End]) -> dict[str, End]:
        """Return the ends that the run log does not have."""
        states = {step.path: step.state for step in self._parts.history.steps(run)}
        attempts = self._parts.history.attempts(run)
        found = {}
        for path, end in ends.items():
            if path in states and states[path].is_good:
                continue
            seen = [
                each
                for each in attempts.get(path, ())
                if each.n >= end.attempt and each.state is not Status.INTERRUPTED and each.reason not in _UNSEEN
            ]
            if not seen:
                found[path] = end
        return found


def _to_hear_again(graph: Graph, steps: list[StepRun], news: Mapping[str, End]) -> list[str]:
    """Return the steps that stand open again: those there is news of, and what waited for them."""
    heard = {path for path in news if path in graph.index}
    again = heard | graph.descendants(heard)
    return [step.path for step in steps if step.path in again and not step.state.is_good]


def _untried(graph: Graph) -> Graph:
    """Return the graph without retries: whether a step was tried again, elsewhere, its last end says."""
    operations = tuple(replace(each, policy=replace(each.policy, retries=0)) for each in graph.operations)
    origin = None if graph.origin is None else replace(graph.origin, operations=operations)
    return replace(graph, operations=operations, origin=origin)


def _past(step: StepRun) -> Past:
    return Past(state=step.state, reason=Reason(step.reason) if step.reason else None, attempts=step.attempts)
