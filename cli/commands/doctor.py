"""`graft doctor`: is everything well with the store and the environment, and if not, what helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from ...core.errors import CheckError
from ...core.states import Status
from .. import context
from ..declaring import Option
from ..look import Ink, Look, look_of
from ..options import Options
from ..printer import put, put_document
from ..text import clean, columns, pad, plural

if TYPE_CHECKING:
    from ...core.health import Finding


def doctor(
    options: Options,
    *,
    repair: Annotated[
        bool, Option("--repair", help="Put right what can be put right; never deletes the only copy.")
    ] = False,
) -> int:
    """Check the store and the environment. Exit code 0: all is well; 5: something is not."""
    findings = context.examine(options, repair=repair)
    wrong = [each for each in findings if not each.is_good and not each.is_repaired]
    if options.is_json:
        listed = [asdict(each) for each in findings]
        put_document({"schema": 1, "ok": not wrong, "findings": listed})
        return CheckError.exit_code if wrong else 0
    for line in _lines(look_of(is_plain=options.is_plain), findings):
        put(line)
    put(f"{plural(len(wrong), 'problem')}" if wrong else "all is well")
    return CheckError.exit_code if wrong else 0


def _lines(look: Look, findings: Sequence[Finding]) -> list[str]:
    width = max((columns(each.subject) for each in findings), default=0)
    lines = []
    for each in findings:
        status = Status.SUCCESS if each.is_good or each.is_repaired else Status.FAILURE
        word = "repaired" if each.is_repaired else "ok" if each.is_good else "wrong"
        mark = look.paint(f"{look.glyph(status)} {word:<8}", Ink.RED if status is Status.FAILURE else Ink.GREEN)
        lines.append(f"{mark}  {pad(each.subject, width)}  {clean(each.detail)}")
        if each.remedy and not each.is_good:
            lines.append(f"{' ' * (width + 14)}{clean(each.remedy)}")
    return lines
