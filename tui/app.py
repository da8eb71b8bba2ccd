"""The terminal UI's entry. The screens come later; until then it says which commands do their job."""

from __future__ import annotations

import sys


def run() -> int:
    """Say what there is instead, and return the exit code."""
    sys.stdout.write("The terminal UI arrives in a later version.\n")
    sys.stdout.write("Until then: graft run (with live progress), graft ls, graft show, graft logs -f, graft attach.\n")
    return 0
