"""An unmodified Python file run as `__main__` in this worker."""

from __future__ import annotations

import builtins
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

from ..core.graph import Call, Return
from .bind import Binder
from .codefiles import CodeFiles
from .context import WorkerContext
from .patterns import find_patterns
from .returns import Returns, WrongReturns
from .shell import as_text
from .tee import CapturedOutput

_NAMED = re.compile(r"\{([^{}]+)\}")


class ScriptFailed(Exception):
    """The script left with another exit code than 0, or with a message."""


class ScriptStep:
    """A script with its command line."""

    __slots__ = ("_args", "_files", "_path", "binder", "peak_bytes", "returns")

    def __init__(self, call: Call, returns: Returns, context: WorkerContext, files: CodeFiles) -> None:
        self._path = os.path.join(context.root, call.script or "")
        self._args = call.args
        self._files = files
        self.binder: Binder | None = None
        self.returns = returns
        self.peak_bytes: int | None = None

    def call(self, values: Mapping[str, Any]) -> list[tuple[Return, object]]:
        """Run the script from its first line.

        A return without file and pattern is the script's global variable of that name.

        Raises:
            ScriptFailed: `sys.exit` with anything but 0 or None.
            WrongReturns: a declared return is not there.
            BaseException: whatever the script raises.
        """
        returns = self.returns
        marks = returns.marks()
        argv = [self._path, *(_bound(arg, values) for arg in self._args)]
        with tempfile.TemporaryFile() as printed:
            with CapturedOutput(printed) if returns.patterns else nullcontext():
                names = self._run(argv)
            matched = find_patterns(returns.patterns, printed) if returns.patterns else []
        direct = [(each, _variable(each, names)) for each in returns.direct]
        return direct + returns.read_files(marks) + matched

    def _run(self, argv: list[str]) -> dict[str, Any]:
        self._files.look_at(self._path)
        with open(self._path, "rb") as file:
            code = compile(file.read(), self._path, "exec", dont_inherit=True)
        module = ModuleType("__main__")
        module.__dict__.update(__file__=self._path, __builtins__=builtins, __cached__=None)
        with _as_main(module, argv):
            try:
                exec(code, module.__dict__)
            except SystemExit as left:
                if left.code not in (None, 0):
                    raise ScriptFailed(_exit_text(left.code)) from left
        return dict(module.__dict__)


def load_script(path: str) -> ModuleType:
    """Return the module of a file whose functions are called: run once in this worker, under the file's own name.

    Its directory goes first on sys.path, as python does for a program; other processes import what it defines by name
    only where that directory is on their path.

    Raises:
        BaseException: whatever the file raises.
    """
    directory, file = os.path.split(path)
    if directory not in sys.path:
        sys.path.insert(0, directory)
    name = file.removesuffix(".py")
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None) == path:
        return loaded
    # A module of that name is somebody else's (`json.py`): it stays what it is for everybody who imports it.
    name = name if loaded is None else f"graftline script {name}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextmanager
def _as_main(module: ModuleType, argv: list[str]) -> Iterator[None]:
    """Make a module the main one, with its command line and its directory first on sys.path, as python does."""
    before = sys.modules.get("__main__"), sys.argv, list(sys.path)
    sys.modules["__main__"] = module
    sys.argv = argv
    sys.path.insert(0, os.path.dirname(argv[0]))
    try:
        yield
    finally:
        main, sys.argv, sys.path[:] = before
        if main is not None:
            sys.modules["__main__"] = main


def _bound(arg: str, values: Mapping[str, Any]) -> str:
    """Put values in for `{name}`; braces around anything else (JSON, say) stay as they are."""

    def one(found: re.Match[str]) -> str:
        name = found[1]
        return as_text(name, values[name]) if name in values else found[0]

    return _NAMED.sub(one, arg)


def _variable(declared: Return, names: Mapping[str, Any]) -> object:
    if declared.name not in names:
        raise WrongReturns(
            f"return {declared.name!r}: the script has no global variable of that name; give file= or pattern="
        )
    return names[declared.name]


def _exit_text(code: object) -> str:
    return f"exit code {code}" if isinstance(code, int) else f"exit code 1: {code}"
