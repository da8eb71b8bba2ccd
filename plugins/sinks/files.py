"""Sinks that write a file, whole or not at all: csv and parquet."""

from __future__ import annotations

import csv
import os
import secrets
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from ...core.errors import InvalidError
from ...core.feeding import Sink
from .values import Columns, columns_in


class FileSink(Sink):
    """A sink of one file. Options: `path`, which may hold `{run}`; it replaces a file that is there."""

    def write(self, values: Mapping[str, Any]) -> str:
        """Write the outputs as one table beside the file, then put it in its place."""
        path = self.options.get("path")
        if not path:
            raise InvalidError(f"sink '{self.name}' needs its file", "say path= in [sink.NAME]")
        columns = columns_in(values)
        path = str(path)
        part = f"{path}.{secrets.token_hex(4)}.part"
        try:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            self.put(columns, part)
            os.replace(part, path)
        except OSError as error:
            raise InvalidError(f"cannot write {path}: {error.strerror or error}", "name another path=") from error
        finally:
            if os.path.exists(part):
                os.unlink(part)
        rows = len(next(iter(columns.values()), []))
        return f"{path} ({rows} {'row' if rows == 1 else 'rows'})"

    @abstractmethod
    def put(self, columns: Columns, path: str) -> None:
        """Write columns into a file that is not there yet."""


class CsvSink(FileSink):
    """Comma-separated text with a header. Options: `path`, `delimiter`."""

    name: ClassVar[str] = "csv"

    def put(self, columns: Columns, path: str) -> None:
        """Write them row by row; None is an empty field."""
        with open(path, "w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, delimiter=str(self.options.get("delimiter", ",")), lineterminator="\n")
            rows.writerow(columns)
            rows.writerows(zip(*columns.values(), strict=True))


class ParquetSink(FileSink):
    """A Parquet file, written by pandas with pyarrow. Options: `path`."""

    name: ClassVar[str] = "parquet"

    def put(self, columns: Columns, path: str) -> None:
        """Write them as one row group or more, as pyarrow sees fit."""
        try:
            import pandas  # half a second

            pandas.DataFrame(columns).to_parquet(path, index=False)
        except ImportError as error:
            told = "to write parquet, pandas and pyarrow must be installed"
            raise InvalidError(told, "pip install 'graftline[data]'") from error
