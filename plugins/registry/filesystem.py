"""A registry that is a directory: it can be copied, shared or committed, and is whole at every instant.

    registry.json                                   what this is
    lock                                            writers take turns
    objects/ab/cdef...                              files and states by sha256
    projects/ID/project.json                        its name
    projects/ID/moves/000001.json                   where aliases were moved
    projects/ID/lineages/ID/lineage.json            version, manifest, files
    projects/ID/lineages/ID/000001.json             a generation
    projects/ID/lineages/ID/000001.gone.json        a generation was removed: its number is not given again

ID is made of the digest of a name, so that no name becomes a path. Every file is written under another name and then
linked to its own, which fails when it is there: two writers never get one number, and nobody reads half a file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from ...core.errors import ConflictError, InvalidError, MissingError, StoreError
from ...core.lineagecodec import (
    generation_from_json,
    generation_to_json,
    lineage_from_json,
    lineage_to_json,
    move_from_json,
    move_to_json,
)
from ...core.lineages import Generation, GenerationDraft, Lineage, LineageDraft, Move, Project
from ...core.publishing import next_generation, refuse_lineage, refuse_move, refuse_removal
from ...core.registry import Registry, standing
from ...core.runs import Snapshot
from ...core.versions import newest, parsed
from .directory import Directory

FORMAT = 1
"""Raised when the layout means something else."""
_GONE = ".gone.json"


class FilesystemRegistry(Registry):
    """A registry in a directory, made when something is first put into it."""

    name: ClassVar[str] = "filesystem"

    def __init__(self, location: str | None = None, **options: Any):
        """Take the directory; a relative one is of the current directory.

        Raises:
            InvalidError: none is named, or it is no directory.
            StoreError: it is a registry of a newer graftline.
        """
        super().__init__(location, **options)
        if not location:
            raise InvalidError("a filesystem registry needs a directory", "name it: -P ./models")
        self._directory = Directory(os.path.abspath(os.path.expanduser(location)))
        if os.path.exists(self._directory.root) and not os.path.isdir(self._directory.root):
            raise InvalidError(f"{location} is no directory", "name the directory of a registry: -P ./models")
        found = self._directory.document("registry.json")
        if found is None:
            if set(self._directory.names()) - {"lock"}:
                raise InvalidError(
                    f"{location} is no registry, and not empty",
                    "name another one; a registry in another store is [registry.NAME] provider = 'sqlite', path",
                )
        elif found.get("format", FORMAT) > FORMAT:
            raise StoreError(f"{location} was made by a newer graftline", "upgrade graftline")

    @property
    def root(self) -> str:
        """Return the absolute path of its directory."""
        return self._directory.root

    def projects(self) -> list[Project]:
        """Return all projects by name."""
        found = []
        for folder in self._directory.names("projects"):
            document = self._directory.document("projects", folder, "project.json")
            if document is None:
                continue
            lineages = [each.version for each in self.lineages(document["name"])]
            if lineages:
                found.append(
                    Project(
                        name=document["name"],
                        created=document["created"],
                        lineages=sum(1 for each in lineages if ".dev" not in each),
                        newest=newest(lineages),
                        aliases=standing(self.history(document["name"])),
                    )
                )
        return sorted(found, key=lambda project: project.name)

    def lineages(self, project: str) -> list[Lineage]:
        """Return the lineages of a project by version, oldest first."""
        folder = _project(project)
        found = [self._lineage(*folder, "lineages", name) for name in self._directory.names(*folder, "lineages")]
        return sorted((each for each in found if each is not None), key=lambda lineage: parsed(lineage.version))

    def generations(self, project: str, version: str) -> list[Generation]:
        """Return the generations of a lineage by number, oldest first."""
        folder = _lineage(project, version)
        documents = [self._directory.document(*folder, name) for name in self._numbered(*folder)]
        return [generation_from_json(document) for document in documents if document is not None]

    def publish(self, draft: LineageDraft, content: Callable[[str], bytes]) -> Lineage:
        """Publish a lineage: its files first, the document that names them last."""
        folder = _lineage(draft.project, draft.version)
        with self._writing():
            known = self.lineages(draft.project)
            if (same := refuse_lineage(draft, known)) is not None:
                return same
            self._keep(draft.files.values(), content)
            self._directory.create({"name": draft.project, "created": draft.created}, *folder[:2], "project.json")
            if not self._directory.create(lineage_to_json(draft), *folder, "lineage.json"):
                raise ConflictError(f"lineage {draft.project}/{draft.version} is there already")
        return self._published(draft)

    def commit(self, draft: GenerationDraft, content: Callable[[str], bytes]) -> Generation:
        """Commit a generation: its states first, the document that names them last."""
        folder = _lineage(draft.project, draft.version)
        with self._writing():
            if self._directory.document(*folder, "lineage.json") is None:
                raise MissingError(f"there is no lineage {draft.project}/{draft.version}")
            known = self.generations(draft.project, draft.version)
            generation, is_there = next_generation(draft, known, self._given(*folder) + 1)
            if is_there:
                return generation
            self._keep((state.ref.sha256 for state in draft.states), content)
            if not self._directory.create(generation_to_json(generation), *folder, f"{generation.number:06d}.json"):
                raise ConflictError(f"generation {generation.address} is there already")
        return generation

    def remove(self, project: str, version: str | None = None, number: int | None = None) -> None:
        """Remove a generation, a lineage with its generations, or a project with all."""
        with self._writing():
            refuse_removal(self, project, version, number)
            root = self._directory.root
            if version is None:
                shutil.rmtree(os.path.join(root, *_project(project)))
                return
            folder = _lineage(project, version)
            numbers = [number] if number is not None else [int(name[:6]) for name in self._numbered(*folder)]
            for each in numbers:
                self._directory.create({"number": each, "at": time.time()}, *folder, f"{each:06d}{_GONE}")
                os.unlink(os.path.join(root, *folder, f"{each:06d}.json"))
            if number is None:
                os.unlink(os.path.join(root, *folder, "lineage.json"))

    def clean(self, *, is_plan: bool) -> tuple[int, int]:
        """Delete objects that no lineage and no generation names, and files of writers that were killed.

        Writers keep bytes and the document that names them under one lock, so under that lock nothing is half done.
        """
        if is_plan:
            return self._directory.prune(self._named(), is_plan=True)
        if self._directory.document("registry.json") is None:
            return 0, 0
        with self._writing():
            return self._directory.prune(self._named(), is_plan=False)

    def _named(self) -> set[str]:
        """Return every digest that a document names."""
        found: set[str] = set()
        for project in self.projects():
            for lineage in self.lineages(project.name):
                found.update(lineage.files.values())
                for generation in self.generations(project.name, lineage.version):
                    found.update(state.ref.sha256 for state in generation.draft.states)
        return found

    def read(self, sha256: str) -> bytes:
        """Return the bytes of a file or state, verified."""
        return self._directory.read(sha256)

    def path(self, sha256: str) -> str | None:
        """Return the absolute path of a file with these bytes, not verified."""
        return self._directory.object_path(sha256) if self._directory.has(sha256) else None

    def history(self, project: str, alias: str | None = None) -> list[Move]:
        """Return where aliases were moved, of one or of all, oldest first."""
        folder = (*_project(project), "moves")
        documents = [self._directory.document(*folder, name) for name in self._numbered(*folder)]
        moves = [move_from_json(document) for document in documents if document is not None]
        return [move for move in moves if alias is None or move.alias == alias]

    def move(self, project: str, move: Move) -> None:
        """Move an alias, if it still stands where it is thought to."""
        folder = (*_project(project), "moves")
        with self._writing():
            refuse_move(self, project, move)
            number = len(self._numbered(*folder)) + 1
            if not self._directory.create(move_to_json(move), *folder, f"{number:06d}.json"):
                raise ConflictError(f"alias '{move.alias}' of project '{project}' was moved at the same time")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._directory.writing():
            self._directory.create({"format": FORMAT, "kind": "graftline registry"}, "registry.json")
            yield

    def _keep(self, digests: Iterable[str], content: Callable[[str], bytes]) -> None:
        for sha256 in dict.fromkeys(digests):
            if not self._directory.has(sha256):
                self._directory.keep(content(sha256), sha256)

    def _numbered(self, *folder: str) -> list[str]:
        return [name for name in self._directory.names(*folder) if name[:6].isdigit() and not name.endswith(_GONE)]

    def _given(self, *folder: str) -> int:
        """Return the greatest number that was given, also to what was removed."""
        return max((int(name[:6]) for name in self._directory.names(*folder) if name[:6].isdigit()), default=0)

    def _lineage(self, *folder: str) -> Lineage | None:
        document = self._directory.document(*folder, "lineage.json")
        if document is None:
            return None
        code = Snapshot(files=document["files"], contents={}).key or ""
        return lineage_from_json(document, code=code, generations=self._given(*folder))

    def _published(self, draft: LineageDraft) -> Lineage:
        found = self._lineage(*_lineage(draft.project, draft.version))
        assert found is not None
        return found


def _project(name: str) -> tuple[str, str]:
    return "projects", _id(name)


def _lineage(project: str, version: str) -> tuple[str, str, str, str]:
    return *_project(project), "lineages", _id(str(parsed(version)))


def _id(name: str) -> str:
    """Return what a name is called on disk; 80 bits, so that two names never meet."""
    return hashlib.sha256(name.encode()).hexdigest()[:20]
