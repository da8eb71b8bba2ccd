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
from graftline.store.registry import StoredRegistry
from graftline.store.store import Store, open_store

REGISTRIES: dict[str, Callable[[Path], Registry]] = {
    "sqlite": lambda folder: _stored(folder / "store"),
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


class _Stored(StoredRegistry):
    """A registry with the store it is in, closed with it."""

    def __init__(self, store: Store) -> None:
        super().__init__(store._database, store.objects)
        self.store = store

    def close(self) -> None:
        self.store.close()


def _stored(folder: Path) -> Registry:
    return _Stored(open_store(folder))


def where(registry: Registry) -> tuple[str, str]:
    """Return what another process opens the registry by: the name of its kind and its location."""
    if isinstance(registry, _Stored):
        return "sqlite", str(registry.store.layout.directory)
    assert isinstance(registry, FilesystemRegistry)
    return "filesystem", registry.root


def open_again(registry: Registry) -> Registry:
    """Open the same registry once more, as another process would."""
    return _opened(where(registry))


def _opened(at: tuple[str, str]) -> Registry:
    kind, location = at
    return _stored(Path(location)) if kind == "sqlite" else FilesystemRegistry(location)


def train(at: tuple[str, str], times: int) -> None:
    """Commit generations, as one of several trainers; top level, since it runs in a process of its own."""
    registry = _opened(at)
    for _ in range(times):
        draft = GenerationDraft(
            project="churn",
            version="0.1.0",
            states=draft_generation().states,
            run=new_run_id(),
            created=3.0,
        )
        registry.commit(draft, CONTENT.__getitem__)
