"""Which value each argument of a step gets, by name.

First match: `inputs=`; the step's `params=`; the nearest earlier step that returns the name; what the composite around
gives (items, the index, its own `params=` and `inputs=`, what the iteration before returned); steps listed before the
composite; `-p STEP:name`; `-p name`; environment; parameter file; the pipeline's `params`; the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .beginnings import Beginnings
from .constants import Constants
from .errors import InvalidError, nearest
from .exports import Export, Exports
from .graph import Argument, ReturnKind
from .learntasks import PREVIOUS_STATE
from .levels import Level, shown
from .named import NamedTuple
from .nesting import Composite
from .options import Wire
from .parameters import Parameters
from .records import dataclass, field
from .steps import OutputOf, Step
from .supply import Carried, Constant, Gather, Source, Upstream
from .takes import Listed, Take, Takes
from .tasks import Task

if TYPE_CHECKING:
    from .flows import Flow


@dataclass(slots=True)
class Bound:
    """What one step's arguments are bound to."""

    arguments: list[Argument] = field(default_factory=list)
    unbound: list[Take] = field(default_factory=list)
    """Required names for which there is no value."""


class Asking(NamedTuple):
    """Who asks for a value."""

    level: Level
    step: Step
    take: Take


NOTHING = Gather(())
"""Stands in for a value there was a problem with: the problem is noted, and the argument is not missing."""


class Binder:
    """Binds steps, one after the other in the order listed; a composite's where the composite is listed."""

    def __init__(self, parameters: Parameters, constants: Constants, exports: Exports, *, loads_previous: bool = False):
        self.problems: list[InvalidError] = []
        self.warnings: list[str] = []
        self.beginnings = Beginnings(is_loaded=loads_previous)
        self._parameters = parameters
        self._constants = constants
        self._exports = exports
        self._known: dict[tuple[str, int, int], tuple[Export | None, object, object]] = {}
        """Name, identity of annotation and parameters -> value; with these two, so that their identity stays theirs."""

    def bind(self, level: Level, listed: Listed) -> list[Argument]:
        """Bind the next step; problems with what it names, or lacks, are noted in `problems`."""
        step, takes = listed.step, listed.takes
        self._parameters.note(level.path_of(step), step, takes)
        if step.arguments is not None:
            arguments = self._called(level, step, step.arguments, takes)
            if PREVIOUS_STATE in takes.names:
                self.beginnings.bind(level.path_of(step), listed.returns, arguments)
            return arguments
        bound = Bound()
        arguments = bound.arguments
        self._check_names(level, step, takes)
        for take in takes.items:
            found = self._near(level, step, take.name)
            if found is not None:
                arguments.append(tuple.__new__(Argument, (take.name, found.source, False)))
            else:
                self._take(Asking(level, step, take), bound)
        for name in self._rest(level, step, takes):
            self._take(Asking(level, step, Take(name, is_required=False)), bound)
        if PREVIOUS_STATE in takes.names:
            bound.unbound = self.beginnings.bind(level.path_of(step), listed.returns, bound.arguments, bound.unbound)
        if bound.unbound:
            self._flow(level, step, bound)
            self.problems += [each for take in bound.unbound if (each := self._missing(level, step, take, bound))]
        return bound.arguments

    def bind_one(self, level: Level, step: Composite, option: str, wire: str | OutputOf) -> Source:
        """Return the value a composite itself looks at: the list of a map, the parameter of a conditional."""
        name = wire if isinstance(wire, str) else wire.name
        self._parameters.note(level.path_of(step), step, Takes((Take(name, is_required=True),)))
        asking = Asking(level, step, Take(name, is_required=True))
        if isinstance(wire, str) and wire in step.params:
            return self._constant(asking, step, step.params[wire])
        if isinstance(wire, str) and wire in step.inputs:
            return self._wired(asking, level, step, wire, step.inputs[wire]).source
        found = self._named(asking, level, wire) if isinstance(wire, str) else self._output(asking, level, wire)
        if found is not None:
            self._warn(asking, found)
            return found.source
        known = sorted(self._names(level, step))
        text = f"{option}= names '{name}', which no earlier step returns and no parameter gives{nearest(name, known)}"
        self.problems.append(self.problem(level, step, text, f"give it: -p {name}=..., params=, or a step"))
        return NOTHING

    def before(self, level: Level, step: Step, name: str) -> Export | None:
        """Return what a name means before a step; None when nothing is called that."""
        return self._named(Asking(level, step, Take(name, is_required=False)), level, name)

    def problem(self, level: Level, step: Step, message: str, hint: str | None = None) -> InvalidError:
        """Return an error that names a step by its path."""
        text = f"step '{shown(level.path_of(step))}': {message}"
        return InvalidError(text, hint, file=step.place.file, line=step.place.line)

    def _near(self, level: Level, step: Step, name: str) -> Export | None:
        """Return what an earlier step of the same pipeline surely returns, which nearly all arguments are.

        None: `_source` looks, which would find the same after five calls more.
        """
        wire = step.inputs.get(name, name)
        if type(wire) is not str or name in step.params or self._parameters.can_be_outdone:
            return None
        found = level.makers.get(wire)
        return None if found is None or found.lacks else found

    def _take(self, asking: Asking, bound: Bound) -> None:
        found = self._source(asking)
        if found is not None:
            bound.arguments.append(self._argument(asking, found))
        elif asking.take.is_required:
            bound.unbound.append(asking.take)

    def _argument(self, asking: Asking, found: Export) -> Argument:
        take = asking.take
        if found.lacks:
            self._warn(asking, found)
        return Argument(take.name, found.source, bool(found.lacks) and not take.is_required)

    def _called(self, level: Level, step: Task, given: Mapping[str, Flow], takes: Takes) -> list[Argument]:
        """Bind what a call gives; of what it leaves to the default, a person may still name `-p STEP:name`."""
        arguments: list[Argument] = []
        for take in takes.items:
            asking = Asking(level, step, take)
            if take.name in given:
                arguments.append(self._argument(asking, self._flowing(asking, given[take.name])))
            elif take.name in step.params:
                source = self._constant(asking, step, step.params[take.name])
                arguments.append(Argument(take.name, source))
            elif self._parameters.is_for(level, step, take.name):
                found = self._parameter(asking, take.name)
                assert found is not None
                arguments.append(Argument(take.name, found.source))
        for name in [name for name in (*given, *step.params) if name not in takes.names]:
            asking = Asking(level, step, Take(name, is_required=False))
            value = given[name] if name in given else step.params[name]
            arguments.append(self._argument(asking, self._flowing(asking, value)))
        return arguments

    def _flowing(self, asking: Asking, flow: Flow) -> Export:
        """Return what one argument of a call is bound to."""
        if isinstance(flow, OutputOf):
            return self._output(asking, asking.level, flow) or self._lost(asking, flow.step.name)
        from .flows import Flows, ItemOf  # with all that makes calls 3 ms, for pipelines that are written by them

        if isinstance(flow, ItemOf):
            return self._named(asking, asking.level, flow.name) or self._lost(asking, flow.name)
        if isinstance(flow, Flows):
            # the annotation is that of the list, not of its items
            item = asking._replace(take=Take(asking.take.name, asking.take.is_required))
            found = [self._flowing(item, each) for each in flow]
            lacks = tuple(lack for each in found for lack in each.lacks)
            return Export(Gather(tuple(each.source for each in found)), lacks=lacks)
        return Export(self._constant(asking, asking.step, flow))

    def _lost(self, asking: Asking, name: str) -> Export:
        text = f"takes '{asking.take.name}' from '{name}', which is no step of this pipeline"
        self.problems.append(self.problem(asking.level, asking.step, text))
        return Export(NOTHING)

    def _warn(self, asking: Asking, found: Export) -> None:
        if found.lacks and asking.take.is_required:
            path = shown(asking.level.path_of(asking.step))
            lacking = ", ".join(f"'{shown(each)}'" for each in found.lacks)
            text = f"step '{path}': needs '{asking.take.name}', which is not returned by {lacking}"
            self.warnings.append(f"{text}: it cannot run when that branch is taken")

    def _source(self, asking: Asking) -> Export | None:
        level, step, take = asking
        if take.name in step.inputs:
            return self._wired(asking, level, step, take.name, step.inputs[take.name])
        if take.name in step.params:
            self._parameters.outdo(level, step, take.name, "its own params=")
            return Export(self._constant(asking, step, step.params[take.name]))
        return self._named(asking, level, take.name)

    def _named(self, asking: Asking, level: Level | None, name: str) -> Export | None:
        """Return what a name means at a level, and above it; what the asking step itself says is not looked at."""
        while level is not None:
            if name in level.makers:
                made = level.makers[name]
                if self._parameters.can_be_outdone:
                    self._outdo(asking, name, made)
                return made
            if level.opener is not None:
                found = self._opened(asking, level, level.opener, name)
                if found is not None:
                    return found
            level = level.parent
        return self._parameter(asking, name)

    def _outdo(self, asking: Asking, name: str, made: Export) -> None:
        maker = f"what step '{shown(made.source.node)}' returns" if isinstance(made.source, Upstream) else ""
        self._parameters.outdo(asking.level, asking.step, name, maker or "an earlier step")

    def _opened(self, asking: Asking, level: Level, opener: Composite, name: str) -> Export | None:
        """Return what a composite gives under a name to the pipeline inside."""
        if (own := opener.gives(name, level.path)) is not None:
            return Export(own)
        given = None
        if name in opener.params:
            given = Export(self._constant(asking, opener, opener.params[name], name))
        elif name in opener.inputs and level.parent is not None:
            given = self._wired(asking, level.parent, opener, name, opener.inputs[name])
        return self._carried(asking, level, opener, name, given) if name in level.carried else given

    def _carried(self, asking: Asking, level: Level, loop: Composite, name: str, given: Export | None) -> Export:
        first = given or self._named(asking, level.parent, name)
        if first is None and asking.take.is_required:
            text = f"needs '{name}' in the first iteration of '{loop.name}' too"
            text += ", where no earlier step returns it and no parameter gives it"
            hint = f"give it: -p {name}=..., params=, a default, or a step before the loop"
            self.problems.append(self.problem(asking.level, asking.step, text, hint))
        later = level.carried[name]
        lacks = later.lacks if first is None else (*first.lacks, *later.lacks)
        return Export(Carried(level.path, None if first is None else first.source, later.source), later.kind, lacks)

    def _parameter(self, asking: Asking, name: str) -> Export | None:
        if self._parameters.has_scoped:
            return self._given(asking, name)
        # What is given to all steps is looked up once for the ten thousand that take it.
        given, annotation = asking.level.given, asking.take.annotation
        key = (name, id(annotation), id(given))
        if key not in self._known:
            self._known[key] = (self._given(asking, name), given, annotation)
        return self._known[key][0]

    def _given(self, asking: Asking, name: str) -> Export | None:
        found = self._parameters.find(asking.level, asking.step, name)
        if found is None:
            return None
        try:
            source = self._constants.given(found, asking.take.annotation)
        except InvalidError as problem:
            if found.key not in self._parameters.wrong:  # of ten thousand steps that take it, the first tells
                self._parameters.wrong.add(found.key)
                place = asking.level.given.place(found)
                where = f" ({place})" if found.origin in ("file", "env") else ""
                text = f"parameter '{found.key}'{where}: {problem.message}"
                self.problems.append(self.problem(asking.level, asking.step, text, problem.hint))
            return Export(NOTHING)
        if found.origin != "pipeline" and isinstance(source, Constant):
            self._parameters.values.setdefault(found.key, source.value)
        return Export(source)

    def _constant(self, asking: Asking, owner: Step, value: object, name: str | None = None) -> Source:
        try:
            return self._constants.fixed(value, "fixed", asking.take.annotation)
        except InvalidError as problem:
            text = f"params= '{name or asking.take.name}': {problem.message}"
            level = asking.level.home(owner) or asking.level
            self.problems.append(self.problem(level, owner, text, problem.hint))
            return NOTHING

    def _wired(self, asking: Asking, level: Level, owner: Step, argument: str, wire: Wire) -> Export:
        """Return what `inputs=` of a step at this level binds an argument to."""
        if isinstance(wire, str | OutputOf):
            return self._wire(asking, level, owner, argument, wire)
        # the annotation is that of the list, not of its items
        item = asking._replace(take=Take(asking.take.name, asking.take.is_required))
        found = [self._wire(item, level, owner, argument, each) for each in wire]
        lacks = tuple(lack for each in found for lack in each.lacks)
        return Export(Gather(tuple(each.source for each in found)), lacks=lacks)

    def _wire(self, asking: Asking, level: Level, owner: Step, argument: str, wire: str | OutputOf) -> Export:
        if isinstance(wire, OutputOf):
            found = self._output(asking, level, wire)
            if found is not None:
                return found
            text = f"inputs= binds '{argument}' to an output of '{wire.step.name}', which is no step of this pipeline"
        else:
            found = self._named(asking, level, wire)
            if found is not None:
                return found
            text = f"inputs= binds '{argument}' to '{wire}', which no earlier step returns and no parameter gives"
            text += nearest(wire, sorted(self._names(level, owner)))
        self.problems.append(self.problem(level, owner, text))
        return Export(NOTHING)

    def _output(self, asking: Asking, level: Level, wire: OutputOf) -> Export | None:
        home = level.home(wire.step)
        if home is None:
            return None
        if any(each.opener is wire.step for each in asking.level.up()):
            text = f"takes '{wire.name}' of '{wire.step.name}', which it is in itself"
            self.problems.append(self.problem(asking.level, asking.step, text))
            return Export(NOTHING)
        exports = home.made.get(id(wire.step))
        if exports is None:
            exports = self._exports.of(wire.step, home.paths[id(wire.step)])
        if wire.name in exports:
            return exports[wire.name]
        says = f"does not return it{nearest(wire.name, list(exports))}" if exports else "returns nothing"
        text = f"takes '{wire.name}' of '{wire.step.name}', which {says}"
        self.problems.append(self.problem(asking.level, asking.step, text))
        return Export(NOTHING)

    def _rest(self, level: Level, step: Step, takes: Takes) -> list[str]:
        """Return the names that go to `**kwargs`: the step's own, what composites give, every parameter of the run."""
        if takes.is_known and not takes.takes_rest:
            return []
        own = [name for name in (*step.inputs, *step.params) if name not in takes.names]
        if takes.takes_rest:
            own += [name for name in level.opened() if name not in takes.names]
            own += [name for name in self._parameters.names_for(level, step) if name not in takes.names]
        return list(dict.fromkeys(own))

    def _check_names(self, level: Level, step: Step, takes: Takes) -> None:
        if takes.takes_rest or not takes.is_known:
            return
        if takes.names.issuperset(step.inputs) and takes.names.issuperset(step.params):
            return
        known = [each.name for each in takes.items]
        for option, names in (("inputs", step.inputs), ("params", step.params)):
            for name in names:
                if name not in takes.names:
                    listed = f"it takes {', '.join(known)}" if known else "it takes nothing"
                    text = f"{option}= names '{name}', {takes.refusal}{nearest(name, known)}"
                    self.problems.append(self.problem(level, step, text, listed))

    def _flow(self, level: Level, step: Step, bound: Bound) -> None:
        """Bind by `a >> b`: the one argument still unbound to the one output of the one step before that has one."""
        if len(bound.unbound) != 1 or not step.flows:
            return
        outputs = [source for before in step.flows if (source := self._only_output(level, before))]
        if len(outputs) == 1:
            bound.arguments.append(Argument(bound.unbound.pop().name, outputs[0]))

    def _only_output(self, level: Level, step: Step) -> Source | None:
        home = level.home(step)
        if home is None:
            return None
        exports = self._exports.of(step, home.paths[id(step)]).values()
        sources = [each.source for each in exports if each.kind is not ReturnKind.METRIC]
        return sources[0] if len(sources) == 1 else None

    def _missing(self, level: Level, step: Step, take: Take, bound: Bound) -> InvalidError | None:
        for each in level.up():
            later = self._later(each, step, take.name)
            if later is not None:
                text = f"needs '{take.name}', which '{later.name}' returns, but that is listed later"
                before = next((one for one in each.steps if one is step), None) or self._around(level, each)
                return self.problem(level, step, text, f"list '{later.name}' before '{before.name}'")
        if level.given.is_asking:  # a form is about to ask for it
            from .formfields import ASKED  # for forms

            bound.arguments.append(Argument(take.name, Constant(None, ASKED)))
            return None
        text = f"needs '{take.name}', which no earlier step returns and no parameter gives"
        hint = f"give it: -p {take.name}=..., params=, or a step that returns it"
        return self.problem(level, step, text + nearest(take.name, sorted(self._names(level, step))), hint)

    def _later(self, level: Level, step: Step, name: str) -> Step | None:
        around = {id(each.opener) for each in level.up()}
        for each in level.steps:
            is_other = each is not step and id(each) not in around and id(each) not in level.made
            if is_other and name in self._exports.of(each, level.paths[id(each)]):
                return each
        return None

    def _around(self, level: Level, outer: Level) -> Step:
        """Return the step of an outer level that a level is in."""
        inside = level
        while inside.parent is not outer and inside.parent is not None:
            inside = inside.parent
        return inside.opener or outer.steps[0]

    def _names(self, level: Level, step: Step) -> set[str]:
        known = set(self._parameters.names_for(level, step))
        for each in level.up():
            known.update(each.makers, each.opened())
        return known
