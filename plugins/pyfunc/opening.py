"""A generation put together as a function: its code imported in this process, its states loaded."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from ...core.artifacts import Output
from ...core.hosting import moved
from ...core.lifecycle import Prepared
from ...core.parts import Parts
from ...worker import recorded
from ...worker.context import WorkerContext
from .function import PyFunc


def opened(parts: Parts, prepared: Prepared, states: Mapping[str, tuple[Output, ...]]) -> PyFunc:
    """Return the function of a prepared apply run; no run is written.

    The copy of the lineage's code stays first on sys.path: steps may import when they are called.
    """
    spec, snapshot = prepared.spec, prepared.loaded.snapshot
    target = spec.target
    if spec.uses_snapshot and snapshot.files and spec.code.key is not None:
        target = moved(target, parts.machine.materialise(snapshot, spec.code.key))
    context = WorkerContext(
        run="",
        root=target.root,
        cwd=target.cwd,
        sys_path=target.sys_path,
        objects=parts.objects,
        planned_files=snapshot.files,
        secrets={},
        params=spec.params,
        code=spec.code.key,
        umask=None,
        environ=None,
        guard=None,
    )
    sys.path[:0] = [entry for entry in context.sys_path if entry not in sys.path[: len(context.sys_path)]]
    recorded.install(parts.objects)
    address = "" if prepared.generation is None else prepared.generation.address
    return PyFunc(spec.graph, context, states, address)
