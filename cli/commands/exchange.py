"""`graft copy|import|remove`, and `export` of an address: what registries hold, between them, to files, and away."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from ...core.copying import Sending, Sent, Shipment
from ...core.document import SCHEMA
from ...core.errors import InvalidError
from ...core.exchanging import SUFFIX, Removal
from ...core.lineageanswers import place_text, shipment_document
from ...core.quantities import size_text
from ...core.states import Status
from ...core.workspace import Workspace
from .. import context
from ..addressing import AddressArgument
from ..declaring import Argument, Option
from ..look import Ink, Look, look_of
from ..options import Options
from ..printer import put, put_document, remark
from ..table import Cell, Column, table
from ..text import clean, plural

if TYPE_CHECKING:
    from ...core.workspace import Workspace

_ALL = Option("--all", help="Also development versions of a project.")
_DRY = Option("-n --dry-run", help="Say what would be sent; send nothing.")
_SHOWN = 30
"""Lineages and generations that are listed; --json has all."""


def copy(
    options: Options,
    *,
    address: AddressArgument,
    to: Annotated[str, Option("--to", metavar="REGISTRY", help="As for -P: a name, or a directory.")],
    aliases: Annotated[bool, Option("--aliases", help="Also set aliases that are not set there.")] = False,
    everything: Annotated[bool, _ALL] = False,
    dry_run: Annotated[bool, _DRY] = False,
) -> int:
    """Copy a project, a lineage or a generation to another registry. What is there already is not sent again."""
    space = context.workspace(options)
    exchanging = space.lineages.exchanging
    place = context.registry_place(to)
    shipment = exchanging.shipment((address,), place, with_dev=everything, with_aliases=aliases)
    sent = None if dry_run else exchanging.copy(shipment, place)
    if options.is_json:
        put_document({"schema": SCHEMA, "to": place, **shipment_document(shipment, sent)})
    else:
        put(_lines(look_of(is_plain=options.is_plain), [shipment], sent, "sent", "would be sent"))
    return 0


def export_address(
    options: Options, space: Workspace, address: str, output: str | None, *, with_dev: bool, force: bool
) -> int:
    """Write a project, a lineage or a generation to one file, with its code, states and aliases."""
    file = output or address.replace("/", "-").replace("@", "-") + SUFFIX
    if os.path.lexists(file) and not force:
        raise InvalidError(f"{file} is there already", "--force writes over it; -o FILE names another one")
    shipment, size = space.lineages.exchanging.export((address,), file, with_dev=with_dev)
    if options.is_json:
        put_document({"schema": SCHEMA, "file": file, "file_bytes": size, **shipment_document(shipment, [])})
        return 0
    put(f"{clean(file)}  {_counted(shipment.items)}, {size_text(size)}")
    return 0


def import_(
    options: Options,
    *,
    file: Annotated[str, Argument(metavar="FILE", help="A file that 'graft export' wrote.")],
    aliases: Annotated[bool, Option("--aliases", help="Also set aliases that are not set here.")] = False,
    dry_run: Annotated[bool, Option("-n --dry-run", help="Verify it and say what it brings.")] = False,
) -> int:
    """Take what a file holds into the registry. All of it is verified before anything is written."""
    exchanging = context.workspace(options).lineages.exchanging
    with exchanging.bundle(file, with_aliases=aliases) as (bundle, shipments):
        sent = None if dry_run else exchanging.take_in(bundle, shipments)
        if options.is_json:
            projects = [shipment_document(each, sent) for each in shipments]
            put_document({"schema": SCHEMA, "file": file, "projects": projects})
        else:
            put(_lines(look_of(is_plain=options.is_plain), shipments, sent, "taken in", "would be taken in"))
    return 0


def remove(
    options: Options,
    *,
    address: AddressArgument,
    yes: Annotated[bool, Option("-y --yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, Option("-n --dry-run", help="Say what would be removed.")] = False,
) -> int:
    """Remove a generation, a lineage with its generations, or a project. Not while an alias stands at it."""
    exchanging = context.workspace(options).lineages.exchanging
    removal = exchanging.removal((address,))
    names = [each.address for each in removal.lineages] + [each.address for each in removal.generations]
    if not options.is_json:
        put([f"  {clean(each)}" for each in names])
    if not dry_run:
        if not yes:
            _confirm(removal)
        exchanging.remove(removal)
    if options.is_json:
        put_document({"schema": SCHEMA, "removed": names, "is_removed": not dry_run})
    else:
        count = _counted_things(len(removal.lineages), len(removal.generations))
        put(f"{'would remove' if dry_run else 'removed'} {count}; the numbers are not given again")
    return 0


def _confirm(removal: Removal) -> None:
    if not sys.stdin.isatty():
        raise InvalidError("nothing was removed: it was not confirmed", "add -y, or -n to see what would go")
    remark(f"remove {_counted_things(len(removal.lineages), len(removal.generations))}? [y/N]")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise KeyboardInterrupt


def _lines(look: Look, shipments: Sequence[Shipment], sent: Sequence[Sent] | None, did: str, would: str) -> list[str]:
    items = [each for shipment in shipments for each in shipment.items]
    there = {each.address: each.there for each in sent or ()}
    heads = [Column(title="WHAT", shrinks=True), Column(title="THERE", shrinks=True), Column(title="")]
    rows: list[list[Cell | str]] = [
        [
            each.address,
            there.get(each.address, each.there or ""),
            Cell("there already", (Ink.DIM,)) if each.there is not None else Cell("new", (Ink.GREEN,)),
        ]
        for each in items[:_SHOWN]
    ]
    lines = table(look, heads, rows)
    if len(items) > _SHOWN:
        lines.append(look.said(f"… {len(items) - _SHOWN:,} more"))
    verb = "stands" if sent is not None else "would stand"
    for shipment in shipments:
        lines += [f"@{clean(name)} {verb} at what was {place_text(at)}" for name, at in shipment.aliases]
        left = "there, and is left alone"
        lines += [f"@{clean(name)} stands at {place_text(at)} {left}" for name, at in shipment.standing]
    fresh = [each for each in items if each.there is None]
    size = size_text(sum(each.bytes for each in shipments))
    if not any(each.is_news for each in shipments):
        return [*lines, "", "everything is there already"]
    sign = f"{look.paint(look.glyph(Status.SUCCESS), Ink.GREEN)} " if sent is not None else ""
    return [*lines, "", f"{sign}{_counted(fresh)} {did if sent is not None else would}, {size}"]


def _counted(items: Sequence[Sending]) -> str:
    generations = sum(1 for each in items if each.generation is not None)
    return _counted_things(len(items) - generations, generations)


def _counted_things(lineages: int, generations: int) -> str:
    parts = [plural(lineages, "lineage")] if lineages else []
    parts += [plural(generations, "generation")] if generations or not lineages else []
    return " and ".join(parts)
