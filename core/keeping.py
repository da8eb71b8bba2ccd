"""Which results may serve later runs: what an attempt read is looked at when it has ended, and must not have moved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from .events import AttemptSucceeded, ResultKept
from .evidencing import Circumstances, decides, digests_of, is_bare, within
from .graph import CallKind, Operation
from .growth import Plot
from .keys import Evidence
from .prints import WHOLE
from .records import dataclass, field
from .states import Reason

_CONNECTIONS = ("tcp://", "unix://")
_ANYTHING = "*"
"""Among what was read: more than could be noted (`worker/observing.py`)."""
_UNCHECKED = frozenset({CallKind.SHELL, CallKind.SCRIPT, CallKind.NOTEBOOK})
"""Calls whose files are read by no worker that compares them with the planned ones."""


def is_connection(name: str) -> bool:
    """Tell whether something that was read is no file but an address."""
    return name.startswith(_CONNECTIONS)


class Keeping:
    """Tells which attempts of one run made results that are kept.

    Args:
        plot: the graph as it stands.
        circumstances: of the run.
    """

    def __init__(self, plot: Plot, circumstances: Circumstances):
        self._nodes = plot.nodes
        self._operations = plot.origin.operations
        self._around = circumstances
        self._first: dict[tuple[str, str], str | None] = {}
        """By worker and file, what it was when that worker was first seen to read it: what a module reads on import it
        reads once, and it is told for every attempt from then on."""

    def kept(self, ends: Sequence[tuple[AttemptSucceeded, Evidence]]) -> list[ResultKept]:
        """Return the facts of those that are kept, given what each depends on.

        Raises:
            StoreError: what is known of files cannot be read.
        """
        kept: list[ResultKept] = []
        touching: list[_Made] = []
        for end, evidence in ends:
            operation = self._operations[self._nodes[end.node].operation]
            if not _is_worth(end, operation):
                continue
            if end.reads or evidence.basis.reads or operation.call.kind in _UNCHECKED:
                if (made := self._made(end, evidence, operation)) is not None:
                    touching.append(made)
            else:  # nearly all of nearly all runs: no file to look at
                kept.append(ResultKept(node=end.node, attempt=end.attempt, at=end.at))
        return [*kept, *self._unmoved(touching)] if touching else kept

    def _unmoved(self, made: Sequence[_Made]) -> list[ResultKept]:
        """Return those whose files hold."""
        touched = [each for each in made if each.paths]
        digests, reasons = digests_of(self._around.files, [path for each in touched for path in each.paths])
        moved = self._moved(touched)
        return [
            ResultKept(node=each.end.node, attempt=each.end.attempt, at=each.end.at, seen=each.told(digests))
            for each in made
            if not each.paths or (not moved[each.paths] and self._holds(each, digests, reasons))
        ]

    def _made(self, end: AttemptSucceeded, evidence: Evidence, operation: Operation) -> _Made | None:
        """Return an attempt whose result is kept if its files hold; None: it is not, whatever they are."""
        around = self._around
        if around.is_copy and not all(name.startswith("/") or is_connection(name) for name in end.reads):
            return None  # what it read of the copy, or missed there, is not what the project has
        must_be = {within(around.root, name): digest for name, digest in evidence.basis.reads.items()}
        ours = must_be.keys() | {within(around.cwd, name) for name in evidence.files}
        seen = {name: within(around.root, name) for name in end.reads if within(around.root, name) not in ours}
        if operation.call.kind in _UNCHECKED and not around.is_copy:
            must_be |= self._code(self._nodes[end.node].operation)
        files = [path for name, path in seen.items() if not is_connection(name)]
        return _Made(end, seen, must_be, tuple(dict.fromkeys([*files, *must_be])))

    def _code(self, at: int) -> dict[str, str | None]:
        """Return what the files of an operation's code must be: the planned contents."""
        known, planned = self._around.prints.get(at), self._around.planned
        parts = {} if known is None else known.parts
        found: dict[str, str | None] = {}
        for part, digest in parts.items():
            file, _, name = part.rpartition(":")
            if file in planned:
                found[file] = planned[file]
            elif name == WHOLE and not file.endswith((".py", ".ipynb")):
                found[file] = digest  # what is no Python is not in every snapshot: its part is its content
        return {within(self._around.root, file): digest for file, digest in found.items()}

    def _moved(self, touched: Sequence[_Made]) -> dict[tuple[str, ...], bool]:
        """Tell by paths whether one of them may have changed since the first attempt that read them began."""
        since: dict[tuple[str, ...], float] = {}
        for each in touched:  # the items of a map mostly read the same files
            since[each.paths] = min(each.end.started, since.get(each.paths, each.end.started))
        return {paths: bool(self._around.files.changed_since(paths, at)) for paths, at in since.items()}

    def _holds(self, made: _Made, digests: Mapping[str, str | None], reasons: Collection[str]) -> bool:
        """Tell whether the files are what they must be, and the same as when this worker read them before."""
        if any(path in reasons or digests[path] != made.must_be.get(path, digests[path]) for path in made.paths):
            return False
        worker = made.end.worker
        return all(self._first.setdefault((worker, path), digests[path]) == digests[path] for path in made.paths)


def _is_worth(end: AttemptSucceeded, operation: Operation) -> bool:
    """Tell whether a result may be kept at all, whatever its files are."""
    if not (end.outputs or end.metrics) and is_bare(operation) and not decides(operation):
        return False
    return end.reason is not Reason.CODE_CHANGED and operation.policy.cache != "never" and _ANYTHING not in end.reads


@dataclass(frozen=True, slots=True)
class _Made:
    """One attempt whose result is kept if its files hold."""

    end: AttemptSucceeded
    seen: Mapping[str, str] = field(default_factory=dict)
    """What it was seen to read beyond what its key holds: as told -> absolute path; connections too."""
    must_be: Mapping[str, str | None] = field(default_factory=dict)
    """Absolute path -> digest it must have: what was declared, or the code."""
    paths: tuple[str, ...] = ()
    """Absolute paths of all files of these."""

    def told(self, digests: Mapping[str, str | None]) -> dict[str, str | None]:
        """Return what was seen with the digest of each file."""
        return {name: digests.get(path) for name, path in self.seen.items()}
