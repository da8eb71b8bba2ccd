"""The typed face says what the schema says, and nobody pays for it who does not ask."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path

from graftline.store.store import open_store

AFFINITY = {"INTEGER": "INTEGER", "TEXT": "VARCHAR", "REAL": "FLOAT", "BLOB": "BLOB", "": "FLOAT"}


def test_the_classes_have_the_columns_of_the_tables(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from graftline.store.queuerows import DatasetRow as _  # noqa: F401  they enter the metadata
        from graftline.store.schema import METADATA
    open_store(tmp_path / "store").close()
    connection = sqlite3.connect(tmp_path / "store" / "v1" / "graft.db")
    real = {
        table: [
            (name, AFFINITY[kind], bool(key), not required and not key)
            for _, name, kind, required, _, key in connection.execute(f"PRAGMA table_info({table})")
        ]
        for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        if not table.startswith("sqlite_")
    }
    connection.close()

    typed = {
        table.name: [
            (column.name, str(column.type.compile()), column.primary_key, bool(column.nullable))
            for column in table.columns
        ]
        for table in METADATA.tables.values()
    }

    assert typed == real


def test_opening_a_store_imports_no_orm() -> None:
    code = (
        "import sys, graftline.store.store, graftline.core.codec;"
        "heavy = {'sqlmodel', 'sqlalchemy', 'pydantic', 'typer', 'textual', 'multiprocess', 'subprocess', 'asyncio'};"
        "print(sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"
