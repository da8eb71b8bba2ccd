"""Pipeline: what the user writes. It holds steps and hands itself to the compiler or to the workspace."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from .above import above
from .errors import InvalidError, nearest
from .graph import Graph
from .ids import name_problem
from .learning import Source, source_from
from .nesting import Nested
from .options import Options
from .place import caller, told_at
from .steps import OutputOf, Step, Unit
from .tasks import PythonTask

if TYPE_CHECKING:
    from .evaluation import Evaluation
    from .tuning import Tune


class OrderRule(StrEnum):
    """How listed steps are ordered beyond the data that flows between them."""

    LISTED = "listed"
    """A step without outputs is a fence."""
    DATA = "data"
    """Data alone."""
    DECLARED = "declared"
    """Each step waits for the one listed before it."""


Interceptor: TypeAlias = "Callable[[Pipeline, Mapping[str, object]], None]"
"""Told of a pipeline that is about to be executed, and the parameters given; raises to prevent it."""

_interceptor: ContextVar[Interceptor | None] = ContextVar("interceptor", default=None)


class Pipeline(Unit):
    """Steps, in the order listed, wired by the names they take and return. It may itself be a step of another one."""

    def __init__(
        self,
        steps: Sequence[Unit | Callable[..., object]],
        name: str | None = None,
        *,
        params: Mapping[str, object] | None = None,
        source: Source | str | None = None,
        evaluation: Evaluation | None = None,
        tune: Tune | None = None,
        order: str = "listed",
        description: str | None = None,
        add_terminal_nodes: bool = True,
        **unknown: Any,
    ):
        """List steps.

        Args:
            steps: Tasks, composites, pipelines, or functions; a function is a task that keeps what it returns under
                its own name.
            name: None: the name of the variable it is bound to, else the file's stem.
            params: Default values of parameters, by the name steps take them.
            source: Where its data comes from; a text is what is asked of the feed. None: its steps see to that.
            evaluation: How it is scored. None: `eval` and `tune` know only what its steps measure.
            tune: What is searched for the best parameters.
            order: "listed", "data" or "declared"; see `OrderRule`.
            description: One line for people.
            add_terminal_nodes: Nothing; pipelines of AstraZeneca's runnable say it.
            unknown: Nothing; a misspelt argument is answered with the nearest one.

        Raises:
            InvalidError: anything in it is wrong; all of it in one message.
        """
        self.place = caller()
        self.name = name
        self.params: Mapping[str, object] = {} if params is None else params
        self.description = description
        problems = [self._unknown(each) for each in unknown]
        problems += self._header_problems(order)
        self.source = self._source(source, problems)
        self.evaluation: Evaluation | None = None
        self.tune: Tune | None = None
        if evaluation is not None or tune is not None:
            self._learning(evaluation, tune, problems)
        self.steps = self._wrapped(steps, problems)
        if problems:
            raise told_at(self.place, problems)
        self.order = OrderRule(order)
        self._nested: Nested | None = None

    def __repr__(self) -> str:
        return f"<Pipeline {self.name or ''}: {len(self.steps)} steps>"

    def execute(
        self,
        params: Mapping[str, object] | None = None,
        *,
        runner: str | None = None,
        jobs: int | None = None,
        force: bool = False,
        tag: str | Sequence[str] | None = None,
        check: bool = True,
        parameters_file: str | None = None,
        configuration_file: str | None = None,
        run_id: str | None = None,
        job_id: str | None = None,
        log_level: str | int | None = None,
        patches: Mapping[str, object] | None = None,
        **named: object,
    ) -> Any:
        """Run it here and wait; return the finished RunResult.

        Args:
            params: Parameters by name, or by "STEP:name".
            runner: Configured runner; None: the default one.
            jobs: Steps that run at once; None: as configured.
            force: True reuses no earlier result.
            tag: One or several tags of the run.
            check: False returns a failed run instead of raising.
            parameters_file: TOML, JSON or YAML; weaker than `params` and than the environment.
            configuration_file: Wins over the project's own: TOML as `graft -C`, or the YAML of AstraZeneca's runnable.
            run_id: Tag to find the run by; for programs written for runnable, where it is the id.
            job_id: The same.
            log_level: Nothing; programs written for runnable say it.
            patches: With `runner="mock"`: by step, a function to call in its place, or the value it is to return.
            named: Further parameters; the names above are taken, `params` is not.

        Raises:
            InvalidError: the pipeline or a parameter is wrong; nothing was started.
            StepFailed: a step failed, unless `check` is False.
        """
        given = self._given(params, named, parameters_file)
        return above("programs").execute_pipeline(
            self,
            params=given,
            runner=runner,
            jobs=jobs,
            force=force,
            tags=tuple(dict.fromkeys((*_tags(tag), *_tags(run_id), *_tags(job_id)))),
            check=check,
            parameters_file=parameters_file,
            configuration_file=configuration_file,
            patches=patches,
        )

    def submit(
        self,
        params: Mapping[str, object] | None = None,
        *,
        runner: str | None = None,
        jobs: int | None = None,
        force: bool = False,
        tag: str | Sequence[str] | None = None,
        parameters_file: str | None = None,
        **named: object,
    ) -> Any:
        """Start it in a process of its own and return at once with the RunResult to wait on; as `execute`."""
        given = self._given(params, named, parameters_file)
        return above("programs").submit_pipeline(
            self,
            params=given,
            runner=runner,
            jobs=jobs,
            force=force,
            tags=_tags(tag),
            parameters_file=parameters_file,
        )

    @cached_property
    def launcher(self) -> Any:
        """Train, apply and evaluate here, with a registry for this process: `churn.launcher.train()`."""
        return above("programs").Launcher(self)

    def compile(self, mode: str = "job", params: Mapping[str, object] | None = None) -> Graph:
        """Return the graph a runner would execute.

        Raises:
            InvalidError: the pipeline is wrong; every problem in one message.
        """
        graph: Graph = (
            above("worker.workshop")
            .compile_here(
                self, mode=mode, params=params or {}, shelf_at=lambda root: above("wiring").functions_at(root)
            )
            .graph
        )
        return graph

    @classmethod
    def from_yaml(cls, path: str, name: str | None = None) -> Pipeline:
        """Return the pipeline of a YAML file.

        Args:
            path: The file. Functions in it are written `package.module:name`, or `file.py:name` from the project root.
            name: Which one, where the file holds several. None: the only one.

        Raises:
            InvalidError: the file cannot be read, or something in it is wrong: at file:line, all of it in one message.
        """
        found: Pipeline = above("worker.yamlpipelines").load_yaml(path, name)
        return found

    def to_yaml(self) -> str:
        """Return it as YAML; what is loaded from that compiles to the same graph.

        Raises:
            InvalidError: a function has no name it can be imported by (a lambda, a closure, one of `__main__`), or a
                value is not text, a number, a list or a dict.
        """
        text: str = above("worker.yamlpipelines").pipeline_yaml(self)
        return text

    def name_in(self, namespace: Mapping[str, object]) -> str:
        """Return its name, else that of its variable in `namespace`, else the stem of the file it was written in."""
        if self.name is not None:
            return self.name
        for variable, value in namespace.items():
            if value is self and not variable.startswith("_"):
                return variable
        stem = posixpath.basename(self.place.file).partition(".")[0].strip("<>")
        return "pipeline" if name_problem(stem) else stem

    def as_step(self) -> Nested:
        """Return the step it is in another pipeline; always the same one.

        Raises:
            InvalidError: it has no name.
        """
        if self._nested is None:
            self._nested = Nested(self, None, caller())
        return self._nested

    def with_(self, name: str | None = None, **options: Unpack[Options]) -> Nested:
        """Return a step that is this pipeline, with options; so one pipeline can be several steps.

        Args:
            name: Name of the step; None: that of the pipeline.
            options: See `Options`. `inputs=` and `params=` give values by name to all steps inside.

        Raises:
            InvalidError: there is no name, or an option is wrong.
        """
        return Nested(self, name, caller(), options)

    def __getitem__(self, output: str) -> OutputOf:
        """Name one output, for `inputs=` of a step after it.

        Raises:
            InvalidError: it has no name, or returns nothing by that one.
        """
        return self.as_step()[output]

    def _given(
        self, params: Mapping[str, object] | None, named: Mapping[str, object], file: str | None
    ) -> Mapping[str, object]:
        if params is not None and not isinstance(params, Mapping):
            raise InvalidError(f"params= takes a dict of parameters, not {params!r}")
        given = dict(params or {})
        if twice := sorted(given.keys() & named.keys()):
            raise InvalidError(f"the parameter '{twice[0]}' is given twice: in params= and by name")
        given |= named
        if (intercept := _interceptor.get()) is not None:
            # Whoever takes it over gets all that the call says.
            intercept(self, {**above("worker.workshop").file_parameters(file), **given})
        return given

    def _header_problems(self, order: object) -> Iterator[InvalidError]:
        if self.name is not None and (trouble := name_problem(self.name)):
            yield self._wrong(f"the name {self.name!r} is no name: {trouble}")
        if not isinstance(self.params, Mapping) or not all(isinstance(key, str) for key in self.params):
            yield self._wrong(f"params= takes a dict of parameters, not {self.params!r}")
        rules = [rule.value for rule in OrderRule]
        if order not in rules:
            yield self._wrong(f"order= is one of {', '.join(rules)}, not {order!r}{nearest(str(order), rules)}")
        if self.description is not None and not isinstance(self.description, str):
            yield self._wrong(f"description= takes text, not {self.description!r}")

    def _source(self, source: object, problems: list[InvalidError]) -> Source | None:
        try:
            return source_from(source)
        except InvalidError as problem:
            problems.append(self._wrong(problem.message, problem.hint))
            return None

    def _learning(self, evaluation: object, tune: object, problems: list[InvalidError]) -> None:
        from .evaluation import checked  # only pipelines that learn need it
        from .tuning import checked as checked_tune

        labels = None if self.source is None else tuple(self.source.labels.values())
        try:
            self.evaluation = None if evaluation is None else checked(evaluation, labels)
            self.tune = None if tune is None else checked_tune(tune, self.evaluation)
        except InvalidError as problem:
            problems.append(self._wrong(problem.message, problem.hint))

    def _wrapped(self, steps: object, problems: list[InvalidError]) -> tuple[Step, ...]:
        if isinstance(steps, str) or not isinstance(steps, Sequence):
            problems.append(self._wrong(f"steps= takes a list of steps, not {steps!r}"))
            return ()
        if not steps:
            problems.append(self._wrong("it has no steps"))
        wrapped: list[Step] = []
        for step in steps:
            try:
                wrapped.append(self._step(step))
            except InvalidError as problem:
                problems.append(problem)
        return tuple(wrapped)

    def _step(self, step: object) -> Step:
        if isinstance(step, Pipeline) and step.name is None:
            hint = "give it one: Pipeline(..., name='...'), or pipeline.with_(name='...')"
            raise self._wrong(f"steps= has {step!r}, which needs a name to be a step", hint)
        if isinstance(step, Unit):
            return step.as_step()
        if callable(step) and not isinstance(step, type):
            return PythonTask.bare(step, self.place)
        hint = "a step is a task, or a function without its parentheses"
        raise self._wrong(f"steps= has {step!r}, which is no step", hint)

    def _unknown(self, name: str) -> InvalidError:
        meant = nearest(name, _ARGUMENTS)
        hint = None if meant else f"it has {', '.join(_ARGUMENTS)}"
        return self._wrong(f"Pipeline has no argument '{name}'{meant}", hint)

    def _wrong(self, message: str, hint: str | None = None) -> InvalidError:
        who = f"pipeline '{self.name}'" if isinstance(self.name, str) else "pipeline"
        return InvalidError(f"{who}: {message}", hint, file=self.place.file, line=self.place.line)


_ARGUMENTS = ["steps", "name", "params", "source", "evaluation", "tune", "order", "description"]


@contextmanager
def intercepting(interceptor: Interceptor) -> Iterator[None]:
    """Have `execute()` and `submit()` of any pipeline call the interceptor first, in this context.

    A loader captures with it what `main()` executes; whoever imports user code forbids with it that an import runs one.
    """
    token = _interceptor.set(interceptor)
    try:
        yield
    finally:
        _interceptor.reset(token)


def _tags(tag: object) -> tuple[str, ...]:
    if tag is None or tag == "":
        return ()
    tags = (tag,) if isinstance(tag, str) else tag
    if not isinstance(tags, Sequence) or not all(isinstance(each, str) and each for each in tags):
        raise InvalidError(f"tag= takes a tag or a list of tags, not {tag!r}")
    return tuple(tags)
