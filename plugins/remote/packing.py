"""The bundle of a run, with what its steps declare to read, and a small file that its source names."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping

from ...core.graph import CallKind
from ...core.orders import RunContext
from ...worker.bundles import Bundle, pack
from ...worker.installed import versions_of
from .stations import DEFAULT_LIMIT


def bundle_of(context: RunContext, *, limit_bytes: int = DEFAULT_LIMIT) -> tuple[Bundle, Mapping[str, str]]:
    """Return the bundle of a run, and distribution -> version of the packages its project imports.

    Args:
        context: of the run.
        limit_bytes: a file that the pipeline's source reads travels when it is not larger; else it has to be there.

    Raises:
        StoreError: a file of it cannot be read.
    """
    requirements = {name: release for name, release in versions_of(context.preload).items() if name != "python"}
    files = {*_declared(context), *_sources(context, limit_bytes)}
    return pack(context, requirements=requirements, files=files), requirements


def _sources(context: RunContext, limit_bytes: int) -> Iterator[str]:
    """Yield the files of the project that sources name, relative to the root."""
    for operation in context.operations:
        if operation.call.kind is CallKind.FEED and operation.call.query:
            path = os.path.normpath(os.path.join(context.cwd, operation.call.query))
            relative = os.path.relpath(path, context.root)
            is_inside = not relative.startswith(os.pardir)
            if is_inside and os.path.isfile(path) and os.path.getsize(path) <= limit_bytes:
                yield relative


def _declared(context: RunContext) -> Iterator[str]:
    """Yield the files that steps declare to read, relative to the root; what is elsewhere cannot travel."""
    for operation in context.operations:
        for pattern in operation.policy.reads:
            for found in glob.iglob(os.path.join(context.root, pattern), recursive=True):
                relative = os.path.relpath(found, context.root)
                if os.path.isfile(found) and not relative.startswith(os.pardir):
                    yield relative
