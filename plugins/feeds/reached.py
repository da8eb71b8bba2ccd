"""Which files a DuckDB query depends on, and nothing else: told by its parsed form, or not at all.

In doubt it is not told, and the feed is asked each time: functions of the moment, views of a database, anything that
is fetched, table functions that are not known here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from glob import glob, has_magic
from typing import Any

_READERS = frozenset(
    {
        "read_csv",
        "read_csv_auto",
        "read_parquet",
        "parquet_scan",
        "read_json",
        "read_json_auto",
        "read_ndjson",
        "read_ndjson_auto",
    }
)
_MOMENTS = frozenset(
    {
        "current_date",
        "current_time",
        "current_timestamp",
        "localtime",
        "localtimestamp",
        "today",
        "now",
        "current_user",
        "user",
        "session_user",
        "current_database",
        "current_schema",
        "current_catalog",
        "current_role",
    }
)
"""What SQL calls without brackets, so that it parses as a column."""
_SAID = frozenset({"now", "today", "tomorrow", "yesterday"})
"""Texts that a cast makes a time of."""
_MOST = 1_000
"""Folders below a pattern that are looked at."""


class _Unknown(Exception):
    """What a query reads cannot be told."""


def files_of(database: Any, sql: str, path: str | None, tables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the absolute paths that a query depends on, folders with a slash at their end; empty: it cannot be told.

    Args:
        database: connection to DuckDB, the views in `tables` made.
        sql: one SELECT.
        path: its database file; None: it is in memory.
        tables: view -> file or pattern.
    """
    try:
        return tuple(dict.fromkeys(_Reached(database, path, tables).of(sql)))
    except _Unknown:
        return ()


class _Reached:
    def __init__(self, database: Any, path: str | None, tables: Mapping[str, str]):
        self._database = database
        self._path = path
        self._tables = {name.lower(): file for name, file in tables.items()}

    def of(self, sql: str) -> Iterator[str]:
        (text,) = self._database.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
        parsed = json.loads(text)
        if parsed.get("error"):
            raise _Unknown
        parts = list(_parts(parsed))
        common = {str(name).lower() for part in parts for name in _common(part)}
        called = set()
        for part in parts:
            if part.get("sample") or _is_of_the_moment(part):
                raise _Unknown
            if part.get("type") == "BASE_TABLE":
                yield from self._table(part, common)
            elif part.get("type") == "TABLE_FUNCTION":
                yield from self._read(part["function"])
            elif part.get("class") == "FUNCTION" and part["function_name"].lower() not in _READERS:
                called.add(part["function_name"].lower())
        self._check(called)

    def _table(self, part: Mapping[str, Any], common: set[str]) -> Iterator[str]:
        name = str(part["table_name"])
        if part.get("schema_name") or part.get("catalog_name"):
            raise _Unknown
        if name.lower() in common:
            return
        if name.lower() in self._tables:
            yield from _expanded(self._tables[name.lower()])
        elif self._path is not None and self._is_stored(name):
            yield from (os.path.abspath(self._path), f"{os.path.abspath(self._path)}.wal")
        elif "." in name:
            yield from _expanded(name)
        else:
            raise _Unknown

    def _is_stored(self, name: str) -> bool:
        found = self._database.execute(
            "SELECT 1 FROM duckdb_tables() WHERE lower(table_name) = lower(?) AND NOT internal", [name]
        )
        return found.fetchone() is not None

    def _read(self, function: Mapping[str, Any]) -> Iterator[str]:
        if function["function_name"].lower() not in _READERS:
            raise _Unknown
        first = function["arguments"][0]["expression"] if function["arguments"] else {}
        named = first.get("arguments", []) if first.get("function_name") == "list_value" else [{"expression": first}]
        for each in named:
            text = _constant(each.get("expression", each))
            if text is None:
                raise _Unknown
            yield from _expanded(text)

    def _check(self, called: set[str]) -> None:
        """Refuse functions that may return another value next time; macros may call anything."""
        if not called:
            return
        rows = self._database.execute(
            "SELECT lower(function_name), bool_and(coalesce(stability = 'CONSISTENT', function_type = 'aggregate'))"
            " FROM duckdb_functions() WHERE lower(function_name) IN (SELECT unnest(?)) GROUP BY 1",
            [sorted(called)],
        ).fetchall()
        if not all(dict(rows).get(name, False) for name in called):
            raise _Unknown


def _parts(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, dict):
        yield node
        for each in node.values():
            yield from _parts(each)
    elif isinstance(node, list):
        for each in node:
            yield from _parts(each)


def _common(part: Mapping[str, Any]) -> list[Any]:
    """Return the names that WITH gives."""
    found = part.get("cte_map")
    return [each.get("key") for each in found.get("map", [])] if isinstance(found, dict) else []


def _is_of_the_moment(part: Mapping[str, Any]) -> bool:
    if part.get("type") == "COLUMN_REF":
        names: Sequence[Any] = part.get("column_names", [])
        return bool(names) and str(names[-1]).lower() in _MOMENTS
    text = _constant(part)
    return text is not None and text.strip().lower() in _SAID


def _constant(part: Any) -> str | None:
    """Return the text of a constant; None: it is something else."""
    if not isinstance(part, dict) or part.get("type") != "VALUE_CONSTANT":
        return None
    value = part.get("literal") or part.get("value") or {}
    text = value.get("text", value.get("value")) if isinstance(value, dict) else None
    return text if isinstance(text, str) else None


def _expanded(name: str) -> Iterator[str]:
    """Yield what a file name stands for: itself; of a pattern its folders, whose names count, and its files."""
    if "://" in name or name.startswith("~"):
        raise _Unknown
    if not has_magic(name):
        yield os.path.abspath(name)
        return
    fixed = name[: min(name.find(sign) for sign in "*?[" if sign in name)].rpartition("/")[0]
    top = fixed or ("/" if name.startswith("/") else ".")
    is_deep = has_magic(os.path.dirname(name))
    for number, (folder, _, _) in enumerate(os.walk(top, followlinks=True)):
        if number >= _MOST:
            raise _Unknown
        yield os.path.join(os.path.abspath(folder), "")
        if not is_deep:
            break
    else:
        if not os.path.isdir(top):
            yield os.path.join(os.path.abspath(top), "")
    yield from (os.path.abspath(each) for each in sorted(glob(name, recursive=True, include_hidden=True)))
