"""`graft list`: what the registry holds, at each level."""

from __future__ import annotations

from typing import Annotated

from ...core.addresses import Address, address_of, find_generation, find_lineage, known_lineages
from ...core.document import SCHEMA
from ...core.lineageanswers import generation_document, lineage_document, project_document
from ...core.lineages import Lineage
from ...core.registry import Registry
from ...core.workspace import Workspace
from .. import context
from ..addressing import AddressWords
from ..declaring import Option
from ..lineagetext import (
    code_text,
    generation_card,
    generation_lines,
    lineage_lines,
    listed_text,
    project_lines,
)
from ..look import Ink, Look, look_of
from ..options import Options
from ..printer import put, put_document, remark
from ..text import clean, plural


def lineages(
    options: Options,
    *,
    address: AddressWords = None,
    everything: Annotated[bool, Option("--all", help="Also development versions, which 'train .' makes.")] = False,
) -> int:
    """List projects; the lineages of one; the generations of a lineage; or show a generation."""
    space = context.workspace(options)
    registry = space.parts.registry()
    look = look_of(is_plain=options.is_plain)
    if not address:
        return _projects(options, space, registry, look)
    wanted = address_of(*address)
    if wanted.alias is not None or wanted.number is not None:
        return _generation(options, space, registry, look, wanted)
    if wanted.version is not None:
        return _generations(options, space, registry, look, find_lineage(registry, wanted))
    return _lineages(options, space, registry, look, wanted.project, everything=everything)


def _projects(options: Options, space: Workspace, registry: Registry, look: Look) -> int:
    found = registry.projects()
    place = space.parts.registry_place()
    if options.is_json:
        document = {"schema": SCHEMA, "registry": place, "projects": [project_document(each) for each in found]}
        put_document(document)
    elif not found:
        remark(
            f"the registry {clean(place)} is empty; 'graft release' publishes this project, 'graft train .' trains it"
        )
    else:
        put(project_lines(look, found))
    return 0


def _lineages(
    options: Options, space: Workspace, registry: Registry, look: Look, project: str, *, everything: bool
) -> int:
    known = known_lineages(registry, project)
    shown = [each for each in known if everything or not each.is_dev]
    aliases = registry.aliases(project)
    if options.is_json:
        document = {"schema": SCHEMA, "project": project, "lineages": [lineage_document(each) for each in shown]}
        put_document(document | {"aliases": {name: f"{at.version}/{at.number}" for name, at in aliases.items()}})
        return 0
    released = sum(1 for each in known if not each.is_dev)
    put(f"{look.paint(clean(project), Ink.BOLD)}  {listed_text(released, len(known) - released)}")
    if shown:
        filled = [(each, registry.generations(project, each.version)) for each in shown]
        put(["", *lineage_lines(look, filled, aliases, space.parts.clock())])
    return 0


def _generations(options: Options, space: Workspace, registry: Registry, look: Look, lineage: Lineage) -> int:
    found = registry.generations(lineage.project, lineage.version)
    aliases = registry.aliases(lineage.project)
    if options.is_json:
        generations = [generation_document(each, aliases) for each in found]
        put_document({"schema": SCHEMA, **lineage_document(lineage), "generations": generations})
        return 0
    files = f"{plural(len(lineage.files), 'file')}, {clean(lineage.manifest.target)}"
    put(f"{look.paint(lineage.address, Ink.BOLD)}  {files}{look.dot}{clean(code_text(lineage))}")
    if lineage.manifest.description:
        put(f"  {clean(lineage.manifest.description)}")
    if found:
        put(["", *generation_lines(look, found, aliases, space.parts.clock())])
    else:
        remark(f"it has no generation; 'graft train {lineage.address}' makes the first")
    return 0


def _generation(options: Options, space: Workspace, registry: Registry, look: Look, wanted: Address) -> int:
    lineage, generation = find_generation(registry, wanted)
    aliases = registry.aliases(lineage.project)
    if options.is_json:
        put_document({"schema": SCHEMA, **generation_document(generation, aliases)})
    else:
        put(list(generation_card(look, lineage, generation, aliases, space.parts.clock())))
    return 0
