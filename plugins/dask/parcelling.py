"""What of dask an attempt asks for, and which attempts go together in one task."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from ..remote.link import Shipment, Unsendable


def demanded(shipment: Shipment, offered: Collection[str]) -> dict[str, float] | Unsendable:
    """Return dask's resources for what a shipment demands, or that nothing offers it.

    Args:
        shipment: to be sent.
        offered: names of resources that workers of the cluster offer.
    """
    free = {"cpus", "memory", *shipment.routed}
    lacking = [name for name in shipment.demand if name not in offered and name not in free]
    if not lacking:
        return {name: amount for name, amount in shipment.demand.items() if name in offered}
    told = ", ".join(sorted(offered)) or "nothing by name"
    return Unsendable(
        token=shipment.token,
        why=f"no worker of the dask cluster offers '{lacking[0]}'; they offer {told}",
        hint=f"start one: dask worker ADDRESS --resources '{lacking[0]}=1'",
    )


def batches(group: Sequence[Shipment], threads: int) -> list[Sequence[Shipment]]:
    """Put attempts of short steps together, few enough that every thread has some."""
    most = math.ceil(len(group) / max(1, threads))
    found: list[Sequence[Shipment]] = []
    at = 0
    while at < len(group):
        size = max(1, min(group[at].batch, most))
        found.append(group[at : at + size])
        at += size
    return found
