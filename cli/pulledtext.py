"""What `graft pull` says: what came home, and what can be done with it now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..core.document import root_failures
from ..core.pulled import Pulled
from ..core.quantities import size_text
from ..core.states import Status
from ..core.text import plural
from .failure import debug_command, log_command, next_commands
from .look import Ink, Look
from .text import clean

if TYPE_CHECKING:
    from ..core.workspace import Workspace

_NAMED = 6


def pulled_document(found: Pulled) -> dict[str, Any]:
    """Return what came, as `pulled` of a document."""
    return {
        "from": found.folder,
        "is_new": found.is_new,
        "steps": list(found.steps),
        "values": found.values,
        "value_bytes": found.value_bytes,
        "log_bytes": found.log_bytes,
        "lacking": list(found.lacking),
    }


def pulled_lines(look: Look, space: Workspace, found: Pulled, short: str) -> list[str]:
    """Return what came, and the commands that go on from here."""
    run = space.show(found.run)
    lines = [f"{look.paint(look.state(found.state), Ink.BOLD)}  {clean(run.pipeline)}  {short}{look.dot}{_came(found)}"]
    if found.folder is not None:
        lines.append(look.paint(f"  from {clean(found.folder)}", Ink.DIM))
    if found.lacking:
        lines.append(f"  neither here nor there: {clean(_first(found.lacking))}")
        lines.append(look.paint("  graft retry makes what a step that runs again makes", Ink.DIM))
    steps = space.steps(found.run)
    commands = [*log_command(short, steps), *debug_command(short, steps)] if root_failures(steps) else []
    if found.state in (Status.FAILURE, Status.INTERRUPTED):
        commands.append((f"graft retry {short} -R local", "go on from there, on this machine"))
    return [*lines, *(["", *next_commands(look, commands)] if commands else [])]


def _came(found: Pulled) -> str:
    told = [
        "a run that was not known here" if found.is_new else "",
        f"{plural(len(found.steps), 'step')}" if found.steps else "",
        f"{plural(found.values, 'value')} ({size_text(found.value_bytes)})" if found.values else "",
        f"{size_text(found.log_bytes)} of logs" if found.log_bytes else "",
    ]
    came = ", ".join(each for each in told if each)
    if came:
        return f"brought home: {came}"
    return "nothing was lacking here" if found.folder is None or not found.lacking else "nothing came"


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
