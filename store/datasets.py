"""Values by name: which stored bytes a name stands for, version by version."""

from __future__ import annotations

from ..core.artifacts import ArtifactRef
from ..core.datasets import Dataset
from .database import Database

_COLUMNS = "name, version, sha256, size, serializer, inline, created"


class StoredDatasets:
    """`Datasets` on a database; the bytes are the store's objects."""

    def __init__(self, database: Database):
        self._database = database

    def put(self, project: str, name: str, ref: ArtifactRef, created: float) -> Dataset:
        """Keep a value as the newest version of a name.

        Raises:
            StoreError: it cannot be written.
        """
        with self._database.writing() as connection:
            newest = connection.execute(
                f"SELECT {_COLUMNS} FROM dataset WHERE project = ? AND name = ? ORDER BY version DESC LIMIT 1",
                (project, name),
            ).fetchone()
            if newest is not None and newest[2].hex() == ref.sha256 and newest[4] == ref.serializer:
                return _dataset(newest)
            version = 1 if newest is None else newest[1] + 1
            connection.execute(
                f"INSERT INTO dataset (project, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (project, name, version, bytes.fromhex(ref.sha256), ref.size, ref.serializer, ref.inline, created),
            )
        return Dataset(name=name, version=version, ref=ref, created=created)

    def all(self, project: str) -> list[Dataset]:
        """Return the newest version of each dataset, by name."""
        with self._database.reading() as connection:
            if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'dataset'").fetchone() is None:
                return []  # a store of an earlier version that may only be read
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM dataset AS one WHERE project = ? AND version ="
                " (SELECT max(version) FROM dataset WHERE project = one.project AND name = one.name) ORDER BY name",
                (project,),
            ).fetchall()
        return [_dataset(row) for row in rows]


def _dataset(row: tuple[str, int, bytes, int, str, bytes | None, float]) -> Dataset:
    name, version, sha256, size, serializer, inline, created = row
    return Dataset(name=name, version=version, ref=ArtifactRef(sha256.hex(), size, serializer, inline), created=created)
