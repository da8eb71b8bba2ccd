"""The command `graft`, and `python -m graftline`. Thin: what a command needs is imported when it is known."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

from .core.collector import rare_collections

_STARTING = frozenset({"run", "plan", "check", "graph", "job", "train", "apply", "eval", "rerun", "retry", "resume"})
"""Commands that nearly always start a process for user's code."""


def main() -> None:
    """Run the command line and leave with its exit code."""
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
            sys.exit(run())
        finally:
            gc.freeze()  # the last collection of an interpreter that ends: 20 ms, and more after 10,000 steps


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
