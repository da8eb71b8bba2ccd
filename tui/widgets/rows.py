"""What a table shows: rows by position, some of them not read yet."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, Protocol, TypeVar

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Rows(Protocol[R_co]):
    """Rows of a table."""

    def __len__(self) -> int: ...

    def at(self, index: int) -> R_co | None:
        """Return a row; None when it has not been read yet."""
        ...

    def index_of(self, key: Hashable) -> int | None:
        """Return where the row with a key is; None when that is not known."""
        ...

    def wants(self, first: int, last: int) -> bool:
        """Tell whether rows of this range have to be read before they can be shown."""
        ...


class ListRows(Generic[R]):
    """Rows that are all at hand."""

    def __init__(self, rows: Sequence[R] = (), key: Callable[[R], Hashable] = hash) -> None:
        self._rows = rows
        self._key = key
        self._places: dict[Hashable, int] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def at(self, index: int) -> R | None:
        """Return a row."""
        return self._rows[index] if 0 <= index < len(self._rows) else None

    def index_of(self, key: Hashable) -> int | None:
        """Return where the row with a key is."""
        if self._places is None:
            self._places = {self._key(row): at for at, row in enumerate(self._rows)}
        return self._places.get(key)

    def wants(self, first: int, last: int) -> bool:
        """Tell that nothing has to be read."""
        return False
