"""The compiled graph: what a runner executes, serialisable as JSON.

A `Graph` is a tuple of nodes in definition order. What nodes have in common (the call, what it returns, its policy)
is an `Operation`, held once and named by its index, so that ten thousand nodes of one function stay small.

A composite step (parallel, map, conditional, loop, pipeline) is nodes below its path, and one at its path that ends it.
What is known only while it runs, the items of a map and the iterations of a loop, is a `Body`: nodes with a place
holder in their paths, which `core/growth.py` fills.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from enum import StrEnum
from functools import cached_property
from typing import Any

from .named import NamedTuple
from .packing import packed
from .records import dataclass, field
from .supply import Json as Json
from .supply import Source


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
    SPLIT = "split"
    """Start of a map: takes `items`, returns the output `0`, `1`, ... for each, or `0.C`, `0.depth`, ... by `keys`."""
    REDUCE = "reduce"
    """End of a map: takes one list for each returned name; reduces each by the function, if there is one. With
    `collect` it takes the lists apart into one record an item, and the function gets the list of them."""
    CHOOSE = "choose"
    """Start of a conditional: takes `value`, returns as `branch` the word of `branches` it fits, else `default`."""
    UNTIL = "until"
    """End of an iteration of a loop: takes `value`, returns as `again` whether the loop goes on (a JSON truth)."""
    JOIN = "join"
    """End of any other composite. No attempt: the engine hands on, by name, what it is bound to."""
    FEED = "feed"
    """Head of a pipeline with a source: asks the first of `feeds` that can answer for `query`, between `lower` and
    `upper`; returns the features, each of `labels`, and with an ordinal what bounds it found."""
    SINK = "sink"
    """End of a graph that applies: hands all it takes to `sink`."""
    LOAD = "load"
    """Trained state of a generation: in place of the step that makes it, or as what it begins with (`STEP/previous`).
    No attempt: the host hands it on."""
    LEARN = "learn"
    """Part of a model, of a composite of models or of an evaluation; `qualname` says which (`worker/learning.py`)."""


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


@packed
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
    keys: tuple[str, ...] = ()
    """Of a split: entries of each item that are bound one by one; empty: the item as a whole."""
    branches: tuple[str, ...] = ()
    """Of a choice: the words, which are also the names of the branches below the conditional's path."""
    default: str | None = None
    """Of a choice: the word of what fits none of the branches; None: that fails the choice."""
    collect: str | None = None
    """Of a reduction: name of the one output made of all records."""
    query: str | None = None
    """Of a feed: SQL, or the name of a table; with a function in `module` or `blob`, the name of that: it is given an
    ibis connection and returns what is asked."""
    ordinal: str | None = None
    """Of a feed: the column that orders the rows, which the arguments `lower` and `upper` are bounds of."""
    labels: tuple[tuple[str, str], ...] = ()
    """Of a feed: columns with labels, and the output each is handed on as; there are none in apply."""
    file: str | None = None
    """Source file, relative to the project root when it is inside; for messages and editors."""
    line: int | None = None


@packed
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
    profile: str | None = None
    """Name of the `[profile.NAME]` whose resources it starts from; its own ones win."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Runner -> key of the `[runner.NAME.overrides.KEY]` that holds when that runner runs it."""
    declared: Mapping[str, Any] = field(default_factory=dict)
    """Field -> value as the step has it, of those that a profile or an override has replaced in this policy."""


@packed
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


class Argument(NamedTuple):
    """One bound argument of a node."""

    name: str
    source: Source
    is_optional: bool = False
    """True: left out when the value is not there (a branch that did not run), for it has a default."""


class Guard(NamedTuple):
    """What must come out of another node for this one to run; else it is skipped as a branch not taken."""

    node: str
    word: str
    """The branch a choice names, or `ON_FAILURE`."""


ON_FAILURE = "on_failure"
"""Word of a guard, and last part of the path of the pipeline, that takes over when a step fails."""


@packed
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
    files: tuple[str, ...] = ()
    """Paths whose catalog files it may ask for; of a composite's end: whose it hands on. A later one wins."""
    guard: Guard | None = None
    """The innermost choice or failure it depends on; None: it runs in any case."""
    grows: int | None = None
    """Index in `Graph.bodies` of what grows when it succeeds: the items of a split, the next iteration of a loop."""
    family: str | None = None
    """Path with the numbers of map items as `*`: `trials/*/fit`; None outside of maps."""
    environ: tuple[tuple[str, str], ...] = ()
    """Environment variables of its attempts: the numbers of the iterations it is in. In a body the second is the scope
    (`loop/[]`) whose number it will be."""

    @property
    def name(self) -> str:
        """Return the last part of the path."""
        return self.path.rpartition("/")[2]


class BodyKind(StrEnum):
    """What a body is of."""

    MAP = "map"
    LOOP = "loop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a map repeats for each item, or a loop for each iteration. Paths hold `HERE` where the number goes."""

    kind: BodyKind
    nodes: tuple[Node, ...]
    """In definition order."""
    exits: tuple[str, ...]
    """Paths the composite's end waits for."""
    results: tuple[Argument, ...] = ()
    """What the end is bound to: for a map each as the list over all items, for a loop as of the last iteration."""
    files: tuple[str, ...] = ()
    """Paths whose catalog files the end hands on."""
    limit: int | None = None
    """Of a loop: the most iterations; None for a map."""


class Growth(NamedTuple):
    """A body that grew while a run went on."""

    node: str
    """The split, or the end of the iteration before."""
    size: int
    """Items of the map; 1 for an iteration."""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A compiled pipeline. Nodes are in definition order, which is also a topological order."""

    name: str
    nodes: tuple[Node, ...]
    operations: tuple[Operation, ...]
    mode: str = "job"
    bodies: tuple[Body, ...] = ()
    origin: Graph | None = None
    """The graph as it was compiled, when this one has grown (`core/growth.py`); None: this is it."""
    growth: tuple[Growth, ...] = ()
    """How it grew out of `origin`, in order."""

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

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        """Policies of its operations, each once: ten thousand operations share a few."""
        return tuple({id(each.policy): each.policy for each in self.operations}.values())

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Calls of its operations, each once."""
        return tuple({id(each.call): each.call for each in self.operations}.values())

    def calling(self, kinds: Set[CallKind]) -> set[int]:
        """Return the operations whose call is of one of these kinds."""
        if not any(call.kind in kinds for call in self.calls):
            return set()
        return {at for at, operation in enumerate(self.operations) if operation.call.kind in kinds}

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
