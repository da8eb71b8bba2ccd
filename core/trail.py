"""What the waves of a watch read and wrote in the project: tells their own traces from what a person saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .catalog import may_overlap
from .events import (
    AttemptCancelled,
    AttemptFailed,
    AttemptSucceeded,
    Fact,
    ResultKept,
    StepJudged,
    StepReused,
    StepSettled,
)
from .graph import Graph
from .named import NamedTuple
from .states import Reason

ENDS = (AttemptSucceeded, AttemptFailed, AttemptCancelled)
"""Facts after which an attempt no longer runs."""
_LOGS = (".log", ".out", ".err")
"""Endings of files that grow by themselves."""


class Foreign(NamedTuple):
    """Files that changed and were not the waves' own doing."""

    wanted: tuple[str, ...]
    """A reason to run."""
    restless: tuple[str, ...]
    """They changed while two waves in a row went on: no reason any more, or there would be no end to it."""


class Trail:
    """Follows the facts of all waves of a watch. Paths are relative to the project root."""

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}
        """File -> sha256 as the waves read or wrote it last; None: there was none."""
        self._readers: dict[str, dict[str, None]] = {}
        """File, or directory with a slash at the end -> nodes that were seen to read it."""
        self._held: dict[str, None] = {}
        self._failed = False

    @property
    def held(self) -> tuple[str, ...]:
        """Return the effects the newest wave held, as they came."""
        return tuple(self._held)

    def begin(self) -> None:
        """Note that a wave starts."""
        self._held, self._failed = {}, False

    def take(self, facts: Sequence[Fact]) -> dict[str, str]:
        """Follow facts; return what is known now to have been written: catalog files -> sha256."""
        own: dict[str, str] = {}
        for fact in facts:
            if isinstance(fact, AttemptSucceeded):
                self._read(fact.node, fact.reads)
            elif isinstance(fact, AttemptFailed):
                self._failed = True
            elif isinstance(fact, ResultKept):
                self.recall(fact.node, fact.seen)
            elif isinstance(fact, StepJudged) and fact.evidence is not None:
                self.recall(fact.node, fact.evidence.basis.reads)
            elif isinstance(fact, StepSettled) and fact.reason is Reason.HELD:
                self._held[fact.node] = None
            if isinstance(fact, AttemptSucceeded | StepReused):
                own |= {output.name: output.ref.sha256 for output in fact.outputs if output.role == "file"}
        self._known |= own
        return own

    def recall(self, node: str, seen: Mapping[str, str | None]) -> None:
        """Note which files a step read, and what was in them."""
        self._read(node, seen)
        self._known |= seen

    def reads(self, path: str, graph: Graph | None) -> bool:
        """Tell whether a step reads a file: was seen to, declares it in the graph, or nobody can tell.

        Of an attempt that failed it is not known what it read; so every file may be the cure.
        """
        if path in self._readers or path.endswith("/"):
            return path in self._readers
        if self._failed and not path.endswith(_LOGS):
            return True
        operations = graph.operations if graph is not None else ()
        return any(may_overlap(path, each) for operation in operations for each in operation.policy.reads)

    def readers(self, paths: Iterable[str]) -> set[str]:
        """Return the nodes that were seen to read any of these."""
        return {node for path in paths for node in self._readers.get(path, ())}

    def foreign(
        self, files: Mapping[str, str | None], blamed: frozenset[str], graph: Graph | None, *, is_late: bool
    ) -> Foreign:
        """Sort out what changed.

        Args:
            files: path -> sha256 now; None: it is gone.
            blamed: those that changed during the wave before already.
            graph: tells which files steps declare to read.
            is_late: it happened while a wave went on or right after, so that what nobody knows may be the wave's.
        """
        wanted, restless = [], []
        for path, digest in files.items():
            if not self.reads(path, graph) or (is_late and path not in self._known):
                continue
            if not path.endswith("/") and path in self._known and self._known[path] == digest:
                continue
            if is_late and path in blamed:
                restless.append(path)
            else:
                wanted.append(path)
                self._known[path] = digest
        return Foreign(tuple(wanted), tuple(restless))

    def _read(self, node: str, paths: Iterable[str]) -> None:
        for path in paths:
            self._readers.setdefault(path, {})[node] = None
