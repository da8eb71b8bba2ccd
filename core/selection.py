"""Which steps of a graph are asked for: `--only`, `--from`, `--to`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from .errors import InvalidError, nearest
from .graph import BodyKind, Graph
from .growth import outlined
from .records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Names or paths of steps, `*` allowed; everything when all three are empty.

    The path of a composite, a branch, an item or an iteration means all that is inside. A map or loop that has not
    grown is chosen as a whole or not at all, for its items are not known.
    """

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
        if self.is_everything:
            return set(graph.index)
        # What waits for what is complete only with what is inside maps.
        whole = outlined(graph)
        chosen = self._chosen(graph, whole) & graph.index.keys()
        if not chosen:
            raise InvalidError(f"nothing lies between --from {','.join(self.start)} and --to {','.join(self.end)}")
        return _with_whole_composites(graph, chosen)

    def _chosen(self, graph: Graph, whole: Graph) -> set[str]:
        if self.only:
            return _matches(graph, whole, self.only)
        chosen = set(whole.index)
        if self.start:
            first = _matches(graph, whole, self.start)
            chosen &= first | whole.descendants(first)
        if self.end:
            last = _matches(graph, whole, self.end)
            chosen &= last | whole.ancestors(last)
        return chosen


def named(graph: Graph, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return what names of steps mean, in definition order: paths, families (`trials/*/fit`) of maps, whole loops.

    Raises:
        InvalidError: a name fits no step, with the nearest.
    """
    if not wanted:
        return ()
    whole = outlined(graph)
    found = {path for pattern in wanted for path in _fitting(graph, whole, pattern)}
    # Iterations that are to come have no paths yet.
    growing = [node.path for node in whole.nodes if node.grows is not None]
    loops = {path.rpartition("/")[0] for path in growing if _is_iteration(whole, path)}
    found |= {loop for loop in loops if any(path.startswith(f"{loop}/") for path in found)}
    return tuple(node.path for node in whole.nodes if node.path in found)


def _is_iteration(graph: Graph, path: str) -> bool:
    position = graph.node(path).grows
    return position is not None and graph.bodies[position].kind is BodyKind.LOOP


def _fitting(graph: Graph, whole: Graph, pattern: str) -> set[str]:
    """Return the steps that one name means; a composite with all that is inside."""
    fitting = {path for path in whole.index if path == pattern or path.startswith(f"{pattern}/")} or {
        node.path for node in whole.nodes if fnmatchcase(node.path, pattern) or node.name == pattern
    }
    if not fitting:
        raise InvalidError(
            f"no step is called '{pattern}'{nearest(pattern, list(graph.index))}",
            f"steps: {', '.join(list(graph.index)[:12])}{' …' if len(graph.index) > 12 else ''}",
        )
    return fitting


def _matches(graph: Graph, whole: Graph, wanted: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for pattern in wanted:
        fitting = _fitting(graph, whole, pattern)
        if fitting.isdisjoint(graph.index):
            outer = min(fitting).partition("/*")[0]
            text = f"'{pattern}' is inside '{outer}', whose items are known only while it runs"
            raise InvalidError(text, f"name it as a whole: {outer}")
        found |= fitting
    return _with_inside(whole, found)


def _with_inside(graph: Graph, paths: set[str]) -> set[str]:
    """Return paths with all that is below them."""
    return paths | {path for path in graph.index if any(above in paths for above in _above(path))}


def _with_whole_composites(graph: Graph, chosen: set[str]) -> set[str]:
    """Return chosen paths, each map and loop that has not grown as a whole."""
    grown = {each.node.rpartition("/")[0] for each in graph.growth}
    starts = {node.path.rpartition("/")[0] for node in graph.nodes if node.grows is not None}
    touched = chosen | {above for path in chosen for above in _above(path)}
    return chosen | _with_inside(graph, (starts - grown) & touched)


def _above(path: str) -> Iterator[str]:
    end = path.rfind("/")
    while end > 0:
        yield path[:end]
        end = path.rfind("/", 0, end)
