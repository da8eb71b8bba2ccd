"""Virtual environments with exact versions of packages."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence

from ...core.errors import PluginError

_TOLD = 5
"""Last lines of what pip said that a person is told."""


def make_environment(folder: str, requirements: str, python: str) -> None:
    """Make a virtual environment of this Python, whole or not at all; see `core.machine.Machine`."""
    wanted, ours = python.split(".")[:2], platform.python_version_tuple()[:2]
    if python and wanted != list(ours):
        raise PluginError(
            f"it was released with Python {python}, and this is {platform.python_version()}",
            "run graft under that version, or leave --venv out",
        )
    try:
        _run([sys.executable, "-m", "venv", folder], "cannot make a virtual environment")
        pip = [f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
        _run([*pip, "-r", requirements], "cannot install what it needs")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _run(command: Sequence[str], problem: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    except OSError as error:
        raise PluginError(f"{problem}: {error}") from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-_TOLD:]
        raise PluginError("\n".join([f"{problem}:", *said]), f"the command was: {' '.join(command)}")
