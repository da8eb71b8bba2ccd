"""Hidden `graft _host`: what `--detach` and `submit` start; carries a stored run to its end without a terminal."""

from __future__ import annotations

from typing import Annotated

from ...core.ids import RunId
from ...core.requests import CodeChoice, RetryRequest
from ...core.session import Requests
from ...core.states import Status
from ...core.submitting import serving
from .. import context
from ..carrying import exit_code
from ..declaring import Argument, Option
from ..options import Options
from ..printer import remark
from ..signals import TERMINATED, Stops, handled


def host(
    options: Options,
    *,
    run: Annotated[str, Argument(metavar="RUN", help="Whole run id.")],
    expect: Annotated[str | None, Argument(metavar="STATE", help="State it must still be in.")] = None,
    serves: Annotated[
        list[str] | None, Option("--serves", metavar="LABEL=SLOTS", help="A label of the worker it runs for.")
    ] = None,
    resumes: Annotated[bool, Option("--resumes", help="Put back first what was interrupted.")] = False,
) -> int:
    """Carry a stored run to its end."""
    labels = {label: int(slots) for label, _, slots in (each.rpartition("=") for each in serves or ())}
    space = serving(context.workspace(options), labels)
    if resumes:  # with the code it ran: whoever submitted it may be half through another edit
        space.begin_retry(RetryRequest(run=RunId(run), code=CodeChoice.RECORDED))
    requests = Requests()
    stops = Stops(lambda is_hard: space.request_stop(requests, is_hard=is_hard), remark)
    with handled(stops):
        ended = space.host(RunId(run), None, requests, expect=None if expect is None else Status(expect))
    return TERMINATED if stops.is_terminated and ended.state is Status.CANCELLED else exit_code(ended.state)
