"""The command `graft`, and `python -m graftline`. Thin: what a command needs is imported when it is known."""

from __future__ import annotations

import gc
import sys

from .core.collector import rare_collections


def main() -> None:
    """Run the command line and leave with its exit code."""
    with rare_collections():  # what is imported stays: 15 ms of looking through it
        try:
            from .cli.main import main as run  # a worker that imports __main__ again must not pay for typer
        except KeyboardInterrupt:
            sys.exit(130)  # Ctrl+C before there was anything to stop: no traceback
        try:
            sys.exit(run(sys.argv[1:]))
        finally:
            gc.freeze()  # the last collection of an interpreter that ends: 20 ms, and more after 10,000 steps


if __name__ == "__main__":
    main()
