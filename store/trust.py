"""Which bytes may be unpickled here, as rows."""

from __future__ import annotations

from collections.abc import Iterable

from .database import Database

_BATCH = 500
"""Digests asked for at once: SQLite takes 32,766 parameters, older ones 999."""


class StoredTrust:
    """`Trust` on SQLite; any thread may use it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, digests: Iterable[str]) -> set[str]:
        """Return those of the digests that are trusted."""
        wanted = [bytes.fromhex(each) for each in dict.fromkeys(digests)]
        found: set[str] = set()
        with self._database.reading() as connection:
            if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'trusted'").fetchone() is None:
                return found  # a store of an earlier version that may only be read
            for at in range(0, len(wanted), _BATCH):
                batch = wanted[at : at + _BATCH]
                marks = ", ".join("?" * len(batch))
                rows = connection.execute(f"SELECT sha256 FROM trusted WHERE sha256 IN ({marks})", batch)
                found |= {sha256.hex() for (sha256,) in rows}
        return found

    def keep(self, digests: Iterable[str], why: str, at: float) -> None:
        """Trust bytes from now on; what was trusted before keeps its reason.

        Raises:
            StoreError: the store cannot be written.
        """
        rows = [(bytes.fromhex(each), why, at) for each in dict.fromkeys(digests)]
        with self._database.writing() as connection:
            connection.executemany("INSERT INTO trusted VALUES (?, ?, ?) ON CONFLICT DO NOTHING", rows)
