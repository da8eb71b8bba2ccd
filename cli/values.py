"""A stored value shown without loading it: JSON and text as they are, arrays by their header, the rest by name."""

from __future__ import annotations

import ast
import json

from ..core.artifacts import ArtifactRef
from ..core.quantities import size_text
from .text import clean

TEXT_LIMIT = 256 * 1024
"""Bytes up to which text is printed on a terminal."""
_NPY = b"\x93NUMPY"


def value_text(ref: ArtifactRef, data: bytes) -> str | None:
    """Return a value as text for people; None when it is none. Never unpickles."""
    if ref.size > TEXT_LIMIT:
        return None
    if ref.serializer.partition(":")[0] == "json":
        try:
            return json.dumps(json.loads(data), indent=2, ensure_ascii=False)
        except ValueError:
            return None
    if ref.serializer in ("file", "text"):
        return _plain_text(data)
    return None


def description(ref: ArtifactRef, data: bytes) -> str:
    """Return what a value is: "array float64 (150, 4), npy, 4.9 kB"."""
    what = f"{ref.serializer}, {size_text(ref.size)}"
    array = _array(data) if ref.serializer == "npy" else None
    return f"{array}, {what}" if array else what


def _plain_text(data: bytes) -> str | None:
    if b"\0" in data:
        return None
    try:
        return clean(data.decode("utf-8"), keep_lines=True).rstrip("\n")
    except UnicodeDecodeError:
        return None


def _array(data: bytes) -> str | None:
    """Read the header of an npy file.

    Source: NumPy enhancement proposal 1, "A Simple File Format for NumPy Arrays": magic, two version bytes, header
    length (2 bytes, 4 from version 2), then a Python literal dict.
    """
    if not data.startswith(_NPY) or len(data) < 12:
        return None
    width = 2 if data[6] == 1 else 4
    length = int.from_bytes(data[8 : 8 + width], "little")
    try:
        header = ast.literal_eval(data[8 + width : 8 + width + length].decode("latin-1"))
        return f"array {_DTYPES.get(header['descr'][1:], header['descr'])} {tuple(header['shape'])}"
    except (ValueError, SyntaxError, KeyError, TypeError):
        return None


_DTYPES = {
    **{f"f{size}": f"float{8 * size}" for size in (2, 4, 8)},
    **{f"i{size}": f"int{8 * size}" for size in (1, 2, 4, 8)},
    **{f"u{size}": f"uint{8 * size}" for size in (1, 2, 4, 8)},
    "b1": "bool",
}
