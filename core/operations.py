"""What the steps of a pipeline have in common, each held once: the call, the returns, the policy."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .callables import imported, origin
from .constants import Constants
from .errors import InvalidError
from .functions import executed
from .graph import Call, CallKind, Operation, Policy, Return, ReturnKind
from .learntasks import LearnTask
from .nesting import Composite
from .packing import records_of
from .place import Place, relative_to
from .ports import Workshop
from .records import replace
from .returning import Returning
from .steps import Step
from .takes import Listed, Takes, takes_of, takes_of_function
from .tasks import NotebookTask, PythonTask, ScriptTask, ShellTask, Task

if TYPE_CHECKING:
    from .notebooks import Notebook
    from .programs import Entry


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
        self._returning = Returning(workshop.read)
        self.places: dict[int, Place] = {}
        """Operation -> where the first step of it is written, of those that name a profile or an override."""
        self._notebooks: dict[str, Notebook] = {}
        self._entries: dict[tuple[str, str | None], Entry | None] = {}
        self._index: dict[tuple[int, tuple[Return, ...], int], int] = {}
        self._equal: dict[Hashable, int] = {}
        """Number of each call and policy, by what it says."""
        self._numbers: dict[int, tuple[Call | Policy, int]] = {}
        """The same by identity, with the record, so that no other gets its identity."""
        self._kept: list[tuple[Call, tuple[Return, ...], Policy]] = []

    @property
    def kept(self) -> tuple[Operation, ...]:
        """Every operation asked for, in the order of their indices."""
        columns = [[each[at] for each in self._kept] for at in range(3)]
        return tuple(records_of(Operation, columns))

    def functions(self) -> Iterator[tuple[Call, Takes]]:
        """Yield each function that is called, with what it takes."""
        for key, call in self._calls.items():
            takes = self._takes.get(key[0]) if isinstance(key, tuple) else None
            if call is not None and takes is not None:
                yield call, takes

    def listed(self, task: Task) -> Listed:
        """Return a step with what it takes and returns."""
        meant = _task(task)
        return tuple.__new__(Listed, (task, self._takes_of(meant), self._returns(meant)))

    def index(self, listed: Listed, inherited: Mapping[str, object]) -> int:
        """Return the index of a task's operation; -1 when its call has a problem, which is noted.

        Args:
            listed: The task.
            inherited: Fields of the policy for what the task does not say itself.
        """
        task = listed.step
        call = self._call(_task(task))
        if call is None:
            return -1
        policy = task.policy
        if inherited:
            fields: dict[str, Any] = {name: each for name, each in inherited.items() if name not in task.settled}
            policy = replace(policy, **fields)
        new = len(self._kept)
        index = self.keep(call, listed.returns, policy)
        if index == new:
            if not listed.returns:
                self._check_kept(task)
            if policy.profile or policy.overrides:
                self.places[index] = task.place
        return index

    def keep(self, call: Call, returns: tuple[Return, ...], policy: Policy) -> int:
        """Return the index of an operation."""
        key = (self._number(call), returns, self._number(policy))
        index = self._index.get(key)
        if index is None:
            index = self._index[key] = len(self._kept)
            self._kept.append((call, returns, policy))
        return index

    def _number(self, record: Call | Policy) -> int:
        """Return the number of a call or a policy; equal ones have one. Asked by identity: to hash one takes 2 us."""
        found = self._numbers.get(id(record))
        if found is None:
            number = self._equal.setdefault(_key_of(record), len(self._equal))
            found = self._numbers[id(record)] = record, number
        return found[1]

    def _takes_of(self, task: Task) -> Takes:
        if isinstance(task, PythonTask):
            return self._takes_of_function(task.function)
        if isinstance(task, NotebookTask):
            try:
                return self._notebook(task).takes
            except InvalidError:  # told when its call is made
                return Takes(is_known=False)
        if isinstance(task, ScriptTask) and task.entry is not None:
            entry = self._entry(task)
            return Takes(is_known=False) if entry is None else entry.takes
        return takes_of(task)

    def _entry(self, task: ScriptTask) -> Entry | None:
        """Return the function a script is called through; None where it is not, which is told when its call is made."""
        with suppress(InvalidError):
            return self._found_entry(task)
        return None

    def _found_entry(self, task: ScriptTask) -> Entry | None:
        script = relative_to(self._root, task.script)
        key = (script, task.entry)
        if key not in self._entries:
            from .programs import entry_named  # for scripts

            text = self._workshop.read(script)
            known = task.entry is not None and text is not None
            self._entries[key] = entry_named(text or "", script, task.entry or "") if known else None
        return self._entries[key]

    def _notebook(self, task: NotebookTask) -> Notebook:
        """Return what a notebook file says.

        Raises:
            InvalidError: it is not there, or no notebook.
        """
        file = relative_to(self._root, task.notebook)
        if file not in self._notebooks:
            from .notebooks import read_notebook  # for notebooks

            text = self._workshop.read(file)
            if text is None:
                raise InvalidError(f"there is no notebook '{file}'", f"paths start at {self._root}")
            self._notebooks[file] = read_notebook(text, file)
        return self._notebooks[file]

    def control(self, step: Composite, kind: CallKind, returns: Iterable[str] = (), **fields: Any) -> int:
        """Return the index of what starts or ends a composite, or an iteration of it.

        Args:
            step: The composite.
            kind: SPLIT, REDUCE, CHOOSE, UNTIL or JOIN.
            returns: Names it hands on.
            fields: Of the call.
        """
        return self._control(Call(kind=kind, **fields, **self._place(step)), kind, returns)

    def recovery(self, step: Step) -> int:
        """Return the index of what ends the pipeline that takes over when a step fails."""
        return self._control(Call(kind=CallKind.JOIN, **self._place(step)), CallKind.JOIN, ())

    def end(self, step: Composite, kind: CallKind, returns: Iterable[str], metrics: Container[str] = ()) -> int:
        """Return the index of what ends a composite: it is what a terminate of the composite is about.

        Args:
            step: The composite.
            kind: REDUCE or JOIN.
            returns: Names it hands on.
            metrics: Those of them that are metrics of the run.
        """
        made = [Return(name=each, kind=ReturnKind.METRIC if each in metrics else ReturnKind.AUTO) for each in returns]
        return self.keep(self._end_call(step, kind), tuple(made), Policy(terminate=step.policy.terminate))

    def _control(self, call: Call, kind: CallKind, names: Iterable[str]) -> int:
        kept = ReturnKind.AUTO if kind is CallKind.JOIN else ReturnKind.JSON
        return self.keep(call, tuple([Return(name=name, kind=kept) for name in names]), Policy())

    def _end_call(self, step: Composite, kind: CallKind) -> Call:
        from .composites import Map  # of a composite alone, so that they are imported
        from .reducers import load_reducer

        if not isinstance(step, Map):
            return Call(kind=kind, **self._place(step))
        try:
            function = None if step.reducer is None else load_reducer(step.reducer)
            reduced = {} if function is None else self.named(function)
        except InvalidError as problem:
            self.problems.append(step.problem(problem.message, problem.hint))
            reduced = {}
        return Call(kind=kind, collect=step.collect, **(self._place(step) | reduced))

    def _place(self, step: Step) -> dict[str, Any]:
        return {"file": relative_to(self._root, step.place.file), "line": step.place.line}

    def _takes_of_function(self, function: Callable[..., object]) -> Takes:
        known = self._takes.get(id(function))
        if known is None:
            known = self._takes[id(function)] = takes_of_function(self._workshop.signature(function))
        return known

    def returns(self, task: Task) -> tuple[Return, ...]:
        """Return what a task keeps."""
        return self._returns(_task(task))

    def _returns(self, task: Task) -> tuple[Return, ...]:
        if (returns := task.returns) is not None:
            return returns
        if isinstance(task, ScriptTask):
            entry = self._entry(task)
            return (Return(name=task.name),) if entry is not None and entry.returns_value else ()
        assert isinstance(task, PythonTask)
        return (Return(name=task.name),) if self._returning.tells(task.function) is not False else ()

    def _check_kept(self, step: Task) -> None:
        """Warn of a step that returns something and says no name for it."""
        task = _task(step)
        if isinstance(task, PythonTask) and self._returning.tells(task.function):
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
        if isinstance(task, LearnTask):
            return Call(kind=CallKind.LEARN, qualname=task.what, file=file, line=task.place.line)
        if isinstance(task, ScriptTask):
            script = relative_to(self._root, task.script)
            if self._workshop.read(script) is None:
                raise InvalidError(f"there is no script '{script}'", f"paths start at {self._root}")
            entry = self._found_entry(task)
            line = 1 if entry is None else entry.line
            return Call(
                kind=CallKind.SCRIPT, script=script, args=task.args, qualname=task.entry, file=script, line=line
            )
        if isinstance(task, NotebookTask):
            self._notebook(task)
            notebook = relative_to(self._root, task.notebook)
            return Call(kind=CallKind.NOTEBOOK, script=notebook, file=notebook, line=1)
        return Call(kind=CallKind.STUB)

    def _python_call(self, task: PythonTask) -> Call:
        return Call(kind=CallKind.PYTHON, stream_end=task.stream_end, **self.named(task.function))

    def named(self, function: Callable[..., object]) -> dict[str, Any]:
        """Return the fields of a call that name a function; by value when no worker could import it."""
        found = imported(function)
        place = origin(function)
        file, line = (None, None) if place is None else Place(relative_to(self._root, place.file), place.line)
        where: dict[str, Any] = {} if file is None else {"file": file, "line": line}
        if found is not None:
            return {"module": found.module, "qualname": found.qualname, **where}
        blob = self._constants.keep(self._workshop.pickle(function))
        return {"qualname": getattr(function, "__qualname__", type(function).__name__), "blob": blob, **where}


def _task(step: Task) -> Task:
    task = executed(step)
    assert isinstance(task, Task)
    return task


def _identity(task: Task) -> Hashable:
    if isinstance(task, PythonTask):
        return (id(task.function), task.stream_end)
    if isinstance(task, ShellTask):
        return (task.command, task.place)
    if isinstance(task, ScriptTask):
        return (task.script, task.args, task.entry)
    if isinstance(task, NotebookTask):
        return task.notebook
    if isinstance(task, LearnTask):
        return (task.what, task.place)
    return CallKind.STUB


def _key_of(record: Call | Policy) -> Hashable:
    if isinstance(record, Call):
        return record
    policy = record
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
        policy.profile,
        tuple(sorted(policy.overrides.items())),
        tuple(policy.declared),  # empty while compiling: overrides come later
    )
