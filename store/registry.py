"""The default registry: tables of the store, states and files as its objects."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from ..core.canonical import canonical
from ..core.errors import MissingError, StoreError
from ..core.lineagecodec import (
    generation_from_json,
    generation_to_json,
    lineage_from_json,
    lineage_to_json,
    move_from_json,
    move_to_json,
)
from ..core.lineages import Generation, GenerationDraft, Lineage, LineageDraft, Move, Place, Project
from ..core.publishing import next_generation, refuse_lineage, refuse_move, refuse_removal
from ..core.registry import Registry, standing
from ..core.runs import Snapshot
from ..core.versions import canonical_version, newest, parsed
from .database import Database
from .objects import Objects

_OF_LINEAGE = (
    "FROM lineage JOIN project ON project.seq = lineage.project"
    " WHERE project.name = ? AND lineage.version = ? AND lineage.removed IS NULL"
)


class StoredRegistry(Registry):
    """A registry in the store. Any thread may use it."""

    name: ClassVar[str] = "sqlite"

    def __init__(self, database: Database, objects: Objects) -> None:
        super().__init__()
        self._database = database
        self._objects = objects

    def projects(self) -> list[Project]:
        """Return all projects by name."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT name, created, (SELECT group_concat(version, ' ') FROM lineage"
                " WHERE project = project.seq AND removed IS NULL) FROM project ORDER BY name"
            ).fetchall()
        return [
            Project(
                name=name,
                created=created,
                lineages=sum(1 for version in versions.split() if ".dev" not in version),
                newest=newest(versions.split()),
                aliases=self.aliases(name),
            )
            for name, created, versions in rows
            if versions
        ]

    def lineages(self, project: str) -> list[Lineage]:
        """Return the lineages of a project by version, oldest first."""
        with self._database.reading() as connection:
            return _lineages(connection, project)

    def generations(self, project: str, version: str) -> list[Generation]:
        """Return the generations of a lineage by number, oldest first."""
        with self._database.reading() as connection:
            return _generations(connection, project, version)

    def publish(self, draft: LineageDraft, content: Callable[[str], bytes]) -> Lineage:
        """Publish a lineage: its files first, the row that names them last."""
        version = canonical_version(draft.version)
        if (same := refuse_lineage(draft, self.lineages(draft.project))) is not None:
            return same
        self._keep(draft.files.values(), content)
        with self._database.writing() as connection:
            # Once more, as only now nobody else can publish.
            if (same := refuse_lineage(draft, _lineages(connection, draft.project))) is not None:
                return same
            connection.execute(
                "INSERT INTO project (name, created) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (draft.project, draft.created),
            )
            connection.execute(
                "INSERT INTO lineage (project, version, manifest, created)"
                " VALUES ((SELECT seq FROM project WHERE name = ?), ?, ?, ?) ON CONFLICT (project, version)"
                " DO UPDATE SET manifest = excluded.manifest, created = excluded.created, removed = NULL",
                (draft.project, version, canonical(lineage_to_json(draft)), draft.created),
            )
            return next(each for each in _lineages(connection, draft.project) if each.version == version)

    def commit(self, draft: GenerationDraft, content: Callable[[str], bytes]) -> Generation:
        """Commit a generation: its states first, the row that names them last."""
        version = canonical_version(draft.version)
        with self._database.reading() as connection:
            _given(connection, draft.project, version)
        self._keep((state.ref.sha256 for state in draft.states), content)
        with self._database.writing() as connection:
            lineage, given = _given(connection, draft.project, version)
            known = _generations(connection, draft.project, version)
            generation, is_there = next_generation(draft, known, given + 1)
            if is_there:
                return generation
            connection.execute("UPDATE lineage SET given = ? WHERE seq = ?", (generation.number, lineage))
            connection.execute(
                "INSERT INTO generation (lineage, number, run, record, created) VALUES (?, ?, ?, ?, ?)",
                (lineage, generation.number, draft.run, canonical(generation_to_json(generation)), draft.created),
            )
            connection.executemany(
                "INSERT INTO state (lineage, number, name, sha256, size) VALUES (?, ?, ?, ?, ?)",
                [(lineage, generation.number, name, bytes.fromhex(ref.sha256), ref.size) for name, ref in draft.states],
            )
        return generation

    def remove(self, project: str, version: str | None = None, number: int | None = None) -> None:
        """Remove a generation, a lineage with its generations, or a project with all."""
        with self._database.writing() as connection:
            refuse_removal(_Inside(connection), project, version, number)
            where = "project = (SELECT seq FROM project WHERE name = ?)"
            chosen = f"lineage IN (SELECT seq FROM lineage WHERE {where} AND coalesce(?, version) = version)"
            connection.execute(
                f"DELETE FROM generation WHERE {chosen} AND coalesce(?, number) = number", (project, version, number)
            )
            if number is None:
                connection.execute(
                    f"UPDATE lineage SET removed = ? WHERE {where} AND coalesce(?, version) = version",
                    (time.time(), project, version),
                )
            if version is None:
                connection.execute(f"DELETE FROM alias_move WHERE {where}", (project,))

    def read(self, sha256: str) -> bytes:
        """Return the bytes of a file or state, verified."""
        _check_digest(sha256)
        return self._objects.read(sha256)

    def path(self, sha256: str) -> str | None:
        """Return the absolute path of a file with these bytes, not verified."""
        _check_digest(sha256)
        return str(self._objects.path(sha256)) if self._objects.has(sha256) else None

    def history(self, project: str, alias: str | None = None) -> list[Move]:
        """Return where aliases were moved, of one or of all, oldest first."""
        with self._database.reading() as connection:
            return _history(connection, project, alias)

    def move(self, project: str, move: Move) -> None:
        """Move an alias, if it still stands where it is thought to."""
        with self._database.writing() as connection:
            refuse_move(_Inside(connection), project, move)
            connection.execute(
                "INSERT INTO alias_move (project, alias, record)"
                " VALUES ((SELECT seq FROM project WHERE name = ?), ?, ?)",
                (project, move.alias, canonical(move_to_json(move))),
            )

    def _keep(self, digests: Iterable[str], content: Callable[[str], bytes]) -> None:
        for sha256 in dict.fromkeys(digests):
            if self._objects.reclaim(sha256):
                continue
            data = content(sha256)
            if self._objects.write(data) != sha256:
                raise StoreError(
                    f"what was to be stored as {sha256[:12]} is something else", "it was damaged on the way"
                )


class _Inside:
    """The registry as a write transaction sees it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def aliases(self, project: str) -> Mapping[str, Place]:
        """Return where each alias stands."""
        return standing(_history(self._connection, project, None))

    def generations(self, project: str, version: str) -> list[Generation]:
        """Return the generations of a lineage."""
        return _generations(self._connection, project, version)

    def lineages(self, project: str) -> list[Lineage]:
        """Return the lineages of a project."""
        return _lineages(self._connection, project)


def _lineages(connection: sqlite3.Connection, project: str) -> list[Lineage]:
    rows = connection.execute(
        "SELECT lineage.manifest, lineage.given FROM lineage JOIN project ON project.seq = lineage.project"
        " WHERE project.name = ? AND lineage.removed IS NULL",
        (project,),
    ).fetchall()
    found = []
    for text, given in rows:
        document = json.loads(text)
        code = Snapshot(files=document["files"], contents={}).key or ""
        found.append(lineage_from_json(document, code=code, generations=given))
    return sorted(found, key=lambda lineage: parsed(lineage.version))


def _generations(connection: sqlite3.Connection, project: str, version: str) -> list[Generation]:
    rows = connection.execute(
        f"SELECT record FROM generation WHERE lineage = (SELECT lineage.seq {_OF_LINEAGE}) ORDER BY number",
        (project, canonical_version(version)),
    ).fetchall()
    return [generation_from_json(json.loads(text)) for (text,) in rows]


def _given(connection: sqlite3.Connection, project: str, version: str) -> tuple[int, int]:
    row = connection.execute(f"SELECT lineage.seq, lineage.given {_OF_LINEAGE}", (project, version)).fetchone()
    if row is None:
        raise MissingError(f"there is no lineage {project}/{version}")
    lineage, given = row
    return lineage, given


def _history(connection: sqlite3.Connection, project: str, alias: str | None) -> list[Move]:
    rows = connection.execute(
        "SELECT record FROM alias_move WHERE project = (SELECT seq FROM project WHERE name = ?)"
        " AND coalesce(?, alias) = alias ORDER BY seq",
        (project, alias),
    ).fetchall()
    return [move_from_json(json.loads(text)) for (text,) in rows]


def _check_digest(sha256: str) -> None:
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise StoreError(f"{sha256!r} is no sha256")
