"""`FunctionStore` in memory, held to the same contract suite as the real one."""

from __future__ import annotations

import hashlib
import itertools

from graftline.core.registered import FunctionVersion, NewFunction, key_of


class MemoryFunctions:
    """Every version ever registered, and their code."""

    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}
        self._all: list[FunctionVersion] = []
        self._removed: set[tuple[str, str, int]] = set()
        self._ticks = itertools.count(1000)

    def add(self, new: NewFunction) -> tuple[FunctionVersion, bool]:
        self.code |= {hashlib.sha256(data).hexdigest(): data for data in new.code.values()}
        listed = self.versions(new.project, new.name)
        if listed and listed[-1].key == key_of(new.kind, new.spec):
            return listed[-1], False
        numbers = [each.version for each in self._all if (each.project, each.name) == (new.project, new.name)]
        made = FunctionVersion(
            name=new.name,
            version=max(numbers, default=0) + 1,
            kind=new.kind,
            spec=dict(new.spec),
            project=new.project,
            created=float(next(self._ticks)),
            origin=new.origin,
        )
        self._all.append(made)
        return made, True

    def versions(self, project: str, name: str | None = None) -> list[FunctionVersion]:
        found = [
            each
            for each in self._all
            if each.project == project
            and name in (None, each.name)
            and (project, each.name, each.version) not in self._removed
        ]
        return sorted(found, key=lambda each: (each.name, each.version))

    def remove(self, project: str, name: str, version: int | None) -> int:
        going = {
            (project, name, each.version)
            for each in self.versions(project, name)
            if version is None or each.version == version
        }
        self._removed |= going
        return len(going)
