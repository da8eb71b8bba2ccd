"""The bundle of a run, with what its steps declare to read."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping

from ...core.orders import RunContext
from ...worker.bundles import Bundle, pack
from ...worker.installed import versions_of


def bundle_of(context: RunContext) -> tuple[Bundle, Mapping[str, str]]:
    """Return the bundle of a run, and distribution -> version of the packages its project imports.

    Raises:
        StoreError: a file of it cannot be read.
    """
    requirements = {name: release for name, release in versions_of(context.preload).items() if name != "python"}
    return pack(context, requirements=requirements, files=set(_declared(context))), requirements


def _declared(context: RunContext) -> Iterator[str]:
    """Yield the files that steps declare to read, relative to the root; what is elsewhere cannot travel."""
    for operation in context.operations:
        for pattern in operation.policy.reads:
            for found in glob.iglob(os.path.join(context.root, pattern), recursive=True):
                relative = os.path.relpath(found, context.root)
                if os.path.isfile(found) and not relative.startswith(os.pardir):
                    yield relative
