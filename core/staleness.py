"""Which results a retry keeps although they would be others now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .artifacts import Output
from .errors import MissingError
from .evidencing import digests_of, within
from .growth import Plot
from .hosting import circumstances_of
from .judging import Judge
from .keeping import is_connection
from .keys import Cause, CauseKind, Evidence, causes
from .requests import StaleStep
from .reusing import Judgement
from .runs import RunSpec, Snapshot, StepRun
from .values import Values

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds all that uses this, so a circle


def stale_steps(
    parts: Parts, old: RunSpec, new: RunSpec, kept: Sequence[StepRun], recorded: Mapping[str, tuple[Output, ...]]
) -> tuple[StaleStep, ...]:
    """Return the kept steps whose key is another one now, or that read a file which is.

    A step of which no key is on record is not among them: nobody can tell.

    Args:
        parts: where judgements and files are.
        old: the run as it was.
        new: as it is about to be.
        kept: its steps that do not run again, in definition order.
        recorded: what they made, by path.
    """
    known = {step.path: judged for step in kept if (judged := _judgement(parts, old, step)) is not None}
    if not known:
        return ()
    plot = Plot(new.graph)
    snapshot = parts.runs.snapshot(new.id) if new.uses_snapshot else Snapshot(files={}, contents={})
    judge = Judge(plot=plot, values=Values(plot, recorded), circumstances=circumstances_of(new, parts, snapshot))
    gathered = judge.gather([path for path in known if path in plot.nodes])
    return tuple(
        stale for path, now in gathered.items() if (stale := _compared(parts, (old, new), path, known[path], now))
    )


def _judgement(parts: Parts, old: RunSpec, step: StepRun) -> Judgement | None:
    """Return what a result was made of, on record in the run that made it; None: it is not."""
    if not step.state.is_good:
        return None
    try:
        judged = parts.results.judgement(step.cached_from or old.id, step.path)
    except MissingError:
        return None  # reused from a run where it had another path, or that is gone
    return None if judged is None or judged.evidence is None else judged


def _compared(
    parts: Parts, specs: tuple[RunSpec, RunSpec], path: str, then: Judgement, now: Evidence | str
) -> StaleStep | None:
    if isinstance(now, str):
        return StaleStep(path=path, detail=now)
    assert then.evidence is not None
    old, new = specs
    found = causes(then.evidence, now, _parts_of(old, path, then.evidence), _parts_of(new, path, now))
    found += _changed_files(parts, new.target.root, then.seen)
    return StaleStep(path=path, causes=tuple(found)) if found else None


def _parts_of(spec: RunSpec, path: str, evidence: Evidence) -> Mapping[str, str]:
    """Return the parts of a step's code; empty when the run has fingerprints of other code than that."""
    known = spec.prints.get(spec.graph.node(path).operation) if path in spec.graph.index else None
    return {} if known is None or known.digest != evidence.basis.code else known.parts


def _changed_files(parts: Parts, root: str, seen: Mapping[str, str | None]) -> Iterator[Cause]:
    """Yield the files a step was seen to read that have another content now, or none."""
    paths = {name: within(root, name) for name in seen if not is_connection(name)}
    digests, _ = digests_of(parts.files, list(paths.values()))
    for name, path in paths.items():
        if digests.get(path) != seen[name]:
            yield Cause(kind=CauseKind.FILE, name=name, old=seen[name], new=digests.get(path))
