"""The end of a process that is ours: as an interpreter ends, but for taking it apart, which takes 9 ms of CPU."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End this process: what was registered for its end is called, and what was printed is out.

    Args:
        code: its exit code.
    """
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    with contextlib.suppress(BaseException):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
