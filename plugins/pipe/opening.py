"""Puts a runner of pipes together: bundle, link, executor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.errors import InvalidError
from ...core.orders import RunContext
from ..remote.executor import RemoteExecutor
from ..remote.link import Inbox
from ..remote.logs import LogCopies
from ..remote.options import NUMBER
from ..remote.packing import bundle_of
from ..remote.stations import DEFAULT_LIMIT
from .link import PipeLink
from .place import Offer, Place

PATIENCE_S = 30.0
"""Seconds a place may be out of reach."""
MANY = 4096
"""Attempts that may be dispatched when nobody says how many: the places' cores, which `room` knows, are the limit."""


def open_executor(
    context: RunContext,
    places: Sequence[Place],
    *,
    limit: int = DEFAULT_LIMIT,
    artifacts: str | None = None,
    patience: float = PATIENCE_S,
) -> RemoteExecutor:
    """Open an executor on places; it connects while the run begins.

    Args:
        context: what all attempts share.
        places: where stations can be started.
        limit: bytes of values that travel with one attempt.
        artifacts: absolute directory both sides see; None: values travel.
        patience: seconds a place may be out of reach.

    Raises:
        StoreError: a file of the bundle cannot be read.
    """
    bundle, requirements = bundle_of(context)

    def open_link(inbox: Inbox) -> PipeLink:
        return PipeLink(
            inbox,
            places,
            run=context.run,
            bundle=bundle,
            requirements=requirements,
            read=lambda digest: executor.read(digest),
            logs=LogCopies(context.logs),
            limit_bytes=limit,
            patience_s=patience,
        )

    executor = RemoteExecutor(context, bundle, open_link, limit_bytes=limit, artifacts=artifacts)
    return executor


OPEN_OPTIONS: Mapping[str, tuple[type, ...]] = {"limit": (int,), "artifacts": (str,), "patience": NUMBER}
"""Options of `open_executor`, which every runner of pipes takes."""
OFFER_OPTIONS: Mapping[str, tuple[type, ...]] = {"jobs": (int,), "labels": (list,), "resources": (dict,)}
"""Options of `offer_of`."""


def offer_of(runner: str, given: Mapping[str, Any]) -> Offer:
    """Return what a configuration says that a place offers.

    Raises:
        InvalidError: an amount is no number above 0.
    """
    resources = given.get("resources", {})
    for name, amount in resources.items():
        if isinstance(amount, bool) or not isinstance(amount, int | float) or amount <= 0:
            raise InvalidError(f"the runner '{runner}': resources.{name} is a number above 0, not {amount!r}")
    return Offer(
        jobs=given.get("jobs"),
        labels=tuple(map(str, given.get("labels", ()))),
        resources={name: float(amount) for name, amount in resources.items()},
    )
