"""Addresses on the command line: how they are taken, and what the shell offers for them at the tab key."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from ..core.errors import GraftError
from .completion import Unfinished
from .declaring import Argument


def complete_addresses(typed: Unfinished, incomplete: str) -> list[str]:
    """Return what an address may go on with: projects, then versions or aliases, then numbers."""
    from . import context as door  # opened at the tab key only

    try:
        registry = door.workspace(typed.options).parts.registry()
        if "@" in incomplete:
            project = incomplete.partition("@")[0]
            found = [f"{project}@{name}" for name in registry.aliases(project)]
        elif incomplete.count("/") > 1:
            project, version, _ = incomplete.split("/", 2)
            found = [each.address for each in reversed(registry.generations(project, version))]
        elif "/" in incomplete:
            found = [each.address for each in reversed(registry.lineages(incomplete.partition("/")[0]))]
        else:
            found = [each.name for each in registry.projects()]
            found += [f"{each.name}@{name}" for each in registry.projects() for name in each.aliases]
        return [each for each in found if each.startswith(incomplete)]
    except (GraftError, ImportError, OSError):
        return []


AddressArgument: TypeAlias = Annotated[
    str,
    Argument(
        metavar="ADDRESS",
        complete=complete_addresses,
        help="PROJECT, PROJECT/LINEAGE, PROJECT/LINEAGE/GENERATION or PROJECT@ALIAS.",
    ),
]
AliasArgument: TypeAlias = Annotated[
    str, Argument(metavar="PROJECT@ALIAS", complete=complete_addresses, help="An alias: churn@champion.")
]
AddressWords: TypeAlias = Annotated[
    list[str] | None,
    Argument(
        metavar="[PROJECT [LINEAGE [GENERATION]]]",
        complete=complete_addresses,
        help="Up to three words, or one address: churn/0.2.0/3, churn@champion.",
    ),
]
