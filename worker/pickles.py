"""Pickle 5 with its large buffers apart, in one file whose buffers can be used in place.

    magic 6 bytes, version u16, length of the pickle u64, number of buffers u64, length of each buffer u64
    the pickle
    each buffer at the next multiple of 64 bytes
Little endian. A pandas frame or a fitted model read from a map of such a file uses the map as its memory.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import struct
import threading
import types
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO

_MAGIC = b"\x93GRAFT"
_VERSION = 1
_HEAD = struct.Struct("<6sHQQ")
_ALIGNMENT = 64
_APART_FROM = 4096
"""Bytes of a buffer below which it stays in the pickle: apart it would cost 64 bytes and a header entry."""
_MAX_SEARCH = 500
_MOST_BUFFERS = 1_000_000
"""Of a file whose header says more, the header is damaged: each is an array of its own."""
_ONE_AT_A_TIME = threading.RLock()
"""While dill is told otherwise; pickling one value may pickle another."""


class Damaged(Exception):
    """The bytes are no file of this format."""


def dump(value: object) -> list[bytes | memoryview]:
    """Return the parts of the file; buffers are the value's own memory, not copies.

    Raises:
        Exception: whatever the value's classes raise.
    """
    buffers: list[memoryview] = []

    def keep(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < _APART_FROM:
            return True
        buffers.append(raw)
        return False

    data = pickle.dumps(value, protocol=5, buffer_callback=keep)
    lengths = struct.pack(f"<{len(buffers)}Q", *(buffer.nbytes for buffer in buffers))
    head = _HEAD.pack(_MAGIC, _VERSION, len(data), len(buffers)) + lengths
    parts: list[bytes | memoryview] = [head, data]
    at = len(head) + len(data)
    for buffer in buffers:
        parts += [bytes(-at % _ALIGNMENT), buffer]
        at += -at % _ALIGNMENT + buffer.nbytes
    return parts


def load(buffer: bytes | bytearray | memoryview) -> Any:
    """Return the value; its large buffers are parts of the buffer, writable where it is.

    Raises:
        Damaged: the bytes are something else.
        Exception: whatever the value's classes raise.
    """
    view = memoryview(buffer)
    start, size, lengths = _layout(view)
    at = start + size
    buffers = []
    for length in lengths:
        at += -at % _ALIGNMENT
        buffers.append(view[at : at + length])
        at += length
    return pickle.loads(view[start : start + size], buffers=buffers)


def pickle_in(file: BinaryIO) -> tuple[bytes, int]:
    """Return the pickle of an open file, without its large buffers, and how many of those there are.

    Raises:
        Damaged: it is something else.
    """
    head = file.read(_HEAD.size)
    count = _HEAD.unpack(head)[3] if len(head) == _HEAD.size else 0
    start, size, lengths = _layout(memoryview(head + file.read(8 * min(count, _MOST_BUFFERS))))
    file.seek(start)
    return file.read(size), len(lengths)


def _layout(view: memoryview) -> tuple[int, int, tuple[int, ...]]:
    """Return where the pickle begins, its length, and the lengths of the buffers."""
    if len(view) < _HEAD.size:
        raise Damaged("too short for a pickle file")
    magic, version, size, count = _HEAD.unpack_from(view)
    if magic != _MAGIC or version != _VERSION:
        raise Damaged(f"not a pickle file of version {_VERSION}")
    if len(view) < _HEAD.size + 8 * count:
        raise Damaged("too short for its buffers")
    return _HEAD.size + 8 * count, size, struct.unpack_from(f"<{count}Q", view, _HEAD.size)


def dump_by_value(value: object) -> bytes:
    """Return a dill pickle: functions and classes that cannot be imported travel as code.

    Raises:
        Exception: whatever the value's classes raise.
    """
    import dill  # 40 ms: only where pickle refused

    with _by_value():
        data: bytes = dill.dumps(value, protocol=5, recurse=True)
        return data


def load_by_value(data: bytes | bytearray | memoryview) -> Any:
    """Return the value of a dill pickle.

    Raises:
        Exception: whatever the value's classes raise.
    """
    import dill  # 40 ms: only where a value or function came by value

    return dill.load(io.BytesIO(data))


def named_in(value: object) -> list[Any]:
    """Return the functions and classes that a value's pickle names, its own class among them, each once.

    Nothing of what does not pickle: whoever needs the bytes is told so.
    """
    found: dict[int, Any] = {}

    def note(thing: object) -> None:
        if isinstance(thing, type | types.FunctionType):
            found.setdefault(id(thing), thing)

    class Plain(pickle.Pickler):
        def persistent_id(self, thing: object) -> None:
            note(thing)

    with contextlib.suppress(Exception):
        Plain(io.BytesIO(), protocol=5).dump(value)
        return list(found.values())
    import dill  # 40 ms: only where pickle refused

    class ByValue(dill.Pickler):  # type: ignore[misc]  # dill has no types
        def persistent_id(self, thing: object) -> None:
            note(thing)

    with contextlib.suppress(Exception), _by_value():
        ByValue(io.BytesIO(), protocol=5, recurse=True).dump(value)
    return list(found.values())


@contextlib.contextmanager
def _by_value() -> Iterator[None]:
    """Have dill send with a function the globals that it names itself.

    dill looks for those of every function it calls as well, to any depth and each as often as it is met: a lambda that
    calls one function of scikit-learn takes minutes. What is importable needs none of them, and what is not brings its
    own when it is pickled.
    """
    import dill.detect  # 40 ms, as above

    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore", dill.PicklingWarning)
        before = dill.detect.globalvars
        dill.detect.globalvars = _own_globals
        try:
            yield
        finally:
            dill.detect.globalvars = before


def _own_globals(function: Any, recurse: bool = True, builtin: bool = False) -> dict[str, Any]:
    """Stand for `dill.detect.globalvars`: the globals a function's code names, built-in ones left to where it runs."""
    function = getattr(function, "__func__", function)
    names = set(_global_names(function.__code__))
    return {name: value for name, value in function.__globals__.items() if name in names}


def _global_names(code: types.CodeType) -> Iterator[str]:
    import dis  # 2 ms, as dill does

    for instruction in dis.get_instructions(code):
        if "_GLOBAL" in instruction.opname or "_NAME" in instruction.opname:  # the latter in the body of a class
            yield str(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _global_names(constant)


def find_culprit(value: object) -> str:
    """Say which part of a value does not pickle (" at .pool[0]._lock"); empty when it is the value itself."""
    path, current = "", value
    budget = _MAX_SEARCH
    while True:
        for step, child in _children(current):
            budget -= 1
            if budget <= 0:
                return f" at {path}" if path else ""
            if not _is_picklable(child):
                path, current = path + step, child
                break
        else:
            return f" at {path}" if path else ""
        if len(path) > 200:
            return f" at {path}"


def reason_of(problem: BaseException) -> str:
    """Return why pickle refused, without what its own messages repeat."""
    try:
        return str(problem) or type(problem).__name__
    except Exception:  # noqa: BLE001  a broken __str__
        return type(problem).__name__


def _children(value: object) -> list[tuple[str, object]]:
    try:
        if isinstance(value, dict):
            return [(f"[{key!r}]"[:60], item) for key, item in list(value.items())[:_MAX_SEARCH]]
        if isinstance(value, list | tuple | set | frozenset):
            return [(f"[{index}]", item) for index, item in enumerate(list(value)[:_MAX_SEARCH])]
        return [(f".{name}", item) for name, item in vars(value).items()]
    except Exception:  # noqa: BLE001  no __dict__, or a broken one
        return []


def _is_picklable(value: object) -> bool:
    try:
        pickle.dumps(value, protocol=5, buffer_callback=lambda _: None)
    except Exception:  # noqa: BLE001  `__reduce__` raises what it likes
        try:
            dump_by_value(value)
        except Exception:  # noqa: BLE001
            return False
    return True
