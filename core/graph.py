"""The compiled graph: what a runner executes, serialisable as JSON.

A `Graph` is a tuple of nodes in definition order. What nodes have in common (the call, what it returns, its policy)
is an `Operation`, held once and named by its index, so that ten thousand nodes of one function stay small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Any] | dict[str, Any] | None"


class CallKind(StrEnum):
    """What kind of executable an operation calls."""

    PYTHON = "python"
    """A function: `module` + `qualname`, or by value (`blob`)."""
    SHELL = "shell"
    """A command line run by /bin/sh: `command`."""
    SCRIPT = "script"
    """An unmodified Python file: `script`, run as `__main__` with `args`, or its function `qualname` called."""
    NOTEBOOK = "notebook"
    """A Jupyter notebook executed in a kernel of its own: `script`."""
    STUB = "stub"
    """Nothing; accepts anything."""


class ReturnKind(StrEnum):
    """How one return value is kept."""

    AUTO = "auto"
    """The serializer is picked by the value's type."""
    PICKLE = "pickle"
    JSON = "json"
    ARROW = "arrow"
    METRIC = "metric"
    """A JSON number kept with the run's metrics; no output for the fence rule."""
    STATE = "state"
    """Trained state; what a generation is made of."""


class Terminate(StrEnum):
    """What a terminate step makes of the run when it succeeds."""

    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The executable of an operation. Which fields are set depends on `kind`."""

    kind: CallKind
    module: str | None = None
    """Import name of the function's module (`steps`, `pkg.steps`)."""
    qualname: str | None = None
    blob: str | None = None
    """sha256 of the function pickled by value; None when it is imported by name."""
    command: str | None = None
    script: str | None = None
    """Path of the script or notebook, relative to the project root."""
    args: tuple[str, ...] = ()
    """Command-line arguments of a script; `{name}` binds like an argument."""
    stream_end: str | None = None
    """`type` of the mapping with the results that a generator yields last; None: `done`."""
    file: str | None = None
    """Source file, relative to the project root when it is inside; for messages and editors."""
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """One declared return value."""

    name: str
    kind: ReturnKind = ReturnKind.AUTO
    file: str | None = None
    """The value is read from this file that the step writes (script and shell steps, state.file)."""
    pattern: str | None = None
    """The value is the first group of this regular expression in the step's stdout (script steps)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How an operation is attempted."""

    retries: int = 0
    """Further attempts after the first failure."""
    backoff_s: float = 0.0
    """Seconds before the first retry; doubles with each further one, up to ten minutes."""
    timeout_s: float | None = None
    """Limit of one attempt in seconds; None: no limit."""
    resources: Mapping[str, float] = field(default_factory=dict)
    """`cpus`, `gpu`, `memory` (bytes) and named limits; empty means one cpu."""
    labels: tuple[str, ...] = ()
    isolation: str | None = None
    """`process`: a worker of its own, used once. None: a pooled worker."""
    secrets: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    """Globs of files it reads, relative to the project root."""
    env: tuple[str, ...] = ()
    """Environment variables that belong to its key."""
    cache: str = "auto"
    """`auto`, `always`, `never`, or the seconds for which a result holds, as text."""
    watch: bool = False
    """Run it in watch waves although it is an effect."""
    terminate: Terminate | None = None
    put: tuple[str, ...] = ()
    """Catalog: globs of files the step makes, relative to its working directory."""
    get: tuple[str, ...] = ()
    """Catalog: globs of files of earlier steps it wants restored before it starts."""
    store_copy: bool = True
    """False: keep only the digest of catalog files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What nodes share: the call, what it returns, how it is attempted."""

    call: Call
    returns: tuple[Return, ...] = ()
    policy: Policy = field(default_factory=Policy)

    @property
    def is_effect(self) -> bool:
        """Tell whether it keeps nothing at all: no return, no catalog file."""
        return not self.returns and not self.policy.put


class Upstream(NamedTuple):
    """The value an earlier node returns under a name."""

    node: str
    output: str


class Constant(NamedTuple):
    """A JSON-able value fixed at compile time, and where it came from."""

    value: Json
    origin: str
    """`fixed` (params= of the step), `cli`, `env`, `file`, `pipeline`, or `call`."""


class Blob(NamedTuple):
    """A constant that JSON cannot hold, pickled by value into the store."""

    sha256: str
    origin: str


class Gather(NamedTuple):
    """Several values as one list."""

    items: tuple[Source, ...]


Source: TypeAlias = Upstream | Constant | Blob | Gather


class Argument(NamedTuple):
    """One bound argument of a node."""

    name: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One unit of work."""

    path: str
    """Unique in the graph: step names joined by `/`."""
    operation: int
    """Index in `Graph.operations`."""
    arguments: tuple[Argument, ...] = ()
    needs: tuple[str, ...] = ()
    """Paths it waits for (data, fences, declared order), in definition order, each once."""

    @property
    def name(self) -> str:
        """Return the last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A compiled pipeline. Nodes are in definition order, which is also a topological order."""

    name: str
    nodes: tuple[Node, ...]
    operations: tuple[Operation, ...]
    mode: str = "job"

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Position of each node by path."""
        return {node.path: position for position, node in enumerate(self.nodes)}

    @cached_property
    def dependants(self) -> Mapping[str, tuple[str, ...]]:
        """Paths that wait for each path, in definition order."""
        found: dict[str, list[str]] = {node.path: [] for node in self.nodes}
        for node in self.nodes:
            for need in node.needs:
                found[need].append(node.path)
        return {path: tuple(paths) for path, paths in found.items()}

    def node(self, path: str) -> Node:
        """Return the node at a path; KeyError when there is none."""
        return self.nodes[self.index[path]]

    def operation_of(self, path: str) -> Operation:
        """Return the operation of the node at a path."""
        return self.operations[self.node(path).operation]

    @property
    def edges(self) -> list[tuple[str, str]]:
        """Every (before, after) pair, in definition order."""
        return [(need, node.path) for node in self.nodes for need in node.needs]

    def ancestors(self, paths: set[str]) -> set[str]:
        """Return everything the paths need, without the paths themselves unless one needs another."""
        found: set[str] = set()
        stack = list(paths)
        while stack:
            for need in self.node(stack.pop()).needs:
                if need not in found:
                    found.add(need)
                    stack.append(need)
        return found

    def descendants(self, paths: set[str]) -> set[str]:
        """Return everything that follows the paths, without the paths themselves unless one follows another."""
        found: set[str] = set()
        stack = list(paths)
        while stack:
            for after in self.dependants[stack.pop()]:
                if after not in found:
                    found.add(after)
                    stack.append(after)
        return found


def upstreams(source: Source) -> list[Upstream]:
    """Return every upstream value a source takes, in order."""
    if isinstance(source, Upstream):
        return [source]
    if isinstance(source, Gather):
        return [each for item in source.items for each in upstreams(item)]
    return []
