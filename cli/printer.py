"""Where output goes: lines for people, documents for programs, remarks to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any


def put(lines: str | Iterable[str]) -> None:
    """Write a line, or several, to stdout."""
    text = lines if isinstance(lines, str) else "\n".join(lines)
    sys.stdout.write(f"{text}\n")


def put_document(document: Any) -> None:
    """Write one JSON document to stdout; indented when a person looks at it."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    indent = 2 if sys.stdout.isatty() else None
    put(json.dumps(document, ensure_ascii=not is_utf8, indent=indent, allow_nan=False))


def put_row(document: Any) -> None:
    """Write one line of NDJSON to stdout, at once."""
    put(json.dumps(document, allow_nan=False))
    sys.stdout.flush()


def remark(text: str) -> None:
    """Write a line to stderr: what is not a result."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
