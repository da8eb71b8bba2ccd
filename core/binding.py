"""Which value each argument of a step gets, by name.

First match: `inputs=`; the step's `params=`; the nearest earlier step that returns the name; `-p STEP:name`;
`-p name`; environment; parameter file; the pipeline's `params`; the default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .calls import CalledTask, Flow, Flows
from .constants import Constants
from .errors import InvalidError, nearest
from .given import Given
from .graph import Argument, Constant, Gather, Json, Return, ReturnKind, Source, Upstream
from .options import Wire
from .steps import OutputOf, Step
from .takes import Take, Takes


@dataclass(frozen=True, slots=True)
class Listed:
    """A step of the pipeline with what is known of it before binding."""

    step: Step
    takes: Takes
    returns: tuple[Return, ...]


@dataclass(slots=True)
class Bound:
    """What one step's arguments are bound to."""

    arguments: list[Argument] = field(default_factory=list)
    unbound: list[Take] = field(default_factory=list)
    """Required names for which there is no value."""


class Binder:
    """Binds the steps of one pipeline, one after the other in the order listed."""

    def __init__(self, listed: Sequence[Listed], given: Given, constants: Constants):
        self.problems: list[InvalidError] = []
        self._given = given
        self._constants = constants
        self._listed = {id(each.step): each for each in listed}
        self._all = listed
        self._makers: dict[str, str] = {}
        """Name -> the nearest earlier step that returns it."""
        self._used: set[str] = set()
        """Keys of given parameters that an argument got."""
        self._wrong: set[str] = set()
        """Keys of given parameters that do not cast."""
        self.params: dict[str, Json] = {}
        """Key -> value, cast, of every parameter a person gave that an argument got and JSON can hold."""

    def bind(self, listed: Listed) -> Bound:
        """Bind the next step; problems with what it names are noted in `problems`."""
        step, takes = listed.step, listed.takes
        if isinstance(step, CalledTask):
            return self._called(step, takes)
        bound = Bound()
        self._check_names(step, takes)
        for take in takes.items:
            source = self._source(step, take)
            if source is not None:
                bound.arguments.append(Argument(take.name, source))
            elif take.is_required:
                bound.unbound.append(take)
        for name in self._rest(step, takes):
            source = self._source(step, Take(name, is_required=False))
            if source is not None:
                bound.arguments.append(Argument(name, source))
        self._flow(step, bound)
        return bound

    def made(self, listed: Listed) -> None:
        """Note what a step returns, for the steps after it."""
        for each in listed.returns:
            self._makers[each.name] = listed.step.name

    def missing(self, step: Step, take: Take) -> InvalidError:
        """Return the error for an argument that gets no value."""
        later = next((each for each in self._all if any(one.name == take.name for one in each.returns)), None)
        if later is not None and later.step is not step and self._makers.get(take.name) is None:
            hint = f"list '{later.step.name}' before '{step.name}'"
            return step.problem(
                f"needs '{take.name}', which '{later.step.name}' returns, but that is listed later", hint
            )
        known = sorted({*self._makers, *self._given.names_for(step.name)})
        text = f"needs '{take.name}', which no earlier step returns and no parameter gives"
        hint = f"give it: -p {take.name}=..., params=, or a step that returns it"
        return step.problem(text + nearest(take.name, known), hint)

    def unknown_parameters(self) -> list[InvalidError]:
        """Return an error for each parameter a person gave that no step takes; call it after the last step."""
        if not any(":" in key or key not in self._used for key in self._given.demanded()):
            return []
        steps = {each.step.name: each for each in self._all}
        takers = {name for each in self._all for name in each.takes.names}
        takes_all = any(each.takes.takes_rest for each in self._all)
        problems = []
        for key in self._given.demanded():
            if key not in self._used and (problem := _unknown(key, steps, takers, takes_all)):
                problems.append(problem)
        return problems

    def warnings(self) -> list[str]:
        """Return what is legal and probably not meant: parameters that never reach a step."""
        takers = {name for each in self._all for name in each.takes.names}
        found = []
        for key in self._given.demanded():
            name = key.rpartition(":")[2]
            if key not in self._used and name in takers:
                found.append(f"the parameter '{key}' has no effect: '{name}' is bound otherwise wherever it is taken")
        for name in self._given.pipeline:
            if name not in takers and name not in self._used:
                found.append(f"the pipeline's parameter '{name}' is taken by no step{nearest(name, sorted(takers))}")
        return found

    def _source(self, step: Step, take: Take) -> Source | None:
        name = take.name
        if name in step.inputs:
            return self._wired(step, take, step.inputs[name])
        if name in step.params:
            return self._constant(step, take, step.params[name])
        return self._named(step, take, name)

    def _called(self, step: CalledTask, takes: Takes) -> Bound:
        """Bind what a call gives; of what it leaves to the default, a person may still name `-p STEP:name`."""
        bound = Bound()
        for take in takes.items:
            if take.name in step.arguments:
                bound.arguments.append(Argument(take.name, self._flowing(step, take, step.arguments[take.name])))
            elif take.name in step.params:
                bound.arguments.append(Argument(take.name, self._constant(step, take, step.params[take.name])))
            elif (source := self._person(step, take, take.name)) is not None:
                bound.arguments.append(Argument(take.name, source))
        for name in [name for name in (*step.arguments, *step.params) if name not in takes.names]:
            value = step.arguments[name] if name in step.arguments else step.params[name]
            bound.arguments.append(Argument(name, self._flowing(step, Take(name, is_required=False), value)))
        return bound

    def _flowing(self, step: Step, take: Take, flow: Flow) -> Source:
        if isinstance(flow, OutputOf):
            return self._output(step, take, flow)
        if isinstance(flow, Flows):
            item = Take(take.name, take.is_required)  # the annotation is that of the list, not of its items
            return Gather(tuple(self._flowing(step, item, each) for each in flow))
        return self._constant(step, take, flow)

    def _output(self, step: Step, take: Take, flow: OutputOf) -> Source:
        maker, name = flow
        made = self._listed.get(id(maker))
        if made is not None and isinstance(maker, CalledTask):
            name = maker.renamed.get(name, name)
        if made is not None and any(each.name == name for each in made.returns):
            return Upstream(maker.name, name)
        text = f"takes '{take.name}' from '{maker.name}', whose function returns nothing"
        self.problems.append(step.problem(text))
        return Gather(())

    def _named(self, step: Step, take: Take, name: str) -> Source | None:
        if name in self._makers:
            return Upstream(self._makers[name], name)
        return self._person(step, take, name)

    def _person(self, step: Step, take: Take, name: str) -> Source | None:
        """Return the parameter of the run that an argument gets; None when nobody gives one."""
        found = self._given.find(step.name, name)
        if found is None:
            return None
        self._used.add(found.key)
        try:
            source = self._constants.given(found, take.annotation)
        except InvalidError as problem:
            if found.key not in self._wrong:  # of ten thousand steps that take it, the first tells
                self._wrong.add(found.key)
                self.problems.append(step.problem(f"parameter '{found.key}': {problem.message}", problem.hint))
            return Gather(())  # stands in: the problem is noted, and the argument is not missing
        if found.origin != "pipeline" and isinstance(source, Constant):
            self.params.setdefault(found.key, source.value)
        return source

    def _constant(self, step: Step, take: Take, value: object) -> Source:
        try:
            return self._constants.fixed(value, "fixed", take.annotation)
        except InvalidError as problem:
            self.problems.append(step.problem(f"params= '{take.name}': {problem.message}", problem.hint))
            return Gather(())

    def _wired(self, step: Step, take: Take, wire: Wire) -> Source:
        if isinstance(wire, str | OutputOf):
            return self._wire(step, take, wire)
        item = Take(take.name, take.is_required)  # the annotation is that of the list, not of its items
        return Gather(tuple(self._wire(step, item, each) for each in wire))

    def _wire(self, step: Step, take: Take, wire: str | OutputOf) -> Source:
        if isinstance(wire, OutputOf):
            if id(wire.step) in self._listed:
                return Upstream(wire.step.name, wire.name)
            text = f"inputs= binds '{take.name}' to an output of '{wire.step.name}', which is no step of this pipeline"
            self.problems.append(step.problem(text))
            return Gather(())
        source = self._named(step, take, wire)
        if source is None:
            known = sorted({*self._makers, *self._given.names_for(step.name)})
            text = f"inputs= binds '{take.name}' to '{wire}', which no earlier step returns and no parameter gives"
            self.problems.append(step.problem(text + nearest(wire, known)))
            return Gather(())
        return source

    def _rest(self, step: Step, takes: Takes) -> list[str]:
        """Return the names that go to `**kwargs`: the step's own, and every parameter of the run."""
        own = [name for name in (*step.inputs, *step.params) if name not in takes.names]
        if takes.takes_rest:
            own += [name for name in self._given.names_for(step.name) if name not in takes.names]
        elif takes.is_known:
            return []
        return list(dict.fromkeys(own))

    def _check_names(self, step: Step, takes: Takes) -> None:
        if takes.takes_rest or not takes.is_known:
            return
        known = [each.name for each in takes.items]
        for option, names in (("inputs", step.inputs), ("params", step.params)):
            for name in names:
                if name not in takes.names:
                    listed = f"it takes {', '.join(known)}" if known else "it takes nothing"
                    text = f"{option}= names '{name}', {takes.refusal}{nearest(name, known)}"
                    self.problems.append(step.problem(text, listed))

    def _flow(self, step: Step, bound: Bound) -> None:
        """Bind by `a >> b`: the one argument still unbound to the one output of the one step before that has one."""
        if len(bound.unbound) != 1 or not step.flows:
            return
        outputs = [(before.name, output) for before in step.flows if (output := self._only_output(before))]
        if len(outputs) == 1:
            take = bound.unbound.pop()
            bound.arguments.append(Argument(take.name, Upstream(*outputs[0])))

    def _only_output(self, step: Step) -> str | None:
        listed = self._listed.get(id(step))
        names = [each.name for each in listed.returns if each.kind is not ReturnKind.METRIC] if listed else []
        return names[0] if len(names) == 1 else None


def _unknown(key: str, steps: Mapping[str, Listed], takers: set[str], takes_all: bool) -> InvalidError | None:
    step, colon, name = key.rpartition(":")
    if not colon:
        if name in takers or takes_all:
            return None
        known = sorted(takers)
        return InvalidError(f"no step takes the parameter '{name}'{nearest(name, known)}", _parameters(known))
    if step not in steps:
        return InvalidError(f"the parameter '{key}' names no step{nearest(step, list(steps))}", _steps(steps))
    takes = steps[step].takes
    if name in takes.names or takes.takes_rest:
        return None
    known = sorted(takes.names)
    return InvalidError(f"step '{step}' does not take '{name}'{nearest(name, known)}", _parameters(known))


def _parameters(known: Sequence[str]) -> str:
    return f"taken are {', '.join(known[:20])}" if known else "nothing is taken"


def _steps(steps: Mapping[str, Listed]) -> str:
    return f"the steps are {', '.join(list(steps)[:20])}"
