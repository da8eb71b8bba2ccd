"""The registries that the contract is held against, and small things to put into them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from graftline.core.artifacts import ArtifactRef
from graftline.core.ids import new_run_id
from graftline.core.lineages import GenerationDraft, LineageDraft, Manifest, Place, State
from graftline.core.registry import Registry
from graftline.plugins.registry.filesystem import FilesystemRegistry
from graftline.plugins.registry.virtual import VirtualRegistry

REGISTRIES: dict[str, Callable[[Path], Registry]] = {
    "filesystem": lambda folder: FilesystemRegistry(str(folder / "models")),
    "virtual": lambda folder: VirtualRegistry(),
}


def digest(data: bytes) -> str:
    """Return the sha256 of bytes in hex."""
    return hashlib.sha256(data).hexdigest()


CONTENT = {digest(data): data for data in (b"steps = []\n", b"x = 1\n", b"one", b"two")}
"""sha256 -> bytes of all that drafts name."""


def draft_lineage(version: str) -> LineageDraft:
    """Return a lineage of two files."""
    return LineageDraft(
        project="churn",
        version=version,
        manifest=Manifest(target="pipeline.py:churn", pipeline="churn", sys_path=("",), requirements={"numpy": "2.0"}),
        files={"pipeline.py": digest(b"steps = []\n"), "helpers.py": digest(b"x = 1\n")},
        created=1.0,
    )


def draft_generation(state: bytes = b"one") -> GenerationDraft:
    """Return a generation with one state."""
    ref = ArtifactRef(digest(state), len(state), "pickle")
    return GenerationDraft(project="churn", version="0.1.0", states=(State("fit:model", ref),), created=2.0)


def place(number: int) -> Place:
    """Return the place of a generation of the lineage that the tests use."""
    return Place("0.1.0", number)


def where(registry: Registry) -> tuple[str, str]:
    """Return what another process opens the registry by: the name of its kind and its location."""
    assert isinstance(registry, FilesystemRegistry)
    return "filesystem", registry.root


def open_again(registry: Registry) -> Registry:
    """Open the same registry once more, as another process would."""
    kind, location = where(registry)
    assert kind == "filesystem"
    return FilesystemRegistry(location)


def train(at: tuple[str, str], times: int) -> None:
    """Commit generations, as one of several trainers; top level, since it runs in a process of its own."""
    registry = FilesystemRegistry(at[1])
    for _ in range(times):
        draft = GenerationDraft(
            project="churn",
            version="0.1.0",
            states=draft_generation().states,
            run=new_run_id(),
            created=3.0,
        )
        registry.commit(draft, CONTENT.__getitem__)
