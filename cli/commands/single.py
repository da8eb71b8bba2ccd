"""Hidden `graft exec-node`: what a pod or container calls for its one node of a run."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ...core.events import AttemptSucceeded
from .. import context
from ..options import Options
from ..printer import remark


def execute(
    options: Options,
    *,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Whole run id.")],
    node: Annotated[str, typer.Argument(metavar="NODE", help="Path of the node.")],
    artifacts: Annotated[str, typer.Option("--artifacts", metavar="DIR", help="Directory the run is laid out in.")],
    attempt: Annotated[int, typer.Option("--attempt", metavar="N", help="Number of the attempt.", min=1)] = 1,
) -> int:
    """Execute one node of a run from a directory of artifacts."""
    fact = context.execute_node(os.path.abspath(artifacts), run, node, attempt)
    if isinstance(fact, AttemptSucceeded):
        return 0
    remark(f"{node} failed: {fact.error.type}: {fact.error.message}")
    return 1
