"""A Jupyter notebook as a step: parameters injected, executed once in a kernel of its own, its variables kept.

The kernel is another process; `kernel` is what runs in it, `notebook_run` drives it. This module makes the notebook
that is executed, and of what came out the step's outputs. The executed copy is one of them, whatever happened.
"""

from __future__ import annotations

import json
import math
import os
import posixpath
import sys
import tempfile
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ..core.artifacts import MetricPoint, Output
from ..core.graph import Call, Return
from ..core.notebooks import INJECTED_TAG, TAG, read_notebook, tags_of
from .bind import Binder
from .blobs import store
from .codefiles import CodeFiles
from .context import WorkerContext
from .failure import describe_value
from .kernel import Beginning, whole
from .logbook import Book, current_book
from .notebook_run import Kernel, run
from .outflow import SecretKept
from .patterns import find_patterns
from .returns import KeptReturn, Returns, WrongReturns
from .secrets import mask_text
from .serializers import CannotSerialize, Dumped, dump, is_json

_MAX_LITERAL = 2000
"""Characters up to which a value stands in the injected cell as a literal."""


class NotebookStep:
    """A notebook."""

    __slots__ = ("_context", "_files", "_path", "binder", "peak_bytes", "returns")

    def __init__(self, call: Call, returns: Returns, context: WorkerContext, files: CodeFiles) -> None:
        self._path = call.script or ""
        self._context = context
        self._files = files
        self.binder: Binder | None = None
        self.returns = returns
        self.peak_bytes: int | None = None

    def call(self, values: Mapping[str, Any]) -> list[tuple[Return, object]]:
        """Execute the notebook from its first cell.

        Raises:
            ReportedFailure: a cell failed, or the kernel died.
            WrongReturns: a declared return is not there.
            CannotSerialize: no serializer takes a declared return.
            InvalidError: the notebook is none any more.
        """
        self.peak_bytes = None
        returns = self.returns
        marks = returns.marks()
        notebook = self._read()
        with (
            tempfile.TemporaryDirectory(prefix="graft-") as private,
            tempfile.TemporaryFile() as printed,
        ):
            inputs = _inject(notebook, values, private)
            gathered = _Gathered(self._files)
            keep = printed.write if returns.patterns else None
            try:
                run(notebook, self._kernel(notebook, inputs, private), gathered.take, keep)
            finally:
                self.peak_bytes = gathered.peak_bytes
                self._keep_copy(notebook)
            gathered.check()
            matched = find_patterns(returns.patterns, printed) if returns.patterns else []
        direct: list[tuple[Return, object]] = [
            (declared, KeptReturn(gathered.returned[index])) for index, declared in enumerate(returns.direct)
        ]
        return direct + returns.read_files(marks) + matched

    @property
    def path(self) -> str:
        """Return its path, relative to the project root."""
        return self._path

    def cells(
        self, values: Mapping[str, Any], private: str
    ) -> tuple[list[tuple[str, str]], dict[str, tuple[str, str]]]:
        """Return what would be executed: each cell's name and source, and the inputs that cells load from files.

        Args:
            values: arguments by name.
            private: absolute directory for those files.
        """
        notebook = self._read()
        inputs = _inject(notebook, values, private)
        sources = [
            cell.source
            for cell in notebook.cells
            if cell.cell_type == "code" and cell.source.strip() and "skip-execution" not in tags_of(cell)
        ]
        return list(zip(_labels(notebook), sources, strict=True)), inputs

    def _read(self) -> Any:
        """Return the notebook as nbformat's nodes, without what an earlier execution left in it."""
        try:
            nbformat: Any = import_module("nbformat")  # 60 ms, an extra, and untyped
        except (
            ModuleNotFoundError
        ) as problem:  # the loader looked; this is another interpreter, or it was removed since
            text = f"{problem.name} is not installed for {sys.executable}: pip install 'graftline[notebook]'"
            raise ModuleNotFoundError(text, name=problem.name) from None
        path = os.path.join(self._context.root, self._path)
        self._files.look_at(path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        read_notebook(text, self._path)  # it may have changed since it was compiled
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about cells without ids, which every older notebook has
            notebook: Any = nbformat.reads(text, as_version=4)
        notebook.cells = [cell for cell in notebook.cells if INJECTED_TAG not in tags_of(cell)]
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        return notebook

    def _kernel(self, notebook: Any, inputs: Mapping[str, tuple[str, str]], private: str) -> Kernel:
        context = self._context
        beginning: Beginning = {
            "notebook": self._path,
            "labels": _labels(notebook),
            "returns": self.returns.direct,
            "inputs": inputs,
            "cwd": context.cwd,
            "objects": context.objects,
            "root": context.root,
            "planned_files": context.planned_files,
            "secrets": context.secrets,
        }
        return Kernel(beginning=beginning, private=private)

    def _keep_copy(self, notebook: Any) -> None:
        book = current_book()
        if book is None:
            return
        masked = _masked(notebook, self._context.secrets)
        data = (json.dumps(masked, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode("utf-8", "replace")
        stem = posixpath.basename(self._path).removesuffix(".ipynb")
        ref = store(Dumped("file", [data]), self._context.objects)
        book.add_logged(Output(f"{stem}.executed.ipynb", "file", ref))


_REFUSALS = {"returns": WrongReturns, "unpicklable": CannotSerialize, "secret": SecretKept}
"""Why the kernel refused a return -> what is raised of it here."""


class _Gathered:
    """What the kernel sent."""

    def __init__(self, files: CodeFiles) -> None:
        self._files = files
        self._book: Book | None = current_book()
        self._refused: tuple[str, str] | None = None
        self.returned: dict[int, Output] = {}
        self.peak_bytes: int | None = None

    def take(self, message: tuple[Any, ...]) -> None:
        """Take one message; the error of a cell is the caller's."""
        book = self._book
        match message:
            case ("returned", index, output):
                self.returned[index] = whole(output)
            case ("refused", kind, text):
                self._refused = kind, text
            case ("seen", peak_bytes, is_changed):
                self.peak_bytes = peak_bytes
                self._files.is_changed |= is_changed
            case ("metric", point) if book is not None:
                book.add_metric(MetricPoint(*point))
            case ("logged", output) if book is not None:
                book.add_logged(whole(output))
            case ("progress", done, total) if book is not None:
                book.add_progress(done, total)

    def check(self) -> None:
        """Raise what was refused.

        Raises:
            WrongReturns: a declared return is not there.
            CannotSerialize: no serializer takes one.
            SecretKept: one holds a secret.
        """
        if self._refused is not None:
            kind, text = self._refused
            raise _REFUSALS[kind](text)


def _inject(notebook: Any, values: Mapping[str, Any], private: str) -> dict[str, tuple[str, str]]:
    """Put a cell with the values after the parameters cell, else first; return those it loads from files."""
    if not values:
        return {}
    version_4: Any = import_module("nbformat.v4")
    inputs: dict[str, tuple[str, str]] = {}
    lines = ["# Parameters of this run"]
    for name, value in values.items():
        text = _literal(value)
        if text is None:
            inputs[name] = _dumped(name, value, private)
            text = f"_graft_input({name!r})  # {describe_value(value)}"
        lines.append(f"{name} = {text}")
    tagged = [index for index, cell in enumerate(notebook.cells) if TAG in tags_of(cell)]
    at = tagged[0] + 1 if tagged else 0
    notebook.cells.insert(at, version_4.new_code_cell("\n".join(lines), metadata={"tags": [INJECTED_TAG]}))
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        notebook.cells[at].pop("id", None)
    return inputs


def _literal(value: object) -> str | None:
    """Return a value as Python writes it; None when it is too long or no literal."""
    if type(value) is float and not math.isfinite(value):
        return f"float({str(value)!r})"
    if not is_json(value):
        return None
    text = repr(value)
    return text if len(text) <= _MAX_LITERAL else None


def _dumped(name: str, value: object, private: str) -> tuple[str, str]:
    """Write a value to a file of the attempt and return serializer and path.

    Raises:
        CannotSerialize: no serializer takes it.
    """
    dumped = dump(value)
    path = os.path.join(private, f"input-{name}")
    with open(path, "wb") as file:
        for part in dumped.parts:
            file.write(part)
    return dumped.serializer, path


def _labels(notebook: Any) -> list[str]:
    """Return what each cell that will be executed is called: its number among the code cells of the file."""
    labels: list[str] = []
    number = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        is_injected = INJECTED_TAG in tags_of(cell)
        number += not is_injected
        if cell.source.strip() and "skip-execution" not in tags_of(cell):
            labels.append("injected parameters" if is_injected else f"cell {number}")
    return labels


def _masked(value: Any, secrets: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return mask_text(value, secrets)
    if isinstance(value, dict):
        return {key: _masked(item, secrets) for key, item in value.items()}
    return [_masked(item, secrets) for item in value] if isinstance(value, list) else value
