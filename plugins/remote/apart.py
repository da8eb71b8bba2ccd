"""How a runner is, found by a process of its own: dask takes 40 MB and celery 20, which a terminal UI that asked once
would keep for good. `python -m graftline.plugins.remote.apart MODULE` calls `health_of` of a module of graftline.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ...core.records import replace
from ...core.runnerhealth import Health, Question, Reach

_LEFT_S = 0.2
"""For the answer to come back, of the time there is."""


def health_apart(module: str, options: Mapping[str, Any], question: Question, *, what: str, remedy: str) -> Health:
    """Return what `health_of(options, question)` of a module returns; that nobody answered when it is not back in time.

    Args:
        module: absolute name, of graftline.
        options: of the runner, checked.
        question: as the module takes it; starting the process counts for its time.
        what: what is asked, as a person calls it; without passwords.
        remedy: what to do when nobody answers.
    """
    deadline = time.monotonic() + question.timeout_s  # of the machine's clock, which both processes read
    # -P: in the current directory may be anything, also a `json.py`. Of its own session: Ctrl+C is for who asks.
    with subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            asked = pickle.dumps((dict(options), question, deadline))
            out, _ = process.communicate(asked, timeout=question.timeout_s)
        except subprocess.TimeoutExpired:
            return _down(what, f"no answer within {question.timeout_s:g} s", remedy)
        finally:
            process.kill()
    if process.returncode or not out:
        return _down(what, f"the process that asked it ended with {process.returncode}", remedy)
    found: Health = pickle.loads(out)  # of our own child
    return found


def main() -> None:
    """Answer what is asked on stdin."""
    options, question, deadline = pickle.load(sys.stdin.buffer)
    out = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints is no answer
    health_of = import_module(sys.argv[1]).health_of
    left = max(0.1, deadline - time.monotonic() - _LEFT_S)
    found: Health = health_of(options, replace(question, timeout_s=round(left, 1)))
    with os.fdopen(out, "wb") as stdout:
        pickle.dump(found, stdout)
    os._exit(0)  # threads of a library that still wait for somebody are not waited for


def _down(what: str, why: str, remedy: str) -> Health:
    return Health(reach=Reach.DOWN, told=f"{what} is out of reach: {why}", remedy=remedy)


if __name__ == "__main__":
    main()
