"""`graft build`: a generation as a directory that stands by itself."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

from ...core.document import SCHEMA
from ...core.lineageanswers import generation_document, lineage_document
from ...core.quantities import size_text
from ...core.states import Status
from .. import context
from ..addressing import AddressArgument
from ..declaring import Option
from ..failure import next_commands
from ..look import Ink, look_of
from ..options import Options
from ..printer import put, put_document, remark
from ..text import clean, plural


def build(
    options: Options,
    *,
    address: AddressArgument,
    output: Annotated[
        str | None, Option("-o --output", metavar="DIR", help="Default: PROJECT-LINEAGE-GENERATION.")
    ] = None,
    venv: Annotated[bool, Option("--venv", help="Also make a virtual environment with these versions.")] = False,
) -> int:
    """Write a generation to a directory that stands by itself: code, states, exact versions, how to apply it."""
    space = context.workspace(options)
    built = space.lineages.building.build((address,), output, version("graftline"))
    if venv:
        if not options.is_json:
            remark(f"installing what it needs into {clean(built.folder)}/venv")
        space.lineages.building.install(built)
    if options.is_json:
        lineage, generation = lineage_document(built.lineage), generation_document(built.generation, {})
        put_document({"schema": SCHEMA, "directory": built.folder, "bytes": built.bytes, **lineage, **generation})
        return 0
    look = look_of(is_plain=options.is_plain)
    sign = look.paint(look.glyph(Status.SUCCESS), Ink.GREEN)
    packages = plural(len(built.lineage.manifest.requirements), "package")
    facts = [size_text(built.bytes), plural(len(built.lineage.files), "file") + " of code", packages]
    put(f"{sign} {clean(built.generation.address)} is in {clean(built.folder)}  {look.dot.join(facts)}")
    put(["", *next_commands(look, [(f"cat {clean(built.folder)}/README.md", "how to apply it")])])
    return 0
