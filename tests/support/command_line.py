"""What a command line left, and how tests call one in their own process."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from unittest.mock import patch

from graftline.cli.main import main
from graftline.plugins.local import warm


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Graft: TypeAlias = Callable[..., Said]
"""Runs one command line, given its words."""


def call(root: Path, *arguments: str, environ: Mapping[str, str] | None = None, path: tuple[str, ...] = ()) -> Said:
    """Run a command line in this process as if `graft` had been started in a directory, without input.

    Its workers are real. A process of its own would start and import for 0.4 s of CPU time before it does anything;
    the tests of `tests/cli/test_processes.py` and of signals, terminals and exit codes pay for that.

    Args:
        root: the directory.
        arguments: without `graft`.
        environ: all environment variables; None: those of this process.
        path: entries put before `sys.path`, as PYTHONPATH would.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True) for _ in range(2))
    with (
        chdir(root),
        redirect_stdout(out),
        redirect_stderr(err),
        open(os.devnull) as nothing,
        patch.object(sys, "stdin", nothing),
        patch.object(sys, "path", [*path, *sys.path]),
        patch.dict(os.environ, environ or {}, clear=environ is not None),
    ):
        try:
            code = main(arguments)
        finally:  # as at the end of a process: the next command may have another environment
            if (kept := warm.take(())) is not None:
                kept.close()
    return Said(code, _written(out), _written(err))


def completed(
    root: Path, *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Do as `call`, and return what `subprocess.run` of the command would."""
    said = call(root, *arguments, environ=environ)
    return subprocess.CompletedProcess(arguments, said.code, said.out, said.err)


def _written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
