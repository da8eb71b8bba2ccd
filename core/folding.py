"""The rows of a table of steps: composites above what is inside, large families and untaken branches in one row each.

Display only; the JSON document folds by its own contract.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from .records import dataclass
from .roles import ANY, Composites, Role

FOLD_ABOVE = 10
"""Items or iterations of one map or loop up to which each has rows of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line."""

    path: str
    """Of a node; of a family with `*` for the number (`trials/*/fit`); of an untaken branch (`cond/no`)."""
    label: str
    """The path from the composite above on."""
    depth: int
    """Composites above it."""
    role: Role
    members: tuple[str, ...]
    """Paths of the nodes it stands for, in definition order; one unless it is folded."""
    is_untaken: bool = False
    """A branch or recovery that did not run."""


def rows(
    composites: Composites,
    paths: Sequence[str],
    *,
    untaken: Collection[str] = (),
    always: Collection[str] = (),
    is_full: bool = False,
) -> list[Row]:
    """Return the lines of a table.

    Args:
        composites: of the run's graph.
        paths: of its nodes, in definition order.
        untaken: paths skipped because their branch was not taken.
        always: paths that have a row though they are part of a composite's: those that failed.
        is_full: a row for every node.
    """
    if composites.is_flat:
        return [Row(path=path, label=path, depth=0, role=Role.STEP, members=(path,)) for path in paths]
    fold = _Fold(composites, paths, set() if is_full else set(untaken), is_full=is_full)
    groups: dict[str, list[str]] = {}
    for path in paths:
        if is_full or path in always or composites.role(path) not in (Role.START, Role.TURN):
            groups.setdefault(fold.place(path), []).append(path)
    return list(_lines(composites, groups, fold.branches))


class _Fold:
    """Which row each node is in."""

    def __init__(self, composites: Composites, paths: Sequence[str], untaken: set[str], *, is_full: bool):
        self._composites = composites
        self._untaken = untaken
        self._large = {each for each, count in composites.items(paths).items() if count > FOLD_ABOVE and not is_full}
        self._taken = {place for path in paths if path not in untaken for place in self._choices(path)}
        self.branches: set[str] = set()
        """Rows of untaken branches."""

    def place(self, path: str) -> str:
        """Return the path of the row."""
        if path in self._untaken:
            for place in self._choices(path):
                if place not in self._taken:
                    path = place
                    self.branches.add(self._starred(place))
                    break
        return self._starred(path)

    def _choices(self, path: str) -> Iterator[str]:
        """Yield the branches and recoveries a node is in or ends, outermost first."""
        for composite in (*self._composites.around(path), path):
            role = self._composites.role(composite)
            if role is Role.RECOVERY:
                yield composite
            elif role is Role.CONDITIONAL and composite != path:
                yield f"{composite}/{path[len(composite) + 1 :].partition('/')[0]}"

    def _starred(self, path: str) -> str:
        if not self._large:
            return path
        is_inside = False
        for composite in self._composites.around(path):
            is_inside = is_inside or composite in self._large
            if is_inside and self._composites.role(composite).is_repeated:
                parts = path.split("/")
                at = composite.count("/") + 1
                parts[at] = ANY if parts[at].isdecimal() else parts[at]
                path = "/".join(parts)
        return path


def _lines(composites: Composites, groups: dict[str, list[str]], branches: set[str]) -> Iterator[Row]:
    inside: dict[str, list[str]] = {}
    for path in groups:
        above = [each for each in composites.around(path) if each in groups]
        inside.setdefault(above[-1] if above else "", []).append(path)

    def below(above: str, depth: int) -> Iterable[Row]:
        for path in inside.get(above, ()):
            yield Row(
                path=path,
                label=path[len(above) + 1 :] if above else path,
                depth=depth,
                role=Role.STEP if path in branches else composites.role(path),
                members=tuple(groups[path]),
                is_untaken=path in branches,
            )
            yield from below(path, depth + 1)

    yield from below("", 0)
