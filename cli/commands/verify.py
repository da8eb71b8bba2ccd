"""`graft verify`: run steps of an ended run again and compare what comes out."""

from __future__ import annotations

import math
import time
from typing import Annotated

from ...core.errors import InvalidError
from ...core.quantities import duration_text
from ...core.session import Requests
from ...core.verifying import VerifyRequest
from .. import context
from ..arguments import LAST, JobsOption, OnlyOption, RunArgument, selection
from ..declaring import Option
from ..live import progress
from ..look import look_of
from ..options import Options
from ..printer import put, put_document
from ..signals import Stops, handled
from ..verified import verified_document, verified_lines

CANCELLED, DOES_NOT_HOLD = 130, 5


def verify(
    options: Options,
    *,
    run: RunArgument = LAST,
    sample: Annotated[
        str | None,
        Option("--sample", metavar="N", help="This many steps, of every kind; 20, 10% or 0.1 of them."),
    ] = None,
    everything: Annotated[bool, Option("--all", help="All steps; the default up to 100.")] = False,
    only: OnlyOption = None,
    rtol: Annotated[
        float, Option("--rtol", metavar="R", help="Relative difference up to which numbers are equal.")
    ] = 0.0,
    hash_seed: Annotated[
        int | None,
        Option("--hash-seed", metavar="N", min=0, max=2**32 - 1, help="PYTHONHASHSEED of the check."),
    ] = None,
    jobs: JobsOption = None,
    files: Annotated[
        bool, Option("--files", help="Also steps that exchange files with the project; theirs stay there.")
    ] = False,
) -> int:
    """Run steps of an ended run again, under another hash seed and order, and compare every output.

    Each step gets its recorded code and inputs. Exit code 5: something came out otherwise. Effects are not repeated.
    """
    if everything and sample is not None:
        raise InvalidError("--all and --sample exclude each other")
    if not (math.isfinite(rtol) and rtol >= 0):
        raise InvalidError(f"--rtol {rtol} is no relative difference", "a number such as 1e-6")
    space = context.workspace(options, needs_code=True)
    found = space.find(run)
    request = VerifyRequest(
        run=found,
        selection=selection(only, None, None),
        sample="all" if everything else sample,
        with_files=files,
        rtol=rtol,
        hash_seed=hash_seed,
        jobs=jobs,
    )
    check = space.verifying.prepare(request)
    look = look_of(is_plain=options.is_plain)
    requests = Requests()
    title = f"verify {check.old.pipeline}  {context.short(space, found)}"
    graph = check.repeat.graph
    view = progress(look, check.states, title, graph=graph, is_plain=options.is_plain, is_quiet=options.is_json)
    stops = Stops(lambda is_hard: space.request_stop(requests, is_hard=is_hard), view.say)
    begun = time.monotonic()
    with handled(stops), view:
        verified = space.verifying.verify(check, view.observe, requests)
    if options.is_json:
        put_document(verified_document(verified))
    else:
        took = duration_text(time.monotonic() - begun)
        put(verified_lines(look, verified, check.old.pipeline, context.short(space, found), took))
    if not verified.is_good:
        return DOES_NOT_HOLD
    return CANCELLED if verified.is_cancelled else 0
