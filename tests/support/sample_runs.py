"""A sample as a person has it: copied somewhere, run through the command line, with a store of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from command_line import completed
from source_tree import ROOT

DEADLINE_S = 90.0
"""The first run of iris builds matplotlib's font cache: 4-8 s on a busy machine."""


class Sample:
    """One sample in a folder of its own.

    Args:
        name: of its folder or file.
        folder: where it is copied to.
        within: where it is, from the root of the checkout.
    """

    def __init__(self, name: str, folder: Path, *, within: str = "samples") -> None:
        source = ROOT / within / name
        self.root = folder / source.stem
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "out", "*.png", "ridge.md")
            shutil.copytree(source, self.root, ignore=ignored)
        else:
            self.root.mkdir()
            shutil.copy(source, self.root)
        self.environ = os.environ | {"GRAFTLINE_HOME": str(folder / "store")}

    def graft(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Call `graft` in the sample's folder, in this process; its workers are processes."""
        return completed(self.root, *arguments, environ=self.environ | environ)

    def python(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Call this Python in the sample's folder."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=self.environ | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )

    def document(self, *arguments: str, exit_code: int = 0, **environ: str) -> dict[str, Any]:
        """Call `graft --json` and return the one document it prints."""
        done = self.graft("--json", *arguments, **environ)
        assert done.returncode == exit_code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def python_without_graftline(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script as `__main__` where `import graftline` raises ImportError."""
        hide = "import runpy, sys; sys.modules['graftline'] = None; sys.path[0] = '.'"
        return self.python("-c", f"{hide}; runpy.run_path({script!r}, run_name='__main__')")


def by_name(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the steps of a run's document by name."""
    return {step["name"]: step for step in document["steps"]}
