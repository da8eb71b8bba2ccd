"""A worker pays for core and the standard library only; heavy modules come when a step needs them."""

from __future__ import annotations

import os
import subprocess
import sys

HEAVY = (
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pydantic",
    "dill",
    "multiprocess",
    "sqlite3",
    "sqlmodel",
    "typer",
    "textual",
    "asyncio",
    "subprocess",
    "tempfile",
    "urllib.request",
)


def test_serving_imports_nothing_heavy() -> None:
    code = f"import sys, graftline.worker.serve, graftline.worker.logbook; print(*(set({HEAVY}) & set(sys.modules)))"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environ, timeout=30, check=True
    )

    assert done.stdout.split() == []
