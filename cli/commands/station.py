"""Hidden `graft serve-station`: what the ssh and container runners start elsewhere; attempts come through stdin."""

from __future__ import annotations

from typing import Annotated

from .. import context
from ..declaring import Argument
from ..options import Options


def serve(
    options: Options,
    *,
    nonce: Annotated[str, Argument(metavar="NONCE", help="What its first line repeats.")],
) -> int:
    """Execute attempts of a run that come through stdin, until it ends."""
    context.serve_station(nonce)
    return 0
