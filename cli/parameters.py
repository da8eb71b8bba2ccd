"""Parameters as typed (`-p`) and from a file (`--params`)."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core.errors import InvalidError

LARGEST_BYTES = 64 * 1024 * 1024
"""A parameter file above this is a mistake: data belong in feeds and catalogs."""


def typed_params(texts: Sequence[str] | None) -> dict[str, str]:
    """Return `name` or `STEP:name` -> text.

    Raises:
        InvalidError: a text without `=`, without a name, or a name given twice.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise InvalidError(f"-p {text!r} is no parameter", "write -p NAME=VALUE or -p STEP:NAME=VALUE")
        if name in found:
            raise InvalidError(f"the parameter '{name}' is given twice: {found[name]!r} and {value!r}")
        found[name] = value
    return found


def file_params(file: str | None) -> dict[str, Any]:
    """Return the parameters of a TOML or JSON file (by its ending); empty for None.

    Raises:
        InvalidError: it cannot be read, or does not hold a table of parameters.
    """
    if file is None:
        return {}
    text = _text(file)
    is_json = file.endswith(".json")
    try:
        found = json.loads(text) if is_json else tomllib.loads(text)
    except RecursionError:
        raise InvalidError("it is nested too deeply", file=file) from None
    except ValueError as error:
        kind = "JSON" if is_json else "TOML"
        hint = "a file that is not called .json is read as TOML" if not is_json else None
        raise InvalidError(f"it is not {kind}: {error}", hint, file=file, line=_line(error)) from error
    if not isinstance(found, dict):
        raise InvalidError(f"it holds a {type(found).__name__}, not parameters by name", file=file)
    return found


def _text(file: str) -> str:
    try:
        path = Path(file)
        if path.stat().st_size > LARGEST_BYTES:
            raise InvalidError(f"a parameter file has at most {LARGEST_BYTES // 1024**2} MB", file=file)
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError("it is not UTF-8 text", file=file) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InvalidError(f"the parameter file cannot be read: {reason}", file=file) from error


def _line(error: ValueError) -> int | None:
    if isinstance(error, json.JSONDecodeError):
        return error.lineno
    found = re.search(r"at line (\d+)", str(error))
    return int(found.group(1)) if found else None
