"""Values that were put by name, for steps that are submitted: `data`, or columns of it, `data[x,y]`."""

from __future__ import annotations

import re
from typing import Protocol

from .artifacts import ArtifactRef
from .errors import InvalidError, MissingError, nearest
from .named import NamedTuple
from .records import dataclass

_ADDRESS = re.compile(r"([^\[\]]+?)(?:\[([^\[\]]+)\])?")
_NAME = re.compile(r"[^/:\[\],@\x00-\x1f\x7f-\x9f]{1,128}")


class Address(NamedTuple):
    """A dataset, or some columns of it."""

    name: str
    columns: str | tuple[str, ...] | None
    """One column, several (`data[x,y]`), or None: the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """The newest version of a value that was put by name."""

    name: str
    version: int
    """1, 2, 3..."""
    ref: ArtifactRef
    created: float


class Datasets(Protocol):
    """Where values are kept by name, project by project."""

    def put(self, project: str, name: str, ref: ArtifactRef, created: float) -> Dataset:
        """Keep a value whose bytes are stored as the newest version of a name; an equal one stays what it is."""
        ...

    def all(self, project: str) -> list[Dataset]:
        """Return the newest version of each, by name."""
        ...


def parse_address(text: str) -> Address:
    """Take `data[x]` apart.

    Raises:
        InvalidError: it is no name of a dataset.

    >>> parse_address("data[x, y]")
    Address(name='data', columns=('x', 'y'))
    """
    found = _ADDRESS.fullmatch(text.strip())
    if found is None or not _NAME.fullmatch(found[1]):
        raise InvalidError(f"'{text}' names no dataset", "write NAME, NAME[COLUMN] or NAME[COLUMN,COLUMN]")
    if found[2] is None:
        return Address(found[1], None)
    columns = tuple(each.strip() for each in found[2].split(","))
    if not all(columns):
        raise InvalidError(f"'{text}' names a column that is empty", "write NAME[COLUMN,COLUMN]")
    return Address(found[1], columns if len(columns) > 1 else columns[0])


def find_dataset(datasets: Datasets, project: str, name: str) -> Dataset:
    """Return the newest version of a dataset.

    Raises:
        MissingError: there is none of this name, with the nearest.
    """
    known = {each.name: each for each in datasets.all(project)}
    if name not in known:
        hint = f"runtime.put('{name}', value) keeps one; {'there are: ' + ', '.join(known) if known else 'none yet'}"
        raise MissingError(f"project '{project}' has no dataset '{name}'{nearest(name, list(known))}", hint)
    return known[name]
