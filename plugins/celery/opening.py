"""Puts the celery runner together: bundle, link, executor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.orders import RunContext
from ..remote.artifacts import ArtifactFolder
from ..remote.executor import RemoteExecutor
from ..remote.link import Inbox
from ..remote.logs import LogCopies
from ..remote.packing import bundle_of
from .app import make_app
from .broker import Broker
from .link import CeleryLink
from .names import QUEUE

LIMIT = 1000 * 1000
"""Bytes of values that travel with one attempt: brokers are for small messages."""
PATIENCE_S = 30.0
"""Seconds a broker may be out of reach."""


def open_executor(
    context: RunContext,
    *,
    broker: str,
    transport: Mapping[str, Any] | None = None,
    queue: str = QUEUE,
    prefix: str = "",
    limit: int = LIMIT,
    artifacts: str | None = None,
    patience: float = PATIENCE_S,
    jobs: int | None = None,
) -> RemoteExecutor:
    """Open an executor on celery workers; the options are those of `CeleryRunner`."""
    place = Broker(url=broker, transport=transport or {})
    bundle, requirements = bundle_of(context, limit_bytes=limit)
    if artifacts is not None:
        ArtifactFolder(artifacts).put_bytes(bundle.digest, bundle.data)

    def open_link(inbox: Inbox) -> CeleryLink:
        return CeleryLink(
            inbox,
            run=context.run,
            app=make_app(place),
            broker=place,
            requirements=requirements,
            logs=LogCopies(context.logs),
            limit_bytes=limit,
            patience_s=patience,
            prefix=prefix,
            queue=queue,
        )

    return RemoteExecutor(context, bundle, open_link, limit_bytes=limit, artifacts=artifacts)
