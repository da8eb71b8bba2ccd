"""What the steps of a pipeline have in common, each held once: the call, the returns, the policy."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from .binding import Listed
from .callables import imported, origin
from .constants import Constants
from .errors import InvalidError
from .functions import Function
from .graph import Call, CallKind, Operation, Policy, Return
from .place import Place, relative_to
from .ports import Workshop
from .sources import returning_functions
from .steps import Step
from .takes import Takes, takes_of, takes_of_function
from .tasks import PythonTask, ScriptTask, ShellTask, Task


class Operations:
    """The operations of one graph, and what is known of the functions behind them."""

    def __init__(self, workshop: Workshop, constants: Constants, root: str):
        self.problems: list[InvalidError] = []
        self.warnings: list[str] = []
        self._workshop = workshop
        self._constants = constants
        self._root = root
        self._takes: dict[int, Takes] = {}
        """By identity of the function: some callables cannot be hashed, and the pipeline keeps them alive."""
        self._calls: dict[Hashable, Call | None] = {}
        self._returning: dict[str, dict[tuple[str, int], bool]] = {}
        """Source file -> (function, line) -> whether it returns a value."""
        self._index: dict[Hashable, int] = {}
        self._kept: list[Operation] = []

    @property
    def kept(self) -> tuple[Operation, ...]:
        """Every operation asked for, in the order of their indices."""
        return tuple(self._kept)

    def listed(self, step: Step) -> Listed:
        """Return a step with what it takes and returns."""
        if not isinstance(step, Task):
            raise TypeError(f"{step!r} is no task")
        if isinstance(step, Function):
            self._workshop.resolve(step)
        task = _executed(step)
        takes = self._takes_of_function(task.function) if isinstance(task, PythonTask) else takes_of(task)
        return Listed(step, takes, self._returns(step))

    def index(self, step: Step) -> int:
        """Return the index of a step's operation; -1 when its call has a problem, which is noted."""
        assert isinstance(step, Task)
        call = self._call(_executed(step))
        if call is None:
            return -1
        returns = self._returns(step)
        key = (call, returns, _key_of(step.policy))
        if key not in self._index:
            self._index[key] = len(self._kept)
            self._kept.append(Operation(call=call, returns=returns, policy=step.policy))
            self._check_kept(step, returns)
        return self._index[key]

    def _takes_of_function(self, function: Callable[..., object]) -> Takes:
        known = self._takes.get(id(function))
        if known is None:
            known = self._takes[id(function)] = takes_of_function(self._workshop.signature(function))
        return known

    def _returns(self, step: Task) -> tuple[Return, ...]:
        task = _executed(step)
        if task.returns is not None:
            return task.returns
        assert isinstance(task, PythonTask)
        return (Return(name=task.name),) if self._returns_value(task.function) is not False else ()

    def _returns_value(self, function: Callable[..., object]) -> bool | None:
        """Tell whether a function holds `return <value>`; None when its source cannot be had."""
        place = origin(function)
        if place is None:
            return None
        if place.file not in self._returning:
            text = self._workshop.read(place.file)
            self._returning[place.file] = {} if text is None else returning_functions(text)
        name = getattr(function, "__name__", "")
        return self._returning[place.file].get((name, place.line))

    def _check_kept(self, step: Task, returns: tuple[Return, ...]) -> None:
        task = _executed(step)
        if isinstance(task, PythonTask) and not returns and self._returns_value(task.function):
            text = f"step '{task.name}': its function returns a value that is not kept; name it in returns=[...]"
            self.warnings.append(text)

    def _call(self, task: Task) -> Call | None:
        key = _identity(task)
        if key not in self._calls:
            try:
                self._calls[key] = self._new_call(task)
            except InvalidError as problem:
                self._calls[key] = None
                self.problems.append(task.problem(problem.message, problem.hint))
        return self._calls[key]

    def _new_call(self, task: Task) -> Call:
        if isinstance(task, PythonTask):
            return self._python_call(task)
        file = relative_to(self._root, task.place.file)
        if isinstance(task, ShellTask):
            place = (file, task.place.line) if file else (None, None)  # a job's command is in no file
            return Call(kind=CallKind.SHELL, command=task.command, file=place[0], line=place[1])
        if isinstance(task, ScriptTask):
            script = relative_to(self._root, task.script)
            if self._workshop.read(script) is None:
                raise InvalidError(f"there is no script '{script}'", f"paths start at {self._root}")
            return Call(kind=CallKind.SCRIPT, script=script, args=task.args, file=script, line=1)
        return Call(kind=CallKind.STUB)

    def _python_call(self, task: PythonTask) -> Call:
        found = imported(task.function)
        place = origin(task.function)
        file, line = (None, None) if place is None else Place(relative_to(self._root, place.file), place.line)
        if found is not None:
            return Call(kind=CallKind.PYTHON, module=found.module, qualname=found.qualname, file=file, line=line)
        blob = self._constants.keep(self._workshop.pickle(task.function))
        qualname = getattr(task.function, "__qualname__", type(task.function).__name__)
        return Call(kind=CallKind.PYTHON, qualname=qualname, blob=blob, file=file, line=line)


def _executed(step: Task) -> Task:
    """Return what a step calls: a registered function stands for the step its kind made of it."""
    return step.task if isinstance(step, Function) else step


def _identity(task: Task) -> Hashable:
    if isinstance(task, PythonTask):
        return id(task.function)
    if isinstance(task, ShellTask):
        return (task.command, task.place)
    if isinstance(task, ScriptTask):
        return (task.script, task.args)
    return CallKind.STUB


def _key_of(policy: Policy) -> Hashable:
    return (
        policy.retries,
        policy.backoff_s,
        policy.timeout_s,
        tuple(sorted(policy.resources.items())),
        policy.labels,
        policy.isolation,
        policy.secrets,
        policy.reads,
        policy.env,
        policy.cache,
        policy.watch,
        policy.terminate,
        policy.put,
        policy.get,
        policy.store_copy,
    )
