"""Steps that were seen to be non-deterministic, as rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.ids import RunId
from .database import Database

if TYPE_CHECKING:
    from ..core.verification import Mark  # 3 ms that only who marks needs


class StoredMarks:
    """`Marks` on SQLite; any thread may use it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mark(self, project: str, pipeline: str, marks: Sequence[Mark]) -> None:
        """Note them; a later mark of one path takes the place of the earlier one.

        Raises:
            StoreError: the store cannot be written.
        """
        if not marks:
            return
        rows = [
            (project, pipeline, each.path, json.dumps(each.outputs, ensure_ascii=False), each.code, each.run, each.at)
            for each in marks
        ]
        with self._database.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO nondeterminism VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def marks(self, project: str, pipeline: str) -> dict[str, Mark]:
        """Return them by path."""
        with self._database.reading() as connection:
            has_table = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'nondeterminism'").fetchone()
            if has_table is None:  # a store of an earlier version that may only be read
                return {}
            rows = connection.execute(
                "SELECT path, outputs, code, run, at FROM nondeterminism WHERE project = ? AND pipeline = ?",
                (project, pipeline),
            ).fetchall()
        if not rows:
            return {}
        from ..core.verification import Mark  # as above

        return {
            path: Mark(path=path, outputs=tuple(json.loads(outputs)), code=code, run=RunId(run), at=at)
            for path, outputs, code, run, at in rows
        }
