"""The outermost edge of a command: the one place that turns errors into exit codes.

Apart from the commands (`main.py`), because `graft` alone opens the terminal UI without any of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from ..core.errors import GraftError
from .complaint import complain, complain_of_bug
from .printer import remark

CANCELLED = 130
BROKEN_PIPE = 141
"""What a shell reports for a process that SIGPIPE killed; like `cat`, without a word."""


class ReaderLeft(Exception):
    """Nobody reads our output any more. Not a BrokenPipeError, which typer would turn into exit code 1."""


def guarded(work: Callable[[], int], arguments: Sequence[str]) -> int:
    """Do what a command line asks for and return the exit code; what goes wrong is told as its options want it."""
    _harden_streams()
    is_verbose = any(each in ("-v", "--verbose") for each in arguments)
    is_json = "--json" in arguments
    try:
        code = work()
        sys.stdout.flush()
    except GraftError as error:
        return complain(error, is_json=is_json, is_verbose=is_verbose)
    except KeyboardInterrupt:
        remark("graft: stopped")
        return CANCELLED
    except (BrokenPipeError, ReaderLeft):
        # The reader left; what is buffered must not be flushed at exit, which would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the outermost edge: a person never meets a bare traceback
        return complain_of_bug(error, is_json=is_json, is_verbose=is_verbose)
    return code


def _harden_streams() -> None:
    """Let no character of a person's names break the output: what the encoding lacks is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
