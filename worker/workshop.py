"""The workshop of this process: real signatures, casts, source files and pickles for the compiler."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import linecache
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..core.callables import origin
from ..core.compiler import Compiled, compile_pipeline
from ..core.errors import InvalidError
from ..core.functions import Function
from ..core.given import Given, from_environ, variables
from ..core.graph import CallKind
from ..core.pipeline import Pipeline
from ..core.records import replace
from .bind import signature_of
from .casts import cast
from .importing import user_code, user_frame
from .paramfiles import parameters_of
from .sourcefile import read_source
from .workplace import find_root

if TYPE_CHECKING:
    from ..core.futures import CallError
    from .shelf import Shelf, ShelfAt  # what registered functions need, imported where a step names one

NOTEBOOK_PACKAGES = ("nbclient", "nbformat", "ipykernel")
"""What the extra `notebook` installs."""


class LocalWorkshop:
    """A `Workshop` over the modules imported here and the files below a project root."""

    def __init__(self, root: str, shelf_at: ShelfAt | None = None):
        """Work for a project.

        Args:
            root: Absolute project root.
            shelf_at: Returns its registered functions, when a step names one. None: there are none.
        """
        self._root = root
        self._shelf_at = shelf_at
        self.shelf: Shelf | None = None
        """The registered functions; None as long as no step named one."""
        self.warnings: list[str] = []
        """What was noticed while pickling."""
        self.carried: dict[str, object] = {}
        """Functions and constants that were pickled, by the sha256 of their bytes."""

    def signature(self, function: Callable[..., object]) -> inspect.Signature:
        """Return a function's signature, string annotations evaluated where they can be."""
        return signature_of(function)

    def cast(self, value: object, annotation: object, *, is_text: bool) -> object:
        """Return a value as an annotation wants it.

        Raises:
            InvalidError: it does not fit.
        """
        return cast(value, annotation, is_text=is_text)

    def read(self, file: str) -> str | None:
        """Return the text of a source file, or of a cell of a notebook or REPL that Python keeps; None without one."""
        text = read_source(os.path.join(self._root, file))
        return text if text is not None else "".join(linecache.getlines(file)) or None

    def resolve(self, function: Function) -> None:
        """Look a step's registered function up and tell the step what it stands for.

        Raises:
            MissingError: there is no such function or version, with the nearest.
            InvalidError: its code does not import.
        """
        if self.shelf is None:
            from .shelf import Shelf  # kinds and recorded code, for pipelines that have such steps

            self.shelf = Shelf((), "") if self._shelf_at is None else self._shelf_at(self._root)
        self.shelf.resolve(function)

    def pickle(self, value: object) -> bytes:
        """Return a value pickled; a heavy function leaves a warning.

        Raises:
            InvalidError: it cannot be pickled.
        """
        from .byvalue import carry, weight_warning  # with pickles 0.5 ms, for what is not imported by name

        data = carry(value)
        self.carried[hashlib.sha256(data).hexdigest()] = value
        if callable(value) and (warning := weight_warning(value, len(data))):
            self.warnings.append(warning)
        return data

    def call(self, function: Callable[..., object], arguments: Mapping[str, object]) -> object:
        """Call a function of the user; what a future refuses is told at the user's line, whatever became of it.

        Raises:
            InvalidError: whatever it raises, at the user's line.
        """
        place = origin(function)
        try:
            with user_code(None if place is None else place.file), _refusals():
                return function(**arguments)
        except InvalidError as problem:
            if isinstance(problem.__cause__, TypeError) and problem.hint is None:
                from ..core.futures import HINT

                problem.hint = f"a future is no value yet: {HINT}"  # not everybody says what it was given
            raise


@contextmanager
def _refusals() -> Iterator[None]:
    """Raise what a future has refused, at the user's line, in place of what became of it."""
    try:
        yield
    except Exception as error:
        refused = _refusal_in(error)
        if refused is None:
            raise
        refused.file, refused.line = user_frame(error, refused.file)
        raise refused from None


def _refusal_in(error: BaseException) -> CallError | None:
    """Return what a future refused to the code that raised in turn: libraries turn a TypeError into one of theirs."""
    from ..core.futures import CallError  # a body was run, so that it is imported

    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, CallError):
        seen = seen.__cause__ or seen.__context__
    return seen


def file_parameters(file: str | None) -> Mapping[str, object]:
    """Return the parameters of the file that an `execute()` call names."""
    return parameters_of(file, os.environ).values


def compile_here(
    pipeline: Pipeline,
    *,
    mode: str = "job",
    of_generation: bool = False,
    params: Mapping[str, object] | None = None,
    shelf_at: ShelfAt | None = None,
) -> Compiled:
    """Compile a pipeline of this process, in the project its file belongs to.

    Raises:
        InvalidError: the pipeline is wrong; every problem in one message.
    """
    root = root_of(pipeline)
    given = Given(call=params or {}, environ=from_environ(os.environ), variables=variables(os.environ))
    workshop = LocalWorkshop(root, shelf_at)
    name = pipeline.name_in(namespace_of(pipeline))
    return compile_in(root, pipeline, given, name=name, mode=mode, of_generation=of_generation, workshop=workshop)


def compile_in(
    root: str,
    pipeline: Pipeline,
    given: Given,
    *,
    name: str,
    mode: str = "job",
    of_generation: bool = False,
    workshop: LocalWorkshop | None = None,
) -> Compiled:
    """Compile a pipeline whose modules are imported here; warnings of both sides together."""
    workshop = workshop or LocalWorkshop(root)
    compiled = compile_pipeline(
        pipeline, workshop, root=root, given=given, name=name, mode=mode, of_generation=of_generation
    )
    _check_extras(compiled)
    return replace(compiled, warnings=(*compiled.warnings, *workshop.warnings))


def _check_extras(compiled: Compiled) -> None:
    """Refuse what this interpreter cannot run.

    Raises:
        InvalidError: a notebook is to run, and its packages are not installed.
    """
    operations = compiled.graph.operations
    notebooks = compiled.graph.calling({CallKind.NOTEBOOK})
    if not notebooks:
        return
    missing = [name for name in NOTEBOOK_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        step = next(node for node in compiled.graph.nodes if node.operation in notebooks)
        text = f"step '{step.path}' is a notebook, which takes {' and '.join(missing)} in {sys.executable}"
        raise InvalidError(text, "pip install 'graftline[notebook]'", file=operations[step.operation].call.script)


def root_of(pipeline: Pipeline) -> str:
    """Return the project root of the file a pipeline is written in, else of the current directory."""
    file = os.path.abspath(pipeline.place.file)
    return find_root(os.path.dirname(file) if os.path.isfile(file) else os.getcwd())


def namespace_of(pipeline: Pipeline) -> Mapping[str, object]:
    """Return the globals of the module a pipeline is written in; those of `__main__` when it is none."""
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) == pipeline.place.file:
            return vars(module)
    return vars(sys.modules["__main__"])


def shown_path(file: str) -> str:
    """Return a path as a message shows it: from the current directory when it is below it."""
    inside = os.path.join(os.getcwd(), "")
    return file[len(inside) :] if file.startswith(inside) else file
