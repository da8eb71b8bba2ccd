"""Registered functions: every version as a row, its code as object files."""

from __future__ import annotations

import json
import time

from ..core.canonical import canonical, plain, rich
from ..core.registered import FunctionVersion, NewFunction, key_of
from .database import Database
from .objects import Objects

_COLUMNS = "name, version, kind, spec, project, created, origin"


class StoredFunctions:
    """`FunctionStore` on SQLite and object files; any thread may use it."""

    def __init__(self, database: Database, objects: Objects) -> None:
        self._database = database
        self._objects = objects

    def add(self, new: NewFunction) -> tuple[FunctionVersion, bool]:
        """Register a function; return its newest version, and whether that is a new one.

        Raises:
            StoreError: it cannot be written.
        """
        self._database.check_writable()
        for data in new.code.values():  # before the row that names them
            self._objects.write(data)
        key = key_of(new.kind, new.spec)
        with self._database.writing() as connection:
            newest = connection.execute(
                f"SELECT {_COLUMNS}, key FROM function WHERE project = ? AND name = ? AND removed IS NULL"
                " ORDER BY version DESC LIMIT 1",
                (new.project, new.name),
            ).fetchone()
            if newest is not None and newest[-1] == key:
                return _version(newest[:-1]), False
            (last,) = connection.execute(
                "SELECT coalesce(max(version), 0) FROM function WHERE project = ? AND name = ?", (new.project, new.name)
            ).fetchone()
            row = connection.execute(
                "INSERT INTO function (project, name, version, kind, spec, key, origin, created)"
                f" VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING {_COLUMNS}",
                (
                    new.project,
                    new.name,
                    last + 1,
                    new.kind,
                    canonical(plain(dict(new.spec))),
                    key,
                    new.origin,
                    time.time(),
                ),
            ).fetchone()
        return _version(row), True

    def versions(self, project: str, name: str | None = None) -> list[FunctionVersion]:
        """Return the versions of a project's functions, or of one, by name, oldest first."""
        with self._database.reading() as connection:
            has_table = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'function'").fetchone()
            if has_table is None:  # a store of an earlier version that may only be read
                return []
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM function WHERE project = ? AND removed IS NULL AND coalesce(?, name) = name"
                " ORDER BY name, version",
                (project, name),
            ).fetchall()
        return [_version(row) for row in rows]

    def remove(self, project: str, name: str, version: int | None) -> int:
        """Take a version, or all of them, out of the list; return how many there were.

        Raises:
            StoreError: it cannot be written.
        """
        with self._database.writing() as connection:
            found: int = connection.execute(
                "UPDATE function SET removed = ? WHERE project = ? AND name = ? AND removed IS NULL"
                " AND coalesce(?, version) = version",
                (time.time(), project, name, version),
            ).rowcount
            return found


def _version(row: tuple[str, int, str, str, str, float, str]) -> FunctionVersion:
    name, version, kind, spec, project, created, origin = row
    found = rich(json.loads(spec))
    assert isinstance(found, dict)
    return FunctionVersion(
        name=name, version=version, kind=kind, spec=found, project=project, created=created, origin=origin
    )
