"""A pipeline as plain data, as a YAML file holds it, and back: what is loaded from it compiles to the same graph.

Nothing here reads files or imports user code: functions are found and named by what it is given.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any

from .branches import pipeline_of
from .called import CalledPipeline
from .calls import TaskFunction
from .errors import InvalidError, nearest
from .forms import FORMS, called, form_of, form_problem, is_bare
from .functions import Function
from .graph import Json
from .ids import name_problem
from .learning import source_data
from .learningdata import evaluation_data, evaluation_from, tune_data, tune_from
from .marks import Marks, Path, shown
from .options import choose
from .pipeline import OrderRule, Pipeline
from .place import written_at
from .records import dataclass
from .returns import declare
from .stepdata import (
    OPTIONS,
    catalog_from,
    check_plain,
    options_data,
    returns_data,
    returns_from,
    steps_wired,
    wire_from,
)
from .steps import Step
from .tasks import PythonTask, Task

KEYS = ("name", "description", "params", "source", "evaluation", "tune", "order", "steps")
"""What a pipeline is made of; a test holds them against the arguments of `Pipeline`."""
MANY = "pipelines"
"""Key under which a file holds several pipelines by name."""
_NONE: Mapping[str, Step] = MappingProxyType({})


def pipeline_from(data: object, reading: Reading, name: str | None = None) -> Pipeline:
    """Return the pipeline of a definition.

    Args:
        data: The whole of a file.
        reading: Where it was written, and what finds functions.
        name: Which one is meant, where it holds several. None: the only one.

    Raises:
        InvalidError: something in it is wrong, at file:line of its key; every problem in one message.
    """
    problem = reading.marks.problem
    if not isinstance(data, Mapping):
        raise problem((), f"it holds {shown(data)}, no pipeline", "write steps: and a list below it")
    if MANY not in data:
        if name is not None and data.get("name", name) != name:
            raise problem(("name",), f"it holds the pipeline '{data['name']}', not '{name}'")
        return reading.pipeline(data, (), name)
    if extra := [key for key in data if key != MANY]:
        raise problem((extra[0],), f"'{extra[0]}' stands beside '{MANY}'", f"a file is {MANY}:, or one pipeline")
    found = data[MANY]
    if not isinstance(found, Mapping) or not found:
        raise problem((MANY,), f"'{MANY}' takes pipelines by name, not {shown(found)}")
    if name is None and len(found) > 1:
        raise problem((), f"it holds {len(found)} pipelines: {', '.join(found)}", "name one: FILE.yaml:NAME")
    chosen = next(iter(found)) if name is None else name
    if chosen not in found:
        raise problem((MANY,), f"there is no '{chosen}' in it{nearest(chosen, list(found))}")
    return reading.pipeline(found[chosen], (MANY, chosen), chosen)


def definition_of(pipeline: Pipeline, writing: Writing, name: str | None = None) -> dict[str, Json]:
    """Return a pipeline as plain data.

    Args:
        pipeline: What to write.
        writing: What names functions.
        name: Its name where it has none of its own.

    Raises:
        InvalidError: a function in it has no name to write (a lambda, a closure), or a value is no plain one.
    """
    found = writing.pipeline(pipeline)
    return found if "name" in found or name is None else {"name": name, **found}


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes steps and pipelines as plain data."""

    name_of: Callable[[Callable[..., object]], str]
    """Names a function so that it is found again; InvalidError when it cannot be."""

    def pipeline(self, pipeline: Pipeline) -> dict[str, Json]:
        """Return a pipeline as plain data; every problem in one message."""
        if isinstance(pipeline, CalledPipeline):
            raise _called(pipeline)
        found = _header(pipeline)
        if pipeline.evaluation is not None:
            found["evaluation"] = evaluation_data(pipeline.evaluation, self.name_of)
        if pipeline.tune is not None:
            found["tune"] = tune_data(pipeline.tune)
        problems: list[InvalidError] = []
        steps: list[Json] = []
        for step in pipeline.steps:
            try:
                steps.append(self.step(step))
            except InvalidError as problem:
                problems += _each(problem)
        if problems:
            raise InvalidError.all_of(problems)
        return {**found, "steps": steps}

    def branch(self, pipeline: Pipeline) -> Json:
        """Return the pipeline of a branch: its steps alone where it is nothing more than these."""
        found = self.pipeline(pipeline)
        return found["steps"] if found.keys() == {"steps"} else found

    def function(self, step: Step, function: Callable[..., object]) -> str:
        """Return how a function of a step is written.

        Raises:
            InvalidError: it cannot be named, at the step's line.
        """
        try:
            return self.name_of(function)
        except InvalidError as problem:
            raise step.problem(problem.message, problem.hint) from problem

    def step(self, step: Step) -> Json:
        """Return a step as plain data; a bare function without more as its name alone."""
        form = form_of(step)
        own, options = form.write(self, step), options_data(step)
        if is_bare(step) and not options and step.on_failure is None:
            return own["python"]
        found = own if own.get("stub") == step.name else {**own, "name": step.name}
        if isinstance(step, Function):
            if step.wants is not None:
                found["returns"] = returns_data(declare(step.wants))
        elif isinstance(step, Task):
            if step.returns is None and isinstance(step, PythonTask):
                found["returns"] = True
            elif step.returns:
                found["returns"] = returns_data(step.returns)
        if step.on_failure is not None:
            options["on_failure"] = self.branch(pipeline_of(step.on_failure))
        return {**found, **options}


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads steps and pipelines from plain data; every problem is told at the line of its key."""

    marks: Marks
    find: Callable[[str], Callable[..., object]]
    """Finds a function by `package.module:name` or `file.py:name`; InvalidError when there is none."""

    def pipeline(
        self, data: object, path: Path, name: str | None = None, outer: Mapping[str, Step] = _NONE
    ) -> Pipeline:
        """Return the pipeline at a path.

        Args:
            data: What stands there.
            path: Keys that lead to it.
            name: The one it has without `name:`.
            outer: Steps of the pipelines around it that may be taken from, by name.
        """
        if not isinstance(data, Mapping):
            raise self.marks.problem(path, f"a pipeline is steps: and a list below it, not {shown(data)}")
        problems = [
            self.marks.problem((*path, key), f"a pipeline has no '{key}'{nearest(str(key), KEYS)}", _HAS)
            for key in data
            if key not in KEYS
        ]
        steps = self._steps(data.get("steps"), (*path, "steps"), problems, outer)
        if problems:
            raise InvalidError.all_of(problems)
        rest = {key: value for key, value in data.items() if key != "steps" and value is not None}
        if "evaluation" in rest:
            rest["evaluation"] = evaluation_from(self, rest["evaluation"], (*path, "evaluation"))
        if "tune" in rest:
            rest["tune"] = tune_from(self, rest["tune"], (*path, "tune"))
        with written_at(self.marks.place(path)):
            return Pipeline(steps, **{"name": name, **rest})

    def branch(self, data: object, path: Path, outer: Mapping[str, Step]) -> Pipeline:
        """Return the pipeline of a branch: a list of steps, a pipeline, or a single step."""
        if isinstance(data, Mapping) and not any(key in FORMS for key in data):
            return self.pipeline(data, path, outer=outer)
        if not isinstance(data, list):
            with written_at(self.marks.place(path)):
                return Pipeline([self.step(data, path, outer)])
        problems: list[InvalidError] = []
        steps = self._steps(data, path, problems, outer)
        if problems:
            raise InvalidError.all_of(problems)
        with written_at(self.marks.place(path)):
            return Pipeline(steps)

    def function(self, text: object, path: Path) -> Callable[..., object]:
        """Return the function a text names."""
        if not isinstance(text, str) or not text.strip():
            hint = "write package.module:name or file.py:name"
            raise self.marks.problem(path, f"a function is named by text, not {shown(text)}", hint)
        try:
            return self.find(text.strip())
        except InvalidError as problem:
            raise self._placed(problem, path) from problem

    def step(self, data: object, path: Path, made: Mapping[str, Step]) -> Step:
        """Return the step at a path; `made` are those of its pipeline that it may take outputs of."""
        if isinstance(data, str):
            function = self.function(data, path)
            with written_at(self.marks.place(path)):
                if isinstance(function, TaskFunction):
                    return function.as_step()
                return PythonTask.bare(function, self.marks.place(path))
        if not isinstance(data, Mapping):
            raise self.marks.problem(path, f"a step is a function or a mapping, not {shown(data)}")
        forms = [key for key in data if key in FORMS]
        if len(forms) != 1:
            raise self.marks.problem(path, form_problem(data))
        form, problems = FORMS[forms[0]], list[InvalidError]()
        known = [forms[0], "name", *(["returns"] if form.returns else []), *form.own, "follows", *OPTIONS]
        given: dict[str, Any] = {}
        for key, value in data.items():
            if key not in known:
                text = f"step {int(path[-1]) + 1}: a {forms[0]} step has no '{key}'{nearest(str(key), known)}"
                problems.append(self.marks.problem((*path, key), text))
            elif key != forms[0] and key not in (*form.own, "follows") and value is not None:
                try:
                    given[key] = self._given(form.step.__name__, key, value, made, (*path, key))
                except InvalidError as problem:
                    problems.append(self._placed(problem, (*path, key)))
        if problems:
            raise InvalidError.all_of(problems)
        try:
            with written_at(self.marks.place(path)):
                return form.make(self, data, path, given, made)
        except InvalidError as problem:
            raise self._placed(problem, path) from problem

    def _given(self, kind: str, key: str, value: object, made: Mapping[str, Step], path: Path) -> object:
        """Return a value as the step's class takes it."""
        if key == "name":
            if trouble := name_problem(value):
                raise InvalidError(trouble)
            return value
        if key == "returns":
            return returns_from(value)
        if key == "inputs" and isinstance(value, Mapping):
            value = {argument: wire_from(wire, made) for argument, wire in value.items()}
        elif key == "catalog":
            value = catalog_from(value)
        elif key == "on_failure":
            return self.branch(value, path, made)
        for problem in choose(kind, {key: value})[1]:
            raise InvalidError(problem.message.removeprefix(f"{key}= "), problem.hint)
        return value

    def _steps(self, data: object, path: Path, problems: list[InvalidError], outer: Mapping[str, Step]) -> list[Step]:
        """Return the steps of a list in its order, made in the order in which they take each other's outputs."""
        if not isinstance(data, list) or not data:
            problems.append(self.marks.problem(path, f"steps takes a list of steps, not {shown(data)}"))
            return []
        names = {name for each in data if (name := called(each)) is not None}
        wants = [(set(steps_wired(each)) & names) - {called(each)} for each in data]
        made: dict[str, Step] = {}
        known = ChainMap(made, *_maps(outer))
        found: dict[int, Step] = {}
        waiting = list(range(len(data)))
        while waiting:
            ready = [at for at in waiting if wants[at] <= made.keys()]
            for at in ready or waiting:  # what waits for what never comes is made too: that tells what is wrong
                try:
                    found[at] = self.step(data[at], (*path, at), known)
                    made.setdefault(found[at].name, found[at])
                except InvalidError as problem:
                    problems += _each(problem)
            waiting = [at for at in waiting if at not in ready] if ready else []
        self._follow(data, path, found, made, problems)
        return [found[at] for at in sorted(found)]

    def _follow(
        self, data: list[Any], path: Path, found: Mapping[int, Step], made: Mapping[str, Step], problems: list[Any]
    ) -> None:
        """Note what `follows` says: the order of `a >> b`, which may bind too."""
        for at, step in found.items():
            names = data[at].get("follows") if isinstance(data[at], Mapping) else None
            for name in [names] if isinstance(names, str) else names or ():
                if name in made:
                    made[name] >> step
                else:
                    text = (
                        f"step '{step.name}' follows '{name}', which is no step of it{nearest(str(name), list(made))}"
                    )
                    problems.append(self.marks.problem((*path, at, "follows"), text))

    def _placed(self, problem: InvalidError, path: Path) -> InvalidError:
        """Return a problem at the line of a path, unless it has a place of its own."""
        if problem.file is not None or problem.problems:
            return problem
        numbers = [at for at, part in enumerate(path) if isinstance(part, int)]
        who = f"step {int(path[numbers[-1]]) + 1}: " if numbers and self.marks.file else ""
        key = f"{path[-1]}: " if path and isinstance(path[-1], str) else ""
        return self.marks.problem(path, f"{who}{key}{problem.message}", problem.hint)


def _each(problem: InvalidError) -> list[InvalidError]:
    return [each for each in problem.problems if isinstance(each, InvalidError)] or [problem]


def _maps(names: Mapping[str, Step]) -> list[MutableMapping[str, Step]]:
    return list(names.maps) if isinstance(names, ChainMap) else [dict(names)]


def _header(pipeline: Pipeline) -> dict[str, Json]:
    found: dict[str, Json] = {}
    if pipeline.name is not None:
        found["name"] = pipeline.name
    if pipeline.description is not None:
        found["description"] = pipeline.description
    for key, value in pipeline.params.items():
        check_plain(value, f"the pipeline's parameter '{key}'", pipeline.place)
    if pipeline.params:
        found["params"] = dict(pipeline.params)
    if pipeline.source is not None:
        found["source"] = source_data(pipeline.source)
    if pipeline.order is not OrderRule.LISTED:
        found["order"] = pipeline.order.value
    return found


def _called(pipeline: Pipeline) -> InvalidError:
    text = f"the pipeline '{pipeline.name}' is written by calls: its body is run for each compile"
    hint = "only a list of steps can be written as YAML"
    return InvalidError(text, hint, file=pipeline.place.file, line=pipeline.place.line)


_HAS = f"it has {', '.join(KEYS)}"
