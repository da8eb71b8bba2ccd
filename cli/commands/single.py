"""Hidden `graft exec-node`: what a pod or container calls for its one node of a run."""

from __future__ import annotations

import os
from typing import Annotated

from ...core.events import AttemptSucceeded
from .. import context
from ..declaring import Argument, Option
from ..options import Options
from ..parameters import typed_params
from ..printer import remark


def execute(
    options: Options,
    *,
    run: Annotated[str, Argument(metavar="RUN", help="Whole run id.")],
    node: Annotated[str, Argument(metavar="NODE", help="Path of the node.")],
    artifacts: Annotated[str, Option("--artifacts", metavar="DIR", help="Directory the run is laid out in.")],
    attempt: Annotated[
        int | None, Option("--attempt", metavar="N", help="Number of the attempt; default: the next.", min=1)
    ] = None,
    bundle: Annotated[
        str | None, Option("--bundle", metavar="SHA256", help="Begin the run with this bundle, unless it has.")
    ] = None,
    decision: Annotated[
        str | None,
        Option("--decision", metavar="FILE", help="Write there which items a map has, or which branch is taken."),
    ] = None,
    param: Annotated[
        list[str] | None, Option("-p --param", metavar="ARGUMENT=VALUE", help="Another value; repeatable.")
    ] = None,
) -> int:
    """Execute one node of a run from a directory of artifacts."""
    fact = context.execute_node(
        os.path.abspath(artifacts),
        run,
        node,
        attempt=attempt,
        bundle=bundle,
        params=typed_params(param),
        decision=decision,
    )
    if isinstance(fact, AttemptSucceeded):
        return 0
    remark(f"{node} failed: {fact.error.type}: {fact.error.message}")
    return 1
