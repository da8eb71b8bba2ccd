"""Sending a run to another runner: everything is looked at first, then it is a rerun there, then both are compared."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from .agreeing import Agreeing
from .agreement import PLUMBING
from .aliasing import Aliasing
from .burden import Packed, Traffic, constants, traffic
from .errors import ConflictError, GraftError, InvalidError, nearest
from .growth import with_grown
from .hosting import Hosting
from .ids import RunId
from .launching import Launching
from .placechecks import (
    channel_checks,
    packages_check,
    resource_checks,
    runner_check,
    secret_checks,
    secrets_of,
    value_checks,
    wanted_in,
)
from .preflight import refuse_check
from .promotion import CHAMPION, Check, Fault, PromotionPlan, PromotionRequest, Standing, Subject
from .records import replace
from .requests import CodeChoice
from .runnerhealth import Health, Question, Reach
from .runners import RunnerChoice
from .runs import RunSpec
from .surrounding import moved
from .text import plural

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds Promoting, so a real import would be a circle

_NAMED = 6
"""Files and steps that a line names."""


class Promoting:
    """Promotes runs on the ports of a workspace."""

    def __init__(self, parts: Parts, hosting: Hosting, launching: Launching):
        self._parts = parts
        self._hosting = hosting
        self._launching = launching

    @cached_property
    def agreeing(self) -> Agreeing:
        """Comparing a run with its parent."""
        return Agreeing(self._parts, self._hosting)

    def targets(self, run: RunId) -> list[str]:
        """Return the runners a run may go to by name: those that are configured and execute, and this machine."""
        old = self._parts.runs.spec(run).runner
        return [name for name in self._able() if name != old]

    def plan(self, request: PromotionRequest) -> PromotionPlan:
        """Look at everything that a promotion needs. Nothing is written and nothing is sent.

        Raises:
            InvalidError: there is no such runner, it is the one the run ran on, it executes nothing; or the run would
                fail for certain.
            ConflictError: the run goes on.
            PluginError: the runner does not load.
        """
        parts = self._parts
        old = parts.runs.spec(request.run)
        choice = self._choice(request.to)
        self._refuse(request, old, choice)
        spec, _ = self._launching.again(request.run, code=CodeChoice.RECORDED, origin=request.origin, runner=request.to)
        spec = replace(spec, jobs=request.jobs or parts.jobs_of(request.to))
        health = self._health(old, choice)
        checks = [runner_check(request.to, choice.runner.is_elsewhere, health), *self._files_read(old)]
        packed, passing = None, None
        if choice.runner.is_elsewhere:
            packed, found = self._packed(old, spec)
            passing = self._traffic(old, packed)
            checks += [*found, *channel_checks(old.graph), *value_checks(passing, health, request.to)]
            checks += [*resource_checks(old.graph, health), *secret_checks(old.graph, health, self._is_here)]
        else:
            told = "steps find the recorded code and every value on this machine"
            checks.append(Check(subject=Subject.CODE, standing=Standing.GOOD, told=told))
        checks += [*packages_check(old.environment, health), *self._gates(request.run, old)]
        order = list(Subject)
        return PromotionPlan(
            request=request,
            pipeline=old.pipeline,
            runner=old.runner,
            provider=choice.runner.__name__.removesuffix("Runner").lower(),
            steps=len(_working(old)),
            checks=tuple(sorted(checks, key=lambda check: order.index(check.subject))),
            health=health,
            packed=packed,
            traffic=passing,
            spec=spec,
        )

    def create(self, plan: PromotionPlan) -> RunId:
        """Write the PENDING run of a plan; host or launch it next.

        Raises:
            InvalidError, PluginError, CheckError: a check does not hold; nothing was written.
        """
        if (refusal := plan.refusal()) is not None:
            raise refusal
        self._parts.runs.create(plan.spec, self._parts.runs.snapshot(plan.request.run))
        return plan.spec.id

    def _choice(self, name: str) -> RunnerChoice:
        try:
            return self._parts.runner(name)
        except InvalidError as problem:
            known = self._able()
            hint = f"set up are {', '.join(known)}; [runner.NAME] in graftline.toml sets one up"
            raise InvalidError(problem.message.partition(";")[0] + nearest(name, known), hint) from problem

    def _able(self) -> list[str]:
        return [name for name in self._parts.runners() if self._executes(name)]

    def _executes(self, name: str) -> bool:
        try:
            runner = self._parts.runner(name).runner
        except GraftError:
            return True  # what is wrong with it is told to whoever chooses it
        return runner.takes_resources and runner.has_executor()

    def _refuse(self, request: PromotionRequest, old: RunSpec, choice: RunnerChoice) -> None:
        refuse_check(old)
        run, short = request.run, request.run[:6]
        if not (state := self._parts.history.run(run).state).is_final:
            raise ConflictError(f"run {run} has not ended: it is {state}", f"'graft attach {short}' follows it")
        if old.search is not None:
            hint = f"'graft ls --parent {short}' lists its trials"
            raise InvalidError(f"run {run} is a search, whose trials are runs of their own: promote one of those", hint)
        if request.to == old.runner:
            raise InvalidError(f"run {run} ran on '{request.to}'", f"'graft rerun {short}' runs it there again")
        if not choice.runner.takes_resources:
            text = f"the runner '{request.to}' executes no step as it would be executed there: nothing can be compared"
            raise InvalidError(text, "name one that does: dask, or [runner.NAME] of the configuration")
        if not choice.runner.executes:
            text = f"the runner '{request.to}' only writes pipelines down: it executes nothing that could be compared"
            raise InvalidError(text, f"'graft run -R {request.to}' writes this one as it is now")
        if not choice.runner.has_executor():
            text = f"the runner '{request.to}' carries whole graphs itself: what its steps make is not here to compare"
            raise InvalidError(text, f"'graft rerun {short} -R {request.to}' hands the run to it")
        try:
            before = self._parts.runner(old.runner)
        except GraftError:
            return  # it is not configured any more
        if before.is_same(choice):
            raise InvalidError(f"'{request.to}' is the runner the run ran on, '{old.runner}', by another name")

    def _health(self, old: RunSpec, choice: RunnerChoice) -> Health:
        packages = old.environment.get("packages")
        names = tuple(sorted(packages)) if isinstance(packages, dict) else ()
        question = Question(
            packages=names, secrets=tuple(secrets_of(old.graph)), labels=tuple(sorted(wanted_in(old.graph)))
        )
        try:
            return choice.runner.health(choice.options, question)
        except InvalidError:
            raise  # an option of it is wrong
        except GraftError as problem:
            return Health(reach=Reach.DOWN, told=problem.message, remedy=problem.hint)
        except Exception as problem:  # noqa: BLE001  a plugin may raise anything; a plan says so and nothing is sent
            return Health(reach=Reach.DOWN, told=f"to ask it raised {type(problem).__name__}: {problem}")

    def _packed(self, old: RunSpec, spec: RunSpec) -> tuple[Packed | None, list[Check]]:
        """Pack what would be sent, and look at it."""
        try:
            # Under the id of the old run: that of the new one has no code on record yet.
            context = self._hosting.context(replace(spec, id=old.id))
            packed = self._parts.pack(context, constants(old.graph))
        except GraftError as problem:
            remedy = problem.hint or "run it anew from the working copy: graft run"
            bad = Check(
                subject=Subject.CODE, standing=Standing.BAD, told=str(problem), remedy=remedy, fault=Fault.INPUT
            )
            return None, [bad]
        pickled = len({each.call.blob for each in old.graph.operations if each.call.blob is not None})
        told = plural(len(context.planned_files), "source file")
        told += f", {plural(pickled, 'function')} pickled by value" if pickled else ""
        found = [Check(subject=Subject.CODE, standing=Standing.GOOD, told=told)]
        if packed.paths:
            told = f"steps import from outside of the project, which does not travel: {_first(packed.paths)}"
            found.append(Check(subject=Subject.CODE, standing=Standing.NOTED, told=told))
        if packed.files:
            told = f"{plural(len(packed.files), 'file')} of reads= {_verb(packed.files)} along: {_first(packed.files)}"
            found.append(Check(subject=Subject.FILES, standing=Standing.GOOD, told=told))
        if packed.outside:
            told = f"outside of the project, so not sent; steps find them there or fail: {_first(packed.outside)}"
            found.append(Check(subject=Subject.FILES, standing=Standing.NOTED, told=told))
        gone = [digest for digest in constants(old.graph) if digest not in packed.sizes]
        if gone:
            told = f"{plural(len(gone), 'pickled argument')} of steps are gone from the store"
            remedy = "run it anew from the working copy: graft run"
            found.append(
                Check(subject=Subject.VALUES, standing=Standing.BAD, told=told, remedy=remedy, fault=Fault.INPUT)
            )
        return packed, found

    def _traffic(self, old: RunSpec, packed: Packed | None) -> Traffic:
        return traffic(old.graph, self._parts.outputs.of_run(old.id), {} if packed is None else packed.sizes)

    def _files_read(self, old: RunSpec) -> Iterator[Check]:
        """Tell which files and variables are not what they were for the run: the outputs will not be either."""
        good = [step for step in self._parts.history.steps(old.id) if step.state.is_good]
        if found := moved(self._parts, old, good):
            details = tuple(f"{path}: {why}" for path, why in list(found.items())[:_NAMED])
            told = f"{plural(len(found), 'step')} will read something else than in the run"
            yield Check(subject=Subject.FILES, standing=Standing.NOTED, told=told, details=details)

    def _is_here(self, secret: str) -> bool:
        try:
            self._parts.secrets([secret])
        except InvalidError:
            return False
        return True

    def _gates(self, run: RunId, old: RunSpec) -> Iterator[Check]:
        """Ask the gates of the champion of the generation that the run made."""
        row, lifecycle = self._parts.history.run(run), old.lifecycle
        if lifecycle is None or not lifecycle.makes_generation or row.generation is None:
            return
        if not self._parts.gates.get(CHAMPION):
            return
        registry = self._parts.registry_at(lifecycle.registry)
        made = registry.generations(lifecycle.project, lifecycle.version)
        generation = next((each for each in made if each.number == row.generation), None)
        if generation is None:
            told = f"generation {row.generation} of the run is not in the registry any more: its gates are not asked"
            yield Check(subject=Subject.GATES, standing=Standing.UNKNOWN, told=told)
            return
        standing = registry.aliases(lifecycle.project).get(CHAMPION)
        for outcome in Aliasing(self._parts).outcomes(registry, generation, CHAMPION, standing):
            yield Check(
                subject=Subject.GATES,
                standing=Standing.GOOD if outcome.holds else Standing.BAD,
                told=f"{outcome.text}: {outcome.told}" + ("" if outcome.holds else " does not hold"),
                remedy=None if outcome.holds else "--force promotes it all the same",
                fault=Fault.GATE,
                is_waivable=True,
            )


def _working(spec: RunSpec) -> list[str]:
    """Return the steps a run will have, as far as it grows as the old one did; borders of composites are none."""
    graph, chosen = spec.graph, None if spec.selected is None else with_grown(spec.graph, spec.selected)
    return [
        node.path
        for node in graph.nodes
        if graph.operations[node.operation].call.kind not in PLUMBING and (chosen is None or node.path in chosen)
    ]


def _first(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _verb(names: tuple[str, ...]) -> str:
    return "goes" if len(names) == 1 else "go"
