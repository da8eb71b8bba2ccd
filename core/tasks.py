"""The tasks a user writes: steps around unmodified functions, commands and scripts."""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from .callables import plain
from .errors import InvalidError
from .graph import Return
from .ids import name_problem
from .options import Options, choose
from .place import Place, caller, told_at
from .returns import Returns, declare
from .steps import Step

if TYPE_CHECKING:
    from .flows import Flow  # of tasks that are called, which know this module


class Task(Step):
    """A step that is one executable: what it returns and how it is attempted."""

    arguments: Mapping[str, Flow] | None = None
    """What a call gives it, by parameter; None: it is listed, and what it takes is looked up by name."""

    def __init__(self, name: object, place: Place, returns: object, options: Mapping[str, object]):
        kind = type(self).__name__
        problems: list[InvalidError] = []
        if trouble := name_problem(name):
            problems.append(InvalidError(trouble, f"give it one: {kind}(..., name='...')"))
        try:
            declared = declare(returns)
        except InvalidError as problem:
            declared = ()
            problems.append(problem)
        chosen, wrong_options = choose(kind, options)
        problems += wrong_options
        if problems:
            shown = name if isinstance(name, str) and name else kind
            raise told_at(place, [wrong(shown, place, each.message, each.hint) for each in problems])
        super().__init__(str(name), place, chosen)
        self._returns = declared
        self._infers = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def returns(self) -> tuple[Return, ...] | None:
        """What it keeps, in order. None: one value named after the step if its function returns something."""
        return None if self._infers else self._returns

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names it returns; of a function listed without a wrapper, the one it may return."""
        return (self.name,) if self.returns is None else tuple(each.name for each in self.returns)


class PythonTask(Task):
    """Call a function: of a module, of `__main__`, a lambda or closure, plain or `async def`.

    A generator (also `async def` with `yield`) is consumed to its end, and each yield is told live (`graft events -f`).
    What such a step returns is what the generator returns itself; else the values of the last mapping it yielded with
    `type: done` that holds every declared name; else, with one declared name, the list of everything it yielded.
    """

    stream_end: str | None = None
    """The `type` of the mapping with the results that a generator yields last; None: `done`."""

    def __init__(
        self,
        function: Callable[..., object],
        name: str | None = None,
        returns: Returns = None,
        **options: Unpack[Options],
    ):
        """Wrap a function; its code stays as it is.

        Args:
            function: What to call. Its arguments are bound by name.
            name: Name of the step; None: the function's.
            returns: What to keep; None keeps nothing.
            options: See `Options`.

        Raises:
            InvalidError: anything in it is wrong; all of it in one message.
        """
        place = caller()
        if not callable(function):
            hint = "pass the function itself, without calling it"
            raise wrong(name or "PythonTask", place, f"function= takes a function, not {function!r}", hint)
        super().__init__(name_of(function) if name is None else name, place, returns, options)
        self.function = plain(function)

    @classmethod
    def bare(
        cls, function: Callable[..., object], place: Place, name: str | None = None, **options: Unpack[Options]
    ) -> PythonTask:
        """Return the task a function listed without a wrapper stands for: what it returns is kept under its name."""
        task = cls(function, name, **options)
        task.place = place
        task._infers = True
        return task


class AsyncPythonTask(PythonTask):
    """A `PythonTask` under the name AstraZeneca's runnable has for async functions and streams."""

    def __init__(
        self,
        function: Callable[..., object],
        name: str | None = None,
        returns: Returns = None,
        stream_end_type: str = "done",
        **options: Unpack[Options],
    ):
        """Wrap a function, as `PythonTask`.

        Args:
            function: What to call.
            name: Name of the step; None: the function's.
            returns: What to keep.
            stream_end_type: `type` of the yielded mapping that holds the values of `returns`.
            options: See `Options`.

        Raises:
            InvalidError: anything in it is wrong.
        """
        super().__init__(function, name, returns, **options)
        if not isinstance(stream_end_type, str) or not stream_end_type:
            raise self.problem(f"stream_end_type= takes the type of the last mapping, not {stream_end_type!r}")
        self.stream_end = None if stream_end_type == "done" else stream_end_type


class ShellTask(Task):
    """Run a command line with /bin/sh; what it takes comes as environment variables."""

    def __init__(
        self,
        command: str,
        name: str | None = None,
        returns: Returns = None,
        takes: str | Sequence[str] | None = None,
        **options: Unpack[Options],
    ):
        """Wrap a command line.

        Args:
            command: What /bin/sh runs.
            name: Name of the step; needed.
            returns: Names read from the JSON object written to the file `$GRAFT_OUTPUTS`.
            takes: Names it needs; None: each `$NAME` of the command that a parameter or an earlier step provides.
            options: See `Options`.

        Raises:
            InvalidError: anything in it is wrong.
        """
        place = caller()
        shown = name or "ShellTask"
        if not isinstance(command, str) or not command.strip():
            raise wrong(shown, place, f"command= takes a command line, not {command!r}")
        super().__init__(name, place, returns, options)
        self.command = command
        self.takes = None if takes is None else _names(shown, place, takes)


class ScriptTask(Task):
    """Run an unmodified Python file as `__main__`, in a worker; or call one function of it."""

    def __init__(
        self,
        script: str,
        name: str | None = None,
        returns: Returns = None,
        args: Sequence[str | int | float] = (),
        entry: str | None = None,
        **options: Unpack[Options],
    ):
        """Wrap a script.

        Args:
            script: Path of the file, relative to the project root.
            name: Name of the step; None: the file's stem.
            returns: What to keep: `metric("auc", file="metrics.json")`, `metric("auc", pattern=...)`, ...
            args: Its command line; `{name}` in it binds like an argument of a function.
            entry: Function of the file that is called with arguments by name, as that of a `PythonTask`; without
                `returns`, what it returns is kept under the step's name. None: the file is run as a program.
            options: See `Options`.

        Raises:
            InvalidError: anything in it is wrong.
        """
        place = caller()
        if not isinstance(script, str) or not script.endswith(".py"):
            raise wrong(name or "ScriptTask", place, f"script= takes the path of a Python file, not {script!r}")
        stem = posixpath.basename(script).removesuffix(".py")
        super().__init__(stem if name is None else name, place, returns, options)
        self.script = posixpath.normpath(script)
        if isinstance(args, str) or not all(isinstance(arg, str | int | float) for arg in args):
            raise self.problem(f"args= takes a list of texts, not {args!r}")
        self.args = tuple(str(arg) for arg in args)
        if entry is not None and (not isinstance(entry, str) or not entry.isidentifier()):
            raise self.problem(f"entry= takes the name of a function of the file, not {entry!r}")
        if entry is not None and self.args:
            raise self.problem("args= is a command line, and entry= a function called by name", "give one of them")
        self.entry = entry
        self._infers = entry is not None and returns is None


class NotebookTask(Task):
    """Execute a Jupyter notebook once, in a kernel of its own.

    It takes the names that the cell tagged `parameters` assigns, whose values are the defaults. What it returns are
    variables of that same execution. The executed copy is kept as the output `STEM.executed.ipynb`, also when a cell
    fails.
    """

    def __init__(
        self,
        notebook: str,
        name: str | None = None,
        returns: Returns = None,
        **options: Unpack[Options],
    ):
        """Wrap a notebook.

        Args:
            notebook: Path of the file, relative to the project root.
            name: Name of the step; None: the file's stem.
            returns: Variables of the notebook to keep.
            options: See `Options`.

        Raises:
            InvalidError: anything in it is wrong.
        """
        place = caller()
        if not isinstance(notebook, str) or not notebook.endswith(".ipynb"):
            hint = "pass its path, relative to the project root"
            raise wrong(name or "NotebookTask", place, f"notebook= takes a .ipynb file, not {notebook!r}", hint)
        stem = posixpath.basename(notebook).removesuffix(".ipynb")
        super().__init__(stem if name is None else name, place, returns, options)
        self.notebook = posixpath.normpath(notebook)


class Stub(Task):
    """Stand in for a step that is not written yet: does nothing, accepts everything, returns None for each return."""

    def __init__(self, name: str | None = None, returns: Returns = None, **anything: Any):
        """Accept whatever the real step would be given; options of steps count, the rest is ignored.

        Args:
            name: Name of the step; None: that of `function=` when it is given.
            returns: Names it returns, each with None.
            anything: Whatever the real step will take.

        Raises:
            InvalidError: there is no name, or an option of steps has a wrong value.
        """
        function = anything.get("function")
        if name is None and callable(function):
            name = name_of(function)
        options = {key: value for key, value in anything.items() if key in Options.__annotations__}
        super().__init__(name, caller(), returns, options)


def name_of(function: Callable[..., object]) -> str | None:
    """Return the name a step takes from its function: its own, a partial's inner one; None for a lambda."""
    if isinstance(function, functools.partial):
        return name_of(function.func)
    name = getattr(function, "__name__", None) or type(function).__name__
    return None if name == "<lambda>" else name


def wrong(step: str, place: Place, message: str, hint: str | None = None) -> InvalidError:
    """Return an error that names a step and where it was written."""
    return InvalidError(f"step '{step}': {message}", hint, file=place.file, line=place.line)


def _names(shown: str, place: Place, takes: object) -> tuple[str, ...]:
    names = [takes] if isinstance(takes, str) else takes
    if not isinstance(names, Sequence) or not all(isinstance(each, str) and each.isidentifier() for each in names):
        raise wrong(shown, place, f"takes= takes a list of names of variables, not {takes!r}")
    return tuple(dict.fromkeys(names))
