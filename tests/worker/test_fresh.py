"""Bytecode of an older text is never taken, whatever the clock of the source says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_IMPORT = "from graftline.worker import fresh; {install}; import steps; print(steps.VALUE)"


def imported(folder: Path, *, fresh: bool) -> str:
    """Return what a process of its own sees; it may write bytecode."""
    code = _IMPORT.format(install="fresh.install()" if fresh else "pass")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_an_edit_of_the_same_size_and_time_is_imported(tmp_path: Path) -> None:
    source = tmp_path / "steps.py"
    source.write_text("VALUE = 1\n")
    before = source.stat()
    assert imported(tmp_path, fresh=True) == "1"

    source.write_text("VALUE = 2\n")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert imported(tmp_path, fresh=False) == "1"  # what Python alone does
    assert imported(tmp_path, fresh=True) == "2"


def test_bytecode_that_is_younger_than_its_source_serves(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text("VALUE = 1\n")
    assert imported(tmp_path, fresh=True) == "1"
    (cache,) = (tmp_path / "__pycache__").iterdir()
    written = cache.stat().st_mtime_ns

    assert imported(tmp_path, fresh=True) == "1"
    assert cache.stat().st_mtime_ns == written
