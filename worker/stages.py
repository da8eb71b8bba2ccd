"""How each kind of step is called at a terminal, where a debugger stops at its start, and what its prompt is."""

from __future__ import annotations

import code
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from inspect import unwrap
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, cast

from ..core.errors import PluginError
from ..core.graph import CallKind, Operation, Return
from .bind import Binder, signature_of
from .call import Functions, Step, prepare
from .codefiles import CodeFiles
from .context import WorkerContext
from .serializers import load
from .shell import CommandFailed, ShellStep, as_text

if TYPE_CHECKING:
    from .notebook import NotebookStep  # with nbclient's driver and asyncio, for notebooks alone


class Stage:
    """A step that is called as a worker calls it."""

    has_lines = True
    """A debugger can stop at its start."""

    def __init__(self, step: Step, function: Callable[..., Any] | None = None, file: str | None = None) -> None:
        """Take a step.

        Args:
            step: ready to be called.
            function: of the user, when it calls one.
            file: absolute path of the script it runs.
        """
        self._step = step
        self._function = function
        self._code = None if function is None else _code_of(function)
        self._file = file
        self.binder: Binder | None = step.binder

    @property
    def parameters(self) -> list[str]:
        """Return the names of the function's parameters."""
        if self._function is None or self.binder is None:
            return []
        return [p.name for p in signature_of(self._function).parameters.values() if p.kind not in (p.VAR_KEYWORD,)]

    @property
    def takes_any(self) -> bool:
        """Tell whether it takes arguments of any name."""
        if self._function is None or self.binder is None:
            return False
        return any(p.kind is p.VAR_KEYWORD for p in signature_of(self._function).parameters.values())

    def call(self, values: Mapping[str, Any]) -> Iterable[tuple[Return, object]]:
        """Run it; raises whatever it raises."""
        return self._step.call(values)

    def is_start(self, frame: FrameType) -> bool:
        """Tell whether a frame is the one to stop in."""
        if self._code is not None:
            return frame.f_code is self._code
        return frame.f_code.co_filename == self._file and frame.f_code.co_name == "<module>"

    def prompt(self, values: Mapping[str, Any]) -> None:
        """Open Python with the values as variables, and the function."""
        names = {**self._defaults(), **values}
        told = []
        if self._function is not None:
            function = self._function
            name = getattr(function, "__name__", "")
            name = name if name.isidentifier() else "function"
            if name not in names:
                names[name] = function
                told.append(f"{name}() is the step's function")
            if self.binder is not None and "call_step" not in names:
                args, kwargs = self.binder.call_arguments(values)
                names["call_step"] = lambda: function(*args, **kwargs)
                told.append("call_step() calls it with these inputs")
        inputs = {**self._defaults(), **values}
        if inputs:
            told.insert(0, f"inputs: {', '.join(inputs)}")
        _python(names, "; ".join(told) or "it takes nothing")

    def _defaults(self) -> dict[str, Any]:
        """Return what parameters are that nobody gave."""
        if self._function is None or self.binder is None:
            return {}
        found = signature_of(self._function).parameters.values()
        return {each.name: each.default for each in found if each.default is not each.empty}


class CommandStage(Stage):
    """A shell command that has the terminal."""

    has_lines = False

    def __init__(self, operation: Operation, context: WorkerContext) -> None:
        prepared = _Foreground(operation, context)
        super().__init__(prepared)
        self._context = context

    def prompt(self, values: Mapping[str, Any]) -> None:
        """Open a shell in the directory, with the variables set."""
        environ = {**os.environ, **{name: as_text(name, value) for name, value in values.items()}}
        with tempfile.TemporaryDirectory(prefix="graft-") as private:
            environ |= {"GRAFT_OUTPUTS": f"{private}/outputs", "GRAFT_EXPORTS": f"{private}/exports"}
            subprocess.run(["/bin/sh"], env=environ, cwd=self._context.cwd, check=False)


class NotebookStage(Stage):
    """The cells of a notebook in an IPython of this process."""

    def __init__(self, step: NotebookStep, scratch: str, root: str) -> None:
        super().__init__(step)
        self._notebook = step
        self._scratch = scratch
        # Absolute: pdb looks for the lines of a cell under the absolute name alone.
        self._path = os.path.join(root, step.path)

    def call(self, values: Mapping[str, Any]) -> list[tuple[Return, object]]:
        """Run cell by cell, up to the first that raises.

        Raises:
            PluginError: IPython is not installed.
            BaseException: whatever a cell raises.
        """
        cells, inputs = self._notebook.cells(values, self._scratch)
        shell = _ipython(self._scratch)
        labels = iter(cells)
        shell.compile.get_code_name = lambda raw, transformed, number: f"{self._path} {next(labels)[0]}"
        shell.showtraceback = shell.showsyntaxerror = lambda *args, **kwargs: None
        shell.user_ns["_graft_input"] = lambda name: _loaded(*inputs[name])
        sys.path.insert(0, os.path.dirname(self._path))
        for _, source in cells:
            result = shell.run_cell(source, store_history=False)
            problem = result.error_before_exec or result.error_in_exec
            if problem is not None:
                raise problem
        return [(each, shell.user_ns.get(each.name)) for each in self._step.returns.direct]

    def is_start(self, frame: FrameType) -> bool:
        """Tell whether a frame is of a cell."""
        return frame.f_code.co_filename.startswith(f"{self._path} ")


def stage_of(operation: Operation, context: WorkerContext, scratch: str) -> Stage:
    """Import or load what an operation calls.

    Raises:
        BaseException: whatever the import raises.
    """
    call = operation.call
    if call.kind is CallKind.SHELL:
        return CommandStage(operation, context)
    functions = Functions(context)
    step = prepare(operation, context, functions, CodeFiles(context.root, {}))
    if call.kind is CallKind.NOTEBOOK:
        return NotebookStage(cast("NotebookStep", step), scratch, context.root)  # as `prepare` made it
    if call.kind is CallKind.SCRIPT and call.qualname is None:
        return Stage(step, file=os.path.join(context.root, call.script or ""))
    if call.kind is CallKind.LEARN:
        return Stage(step)
    has_function = call.blob is not None or call.module is not None or call.qualname is not None
    return Stage(step, functions.find(call)[0] if has_function else None)


class _Foreground(ShellStep):
    """A command in this process's group, with its terminal; what it writes is not looked at unless a return asks."""

    def __init__(self, operation: Operation, context: WorkerContext) -> None:
        from .returns import Returns

        returns = Returns(operation.returns, context.cwd, context.objects, context.secrets)
        super().__init__(operation.call, returns, context)

    def _run(self, environ: Mapping[str, str], printed: Any) -> None:
        if self.returns.patterns:
            super()._run(environ, printed)
            return
        done = subprocess.run(self.command_line(), env=environ, cwd=self._cwd, check=False)
        if done.returncode != 0:
            ended = f"exit code {done.returncode}" if done.returncode > 0 else f"killed by signal {-done.returncode}"
            raise CommandFailed(ended)


def _code_of(function: Callable[..., Any]) -> CodeType | None:
    """Return the code of the function a person wrote, below partials and decorators; None: it is not Python."""
    inner: Any = unwrap(function)
    while hasattr(inner, "func"):
        inner = unwrap(inner.func)
    inner = getattr(inner, "__func__", inner)
    if not hasattr(inner, "__code__"):
        inner = getattr(type(inner).__call__, "__wrapped__", type(inner).__call__)
    found = getattr(inner, "__code__", None)
    return found if isinstance(found, CodeType) else None


def _python(names: dict[str, Any], banner: str) -> None:
    """Open IPython where it is installed and somebody types; else Python."""
    if sys.stdin is not None and sys.stdin.isatty():
        with suppress(ImportError):
            ipython: Any = import_module("IPython")  # 300 ms, and an extra
            print(banner, file=sys.stderr)  # noqa: T201
            ipython.start_ipython(argv=["--no-banner"], user_ns=names)
            return
    with suppress(ImportError):
        import_module("readline")  # history for input(); not in every Python
    with suppress(SystemExit):  # exit() at the prompt
        code.interact(banner, local=names, exitmsg="")


def _ipython(scratch: str) -> Any:
    os.environ["IPYTHONDIR"] = scratch  # what a person's IPython does at its start is no part of the project
    try:
        interactive: Any = import_module("IPython.core.interactiveshell")
    except ImportError as problem:
        raise PluginError("the cells of a notebook need IPython", "pip install 'graftline[notebook]'") from problem
    shell = interactive.InteractiveShell.instance(colors="nocolor")
    shell.history_manager.enabled = False
    return shell


def _loaded(serializer: str, file: str) -> object:
    with open(file, "rb") as source:
        return load(serializer, bytearray(source.read()))
