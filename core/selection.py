"""Which steps of a graph are asked for: `--only`, `--from`, `--to`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from .errors import InvalidError, nearest
from .graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Names or paths of steps, `*` allowed; everything when all three are empty."""

    only: tuple[str, ...] = ()
    """These alone, on the newest outputs of what they need."""
    start: tuple[str, ...] = ()
    """`--from`: these and what follows."""
    end: tuple[str, ...] = ()
    """`--to`: these and what they need."""

    @property
    def is_everything(self) -> bool:
        """Tell whether nothing was restricted."""
        return not (self.only or self.start or self.end)

    def paths(self, graph: Graph) -> set[str]:
        """Return the selected paths; `--from` and `--to` together mean what lies between.

        Raises:
            InvalidError: a name fits no step (with the nearest), `--only` with another, or nothing is left.
        """
        if self.only and (self.start or self.end):
            raise InvalidError("--only cannot be combined with --from or --to", "use --from A --to B for a range")
        if self.only:
            return _matches(graph, self.only)
        chosen = set(graph.index)
        if self.start:
            first = _matches(graph, self.start)
            chosen &= first | graph.descendants(first)
        if self.end:
            last = _matches(graph, self.end)
            chosen &= last | graph.ancestors(last)
        if not chosen:
            raise InvalidError(f"nothing lies between --from {','.join(self.start)} and --to {','.join(self.end)}")
        return chosen


def _matches(graph: Graph, wanted: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for pattern in wanted:
        fitting = {path for path in graph.index if path == pattern} or {
            node.path for node in graph.nodes if fnmatchcase(node.path, pattern) or node.name == pattern
        }
        if not fitting:
            raise InvalidError(
                f"no step is called '{pattern}'{nearest(pattern, list(graph.index))}",
                f"steps: {', '.join(list(graph.index)[:12])}{' …' if len(graph.index) > 12 else ''}",
            )
        found |= fitting
    return found
