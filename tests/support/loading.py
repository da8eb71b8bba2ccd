"""Loads targets in a process of their own, as the loader does: it changes directory, sys.path and sys.modules."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graftline.core.ports import Loaded, LoadRequest
from graftline.worker.workplace import open_workplace, target_of

_LOADER = """
import pickle, sys
from graftline.core.errors import GraftError
from graftline.worker.load import load_pipeline
request = pickle.loads(sys.stdin.buffer.read())
sys.stdout = sys.stderr
try:
    answer = load_pipeline(request)
except GraftError as error:
    answer = error
sys.__stdout__.buffer.write(pickle.dumps(answer))
"""


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Make a project folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def load(
    folder: Path, target: str | None = "pipeline.py", *, environ: Mapping[str, str] | None = None, **given: Any
) -> Any:
    """Return the Loaded of a target, or the error as it left the loader."""
    place = open_workplace(target, cwd=str(folder), environ={}, project=str(folder))
    request = LoadRequest(target=target_of(place), params=given.pop("params", {}), values=given.pop("values", {}))
    return load_request(request, environ)


def load_request(request: LoadRequest, environ: Mapping[str, str] | None = None) -> Any:
    """Return what a loader process answers."""
    import os

    done = subprocess.run(
        [sys.executable, "-c", _LOADER],
        input=pickle.dumps(request),
        capture_output=True,
        timeout=30,
        env={**os.environ, **(environ or {})},
    )
    assert done.returncode == 0, done.stderr.decode()
    return pickle.loads(done.stdout)


def loaded(folder: Path, target: str | None = "pipeline.py", **given: Any) -> Loaded:
    """Return the Loaded of a target; an error fails the test."""
    answer = load(folder, target, **given)
    assert isinstance(answer, Loaded), str(answer)
    return answer
