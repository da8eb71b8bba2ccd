"""Where two values differ: what `graft verify` asks of values whose bytes are not the same.

Bytes say too much: a pickle notes which parts are one object, and sets have no order. So values are compared as values,
part by part, down to the first that differs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

LONGEST = 200
"""Characters of a value that are told."""
_DEEPEST = 100
_ABSENT = object()


def difference(old: object, new: object, rtol: float) -> str:
    """Return where two values first differ, as `['auc']: 0.5, now 0.6`; empty: they are equal.

    Args:
        old: the recorded value.
        new: the one of now.
        rtol: relative difference up to which two numbers are equal; NaN equals NaN.
    """
    return next(_differences(old, new, rtol, "", 0), "")[:1000]


def _differences(old: Any, new: Any, rtol: float, place: str, depth: int) -> Iterator[str]:
    if old is new:
        return
    if type(old) is not type(new):
        yield f"{_at(place)}{type(old).__name__} {_shown(old)}, now {type(new).__name__} {_shown(new)}"
    elif depth > _DEEPEST:
        yield f"{_at(place)}too deep to compare"
    elif isinstance(old, float | complex) or _is_number(old):
        if not _is_close(old, new, rtol):
            yield f"{_at(place)}{_shown(old)}, now {_shown(new)}"
    elif isinstance(old, str | bytes | bytearray | int | type(None)):
        if old != new:
            yield f"{_at(place)}{_shown(old)}, now {_shown(new)}"
    elif isinstance(old, Mapping):
        yield from _of_mappings(old, new, rtol, place, depth)
    elif isinstance(old, Set):
        if old != new:
            gone, come = old - new, new - old
            yield f"{_at(place)}{_shown(gone)} only then, {_shown(come)} only now"
    elif isinstance(old, list | tuple):
        yield from _of_sequences(old, new, rtol, place, depth)
    elif hasattr(old, "__array__") or hasattr(old, "equals"):
        yield from _of_arrays(old, new, rtol, place, depth)
    else:
        yield from _of_objects(old, new, rtol, place, depth)


def _of_mappings(old: Mapping[Any, Any], new: Mapping[Any, Any], rtol: float, place: str, depth: int) -> Iterator[str]:
    for key in [*old, *(key for key in new if key not in old)]:
        inner = f"{place}[{_shown(key)}]"
        if key not in new:
            yield f"{inner}: {_shown(old[key])}, now gone"
        elif key not in old:
            yield f"{inner}: new: {_shown(new[key])}"
        else:
            yield from _differences(old[key], new[key], rtol, inner, depth + 1)


def _of_sequences(old: Sequence[Any], new: Sequence[Any], rtol: float, place: str, depth: int) -> Iterator[str]:
    if len(old) != len(new):
        yield f"{_at(place)}{len(old)} items, now {len(new)}"
        return
    for at, (one, other) in enumerate(zip(old, new, strict=True)):
        yield from _differences(one, other, rtol, f"{place}[{at}]", depth + 1)


def _of_arrays(old: Any, new: Any, rtol: float, place: str, depth: int) -> Iterator[str]:
    """Compare what numpy can look at: arrays, and frames column by column."""
    if _names(old) is not None:
        if _names(old) != _names(new):
            yield f"{_at(place)}columns {_shown(_names(old))}, now {_shown(_names(new))}"
            return
        for name, one, other in _columns(old, new):
            yield from _differences(one, other, rtol, f"{place}[{_shown(name)}]", depth + 1)
        return
    import numpy as np  # the value has it already; others never pay for it

    one, other = np.asarray(old), np.asarray(new)
    if one.shape != other.shape or one.dtype != other.dtype:
        yield f"{_at(place)}{one.dtype}{list(one.shape)}, now {other.dtype}{list(other.shape)}"
        return
    if one.dtype == object:
        yield from _of_sequences(one.ravel().tolist(), other.ravel().tolist(), rtol, place, depth)
        return
    is_float = one.dtype.kind in "fc"
    same = np.isclose(one, other, rtol=rtol, atol=0.0, equal_nan=True) if is_float else one == other
    if not np.all(same):
        first = tuple(int(each) for each in np.argwhere(~np.atleast_1d(same))[0])
        count = int(np.size(same) - np.count_nonzero(same))
        value, now = np.atleast_1d(one)[first], np.atleast_1d(other)[first]
        yield f"{place}{list(first)}: {_shown(value.item())}, now {_shown(now.item())} ({count} of {np.size(same)})"


def _names(value: Any) -> list[Any] | None:
    """Return the names of a frame's columns; None: it is no frame."""
    columns = getattr(value, "columns", None)
    if columns is None:
        return None
    names = getattr(value, "column_names", columns)  # pyarrow's `columns` are the columns themselves
    return list(names)


def _columns(old: Any, new: Any) -> Iterator[tuple[Any, Any, Any]]:
    if hasattr(old, "index"):  # pandas
        yield "index", old.index.to_numpy(), new.index.to_numpy()
    for at, name in enumerate(_names(old) or ()):
        if hasattr(old, "iloc"):
            yield name, old.iloc[:, at].to_numpy(), new.iloc[:, at].to_numpy()
        else:  # polars and pyarrow: what is None must stay None
            yield name, _listed(old[name]), _listed(new[name])


def _listed(column: Any) -> list[Any]:
    found: list[Any] = column.to_pylist() if hasattr(column, "to_pylist") else column.to_list()
    return found


def _of_objects(old: Any, new: Any, rtol: float, place: str, depth: int) -> Iterator[str]:
    """Compare objects by what they are made of; by `==` where that cannot be seen."""
    one, other = _state(old), _state(new)
    if one is not None and other is not None:
        for name in [*one, *(name for name in other if name not in one)]:
            before, after = one.get(name, _ABSENT), other.get(name, _ABSENT)
            inner = f"{place}.{name}"
            if before is _ABSENT or after is _ABSENT:
                yield f"{inner}: {'new' if before is _ABSENT else 'now gone'}"
            else:
                yield from _differences(before, after, rtol, inner, depth + 1)
        return
    verdict = old == new
    if not (isinstance(verdict, bool) and verdict) and not _pickles_alike(old, new):
        yield f"{_at(place)}{_shown(old)}, now {_shown(new)}"


def _state(value: Any) -> dict[str, Any] | None:
    """Return the attributes of an object; None when they cannot be seen."""
    slots = [name for kind in type(value).__mro__ for name in _slots(kind)]
    found = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    own = getattr(value, "__dict__", None)
    if own is None and not slots:
        return None
    return {**found, **(own or {})}


def _slots(kind: type) -> list[str]:
    found = vars(kind).get("__slots__", ())
    names = [found] if isinstance(found, str) else list(found)
    return [name for name in names if name not in ("__dict__", "__weakref__")]


def _pickles_alike(old: object, new: object) -> bool:
    """Tell whether both pickle to the same bytes: what a C type keeps is seen in no other way."""
    import pickle

    try:
        return pickle.dumps(old) == pickle.dumps(new)
    except Exception:  # noqa: BLE001  a value may raise anything; then it is not known to be equal
        return False


def _is_number(value: object) -> bool:
    """Tell whether it is a scalar of numpy that counts as a floating number."""
    return type(value).__module__ == "numpy" and getattr(value, "dtype", None) is not None and _kind(value) in "fc"


def _kind(value: Any) -> str:
    return str(value.dtype.kind) if getattr(value, "shape", None) == () else " "


def _is_close(old: Any, new: Any, rtol: float) -> bool:
    if bool(old == new):
        return True
    if isinstance(old, complex):
        return bool(abs(old - new) <= rtol * max(abs(old), abs(new)))
    if math.isnan(old) or math.isnan(new):
        return math.isnan(old) and math.isnan(new)
    return math.isclose(old, new, rel_tol=rtol, abs_tol=0.0)


def _at(place: str) -> str:
    return f"{place}: " if place else ""


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  a repr of the user may raise anything
        text = f"a {type(value).__name__}"
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 1]}…"
