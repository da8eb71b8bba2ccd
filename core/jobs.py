"""Pipelines of one step, under names of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Unpack

from .options import Options
from .pipeline import Pipeline
from .returns import Returns
from .tasks import NotebookTask, PythonTask, ShellTask


class PythonJob(Pipeline):
    """A pipeline of one function."""

    def __init__(
        self,
        function: Callable[..., object],
        name: str | None = None,
        returns: Returns = None,
        **options: Unpack[Options],
    ):
        """Take what `PythonTask` takes.

        Raises:
            InvalidError: anything in it is wrong.
        """
        task = PythonTask(function, name, returns, **options)
        super().__init__([task], name=task.name)


class ShellJob(Pipeline):
    """A pipeline of one command line."""

    def __init__(
        self,
        command: str,
        name: str | None = None,
        returns: Returns = None,
        takes: str | Sequence[str] | None = None,
        **options: Unpack[Options],
    ):
        """Take what `ShellTask` takes.

        Raises:
            InvalidError: anything in it is wrong.
        """
        task = ShellTask(command, "job" if name is None else name, returns, takes, **options)
        super().__init__([task], name=task.name)


class NotebookJob(Pipeline):
    """A pipeline of one notebook."""

    def __init__(
        self,
        notebook: str,
        name: str | None = None,
        returns: Returns = None,
        **options: Unpack[Options],
    ):
        """Take what `NotebookTask` takes.

        Raises:
            InvalidError: anything in it is wrong.
        """
        task = NotebookTask(notebook, name, returns, **options)
        super().__init__([task], name=task.name)
