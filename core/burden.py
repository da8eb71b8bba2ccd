"""What a run takes to another machine, in bytes: its bundle, and the values that pass between its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .artifacts import ArtifactRef, Output
from .errors import InvalidError
from .graph import CallKind, Graph
from .growth import Plot
from .orders import Order, Resolved
from .records import dataclass, field
from .supply import Blob, Either, Gather, Source
from .values import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What was put into a bundle."""

    size_bytes: int
    """Of the bundle as it travels."""
    files: tuple[str, ...] = ()
    """Files that steps declare to read, relative to the project root."""
    outside: tuple[str, ...] = ()
    """Those that are not below the root: they do not travel."""
    paths: tuple[str, ...] = ()
    """Directories outside of the project that steps import from: used there where they exist."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """sha256 -> bytes of the stored values that were asked for; those that are gone are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The values of one attempt that do not fit into its order or report."""

    path: str
    what: str
    """`takes` or `makes`."""
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What passes between the steps of a run, as far as an earlier run of it tells."""

    size_bytes: int = 0
    """Of all values that steps take, each counted once."""
    count: int = 0
    loads: tuple[Load, ...] = ()
    """What each step takes and makes, the heavier first; of steps that have loads at all."""
    unknown: int = 0
    """Steps whose inputs the earlier run did not make."""

    def over(self, limit_bytes: int) -> list[Load]:
        """Return the loads that are more than travels with one attempt."""
        return [each for each in self.loads if each.size_bytes > limit_bytes]


def traffic(graph: Graph, recorded: Mapping[str, Sequence[Output]], sizes: Mapping[str, int]) -> Traffic:
    """Return what passes between the steps of a graph.

    Args:
        graph: as it had grown.
        recorded: outputs by path, of the good steps of the earlier run.
        sizes: sha256 -> bytes of pickled constants.
    """
    values = Values(Plot(graph), recorded)
    taken: dict[str, int] = {}
    loads = []
    unknown = 0
    for node in graph.nodes:
        if graph.operations[node.operation].call.kind is CallKind.JOIN:
            continue  # no attempt: what composites hand on, the host of the run hands on
        made = sum(each.ref.size for each in recorded.get(node.path, ()) if each.ref.inline is None)
        if made:
            loads.append(Load(path=node.path, what="makes", size_bytes=made))
        try:
            weights = weights_of(values.order(node.path, 1), sizes)
        except InvalidError:
            unknown += 1
            continue
        taken |= weights
        if total := sum(weights.values()):
            loads.append(Load(path=node.path, what="takes", size_bytes=total))
    loads.sort(key=lambda load: -load.size_bytes)
    return Traffic(size_bytes=sum(taken.values()), count=len(taken), loads=tuple(loads), unknown=unknown)


def constants(graph: Graph) -> list[str]:
    """Return the digests of the pickled constants that steps take."""
    found = {each.sha256 for node in graph.nodes for argument in node.arguments for each in _blobs(argument.source)}
    return sorted(found)


def weights_of(order: Order, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return by digest the bytes of what an order names and does not hold."""
    found: dict[str, int] = {}
    leaves = [leaf for _, value in order.arguments for leaf in _leaves(value)]
    for each in [*leaves, *(ref for _, ref in order.files)]:
        if isinstance(each, Blob):
            found[each.sha256] = sizes.get(each.sha256, 0)
        elif isinstance(each, ArtifactRef) and each.inline is None:
            found[each.sha256] = each.size
    return found


def _leaves(value: Resolved) -> Iterator[Resolved]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _blobs(source: Source) -> Iterator[Blob]:
    if isinstance(source, Blob):
        yield source
    elif isinstance(source, Gather | Either):
        for item in source.items:
            yield from _blobs(item)
