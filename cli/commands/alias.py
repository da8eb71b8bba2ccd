"""`graft alias set|ls|rm` and `graft rollback`: names that move from generation to generation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from ...core.aliasing import GateRefused, Moved
from ...core.document import SCHEMA, error_document
from ...core.gates import Outcome
from ...core.lineageanswers import gate_documents, move_document, place_text
from ...core.lineages import Move
from ...core.moments import ago
from ...core.states import Status
from .. import context
from ..addressing import AddressArgument, AliasArgument, complete_addresses
from ..declaring import Argument, Option
from ..look import Ink, Look, look_of
from ..options import Options
from ..printer import put, put_document, remark
from ..table import Cell, Column, table
from ..text import clean


def set_(
    options: Options,
    *,
    address: AddressArgument,
    name: Annotated[str, Argument(metavar="NAME", help="Name of the alias: champion.")],
    expect: Annotated[
        str | None,
        Option("--expect", metavar="PLACE", help="Move it only if it stands here now: 0.2.0/3, or none."),
    ] = None,
    force: Annotated[bool, Option("--force", help="Move it whatever its gates say; the history tells.")] = False,
) -> int:
    """Have an alias stand at a generation, if its gates hold ([alias.NAME] gates in graftline.toml).

    Exit code 5: a gate does not hold.
    """
    space = context.workspace(options)
    look = look_of(is_plain=options.is_plain)
    try:
        moved = space.lineages.aliasing.move((address,), name, expect=expect, is_forced=force)
    except GateRefused as refused:
        if not options.is_json:
            put(gate_lines(look, refused.outcomes))
            raise
        put_document({"gates": gate_documents(refused.outcomes), **error_document(refused)})
        return refused.exit_code
    return _told(options, look, moved)


def ls(
    options: Options,
    *,
    of: Annotated[
        str | None,
        Argument(metavar="[PROJECT]", complete=complete_addresses, help="Of one project; default: all."),
    ] = None,
    history: Annotated[bool, Option("--history", help="Every move, newest first.")] = False,
) -> int:
    """List where aliases stand, or every move of them."""
    space = context.workspace(options)
    registry = space.parts.registry()
    names = [each.name for each in registry.projects()] if of is None else [space.lineages.project_of(of)]
    moves = [(name, move) for name in names for move in registry.history(name)]
    if not history:
        last = {(name, move.alias): (name, move) for name, move in moves}
        moves = [each for each in last.values() if each[1].to is not None]
    if options.is_json:
        put_document({"schema": SCHEMA, "history" if history else "aliases": [move_document(*each) for each in moves]})
    elif not moves:
        remark("no alias is set; 'graft alias set ADDRESS champion' sets one")
    else:
        put(_table(look_of(is_plain=options.is_plain), moves, space.parts.clock(), is_history=history))
    return 0


def rm(options: Options, *, alias: AliasArgument) -> int:
    """Take an alias away. The generation stays, and so does the history."""
    moved = context.workspace(options).lineages.aliasing.drop(alias)
    return _told(options, look_of(is_plain=options.is_plain), moved)


def rollback(
    options: Options,
    *,
    alias: AliasArgument,
    to: Annotated[
        str | None, Option("--to", metavar="PLACE", help="A generation it stood at: 0.2.0/1; default: the last.")
    ] = None,
) -> int:
    """Put an alias back to where it stood before; again, to where it stood before that. Gates are not asked."""
    moved = context.workspace(options).lineages.aliasing.roll_back(alias, to)
    return _told(options, look_of(is_plain=options.is_plain), moved)


COMMANDS = {"set": set_, "ls": ls, "rm": rm}


def gate_lines(look: Look, outcomes: Sequence[Outcome]) -> list[str]:
    """Return a table of gates, each with its values."""
    heads = [Column(title="GATE", shrinks=True), Column(title="HOLDS"), Column(title="VALUES", shrinks=True)]
    rows: list[list[Cell | str]] = [
        [each.text, Cell("yes", (Ink.GREEN,)) if each.holds else Cell("no", (Ink.RED, Ink.BOLD)), each.told]
        for each in outcomes
    ]
    return table(look, heads, rows)


def _told(options: Options, look: Look, moved: Moved) -> int:
    move = moved.move
    if options.is_json:
        document = {"schema": SCHEMA, **move_document(moved.project, move), "is_new": moved.is_news}
        put_document({**document, "gates": gate_documents(moved.outcomes)})
        return 0
    name = f"{moved.project}@{move.alias}"
    if not moved.is_news and move.to is not None:
        put(f"{clean(name)} stands at {place_text(move.to)} already")
        return 0
    if moved.outcomes:
        put([*gate_lines(look, moved.outcomes), ""])
    sign = look.paint(look.glyph(Status.SUCCESS), Ink.GREEN)
    before = "" if move.before is None else f"  (before: {place_text(move.before)})"
    put(f"{sign} {clean(name)} {'is gone' if move.to is None else f'stands at {place_text(move.to)}'}{before}")
    return 0


def _table(look: Look, moves: Sequence[tuple[str, Move]], now: float, *, is_history: bool) -> list[str]:
    heads = [
        Column(title="ALIAS", shrinks=True),
        Column(title="STANDS AT" if not is_history else "TO"),
        Column(title="BEFORE", rank=1),
        Column(title="WHEN", rank=2),
        Column(title="BY", shrinks=True, rank=3),
        Column(title="WHY", shrinks=True),
    ]
    rows: list[list[Cell | str]] = [
        [
            f"{project}@{move.alias}",
            look.dash if move.to is None else place_text(move.to),
            "" if move.before is None else place_text(move.before),
            ago(move.at, now),
            move.by,
            move.why,
        ]
        for project, move in (reversed(moves) if is_history else moves)
    ]
    return table(look, heads, rows)
