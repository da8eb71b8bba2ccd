"""Loads targets in a process of their own, as the loader does: it changes directory, sys.path and sys.modules."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from forked_nurseries import forked

from graftline.core.ports import Loaded, LoadRequest
from graftline.worker.workplace import open_workplace, target_of


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
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as errors:
        asked.write(pickle.dumps(request))
        asked.seek(0)
        streams = [asked.fileno(), said.fileno(), errors.fileno()]
        code = forked("forked_entries:load", streams=streams, environ={**os.environ, **(environ or {})}).wait(30)
        errors.seek(0)
        assert code == 0, errors.read().decode()
        said.seek(0)
        return pickle.load(said)


def loaded(folder: Path, target: str | None = "pipeline.py", **given: Any) -> Loaded:
    """Return the Loaded of a target; an error fails the test."""
    answer = load(folder, target, **given)
    assert isinstance(answer, Loaded), str(answer)
    return answer
