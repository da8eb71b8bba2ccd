"""What of a store is garbage: decided by what refers to what, and by age. Pure; the store looks and deletes.

Three kinds of things may go. Object files that nobody refers to, always: what a crash or a removal left. Intermediate
values of runs that are over, when the person gives limits: a later run computes them again. Whole records of such runs,
when the person asks for that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set

from .ids import RunId
from .named import NamedTuple
from .records import dataclass, field
from .states import Status

UNNAMED_S = 3600.0
"""Age in seconds up to which an object that nobody refers to stays: objects are written first and named last, by a
run when the attempt ends, by a registry when all files of a lineage are there."""
MADE_S = 600.0
"""Age in seconds up to which any object stays. Whoever needs bytes that are there already counts them as written now
(store/objects.py), so what is older is in nobody's hands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of what runs left may stay. Without any, only what nobody refers to goes."""

    older_than_s: float | None = None
    """Runs that ended less than so many seconds ago keep everything; None: age does not matter."""
    keep_last: int | None = None
    """The newest so many runs of each pipeline of each project keep everything; None: their number does not matter."""
    max_bytes: int | None = None
    """Values go, of the oldest runs first, until all object files take no more than this; None: every value that the
    other limits let go."""
    with_runs: bool = False
    """Records and logs of runs go too."""

    @property
    def is_empty(self) -> bool:
        """Tell whether no run is concerned."""
        return self.older_than_s is None and self.keep_last is None and self.max_bytes is None


class Past(NamedTuple):
    """One run, as far as garbage is concerned."""

    seq: int
    """Its number in the store; later runs have greater ones."""
    id: RunId
    family: tuple[str, str, bool]
    """Project, pipeline, and whether lists hide it: what `keep_last` counts by."""
    state: Status
    created: float
    finished: float | None
    is_live: bool
    """A process hosts it: the lock says so."""
    is_held: bool = False
    """Its record stays whatever is asked: it has a tag, is a submission, made a generation, or wrote the last event."""
    above: int | None = None
    """Number of the run it is a hidden part of: a trial of its search. None: it stands for itself."""
    served: frozenset[int] = frozenset()
    """Numbers of the runs whose results it took over."""


class Piece(NamedTuple):
    """One object file."""

    size: int
    """Bytes."""
    modified: float
    """Wall time at which it was last written or asked for."""


class Use(NamedTuple):
    """One run's reference to an object."""

    run: int
    is_spare: bool
    """An intermediate value of a run that succeeded: it can be computed again, and nobody else promised to keep it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What a store holds."""

    runs: Mapping[int, Past]
    pieces: Mapping[str, Piece]
    """By sha256."""
    uses: Mapping[str, Sequence[Use]]
    """By sha256: what runs refer to."""
    needed: Set[str] = frozenset()
    """Objects that something else than a run refers to: states and files of the registry, datasets, functions."""
    evicted: Mapping[str, float] = field(default_factory=dict)
    """By sha256, when a value was given up; its file may still be there when that was cut short."""
    live_since: float | None = None
    """When the first of the live runs started; None: none is live."""

    @property
    def live(self) -> list[Past]:
        """Return the runs that a process hosts."""
        return [run for run in self.runs.values() if run.is_live]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What goes."""

    unnamed: tuple[str, ...] = ()
    """Objects that nobody refers to, or nobody but the runs that go."""
    values: tuple[str, ...] = ()
    """Objects that are intermediate values of runs that stay."""
    runs: frozenset[int] = frozenset()
    """Runs whose records go."""
    losing: frozenset[int] = frozenset()
    """Runs that stay and lose values: what they were made of can be computed again, not looked at."""
    waits_for: tuple[RunId, ...] = ()
    """Live runs, for which values and records stay this time: a run that goes on may take over any result."""
    before: float = 0.0
    """Wall time; an unnamed object that was written later stays."""


def choose(held: Holdings, limits: Limits, now: float) -> Choice:
    """Return what goes of a store.

    While a run is live, values and runs stay: it may have found a result and not said so yet.
    """
    live = held.live
    started = [now if held.live_since is None else held.live_since, now]
    before = min(started) - UNNAMED_S
    if live:
        unnamed = tuple(_unnamed(held, frozenset(), before, before))
        waits_for = () if limits.is_empty else tuple(run.id for run in live)
        return Choice(unnamed=unnamed, waits_for=waits_for, before=before)
    old = frozenset() if limits.is_empty else _old(held.runs, limits, now)
    gone = _removable(held.runs, old) if limits.with_runs else frozenset()
    settled = now - MADE_S
    unnamed = tuple(_unnamed(held, gone, before, settled))
    values = [*_unfinished(held, gone), *_spare(held, unnamed, old, gone, limits, settled)]
    losing = {use.run for sha256 in values for use in held.uses[sha256]} - gone
    return Choice(
        unnamed=unnamed, values=tuple(dict.fromkeys(values)), runs=gone, losing=frozenset(losing), before=before
    )


def _old(runs: Mapping[int, Past], limits: Limits, now: float) -> frozenset[int]:
    """Return the runs that are over and within no limit. What is part of a run goes by that run."""
    kept = _newest(runs.values(), limits.keep_last or 0)
    until = now - (limits.older_than_s or 0.0)

    def is_old(run: Past) -> bool:
        whole = runs.get(run.above, run) if run.above is not None else run
        return all(
            each.state.is_final and each.finished is not None and each.finished <= until and each.seq not in kept
            for each in {run, whole}
        )

    return frozenset(seq for seq, run in runs.items() if is_old(run))


def _newest(runs: Iterable[Past], count: int) -> set[int]:
    families: dict[tuple[str, str, bool], list[Past]] = defaultdict(list)
    for run in runs:
        if run.above is None:
            families[run.family].append(run)
    newest = (
        sorted(each, key=lambda run: (run.created, run.seq))[-count:] if count else () for each in families.values()
    )
    return {run.seq for each in newest for run in each}


def _removable(runs: Mapping[int, Past], old: frozenset[int]) -> frozenset[int]:
    """Return those of the runs whose records may go.

    A run stays when it is held, when it made what a run that stays took over (its result would not be found any more),
    when a part of it stays, or it is a part of one that does. The newest stays in any case: no number is given twice.
    """
    gone = {seq for seq in old if not runs[seq].is_held} - {max(runs, default=0)}
    parts: dict[int, list[int]] = defaultdict(list)
    for run in runs.values():
        if run.above in runs:
            parts[run.above].append(run.seq)  # type: ignore[index]  # `in runs` says that it is no None
    waiting = [seq for seq in runs if seq not in gone]
    while waiting:
        run = runs[waiting.pop()]
        bound = {*run.served, *parts.get(run.seq, ()), *(() if run.above is None else (run.above,))} & gone
        gone -= bound
        waiting += bound
    return frozenset(gone)


def _unnamed(held: Holdings, gone: frozenset[int], before: float, settled: float) -> Iterable[str]:
    """Yield objects that nobody refers to, old enough to be sure; of runs that go it is known who wrote them."""
    for sha256, piece in held.pieces.items():
        uses = held.uses.get(sha256, ())
        if sha256 in held.needed or any(use.run not in gone for use in uses):
            continue
        if piece.modified < (settled if uses else before):
            yield sha256


def _unfinished(held: Holdings, gone: frozenset[int]) -> Iterable[str]:
    """Yield values that were given up, and whose files a crash left; those that were made again since stay."""
    for sha256, at in held.evicted.items():
        piece = held.pieces.get(sha256)
        if piece is not None and piece.modified <= at and _is_spare(held, sha256, gone):
            yield sha256


def _spare(
    held: Holdings, unnamed: Sequence[str], old: frozenset[int], gone: frozenset[int], limits: Limits, settled: float
) -> Iterable[str]:
    """Yield values that the limits let go: of the oldest runs first, of those the largest."""
    found = []
    for sha256, piece in held.pieces.items():
        if piece.modified < settled and _is_spare(held, sha256, gone):
            users = [held.runs[use.run] for use in held.uses[sha256] if use.run not in gone]
            if all(run.seq in old for run in users):
                found.append((max(run.finished or 0.0 for run in users), -piece.size, sha256))
    if limits.max_bytes is None:
        yield from (sha256 for *_, sha256 in sorted(found))
        return
    total = sum(piece.size for piece in held.pieces.values()) - sum(held.pieces[each].size for each in unnamed)
    for _, negative, sha256 in sorted(found):
        if total <= limits.max_bytes:
            return
        total += negative
        yield sha256


def _is_spare(held: Holdings, sha256: str, gone: frozenset[int]) -> bool:
    """Tell whether an object is a value of runs that stay, and every one of them can do without."""
    uses = [use for use in held.uses.get(sha256, ()) if use.run not in gone]
    return bool(uses) and sha256 not in held.needed and all(use.is_spare for use in uses)
