"""What differs between two runs, and where first: code, parameters, environment, data, metrics, durations, states."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .codechanges import Hunk, text_changes
from .detailing import Detailing, Side, shortened
from .document import roll_up
from .ids import RunId
from .records import dataclass
from .remembered import Remembered
from .roles import Composites
from .runs import Run, StepRun
from .states import Status
from .whys import Because

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds who builds this

NOISE = 1.25
"""Ratio up to which two durations count as the same: of equal steps on a quiet machine one in ten differs by more."""
NOISE_S = 0.1
"""Seconds up to which they do in any case: starting a worker alone differs by that much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing of both runs. None: that run does not have it."""

    name: str
    old: Any
    new: Any
    is_same: bool

    @property
    def change(self) -> float | None:
        """Return by how much a number has grown; None when they are no numbers."""
        if all(isinstance(each, int | float) and not isinstance(each, bool) for each in (self.old, self.new)):
            return float(self.new - self.old)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDifference:
    """One source file of both runs."""

    file: str
    old: str | None
    """sha256; None: it was not among the code."""
    new: str | None
    hunks: tuple[Hunk, ...] = ()
    """Empty when it is the same, or no text."""

    @property
    def is_same(self) -> bool:
        """Tell whether nothing of it changed."""
        return self.old == self.new

    @property
    def stat(self) -> tuple[int, int]:
        """Return how many lines were added, and how many removed."""
        lines = [line for hunk in self.hunks for line in hunk.lines]
        return sum(line[0] == "+" for line in lines), sum(line[0] == "-" for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """The first step that came out otherwise."""

    path: str
    old: Status | None
    """None: that run has no such step."""
    new: Status | None
    outputs: tuple[str, ...] = ()
    """Names of the outputs that differ; empty when the states already do."""
    causes: tuple[Because, ...] = ()
    is_known: bool = False
    """What both depend on is on record: without causes, equal inputs gave other results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two runs side by side; what is equal is among it."""

    old: Run
    new: Run
    first: Divergence | None
    """None: every step of both came out the same."""
    code: tuple[FileDifference, ...]
    params: tuple[Difference, ...]
    environment: tuple[Difference, ...]
    """`python`, `platform`, packages by name, and environment variables steps depend on, as `$NAME`."""
    data: tuple[Difference, ...]
    """Files steps read, by sha256."""
    metrics: tuple[Difference, ...]
    durations: tuple[Difference, ...]
    """Seconds by path; the first, without a name, is of the run."""
    states: tuple[Difference, ...]

    @property
    def is_same_pipeline(self) -> bool:
        """Tell whether both are runs of one pipeline."""
        return (self.old.project, self.old.pipeline) == (self.new.project, self.new.pipeline)

    @property
    def is_same(self) -> bool:
        """Tell whether nothing differs, durations aside."""
        rows = (*self.params, *self.environment, *self.data, *self.metrics, *self.states)
        is_same_code = all(each.is_same for each in self.code)
        return self.first is None and is_same_code and all(each.is_same for each in rows)


class Comparing:
    """Compares runs on the ports of a workspace. One object answers one question."""

    def __init__(self, parts: Parts):
        self._recorded = Remembered(parts)
        self._details = Detailing(self._recorded)

    def compare(self, old: RunId, new: RunId) -> Comparison:
        """Return what differs between two runs; MissingError when there is none of that id."""
        recorded = self._recorded
        return Comparison(
            old=recorded.run(old),
            new=recorded.run(new),
            first=self._first(old, new),
            code=tuple(self._code(old, new)),
            params=tuple(_rows(self._params(old), self._params(new))),
            environment=(
                *_rows(self._environment(old), self._environment(new)),
                *_rows(*_of_both(self._variables(old), self._variables(new))),
            ),
            data=tuple(self._data_rows(old, new)),
            metrics=tuple(_rows(self._metrics(old), self._metrics(new))),
            durations=tuple(self._durations(old, new)),
            states=tuple(_rows(self._states(old), self._states(new))),
        )

    def _first(self, old: RunId, new: RunId) -> Divergence | None:
        before, after = self._recorded.steps(old), self._recorded.steps(new)
        roles = Composites(self._recorded.spec(new).graph)
        paths = list(dict.fromkeys([*after, *before]))
        for path in [path for path in paths if not roles.role(path).is_composite]:
            was, now = before.get(path), after.get(path)
            differing = _differing(was, now)
            if was is None or now is None or was.state.is_good != now.state.is_good or differing:
                causes, is_known = self._causes(old, new, path) if was and now else ((), False)
                return Divergence(
                    path=path,
                    old=None if was is None else was.state,
                    new=None if now is None else now.state,
                    outputs=differing,
                    causes=causes,
                    is_known=is_known,
                )
        return None

    def _causes(self, old: RunId, new: RunId, path: str) -> tuple[tuple[Because, ...], bool]:
        sides = [self._side(run, path) for run in (old, new)]
        if sides[0] is None or sides[1] is None:
            return (), False
        return tuple(self._details.causes(sides[0], sides[1])), True

    def _side(self, run: RunId, path: str) -> Side | None:
        maker, path = self._recorded.maker(run, path)
        judged = self._recorded.judgement(maker, path)
        if judged is None or judged.evidence is None:
            return None
        return Side(maker, path, judged.evidence, judged.seen)

    def _code(self, old: RunId, new: RunId) -> Iterator[FileDifference]:
        before, after = self._recorded.files(old), self._recorded.files(new)
        for file in sorted({*before, *after}):
            was, now = before.get(file), after.get(file)
            yield FileDifference(
                file=file, old=was, new=now, hunks=() if was == now else self._hunks(old, new, file, (was, now))
            )

    def _hunks(self, old: RunId, new: RunId, file: str, digests: tuple[str | None, str | None]) -> tuple[Hunk, ...]:
        texts = [self._recorded.source(run, file) for run in (old, new)]
        if any(text is None and digest is not None for text, digest in zip(texts, digests, strict=True)):
            return ()
        was, now = (self._recorded.masked(text or "", new) for text in texts)
        return text_changes(was, now, is_code=False)

    def _params(self, run: RunId) -> dict[str, Any]:
        return {
            name: value if not isinstance(value, str) else shortened(self._recorded.masked(value, run))
            for name, value in self._recorded.spec(run).params.items()
        }

    def _environment(self, run: RunId) -> dict[str, Any]:
        told = self._recorded.spec(run).environment
        found: dict[str, Any] = {name: told[name] for name in ("python", "platform") if name in told}
        packages = told.get("packages")
        return found | (dict(sorted(packages.items())) if isinstance(packages, dict) else {})

    def _variables(self, run: RunId) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for side in self._sides(run):
            found |= {f"${name}": digest for name, digest in side.evidence.basis.variables.items()}
        return dict(sorted(found.items()))

    def _data_rows(self, old: RunId, new: RunId) -> Iterator[Difference]:
        """Yield the files that were read; nothing when one of the runs has no judgements, so that it is not known."""
        if next(self._sides(old), None) is not None and next(self._sides(new), None) is not None:
            yield from _rows(self._data(old), self._data(new))

    def _data(self, run: RunId) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for side in self._sides(run):
            for files in (side.evidence.basis.reads, side.evidence.files, side.seen):
                for name, digest in files.items():
                    found.setdefault(name, digest)
        return dict(sorted(found.items()))

    def _sides(self, run: RunId) -> Iterator[Side]:
        for path in self._recorded.steps(run):
            if (side := self._side(run, path)) is not None:
                yield side

    def _metrics(self, run: RunId) -> dict[str, Any]:
        return roll_up(list(self._recorded.steps(run).values()))

    def _states(self, run: RunId) -> dict[str, Any]:
        # A result that was reused is as good as one that was made.
        return {
            path: (Status.SUCCESS if step.state is Status.CACHED else step.state).value
            for path, step in self._recorded.steps(run).items()
        }

    def _durations(self, old: RunId, new: RunId) -> Iterator[Difference]:
        before, after = self._recorded.steps(old), self._recorded.steps(new)
        yield _lasted("", self._recorded.run(old).seconds, self._recorded.run(new).seconds)
        for path in after:
            if path in before and before[path].seconds is not None and after[path].seconds is not None:
                yield _lasted(path, before[path].seconds, after[path].seconds)


def _lasted(name: str, old: float | None, new: float | None) -> Difference:
    if old is None or new is None:
        return Difference(name=name, old=old, new=new, is_same=True)
    less, more = sorted((old, new))
    return Difference(name=name, old=old, new=new, is_same=more - less <= NOISE_S or more <= less * NOISE)


def _differing(old: StepRun | None, new: StepRun | None) -> tuple[str, ...]:
    if old is None or new is None or not (old.state.is_good and new.state.is_good):
        return ()
    was = {each.name: each.ref.sha256 for each in old.outputs}
    now = {each.name: each.ref.sha256 for each in new.outputs}
    return tuple(name for name in dict.fromkeys([*now, *was]) if was.get(name) != now.get(name))


def _of_both(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what both have: a variable that only one run's code names does not differ."""
    return {name: old[name] for name in old if name in new}, {name: new[name] for name in new if name in old}


def _rows(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*new, *old]):
        was, now = old.get(name), new.get(name)
        is_same = (name in old) == (name in new) and _text(was) == _text(now)
        yield Difference(name=name, old=was, new=now, is_same=is_same)


def _text(value: Any) -> str:
    """Return a value as text, so that NaN equals NaN."""
    return json.dumps(value, sort_keys=True, default=str)
