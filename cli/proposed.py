"""What `graft init --from` prints: the graph it guessed, what it could not tell, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.document import SCHEMA
from ..core.layout.drawing import draw
from ..core.proposalcode import code_of
from ..core.proposals import Proposal, ProposedStep
from ..core.states import Status
from . import context
from .failure import next_commands
from .look import Ink, Look, look_of
from .options import Options
from .printer import put, put_document, remark
from .text import clean, plural


def propose(options: Options, words: Sequence[str], *, is_dry: bool) -> int:
    """Propose a pipeline of scripts, and write it unless this is a dry run; return the exit code."""
    proposal, files = context.propose(options, words, is_dry=is_dry)
    text = code_of(proposal)
    if options.is_json:
        put_document(_document(proposal, files, text if is_dry else None))
        return 0
    look = look_of(is_plain=options.is_plain)
    if is_dry:
        put(text.rstrip("\n"))
        remark("\n".join(["", *_told(look, proposal)]))
        return 0
    sign = look.paint(look.glyph(Status.SUCCESS), Ink.GREEN)
    lines = [f"{sign} wrote {', '.join(files)}: {plural(len(proposal.steps), 'step')}", *_told(look, proposal), ""]
    commands = [("graft check", "does it compile?"), ("graft plan", "what would run?"), ("graft run", "run it")]
    put([*lines, *next_commands(look, commands)])
    return 0


def _told(look: Look, proposal: Proposal) -> list[str]:
    edges = [(need, step.name) for step in proposal.steps for need in step.needs]
    names = [step.name for step in proposal.steps]
    lines = ["", *draw(names, edges, {name: clean(name) for name in names}, ascii=look.is_ascii).rows]
    if proposal.doubts:
        lines += ["", look.paint("could not be told", Ink.YELLOW)]
        places = [f"{each.file}{'' if each.line is None else f':{each.line}'}" for each in proposal.doubts]
        width = max(map(len, places))
        lines += [
            f"  {clean(place):{width}}  {clean(each.text)}" for place, each in zip(places, proposal.doubts, strict=True)
        ]
    return lines


def _document(proposal: Proposal, files: Sequence[str], text: str | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "pipeline": proposal.name,
        "steps": [_step(each) for each in proposal.steps],
        "params": {name: value for name, value, _ in proposal.params},
        "doubts": [{"file": each.file, "line": each.line, "text": each.text} for each in proposal.doubts],
        "files": list(files),
        "is_written": text is None,
    }
    return document if text is None else {**document, "text": text}


def _step(step: ProposedStep) -> dict[str, Any]:
    return {
        "name": step.name,
        "kind": step.kind,
        "file": step.source.path,
        "line": step.line,
        "needs": list(step.needs),
        "reads": [*step.gets, *step.reads],
        "writes": list(step.puts),
        "params": [option.name for option in step.facts.options],
    }
