"""`graft rerun`: a new run from the frozen specification of an earlier one."""

from __future__ import annotations

from typing import Annotated

from ...core.requests import CodeChoice
from .. import context
from ..arguments import LAST, RunArgument
from ..carrying import carry
from ..declaring import Option
from ..options import Options


def rerun(
    options: Options,
    *,
    run: RunArgument = LAST,
    code: Annotated[
        CodeChoice, Option("--code", help="The code the run recorded, or the working copy as it is now.")
    ] = CodeChoice.RECORDED,
) -> int:
    """Run a run's frozen specification again, as a new run."""
    space = context.workspace(options, needs_code=True)
    created = space.rerun(space.find(run), code=code, runner=options.runner)
    return carry(space, options, created, lambda observe, stops: space.host(created, observe, stops))
