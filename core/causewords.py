"""Why a step runs, in words: verdicts, and causes in a line each. Every face says them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .codechanges import HELD, file_of
from .fingerprints.trace import IMPORT
from .keys import CauseKind
from .reusing import Verdict
from .text import clean
from .whys import Because, Made

DIGEST_SHOWN = 8

VERDICTS = {
    Verdict.NEVER: "no earlier result of it is known",
    Verdict.CHANGED: "what it depends on has changed",
    Verdict.READS: "a file it was seen to read has changed",
    Verdict.DAMAGED: "its earlier result is gone or damaged",
    Verdict.SOURCE: "a source, read again each time",
    Verdict.EFFECT: "an effect: it keeps nothing and runs each time",
    Verdict.EXPIRED: "its earlier result is older than its cache= lets it hold",
    Verdict.OFF: "its cache=False: it runs each time",
    Verdict.FORCED: "it was told to run, whatever is known",
    Verdict.UNKNOWN: "what it depends on cannot be known, so it runs each time",
}
_WITHOUT_DETAIL = frozenset({Verdict.CHANGED, Verdict.READS})
"""Their detail is among the causes."""
_MADE_SHOWN = 3


def verdict_text(verdict: Verdict, detail: str | None) -> str:
    """Return a verdict as a sentence, with what it is about."""
    text = VERDICTS[verdict]
    return text if detail is None or verdict in _WITHOUT_DETAIL else f"{text}: {clean(detail)}"


def short_text(
    verdict: Verdict, detail: str | None, causes: Sequence[Because], *, arrow: str = "→", more: str = "…"
) -> str:
    """Return why a step runs in few words: its causes; the verdict where there are none, or it says more.

    Args:
        verdict: of the step.
        detail: as in `StepWhy.detail`.
        causes: what differs.
        arrow: from what was to what is.
        more: what marks a list that was cut.
    """
    told = [cause_text(each, arrow=arrow, more=more) for each in causes]
    if verdict in _WITHOUT_DETAIL and told:
        return "; ".join(told)
    return "; ".join([verdict_text(verdict, detail), *told])


def cause_text(because: Because, *, arrow: str = "→", more: str = "…") -> str:
    """Return a cause as a few words: "helpers.py:clean changed", "C: 1 → 0.5"."""
    cause = because.cause
    name = clean(cause.name)

    def became(what: str, old: str | None, new: str | None) -> str:
        before, after = ("none" if each is None else clean(each) for each in (old, new))
        return f"{what}{before} {arrow} {after}"

    match cause.kind:
        case CauseKind.CODE:
            return f"{_part(cause.name)} {_became(cause.old, cause.new)}"
        case CauseKind.PARAMETER:
            return became(f"{name}: ", cause.old, cause.new)
        case CauseKind.PACKAGE:
            return became(f"{name} ", cause.old, cause.new)
        case CauseKind.FILE:
            return f"{name} {_became(cause.old, cause.new, if_unknown='changed')}"
        case CauseKind.VARIABLE:
            return f"environment variable {name} {_was_set(cause.old, cause.new)}"
        case CauseKind.INPUT:
            return _input(because, became, more)
        case CauseKind.CLASS:
            return f"code or packages behind {name} changed"
        case CauseKind.CALL:
            told = [became(f"{what}: ", old, new) for what, (old, new) in because.call.items()]
            return "; ".join(told) or "how it is called changed"
        case CauseKind.PLACE:
            return became("its place: ", cause.old, cause.new)


def cause_note(because: Because, short: Callable[[str], str], *, arrow: str = "→") -> str:
    """Return what stands beside a cause: where a value is from, who made an input; empty for nothing.

    Args:
        because: the cause.
        short: shortens the id of a run.
        arrow: from what was to what is.
    """
    kind = because.cause.kind
    if kind is CauseKind.PARAMETER:
        told = [clean(because.where)] if because.where else []
        if because.was_where and because.was_where != because.where:
            told.append(f"was {clean(because.was_where)}")
        return f"({', '.join(told)})" if told else ""
    if kind is CauseKind.INPUT and because.made:
        made = because.made[0]
        old = "" if made.old_run is None else f", the old one in run {short(made.old_run)}"
        return f"(in run {short(made.run)}{old})"
    if kind is CauseKind.CLASS:
        return "(its bytes are the same)"
    if kind is CauseKind.FILE and because.cause.old and because.cause.new:
        return f"({digest_text(because.cause.old)} {arrow} {digest_text(because.cause.new)})"
    return ""


def starred(path: str) -> str:
    """Return a path with `*` for the numbers of items and iterations."""
    return "/".join("*" if part.isdecimal() else part for part in path.split("/"))


def digest_text(digest: str | None) -> str:
    """Return the beginning of a digest; what it is of when there is none."""
    return "none" if digest is None else digest.rpartition(":")[2][:DIGEST_SHOWN]


def _part(part: str) -> str:
    """Return a part of the code as a person would call it."""
    if part == "code":
        return "its code"
    file, name = file_of(part)
    if file == HELD or part.startswith(f"{HELD}:"):
        return f"the value it holds as {clean(part.partition(':')[2])}"
    if name == IMPORT:
        return f"what importing {clean(file)} does"
    return clean(file if name is None else f"{file}:{name}")


def _became(old: str | None, new: str | None, *, if_unknown: str = "changed") -> str:
    if old is None and new is None:
        return if_unknown
    return "is new" if old is None else "is gone" if new is None else "changed"


def _was_set(old: str | None, new: str | None) -> str:
    return "is set" if old is None else "is not set any more" if new is None else "changed"


def _input(because: Because, became: Callable[[str, str | None, str | None], str], more: str) -> str:
    name = clean(because.cause.name)
    if because.cause.new is None:
        return f"input {name} is gone"
    if not because.made:
        return f"input {name} {'is new' if because.cause.old is None else 'changed'}"
    makers = list(dict.fromkeys(_maker(each) for each in because.made))
    cut = more if len(makers) > _MADE_SHOWN else ""
    name = f"input {name} from {', '.join(makers[:_MADE_SHOWN])}{cut}"
    made = because.made[0]
    if len(because.made) == 1 and made.old is not None and made.new is not None:
        return became(f"{name}: ", made.old, made.new)
    return f"{name} changed"


def _maker(made: Made) -> str:
    if made.is_items:
        return f"the items of {starred(clean(made.step.rpartition('/')[0]))}"
    return starred(clean(made.step))
