"""Feeds of files: csv, json and parquet. A table is a file, or the name of one in the feed's folder."""

from __future__ import annotations

import csv
import json
import os
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from ...core.errors import InvalidError
from ...core.feeding import Answer, Feed, Query
from .table import answer, columns_of, has_pandas, table_of, typed


class FileFeed(Feed):
    """A feed whose tables are files of one format.

    Options: `path`, a folder with the files (the project root when it is not given), or one file; and what the format
    takes.
    """

    endings: ClassVar[tuple[str, ...]]
    """Endings of its files, the usual one first."""

    def can_answer(self, query: Query) -> bool:
        """Tell whether there is such a file."""
        return not query.is_sql and self._file(query.text) is not None

    def looked_for(self, query: Query) -> Sequence[str]:
        """Return the files that would be the table."""
        return [] if query.is_sql else self._looked_at(query.text)

    def read(self, query: Query) -> Answer:
        """Return the rows of the file within the bounds."""
        file = None if query.is_sql else self._file(query.text)
        if file is None:
            raise InvalidError(
                f"feed '{self.name}' has no table '{query.text}'", f"it reads {self.endings[0]} files in {self._path()}"
            )
        return answer(self.table(file), query, tuple(self._looked_at(query.text)), file)

    @abstractmethod
    def table(self, file: str) -> Any:
        """Return what is in a file.

        Raises:
            InvalidError: it is not of this format, at file:line.
        """

    def _path(self) -> str:
        return str(self.options.get("path", "."))

    def _file(self, table: str) -> str | None:
        path = self._path()
        if os.path.isfile(path):
            stem = os.path.splitext(os.path.basename(path))[0]
            return path if table in (path, os.path.basename(path), stem) else None
        return next((name for name in self._candidates(table) if os.path.isfile(name)), None)

    def _candidates(self, table: str) -> list[str]:
        """Return the files that a table may be; the first that is there counts."""
        places = dict.fromkeys((table, os.path.join(self._path(), table)))
        names = [name for place in places for name in (place, *(f"{place}{ending}" for ending in self.endings))]
        return [name for name in names if name.endswith(self.endings)]

    def _looked_at(self, table: str) -> list[str]:
        """Return, absolute, what decides which file is the table: all that come before it, and itself."""
        path, found, candidates = self._path(), self._file(table), self._candidates(table)
        if os.path.isfile(path):
            looked = [path]
        else:  # a folder that is not there may be a file one day
            before = candidates if found is None else candidates[: candidates.index(found) + 1]
            looked = before if os.path.isdir(path) else [path, *before]
        return [os.path.abspath(each) for each in looked]


class CsvFeed(FileFeed):
    """Comma-separated text with a header. Options: `path`, `delimiter`, `encoding`."""

    name: ClassVar[str] = "csv"
    endings: ClassVar[tuple[str, ...]] = (".csv", ".tsv")

    def table(self, file: str) -> Any:
        """Return its columns; those of numbers as numbers, empty fields as missing."""
        delimiter = str(self.options.get("delimiter", "\t" if file.endswith(".tsv") else ","))
        encoding = str(self.options.get("encoding", "utf-8-sig"))
        if has_pandas():
            return self._frame(file, delimiter, encoding)
        try:
            with open(file, encoding=encoding, newline="") as lines:
                rows = csv.reader(lines, delimiter=delimiter, strict=True)
                names = next(rows, [])
                found = []
                for row in rows:
                    if len(row) != len(names) and row:
                        told = f"a row of {len(row)} fields under a header of {len(names)}"
                        raise InvalidError(told, "every row has as many fields", file=file, line=rows.line_num)
                    if row:
                        found.append(row)
        except (csv.Error, UnicodeDecodeError) as error:
            raise InvalidError(f"no csv: {error}", "say delimiter= or encoding= of the feed", file=file) from error
        if not names:
            raise InvalidError("an empty file", "its first line names the columns", file=file, line=1)
        return typed(columns_of(names, found))

    def _frame(self, file: str, delimiter: str, encoding: str) -> Any:
        import pandas  # half a second; reads a million rows ten times as fast as the csv module

        try:
            return pandas.read_csv(file, sep=delimiter, encoding=encoding)
        except (ValueError, pandas.errors.ParserError) as error:
            raise InvalidError(
                f"no csv: {error}".strip(), "say delimiter= or encoding= of the feed", file=file
            ) from error


class JsonFeed(FileFeed):
    """A list of objects, or one object a line. Options: `path`, `encoding`."""

    name: ClassVar[str] = "json"
    endings: ClassVar[tuple[str, ...]] = (".json", ".jsonl", ".ndjson")

    def table(self, file: str) -> Any:
        """Return its columns; what an object lacks is missing."""
        with open(file, encoding=str(self.options.get("encoding", "utf-8-sig"))) as text:
            records = self._lines(file, text.read()) if not file.endswith(".json") else self._list(file, text.read())
        names = list(dict.fromkeys(name for record in records for name in record))
        return table_of({name: [record.get(name) for record in records] for name in names})

    def _list(self, file: str, text: str) -> list[dict[str, Any]]:
        try:
            found = json.loads(text)
        except ValueError as error:
            raise InvalidError(f"no JSON: {error}", file=file, line=getattr(error, "lineno", None)) from error
        if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
            raise InvalidError("no list of objects", 'write [{"column": value}, ...]', file=file)
        return found

    def _lines(self, file: str, text: str) -> list[dict[str, Any]]:
        found = []
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                raise InvalidError(f"no JSON: {error}", file=file, line=number) from error
            if not isinstance(record, dict):
                raise InvalidError("no object", "each line is one object", file=file, line=number)
            found.append(record)
        return found


class ParquetFeed(FileFeed):
    """Parquet files, read by pandas with pyarrow or fastparquet. Options: `path`."""

    name: ClassVar[str] = "parquet"
    endings: ClassVar[tuple[str, ...]] = (".parquet", ".pq")

    def table(self, file: str) -> Any:
        """Return its columns."""
        try:
            import pandas  # half a second

            return pandas.read_parquet(file)
        except ImportError as error:
            told = "to read parquet, pandas and pyarrow must be installed"
            raise InvalidError(told, "pip install 'graftline[data]'", file=file) from error
