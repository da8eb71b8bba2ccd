"""What is in a stored value, told from its bytes alone: JSON, tables, text, arrays, pictures. Nothing is unpickled.

Foreign bytes: whatever they hold, the worst that comes out is that nothing can be shown.
"""

from __future__ import annotations

import ast
import csv
import json
import pickletools
import struct
from collections.abc import Sequence

from .artifacts import ArtifactRef
from .pixels import Pixels, png_pixels
from .quantities import size_text
from .records import dataclass
from .text import clean, columns, cut, pad

LINES = 400
"""Lines that are shown at most."""
ROWS = 50
"""Rows of a table."""
CELL = 24
"""Columns of a cell."""
READ = 64 * 1024
"""Bytes of text, and of a pickle's names, that are looked at."""
NUMBERS = 60
"""Values of an array."""
_NPY = b"\x93NUMPY"
_FORMATS = {
    "f4": "f",
    "f8": "d",
    "f2": "e",
    "i1": "b",
    "i2": "h",
    "i4": "i",
    "i8": "q",
    "u1": "B",
    "u2": "H",
    "u4": "I",
    "u8": "Q",
    "b1": "?",
}
"""Kinds of array items -> formats of `struct`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What can be shown of a value."""

    what: str
    """In a few words: "table, 4 columns", "array float64 (150, 4)"."""
    lines: tuple[str, ...] = ()
    """Clean text."""
    pixels: Pixels | None = None
    """Of a picture."""
    note: str = ""
    """Why there is not more."""


def preview(ref: ArtifactRef, data: bytes, name: str = "") -> Preview:
    """Return what is in a value.

    Args:
        ref: to it.
        data: its stored bytes.
        name: of the output; of a file its path, whose ending tells the kind.
    """
    kind = ref.serializer.partition(":")[0]
    try:
        match kind:
            case "json":
                return _json(data)
            case "npy":
                return _array(data)
            case "pickle" | "dill":
                return _pickle(data)
            case "arrow":
                return Preview(
                    what="table in Arrow's format", note="graft output -o saves it; pyarrow and polars read it"
                )
            case "text":
                return _text(data)
            case _:
                return _file(data, name.lower())
    except (
        ValueError,
        IndexError,
        KeyError,
        struct.error,
        RecursionError,
        MemoryError,
        SyntaxError,
        OverflowError,
        TypeError,
        csv.Error,
    ):
        return _hex(data, "it is not what its name says")


def _file(data: bytes, name: str) -> Preview:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        pixels = png_pixels(data)
        return Preview(what=f"picture {pixels.width} x {pixels.height}", pixels=pixels)
    if data.startswith(_NPY):
        return _array(data)
    if name.endswith((".pkl", ".pickle", ".joblib", ".dill")):
        return _pickle(data)
    if b"\0" in data[:READ]:
        return _hex(data, "bytes")
    if name.endswith(".json"):
        return _json(data)
    if name.endswith((".csv", ".tsv")):
        return _separated(data, "\t" if name.endswith(".tsv") else ",")
    return _text(data)


def _text(data: bytes) -> Preview:
    text = data[:READ].decode("utf-8", "replace")
    lines = clean(text, keep_lines=True).split("\n")
    total = data.count(b"\n") + (not data.endswith(b"\n"))
    return Preview(what=f"text, {total:,} lines", lines=tuple(lines[:LINES]), note=_more(total - LINES, "lines"))


def _json(data: bytes) -> Preview:
    value = json.loads(data)
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        names = list(dict.fromkeys(key for each in value[:ROWS] for key in each))
        rows = [[_short(each.get(name)) for name in names] for each in value[:ROWS]]
        return _table(names, rows, f"list of {len(value):,} objects", len(value))
    lines = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
    note = _more(len(lines) - LINES, "lines")
    return Preview(what=_kind(value), lines=tuple(clean(line) for line in lines[:LINES]), note=note)


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return f"object with {len(value):,} names"
    if isinstance(value, list):
        return f"list of {len(value):,}"
    return {str: "text", bool: "truth value", int: "number", float: "number", type(None): "nothing"}[type(value)]


def _short(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _separated(data: bytes, separator: str) -> Preview:
    text = data[: 16 * READ].decode("utf-8-sig", "replace")
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator)
    rows = [row for row, _ in zip(reader, range(ROWS + 1), strict=False)]
    if not rows:
        return Preview(what="empty table")
    total = data.count(b"\n") + (not data.endswith(b"\n")) - 1
    return _table(rows[0], rows[1:], f"table, {len(rows[0])} columns, about {total:,} rows", total)


def _table(names: Sequence[str], rows: Sequence[Sequence[str]], what: str, total: int) -> Preview:
    cells = [[clean(cell) for cell in row] for row in (names, *rows)]
    count = max(len(row) for row in cells)
    widths = [min(CELL, max(columns(row[at]) if at < len(row) else 0 for row in cells)) for at in range(count)]
    lines = [
        "  ".join(pad(cut(row[at] if at < len(row) else "", width), width) for at, width in enumerate(widths)).rstrip()
        for row in cells
    ]
    return Preview(what=what, lines=(lines[0], "-" * columns(lines[0]), *lines[1:]), note=_more(total - ROWS, "rows"))


def _array(data: bytes) -> Preview:
    """Read an npy file: its header, and the first values.

    Source: NumPy enhancement proposal 1, "A Simple File Format for NumPy Arrays".
    """
    if not data.startswith(_NPY):
        raise ValueError("no npy file")
    width = 2 if data[6] == 1 else 4
    start = 8 + width + int.from_bytes(data[8 : 8 + width], "little")
    header = ast.literal_eval(data[8 + width : start].decode("latin-1"))
    shape, descr = tuple(header["shape"]), str(header["descr"])
    what = f"array {clean(descr)} {shape}"
    letter = _FORMATS.get(descr[1:])
    if letter is None:
        return Preview(what=what, note="values of this kind are not shown")
    size = struct.calcsize(letter)
    count = min((len(data) - start) // size, NUMBERS * 16)
    order = ">" if descr[0] == ">" else "<"
    values = struct.unpack_from(f"{order}{count}{letter}", data, start)
    texts = [f"{value:.6g}" if isinstance(value, float) else str(value) for value in values]
    across = min(shape[-1], 12) if shape and shape[-1] else 12
    step = shape[-1] if len(shape) > 1 and shape[-1] else across
    wide = max((len(text) for text in texts), default=0)
    rows = [texts[at : at + min(step, across)] for at in range(0, len(texts), step)][: NUMBERS // 2]
    lines = ["  ".join(f"{text:>{wide}}" for text in row) + ("  …" if step > across else "") for row in rows]
    order_note = "in Fortran's order; " if header.get("fortran_order") else ""
    return Preview(what=what, lines=tuple(lines), note=f"{order_note}{_more(count - sum(map(len, rows)), 'values')}")


def _pickle(data: bytes) -> Preview:
    """Name what a pickle would import, by its opcodes alone: they are read, never carried out."""
    names: dict[str, None] = {}
    strings: list[str] = []
    at = data.find(b"\x80")
    try:
        for code, argument, _ in pickletools.genops(data[max(0, at) : max(0, at) + READ]):
            if isinstance(argument, str):
                if code.name == "GLOBAL":
                    names[argument.replace(" ", ".")] = None
                elif "UNICODE" in code.name:
                    strings = [*strings[-1:], argument]
            if code.name == "STACK_GLOBAL" and len(strings) == 2:
                names[".".join(strings)] = None
    except (ValueError, IndexError, UnicodeDecodeError):
        pass  # cut where it was, or no plain pickle: what was found so far is told
    lines = [f"  {clean(name)}" for name in list(names)[:LINES]]
    note = "it is never unpickled here, for that runs code of its own; in Python: graftline.load_run(...).value(...)"
    return Preview(what="pickle", lines=tuple(["it is made of", *lines] if lines else []), note=note)


def _hex(data: bytes, what: str) -> Preview:
    lines = []
    for at in range(0, min(len(data), 512), 16):
        part = data[at : at + 16]
        text = "".join(chr(each) if 32 <= each < 127 else "." for each in part)
        lines.append(f"{at:06x}  {part.hex(' '):<47}  {text}")
    return Preview(what=f"{what}, {size_text(len(data))}", lines=tuple(lines), note=_more(len(data) - 512, "bytes"))


def _more(count: int, noun: str) -> str:
    return f"{count:,} more {noun}" if count > 0 else ""
