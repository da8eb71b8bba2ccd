"""The search of `tune`: which trial comes next, given what others scored. Trials in, scores in, no clock, no process.

Whoever drives it asks for trials, runs them in any order and as many at once as are given, and tells what each scored.
The same answers in the same order give the same trials: a search that was interrupted is told again, and goes on.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from .errors import InvalidError
from .graph import Json
from .records import dataclass
from .spaces import Trial as Params
from .spaces import best, drawn, grid, rungs
from .tuning import Budget, SearchMethod, Tune


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One set of parameters to be tried."""

    number: int
    """From 1, in the order in which trials were given out."""
    params: Mapping[str, Json]
    """Parameters of the run, the resource of successive halving among them."""
    rung: int = 0
    """Round of successive halving, from 0."""
    origin: int | None = None
    """The trial of the round before that had the same parameters with less of the resource; None: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One row of the leaderboard."""

    place: int
    """From 1; trials without a score come last."""
    trial: Trial
    score: float | None
    """None: it failed, or scored nothing that is a number."""


class Sampler(Protocol):
    """Chooses trials. What it has given out and was told is kept by the `Search`."""

    def ask(self, number: int, pending: int) -> Trial | None:
        """Return the next trial under this number; None: there is none now, or no more.

        Args:
            number: Of the trial.
            pending: Trials that were given out and not told of yet.
        """
        ...

    def tell(self, trial: Trial, score: float | None) -> None:
        """Take in what a trial scored."""
        ...


class Search:
    """One search from its first trial to its best."""

    def __init__(self, tune: Tune, sampler: Sampler | None = None):
        """Begin.

        Args:
            tune: What is searched.
            sampler: Chooses trials; None: that of the method, which core has for all but "optuna".

        Raises:
            InvalidError: the method needs a sampler that was not given.
        """
        self.tune = tune
        self._sampler = sampler_of(tune) if sampler is None else sampler
        self._trials: list[Trial] = []
        self._scores: dict[int, float | None] = {}
        self._is_dry = False

    @property
    def trials(self) -> Sequence[Trial]:
        """All trials that were given out, in order."""
        return tuple(self._trials)

    @property
    def pending(self) -> Sequence[Trial]:
        """Those that were given out and not told of yet, in order."""
        return tuple(each for each in self._trials if each.number not in self._scores)

    @property
    def is_over(self) -> bool:
        """Tell whether every trial is told of, and no other will come."""
        return self._is_dry and not self.pending

    def ask(self, count: int) -> list[Trial]:
        """Return up to so many further trials. Fewer: others have to be told of first, or the search is at its end."""
        found: list[Trial] = []
        while len(found) < count:
            waiting = len(self.pending)
            trial = self._sampler.ask(len(self._trials) + 1, waiting)
            if trial is None:
                self._is_dry = waiting == 0
                break
            self._trials.append(trial)
            found.append(trial)
        return found

    def tell(self, number: int, score: object) -> None:
        """Take in what a trial scored.

        Args:
            number: Of the trial.
            score: A number; anything else, and NaN, is a failure.

        Raises:
            InvalidError: there is no such trial, or it was told of already.
        """
        if not 0 < number <= len(self._trials):
            raise InvalidError(f"there is no trial {number}: {len(self._trials)} were given out")
        if number in self._scores:
            raise InvalidError(f"trial {number} was told of already")
        known = None
        if isinstance(score, int | float) and not isinstance(score, bool) and not math.isnan(score):
            known = float(score)
        self._scores[number] = known
        self._sampler.tell(self._trials[number - 1], known)

    def score(self, number: int) -> float | None:
        """Return what a trial scored; None: it failed, or is not told of yet."""
        return self._scores.get(number)

    def leaderboard(self) -> list[Standing]:
        """Return the trials that were told of, the best first; of several rounds, those of a later one before."""
        told = [each for each in self._trials if each.number in self._scores]
        order: list[Trial] = []
        for rung in sorted({each.rung for each in told}, reverse=True):
            here = [each for each in told if each.rung == rung]
            scores = [self._scores[each.number] for each in here]
            ranked = best(scores, len(here), is_maximum=self.tune.is_maximum)
            order += [here[at] for at in ranked]
        scored = {each.number for each in order}
        order += [each for each in told if each.number not in scored]
        return [
            Standing(place=place, trial=each, score=self._scores[each.number]) for place, each in enumerate(order, 1)
        ]

    def best(self) -> Standing | None:
        """Return the best trial so far; None: none has a score."""
        first = next(iter(self.leaderboard()), None)
        return first if first is not None and first.score is not None else None


def sampler_of(tune: Tune) -> Sampler:
    """Return what chooses trials by a method of core.

    Raises:
        InvalidError: the method is not one of core.
    """
    match tune.method:
        case SearchMethod.GRID:
            return _Listed(itertools.islice(grid(tune.space, tune.steps), tune.trials))
        case SearchMethod.RANDOM:
            return _Listed(drawn(tune.space, tune.trials or 1, tune.seed))
        case SearchMethod.HALVING:
            assert tune.budget is not None
            return _Halving(tune, tune.budget)
        case SearchMethod.OPTUNA:
            raise InvalidError("method='optuna' is chosen by optuna", "install graftline[tune]")


class _Listed:
    """Trials that are known before any is told of."""

    def __init__(self, params: Iterator[Params]):
        self._params = params

    def ask(self, number: int, pending: int) -> Trial | None:
        found = next(self._params, None)
        return None if found is None else Trial(number=number, params=found)

    def tell(self, trial: Trial, score: float | None) -> None:
        pass


class _Halving:
    """Rounds: all of one are told of before the next begins, with the best part of it and more of the resource."""

    def __init__(self, tune: Tune, budget: Budget):
        self._tune = tune
        self._budget = budget
        count = tune.trials or 1
        self._rungs = rungs(count, budget.least, budget.most, budget.factor)
        self._rung = 0
        self._queue = [Trial(number=0, params=each) for each in drawn(tune.space, count, tune.seed)]
        self._told: list[tuple[Trial, float | None]] = []

    def ask(self, number: int, pending: int) -> Trial | None:
        if not self._queue and pending == 0:
            self._go_on()
        if not self._queue:
            return None
        made = self._queue.pop(0)
        params = {**made.params, self._budget.name: self._rungs[self._rung].resource}
        return Trial(number=number, params=params, rung=self._rung, origin=made.origin)

    def tell(self, trial: Trial, score: float | None) -> None:
        self._told.append((trial, score))

    def _go_on(self) -> None:
        if self._rung + 1 >= len(self._rungs) or not self._told:
            return
        # As they were given out, whatever the order in which they ended: equal scores go to the earlier.
        self._told.sort(key=lambda pair: pair[0].number)
        count = self._rungs[self._rung + 1].trials
        chosen = best([score for _, score in self._told], count, is_maximum=self._tune.is_maximum)
        self._queue = [
            Trial(number=0, params=self._told[at][0].params, origin=self._told[at][0].number) for at in chosen
        ]
        self._told = []
        self._rung += 1
