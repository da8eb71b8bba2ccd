"""What submissions and workers need, put into the parts of a workspace."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ...core.parts import Parts
from ...core.records import replace
from .host import ProcessHost

if TYPE_CHECKING:
    from ...core.datasets import Datasets
    from ...core.queue import Queue
    from ...core.shift import Shift, ShiftRequest


def queued(parts: Parts, queue: Callable[[], Queue], datasets: Callable[[], Datasets]) -> Parts:
    """Return the parts with a queue, whose submissions get processes of this host's kind."""
    host = parts.host
    assert isinstance(host, ProcessHost), "workspaces of this machine have it"
    return replace(
        parts,
        hosts=lambda: host,
        queue=queue,
        datasets=datasets,
        shift=partial(_shift, parts, host, queue),
    )


def _shift(
    parts: Parts, host: ProcessHost, queue: Callable[[], Queue], request: ShiftRequest, say: Callable[[str], None]
) -> Shift:
    from ...core.shift import Shift  # for one command

    return Shift(
        request,
        queue=queue(),
        hosts=host,
        state=lambda run: parts.history.run(run).state,
        version=parts.feed().version,
        clock=time.monotonic,
        pause=time.sleep,
        say=say,
    )
