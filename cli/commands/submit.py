"""`graft submit` and `graft result`: an action of something by name, and what it came to."""

from __future__ import annotations

import json
from typing import Annotated, Any

from ...core.asyncresult import AsyncResult, RemoteError, ResultStatus
from ...core.constants import is_json
from ...core.deeds import KINDS, Deed, check_deed
from ...core.document import SCHEMA
from ...core.errors import Cancelled, FailedError, InvalidError
from ...core.place import Place, written_at
from .. import context
from ..arguments import ParamOption
from ..completion import Unfinished, complete_runs
from ..declaring import Argument, Option
from ..options import Options
from ..printer import put, put_document, remark

LabelOption = Annotated[
    list[str] | None, Option("--label", metavar="LABEL", help="Label its worker must have; repeatable.")
]
WaitOption = Annotated[bool, Option("--wait", help="Wait until it has ended, and print its value.")]


def _kinds(typed: Unfinished, incomplete: str) -> list[str]:
    return [kind for kind in KINDS if kind.startswith(incomplete)]


def _actions(typed: Unfinished, incomplete: str) -> list[str]:
    known = KINDS.get(str(typed.values.get("kind")), ())
    return [action for action in dict.fromkeys(known) if action.startswith(incomplete)]


def submit(
    options: Options,
    *,
    kind: Annotated[str, Argument(metavar="KIND", help="model, script, notebook or function.", complete=_kinds)],
    name: Annotated[str, Argument(metavar="NAME", help="Of the model or function; path of the file.")],
    action: Annotated[str, Argument(metavar="ACTION", help="fit, predict, score, ...; run.", complete=_actions)],
    data: Annotated[
        list[str] | None,
        Argument(metavar="[DATA]...", help="Datasets by name: data, data[x]; words of a script."),
    ] = None,
    param: ParamOption = None,
    label: LabelOption = None,
    wait: WaitOption = False,
) -> int:
    """Submit an action, and print the id of its result."""
    from ...submission import submit_deeds  # compiles: `result` needs none of it

    check_deed(kind, action)
    space = context.workspace(options, needs_code=True)
    deed = Deed(kind=kind, name=name, action=action, arguments=tuple(data or ()), options=_values(param))
    with written_at(Place("", 0)):  # on the command line: no file is at fault
        found = submit_deeds(space, [deed], "sequence", tuple(label or ()), is_here=False, origin="cli")[0]
    if wait:
        return _tell(options, found.wait())
    if options.is_json:
        put_document(_entry(found))
    else:
        put([found.id])
        remark(f"graft result {found.id[:6]} --wait prints its value")
    return 0


def result(
    options: Options,
    *,
    name: Annotated[
        str, Argument(metavar="ID", help="Of a submission, as RUN or RUN:STEP.", complete=complete_runs)
    ] = "@last",
    wait: WaitOption = False,
) -> int:
    """Print what a submission came to. Exit code 0: its value is there, or it goes on; 1: it failed."""
    from ...submission import result_at

    space = context.workspace(options)
    run, _, step = name.partition(":")
    found = result_at(space, space.find(run, all_projects=True), step or None)
    return _tell(options, found.wait() if wait else found)


def _tell(options: Options, found: AsyncResult) -> int:
    status = found.status
    if options.is_json:
        put_document(_entry(found))
    elif status is ResultStatus.SUCCESS:
        value = found.get()
        put([value if isinstance(value, str) else json.dumps(value) if is_json(value) else repr(value)])
    else:
        remark(f"{found.id[:6]}: {status}{f', {found.reason}' if found.reason else ''}")
        _tell_why(options, found, status)
    return 1 if status is ResultStatus.FAILURE else 0


def _tell_why(options: Options, found: AsyncResult, status: ResultStatus) -> None:
    if status is not ResultStatus.FAILURE:
        return
    try:
        found.get()
    except (Cancelled, FailedError) as problem:
        trace = problem.traceback if isinstance(problem, RemoteError) else ""
    except Exception as problem:  # noqa: BLE001  the user's own
        trace = problem.__cause__.traceback if isinstance(problem.__cause__, RemoteError) else ""
    if trace:
        remark(trace.rstrip())


def _entry(found: AsyncResult) -> dict[str, Any]:
    status = found.status
    entry: dict[str, Any] = {"schema": SCHEMA, "id": found.id, "status": status, "reason": found.reason}
    if status is ResultStatus.SUCCESS:
        value = found.get()
        entry["value"] = value if is_json(value) else None
        entry["shown"] = None if is_json(value) else repr(value)
    return entry


def _values(given: list[str] | None) -> dict[str, Any]:
    """Return options by name; text that is JSON is what it says."""
    found: dict[str, Any] = {}
    for each in given or ():
        name, equals, text = each.partition("=")
        if not equals or not name:
            raise InvalidError(f"-p takes NAME=VALUE, not '{each}'")
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found
