"""The command `graft`, and `python -m graftline`. Thin: what a command needs is imported when it is known."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        from .cli.main import main as run  # a worker that imports __main__ again must not pay for typer
    except KeyboardInterrupt:
        sys.exit(130)  # Ctrl+C before there was anything to stop: no traceback
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
