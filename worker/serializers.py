"""Write values as bytes and read them back: a registry by name, and the choice by type.

    json     None, bool, int, float, str, and lists and dicts (text keys) of them, by exact type, so that what comes
             back is equal and of the same types: a tuple, a subclass, NaN or an infinity is pickled instead.
             UTF-8 without spaces; -0.0 is kept, and so is dict order (equal dicts of another order have other bytes).
             Above 10,000 items pickle is taken, which is 20 times faster.
    json:MODULE:CLASS   a dataclass or pydantic model that comes back exactly, see `records`
    npy      numpy.ndarray itself (no subclass) of a dtype without objects: a real .npy file
    pickle   everything else; protocol 5, large buffers apart and aligned, see `pickles`
    dill     what pickle refuses: lambdas, classes of `__main__`
    arrow    polars and pyarrow frames by type, pandas on request; `arrow:LIBRARY` says which one reads it
    file     bytes of a file
Equal values have equal bytes for json and npy. For pickle only when they were built alike: it records which parts are
one object, and sets have no order.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeAlias

from ..core.named import NamedTuple
from . import arrays, pickles, records

Buffer: TypeAlias = "bytes | bytearray | memoryview"
MAX_JSON_ITEMS = 10_000
_MAX_JSON_DEPTH = 100
_MAX_JSON_BITS = 10_000  # json refuses to read integers of more than 4300 digits


class CannotSerialize(Exception):
    """No serializer can write the value; the message names its type and where in it the trouble is."""


class Dumped(NamedTuple):
    """A value as bytes, in parts so that large buffers are never copied."""

    serializer: str
    parts: list[bytes | memoryview]


class Serializer(NamedTuple):
    """Writes and reads one format."""

    dump: Callable[[Any], list[bytes | memoryview]]
    load: Callable[[Buffer], Any]
    """From a buffer that may be written to (a private map, a bytearray) and that nothing else uses."""


def dump(value: object, kind: str = "auto") -> Dumped:
    """Return the value as bytes.

    Args:
        value: anything.
        kind: `auto` picks by type; else the name of a serializer (a `ReturnKind` is one; `state` picks by type).

    Raises:
        CannotSerialize: it cannot be written (so).
    """
    name = _pick(value) if kind in ("auto", "state") else str(kind)
    if name == "json" and kind == "auto":
        return Dumped("json", [_json_bytes(value)])
    if name == "arrow":
        name = _arrow_of(value)
    serializer = SERIALIZERS.get(name)
    if serializer is None:
        raise CannotSerialize(f"there is no serializer {name!r}; there are {', '.join(sorted(SERIALIZERS))}")
    if name == "pickle":
        if kind == "auto" and records.is_record(type(value)) and (dumped := _record(value)) is not None:
            return dumped
        used, parts = _pickled(value)
        return Dumped(used, parts)
    try:
        return Dumped(name, serializer.dump(value))
    except Exception as problem:
        raise CannotSerialize(f"{type(value).__name__} cannot be written as {name}: {problem}") from problem


def load(serializer: str, buffer: Buffer) -> object:
    """Return the value of the bytes. The caller has checked them against their digest: pickle runs what they say.

    Raises:
        CannotSerialize: no such serializer here.
        Exception: whatever the value's own classes raise.
    """
    found = SERIALIZERS.get(serializer)
    if found is None and serializer.startswith(records.PREFIX):
        return records.rebuild(serializer, _load_json(buffer))
    if found is None:
        raise CannotSerialize(f"there is no serializer {serializer!r} in this process")
    return found.load(buffer)


def is_json(value: object) -> bool:
    """Tell whether the value survives JSON exactly: same types, equal, and small enough for it."""
    return _count_json(value, 0, MAX_JSON_ITEMS) >= 0


def _count_json(value: object, depth: int, left: int) -> int:
    """Return how many more items may follow; negative when the value is no JSON."""
    kind = type(value)
    if value is None or kind is bool:
        return left - 1
    if kind is int:
        return left - 1 if value.bit_length() < _MAX_JSON_BITS else -1  # type: ignore[attr-defined]
    if kind is str:
        return left - 1 if value.isascii() or _is_utf8(value) else -1  # type: ignore[attr-defined, arg-type]
    if kind is float:
        return left - 1 if math.isfinite(value) else -1  # type: ignore[arg-type]
    if depth > _MAX_JSON_DEPTH or kind not in (list, dict):
        return -1
    left -= 1
    if len(value) > left:  # type: ignore[arg-type]
        return -1
    if kind is dict:
        if not all(type(key) is str and (key.isascii() or _is_utf8(key)) for key in value):  # type: ignore[attr-defined]
            return -1
        value = value.values()  # type: ignore[attr-defined]
    for item in value:  # type: ignore[attr-defined]
        if left < 0:
            return -1
        left = _count_json(item, depth + 1, left)
    return left


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _pick(value: object) -> str:
    kind = type(value)
    module = kind.__module__
    if module == "builtins":
        return "json" if is_json(value) else "pickle"
    library = module.partition(".")[0]
    if library == "numpy" and arrays.is_plain(value):
        return "npy"
    return "arrow" if library in ("polars", "pyarrow") and kind.__name__ in ("DataFrame", "Table") else "pickle"


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False)
_STRICT_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=lambda value: _as_json(value)
)


def _json_bytes(value: object) -> bytes:
    if type(value) is int:  # the encoder's generator costs 2 us for a bare number
        return b"%d" % value
    return _ENCODER.encode(value).encode()


def _dump_json(value: object) -> list[bytes | memoryview]:
    return [_STRICT_ENCODER.encode(value).encode()]


def _record(value: object) -> Dumped | None:
    """Return a dataclass or model as JSON if that gives it back exactly; else None."""
    try:
        name, data = records.name_of(value), records.plain(value)
        if name is None or not is_json(data):
            return None
        text = _json_bytes(data)
        is_same = records.is_same(value, records.rebuild(name, _load_json(text)))
    except Exception:  # noqa: BLE001  validators, `__eq__` and fields are the user's
        return None
    return Dumped(name, [text]) if is_same else None


def _as_json(value: Any) -> object:
    """Return what numpy scalars and arrays, and records, stand for when JSON was asked for by name."""
    if records.is_record(type(value)):
        return records.plain(value)
    if type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no JSON")


def _load_json(buffer: Buffer) -> object:
    return json.loads(bytes(buffer))


def _pickled(value: object) -> tuple[str, list[bytes | memoryview]]:
    try:
        return "pickle", pickles.dump(value)
    except Exception:  # noqa: BLE001  `__reduce__` and `__getstate__` raise what they like
        pass
    try:
        return "dill", [pickles.dump_by_value(value)]
    except Exception as problem:
        where = pickles.find_culprit(value)
        name = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        raise CannotSerialize(f"{name} cannot be pickled{where}: {pickles.reason_of(problem)}") from problem


def _arrow_of(value: object) -> str:
    name = f"arrow:{type(value).__module__.partition('.')[0]}"
    if name not in SERIALIZERS:
        raise CannotSerialize(f"arrow takes frames of polars, pandas and pyarrow, not {type(value).__name__}")
    return name


def _load_npy(buffer: Buffer) -> object:
    return arrays.load(buffer)


def _dump_polars(frame: Any) -> list[bytes | memoryview]:
    buffer = io.BytesIO()
    frame.write_ipc(buffer)
    return [buffer.getbuffer()]


def _load_polars(buffer: Buffer) -> Any:
    polars = import_module("polars")  # only where a polars frame is loaded
    return polars.read_ipc(io.BytesIO(buffer))


def _dump_arrow(table: Any) -> list[bytes | memoryview]:
    pyarrow = import_module("pyarrow")  # 170 ms, 171 MB: only where arrow is asked for
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return [memoryview(sink.getvalue())]


def _load_arrow(buffer: Buffer) -> Any:
    pyarrow = import_module("pyarrow")
    return pyarrow.ipc.open_file(pyarrow.py_buffer(buffer)).read_all()


def _dump_pandas(frame: Any) -> list[bytes | memoryview]:
    pyarrow = import_module("pyarrow")
    return _dump_arrow(pyarrow.Table.from_pandas(frame))


def _load_pandas(buffer: Buffer) -> Any:
    return _load_arrow(buffer).to_pandas()


def _dump_file(value: Any) -> list[bytes | memoryview]:
    return [bytes(value)]


def _load_file(buffer: Buffer) -> object:
    return bytes(buffer)


SERIALIZERS: dict[str, Serializer] = {
    "json": Serializer(_dump_json, _load_json),
    "npy": Serializer(arrays.dump, _load_npy),
    "pickle": Serializer(pickles.dump, pickles.load),
    "dill": Serializer(lambda value: [pickles.dump_by_value(value)], pickles.load_by_value),
    "arrow:polars": Serializer(_dump_polars, _load_polars),
    "arrow:pyarrow": Serializer(_dump_arrow, _load_arrow),
    "arrow:pandas": Serializer(_dump_pandas, _load_pandas),
    "file": Serializer(_dump_file, _load_file),
}
"""By name; open: a provider adds its own."""


def total_size(parts: Sequence[bytes | memoryview]) -> int:
    """Return the bytes of all parts together."""
    return sum(part.nbytes if isinstance(part, memoryview) else len(part) for part in parts)
