"""Records that thousands of which cross from the loader, pickled as the tuple of their fields."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, TypeVar

_T = TypeVar("_T")


def packed(kind: type[_T]) -> type[_T]:
    """Pickle a frozen dataclass with slots faster: its own way asks `dataclasses.fields` for each object, 5 us more."""
    slots: Sequence[str] = kind.__slots__  # type: ignore[attr-defined]
    put = [getattr(kind, name).__set__ for name in slots]

    values = attrgetter(*slots)

    def state(self: _T) -> Any:
        return values(self)

    def restore(self: _T, state: Sequence[Any]) -> None:
        for each, value in zip(put, state, strict=True):
            each(self, value)

    kind.__getstate__ = state  # type: ignore[method-assign,assignment]
    kind.__setstate__ = restore  # type: ignore[attr-defined]
    return kind
