"""What the UI remembers from one time to the next: how lists were shown, the theme, the lines that were typed.

A convenience: a file that cannot be read or written is as good as none, and nothing is said of it.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from typing import Any

TYPED = 200
"""Command lines that are kept."""


class Memory:
    """A small JSON file; values are read once, and written when one changes."""

    def __init__(self, file: str | None) -> None:
        """Read a file; None: nothing is kept."""
        self._file = file
        self._values: dict[str, Any] = {}
        if file is not None:
            with suppress(OSError, ValueError), open(file, encoding="utf-8") as stream:
                found = json.load(stream)
                self._values = found if isinstance(found, dict) else {}

    def text(self, key: str) -> str:
        """Return a text; empty when there is none."""
        value = self._values.get(key)
        return value if isinstance(value, str) else ""

    def flag(self, key: str) -> bool:
        """Return a yes or no; no when there is none."""
        return self._values.get(key) is True

    def texts(self, key: str) -> list[str]:
        """Return a list of texts; empty when there is none."""
        value = self._values.get(key)
        return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []

    def keep(self, **values: str | bool | list[str]) -> None:
        """Remember values, where they are others than before."""
        if all(self._values.get(key) == value for key, value in values.items()):
            return
        self._values |= values
        self._write()

    def typed(self, line: str) -> None:
        """Remember a command line as the newest."""
        lines = [each for each in self.texts("typed") if each != line]
        self.keep(typed=[*lines, line][-TYPED:])

    def _write(self) -> None:
        if self._file is None:
            return
        folder = os.path.dirname(self._file)
        with suppress(OSError):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            # Beside it and then in its place: two UIs, or a full disk, leave one whole file.
            descriptor, path = tempfile.mkstemp(prefix=".ui-", dir=folder)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                    json.dump(self._values, stream, ensure_ascii=True)
                os.replace(path, self._file)
            except OSError:
                os.unlink(path)
