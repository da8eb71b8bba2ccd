"""The bundle of a run, with what its steps declare to read and its source names; and what it weighs, for who asks."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence

from ...core.burden import Packed
from ...core.graph import CallKind, Graph
from ...core.orders import RunContext
from ...worker.blobs import object_path
from ...worker.bundles import Bundle, pack
from ...worker.installed import versions_of
from .stations import DEFAULT_LIMIT


def bundle_of(
    context: RunContext, *, graph: Graph | None = None, limit_bytes: int = DEFAULT_LIMIT
) -> tuple[Bundle, Mapping[str, str]]:
    """Return the bundle of a run, and distribution -> version of the packages its project imports.

    Args:
        context: of the run.
        graph: the whole graph, for places where no engine says what comes next; None: its operations alone.
        limit_bytes: a file that the pipeline's source reads travels when it is not larger; else it has to be there.

    Raises:
        StoreError: a file of it cannot be read.
    """
    requirements = {name: release for name, release in versions_of(context.preload).items() if name != "python"}
    files = {*_declared(context), *_sources(context, limit_bytes)}
    return pack(context, requirements=requirements, files=files, graph=graph), requirements


def _sources(context: RunContext, limit_bytes: int) -> Iterator[str]:
    """Yield the files of the project that sources name, relative to the root."""
    home = context.work_tree or context.root
    for operation in context.operations:
        if operation.call.kind is CallKind.FEED and operation.call.query:
            path = os.path.normpath(os.path.join(context.cwd, operation.call.query))
            relative = os.path.relpath(path, home)
            is_inside = not relative.startswith(os.pardir)
            if is_inside and os.path.isfile(path) and os.path.getsize(path) <= limit_bytes:
                yield relative


def weigh(context: RunContext, digests: Sequence[str]) -> Packed:
    """Put the bundle of a run together as it would travel, and say what is in it.

    Args:
        context: of the run.
        digests: stored values that travel beside it, whose sizes are wanted.

    Raises:
        StoreError: a file of it cannot be read.
    """
    bundle, _ = bundle_of(context)
    planned = context.planned_files
    paths = {digest: object_path(context.objects, digest) for digest in digests}
    root = os.path.join(context.root, "")
    return Packed(
        size_bytes=len(bundle.data),
        files=tuple(sorted(each for each in set(_declared(context)) if each not in planned)),
        outside=tuple(sorted(set(_outside(context)))),
        paths=tuple(each for each in context.sys_path if not os.path.join(each, "").startswith(root)),
        sizes={digest: os.path.getsize(path) for digest, path in paths.items() if os.path.exists(path)},
    )


def _declared(context: RunContext) -> Iterator[str]:
    """Yield the files that steps declare to read, relative to the root; what is elsewhere cannot travel."""
    return (path for path, is_inside in _found(context) if is_inside)


def _outside(context: RunContext) -> Iterator[str]:
    return (path for path, is_inside in _found(context) if not is_inside)


def _found(context: RunContext) -> Iterator[tuple[str, bool]]:
    """Yield each declared file, relative to the project's own directory, and whether it is inside."""
    home = context.work_tree or context.root  # a copy of recorded code holds no data
    for operation in context.operations:
        for pattern in operation.policy.reads:
            for found in glob.iglob(os.path.join(home, pattern), recursive=True):
                relative = os.path.relpath(found, home)
                if os.path.isfile(found):
                    yield relative, not relative.startswith(os.pardir)
