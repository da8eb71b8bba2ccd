"""Puts the dask runner together: bundle, link, executor, and the cluster of our own when no address is given."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ...core.orders import RunContext
from ..local.slots import available_cores
from ..remote.executor import RemoteExecutor
from ..remote.link import Inbox
from ..remote.logs import LogCopies
from ..remote.packing import bundle_of
from ..remote.stations import DEFAULT_LIMIT
from .cluster import OwnCluster
from .link import DaskLink

PATIENCE_S = 30.0
"""Seconds a scheduler may be out of reach."""


def open_executor(
    context: RunContext,
    *,
    address: str | None = None,
    workers: int | None = None,
    resources: Mapping[str, float] | None = None,
    limit: int = DEFAULT_LIMIT,
    artifacts: str | None = None,
    patience: float = PATIENCE_S,
    jobs: int | None = None,
) -> RemoteExecutor:
    """Open an executor on a cluster; the options are those of `DaskRunner`."""
    bundle, requirements = bundle_of(context)
    owned: list[OwnCluster] = []

    def find() -> str:
        if address is not None:
            return address
        if not owned:
            output = os.path.join(context.logs, "dask.out")
            owned.append(OwnCluster(workers or available_cores(), resources=resources, output=output))
        return owned[0].address

    def open_link(inbox: Inbox) -> DaskLink:
        return DaskLink(
            inbox,
            run=context.run,
            bundle=bundle,
            requirements=requirements,
            address=find,
            read=lambda digest: executor.read(digest),
            logs=LogCopies(context.logs),
            limit_bytes=limit,
            patience_s=patience,
            unended=[f"{context.run}/{attempt}/{node}" for node, tried in context.unended.items() for attempt in tried],
        )

    executor = _Owning(context, bundle, open_link, limit_bytes=limit, artifacts=artifacts)
    executor.owned = owned
    return executor


class _Owning(RemoteExecutor):
    """Ends the cluster that was started for it."""

    owned: list[OwnCluster]

    def close(self) -> None:
        """End everything there and wait for it."""
        super().close()
        while self.owned:
            self.owned.pop().close()
