"""The bundle of a run, with what its steps declare to read."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping

from ...core.graph import CallKind, Graph
from ...core.orders import RunContext
from ...worker.bundles import Bundle, pack
from ...worker.installed import versions_of


def bundle_of(context: RunContext, graph: Graph | None = None) -> tuple[Bundle, Mapping[str, str]]:
    """Return the bundle of a run, and distribution -> version of the packages its project imports.

    Args:
        context: of the run.
        graph: the whole graph, for places where no engine says what comes next; None: its operations alone.

    Raises:
        StoreError: a file of it cannot be read.
    """
    requirements = {name: release for name, release in versions_of(context.preload).items() if name != "python"}
    return pack(context, requirements=requirements, files=set(_declared(context)), graph=graph), requirements


def _declared(context: RunContext) -> Iterator[str]:
    """Yield the files that steps declare to read, and the one a source is; relative to the root.

    What is elsewhere cannot travel.
    """
    for operation in context.operations:
        found = [os.path.join(context.root, pattern) for pattern in operation.policy.reads]
        paths = [path for pattern in found for path in glob.iglob(pattern, recursive=True)]
        if operation.call.kind is CallKind.FEED and operation.call.query is not None:
            paths.append(os.path.join(context.cwd, operation.call.query))  # SQL is the name of no file
        for path in paths:
            relative = os.path.relpath(path, context.root)
            if os.path.isfile(path) and not relative.startswith(os.pardir):
                yield relative
