"""A generation as a directory that stands by itself: code, states, versions, and how it is applied."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .addresses import Address, address_of
from .copying import send, ship
from .lineages import Generation, Lineage
from .named import NamedTuple
from .registry import Registry

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports, as in workspace
    from .releasing import Lineages

REGISTRY = "registry"
"""Directory in it that is a registry with this one generation."""


class Built(NamedTuple):
    """What was built."""

    lineage: Lineage
    generation: Generation
    """In the registry it came from."""
    folder: str
    bytes: int
    """Size of all of its files."""


class Building:
    """Builds directories of generations, on the ports of a workspace."""

    def __init__(self, parts: Parts, lineages: Lineages):
        self._parts = parts
        self._lineages = lineages

    def install(self, built: Built) -> None:
        """Make a virtual environment in a directory that was built, with exactly what its requirements name.

        Raises:
            PluginError: this is another Python, or something cannot be installed. The directory stays without it.
        """
        python = built.lineage.manifest.python
        self._parts.machine.make_environment(f"{built.folder}/venv", f"{built.folder}/requirements.txt", python)

    def build(self, address: Sequence[str], folder: str | None, graftline: str) -> Built:
        """Write a generation with its lineage to a directory, whole or not at all.

        Args:
            address: of the generation; as for apply where something is left out.
            folder: the directory, which must not be there; None: named after it.
            graftline: version that is required to apply it.

        Raises:
            MissingError: there is no such generation.
            InvalidError: the directory is there, or cannot be written.
            StoreError: bytes are missing or damaged.
        """
        parts, here = self._parts, self._parts.registry()
        lineage, generation = self._lineages.generation_of(*address)
        exact = address_of(generation.address)
        folder = folder or f"{lineage.project}-{lineage.version}-{generation.number}"
        snapshot = self._lineages.snapshot(lineage)
        files = {f"code/{name}": snapshot.contents[sha256] for name, sha256 in snapshot.files.items()}
        files["requirements.txt"] = _requirements(lineage, graftline).encode()
        files["README.md"] = _readme(lineage, generation).encode()
        files["build.json"] = _document(lineage, generation, graftline).encode()

        def fill(registry: Registry) -> None:
            shipment = ship(here, registry, _whole(exact), with_dev=True, with_aliases=False)
            send(here, registry, shipment, at=parts.clock(), by=parts.who())

        size = parts.bundles().build(folder, files, REGISTRY, fill)
        return Built(lineage, generation, folder, size)


def _whole(address: Address) -> Address:
    return Address(address.project, address.version, address.number)


def _requirements(lineage: Lineage, graftline: str) -> str:
    """Return what pip installs: every version as it was when the lineage was released."""
    lines = [f"{name}=={version}" for name, version in sorted(lineage.manifest.requirements.items())]
    lines = [line for line in lines if not line.startswith("graftline==")]
    return "\n".join([f"# Python {lineage.manifest.python}", f"graftline=={graftline}", *lines, ""])


def _document(lineage: Lineage, generation: Generation, graftline: str) -> str:
    manifest, draft = lineage.manifest, generation.draft
    document = {
        "format": 1,
        "project": lineage.project,
        "lineage": lineage.version,
        "generation": generation.number,
        "target": manifest.target,
        "python": manifest.python,
        "graftline": graftline,
        "git": manifest.git,
        "code": lineage.code,
        "states": {state.name: state.ref.sha256 for state in draft.states},
        "score": draft.score,
    }
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _readme(lineage: Lineage, generation: Generation) -> str:
    about = f"\n{lineage.manifest.description}\n" if lineage.manifest.description else ""
    return f"""# {generation.address}
{about}
The code of `{lineage.address}` (`code/`), the states of its generation {generation.number} (`{REGISTRY}/`), and the
versions of all packages it was released with (`requirements.txt`, Python {lineage.manifest.python}).

    sha256sum --check SHA256SUMS                          # is everything as it was built?
    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/graft -P ./{REGISTRY} apply {lineage.project} --trust   # --trust once: states are pickles
"""
