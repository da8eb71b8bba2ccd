"""The text of a source file. Apart from the workshop: a command reads files and needs no compiler, 25 ms."""

from __future__ import annotations

import tokenize


def read_source(file: str) -> str | None:
    """Return the text of a Python file in the encoding it declares; None when it cannot be read as such."""
    try:
        with tokenize.open(file) as source:
            return source.read()
    except (OSError, SyntaxError, UnicodeDecodeError, ValueError):
        return None
