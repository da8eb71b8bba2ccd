"""Other minor versions of Python on this machine, with this checkout of graftline and none of its dependencies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from source_tree import ROOT

from graftline.worker.handshake import here

INTERPRETERS = Path.home() / ".pyenv" / "versions"
_ARRIVE = (
    "import json; from graftline.plugins.dask.place import arrive; "
    "print(json.dumps(arrive('run', '0', b'', [], [], None)))"
)


def others() -> list[str]:
    """Return the interpreters of other minor versions that are here."""
    own = sys.version_info[:2]
    found = {}
    for path in sorted(INTERPRETERS.glob("3.*/bin/python")):
        major, minor = (int(part) for part in path.parts[-3].split(".")[:2])
        if (major, minor) != own and minor >= 11:
            found[minor] = str(path)
    return list(found.values())


def each_other() -> pytest.MarkDecorator:
    """Parametrize a test by `python`, an interpreter of another version; skipped where there is none."""
    found: list[Any] = [pytest.param(path, id=Path(path).parts[-3]) for path in others()]
    missing = pytest.param("", marks=pytest.mark.skip("no other version of Python is here"))
    return pytest.mark.parametrize("python", found or [missing])


def call(python: str, folder: Path, code: str, *, given: bytes = b"") -> bytes:
    """Run code under another Python, where this graftline is installed in this version; return its output.

    Args:
        python: the interpreter.
        folder: for what stands for the installation.
        code: of the program.
        given: its input.
    """
    site = folder / "site"
    if not site.exists():
        site.mkdir()
        (site / "graftline").symlink_to(ROOT)
        told = site / f"graftline-{here().graftline}.dist-info"
        told.mkdir()
        (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: graftline\nVersion: {here().graftline}\n")
    environ = {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, "-c", code], cwd=folder, env=environ, input=given, capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def arrival(python: str, folder: Path) -> dict[str, Any]:
    """Return what a dask worker under another Python answers when a run asks whether it can work."""
    found: dict[str, Any] = json.loads(call(python, folder, _ARRIVE))
    return found
