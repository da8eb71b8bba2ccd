"""The command `graft`, and `python -m graftline`. Thin: what a command needs is imported when it is known."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Callable

from .core.collector import rare_collections

_STARTING = frozenset({"run", "plan", "check", "graph", "job", "train", "apply", "eval", "rerun", "retry", "resume"})
"""Commands that nearly always start a process for user's code."""


def main() -> None:
    """Run the command line and leave with its exit code."""
    ending = _Ending()
    try:
        if _is_starting(sys.argv[1:]):
            from .plugins.local.seed import plant  # for these commands

            plant()
    except KeyboardInterrupt:
        sys.exit(130)  # Ctrl+C before there was anything to stop: no traceback
    with rare_collections():  # what is imported stays: 15 ms of looking through it
        try:
            run = _face(sys.argv[1:])
        except KeyboardInterrupt:
            sys.exit(130)  # as above
        try:
            ending.code = run()
            sys.exit(ending.code)
        finally:
            gc.freeze()  # the last collection of an interpreter that ends: 20 ms, and more after 10,000 steps


class _Ending:
    """Ends the process when all that is to be done at its end is done, without taking modules apart: 3 ms.

    Last of the functions at exit, so that threads were waited for and all others have run. Where somebody said before
    what is to happen then (a tool that measures), nothing is cut short, nor where output cannot be written.
    """

    def __init__(self) -> None:
        self.code: int | None = None
        """Exit code of the command once it is known; None: it has not ended, or not by itself."""
        if not atexit._ncallbacks():
            atexit.register(self._leave)

    def _leave(self) -> None:
        if self.code is None:
            return
        try:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:  # as when it was closed before the start
                    stream.flush()
        except (OSError, ValueError):
            return  # the interpreter tries again, and says what is wrong
        os._exit(self.code)


def _face(arguments: list[str]) -> Callable[[], int]:
    """Import what a command line needs, and return what runs it; a worker that imports __main__ again needs neither."""
    if arguments == ["ui"] or (not arguments and sys.stdin.isatty() and sys.stdout.isatty()):
        from .cli.opening import main as open_ui  # typer takes 30 ms, of a first paint that is to take 400

        return open_ui
    from .cli.main import main as run

    return lambda: run(arguments)


def _is_starting(arguments: list[str]) -> bool:
    """Guess whether this command starts processes. A wrong guess costs 5 ms: an option's value before the command."""
    command = next((each for each in arguments if not each.startswith("-")), None)
    return command in _STARTING and "--help" not in arguments


if __name__ == "__main__":
    main()
