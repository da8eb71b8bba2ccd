"""A directory of artifacts as a place to bring runs home from. Implements `core.ports.Deposit`.

Two ways to lie there: values of a runner with an engine at `AB/CDEF...`; and what `graft exec-node` works on, with
`objects/AB/CDEF...` and `runs/RUN` (laidout.py).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from typing import Any

from ...core.errors import MissingError, PluginError, StoreError
from ...core.events import AttemptFailed, AttemptSucceeded
from ...core.graphcodec import graph_from_json
from ...core.laid import Laid
from ...core.runs import Snapshot
from ...worker.blobs import store_parts
from ...worker.logformat import LOG_SUFFIX
from .artifacts import ArtifactFolder
from .laidout import LaidOutRun


class ArtifactDeposit:
    """What runs left in a directory.

    Args:
        folder: absolute.
        objects: absolute directory of the store's objects, where values are brought to.
    """

    def __init__(self, folder: str, objects: str):
        self._folder = folder
        self._objects = objects
        self._rooms = [ArtifactFolder(os.path.join(folder, "objects")), ArtifactFolder(folder)]

    def runs(self) -> list[str]:
        """Return the ids of the runs that were laid out there."""
        try:
            return sorted(os.listdir(os.path.join(self._folder, "runs")))
        except FileNotFoundError:
            return []
        except OSError as problem:
            raise StoreError(f"runs cannot be listed: {problem.strerror}", file=self._folder) from problem

    def laid(self, run: str) -> Laid:
        """Return what a run was made from; of the bundle it was laid out with.

        Raises:
            MissingError: it was not laid out there.
            PluginError: the bundle is gone, or is none.
        """
        if run not in self.runs():
            raise MissingError(f"there is no run {run} in {self._folder}")
        bundle = LaidOutRun(self._folder, run).bundle()
        if hashlib.sha256(bundle.data).hexdigest() != bundle.digest:
            raise PluginError(f"the bundle {bundle.digest[:12]} of run {run} is damaged")
        with zipfile.ZipFile(io.BytesIO(bundle.data)) as archive:
            return _laid(run, archive)

    def ends(self, run: str) -> Mapping[str, AttemptSucceeded | AttemptFailed]:
        """Return by path how steps of a run ended that left word."""
        return LaidOutRun(self._folder, run).ends()

    def bring(self, digest: str) -> int | None:
        """Copy a value into the store and return its size; None: it is not there, or not whole."""
        for room in self._rooms:
            data = room.get(digest)
            if data is not None and hashlib.sha256(data).hexdigest() == digest:
                store_parts([data], len(data), self._objects)
                return len(data)
        return None

    def bring_logs(self, run: str, into: str) -> int:
        """Copy the log files of a run that are longer there than here; return how many bytes were new."""
        logs = os.path.join(self._home(run), "logs")
        fresh = 0
        for name in sorted(os.listdir(logs)) if os.path.isdir(logs) else ():
            if name.endswith(LOG_SUFFIX):
                fresh += _continued(os.path.join(logs, name), os.path.join(into, name))
        return fresh

    def _home(self, run: str) -> str:
        return os.path.join(self._folder, "runs", run)


def _continued(source: str, target: str) -> int:
    """Append to a copy what it lacks of its source and return how much. Logs only grow: its length says what it has."""
    try:
        known = os.path.getsize(target) if os.path.exists(target) else 0
        with open(source, "rb") as file:
            file.seek(known)
            data = file.read()
        if data:
            with open(target, "ab") as copy:
                copy.write(data)
    except OSError as problem:
        raise StoreError(f"a log cannot be brought home: {problem.strerror}", file=source) from problem
    return len(data)


def _laid(run: str, archive: zipfile.ZipFile) -> Laid:
    try:
        manifest: dict[str, Any] = json.loads(archive.read("bundle.json"))
        graph = graph_from_json(json.loads(archive.read("graph.json")))
        planned: dict[str, str] = manifest["planned_files"]
        contents = {digest: archive.read(f"project/{path}") for path, digest in planned.items()}
    except (KeyError, ValueError) as problem:
        raise PluginError(f"the bundle of run {run} is none that this graftline knows: {problem}") from problem
    objects = [name for name in archive.namelist() if name.startswith("objects/")]
    return Laid(
        run=run,
        graph=graph,
        snapshot=Snapshot(files=planned, contents=contents),
        params=manifest["params"],
        environment={
            "python": manifest["speaker"]["python"],
            "packages": manifest["requirements"],
            "imports": manifest["preload"],
        },
        cwd=manifest["cwd"],
        sys_path=tuple(manifest["sys_path"]),
        objects=tuple(archive.read(name) for name in objects),
    )
