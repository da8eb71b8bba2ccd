"""How a pipeline is evaluated: what is scored, by which functions, and on which rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from .errors import InvalidError, nearest
from .ids import name_problem
from .place import Place, caller, told_at
from .records import dataclass

Scorer: TypeAlias = Callable[..., object]
"""Takes the labels and the predictions, in this order; returns a number."""
DEVIATION = "_std"
"""What is added to the name of a score for its deviation over folds."""


@dataclass(frozen=True, slots=True)
class HoldOut:
    """A share of the rows is kept back, and scored by what was trained on the rest."""

    share: float
    """Of the rows, between 0 and 1; at least one row is scored and at least one trained on."""
    seed: int | None
    """Of the choice of rows; None: the last rows, in the order of the source."""
    stratified: bool
    """Whether each label loses its share."""

    def __init__(self, share: float = 0.2, seed: int | None = 0, stratified: bool = False):
        """Say how much is kept back.

        Args:
            share: Between 0 and 1.
            seed: Of the choice; None: the last rows.
            stratified: True: each label loses its share.

        Raises:
            InvalidError: the share is none, or another value is wrong.
        """
        _set(self, share=share, seed=seed, stratified=stratified)
        problems = list(_common_problems("HoldOut", seed, stratified))
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
            problems.append(InvalidError(f"HoldOut takes a share of the rows between 0 and 1, not {share!r}"))
        if problems:
            raise told_at(caller(), problems)


@dataclass(frozen=True, slots=True)
class CrossVal:
    """Each row is scored once, by what was trained on the other folds."""

    folds: int
    seed: int | None
    """Of the folds; None: stretches of rows, in the order of the source."""
    stratified: bool
    """Whether each fold has its share of each label."""

    def __init__(self, folds: int = 5, seed: int | None = 0, stratified: bool = False):
        """Say how many folds there are.

        Args:
            folds: At least 2.
            seed: Of the folds; None: stretches of rows.
            stratified: True: each fold has its share of each label.

        Raises:
            InvalidError: a value is wrong.
        """
        _set(self, folds=folds, seed=seed, stratified=stratified)
        problems = list(_common_problems("CrossVal", seed, stratified))
        if isinstance(folds, bool) or not isinstance(folds, int) or not 2 <= folds <= 1000:
            problems.append(InvalidError(f"CrossVal takes a number of folds from 2 to 1000, not {folds!r}"))
        if problems:
            raise told_at(caller(), problems)


Method: TypeAlias = HoldOut | CrossVal


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is scored, by which functions, and how rows to score are told from rows to train on."""

    score: Mapping[str, Scorer]
    """Metric -> function of labels and predictions."""
    method: Method
    on: Mapping[str, str]
    """Metric -> name of the value that is scored."""
    labels: str | None
    """Name of the labels; None: the only ones of the source."""
    place: Place

    def __init__(
        self,
        score: Mapping[str, Scorer] | Scorer,
        method: Method | None = None,
        on: str | Mapping[str, str] = "prediction",
        labels: str | None = None,
    ):
        """Say how to evaluate.

        Args:
            score: Metric -> function that takes labels and predictions, in this order, and returns a number; a function
                alone is a metric of its name.
            method: `HoldOut` or `CrossVal`; None: a fifth is held out.
            on: Name of the value that is scored; a mapping: of each metric.
            labels: Name of the labels; None: the only ones of the source.

        Raises:
            InvalidError: something in it is wrong; all of it in one message.
        """
        place = caller()
        named: object = score
        if not isinstance(score, Mapping):
            name = getattr(score, "__name__", None)
            named = {name: score} if callable(score) and name is not None and name != "<lambda>" else score
        self_method = HoldOut() if method is None else method
        _set(self, score=named, method=self_method, labels=labels, place=place, on={})
        problems = list(self._problems())
        if not problems and isinstance(named, Mapping):
            problems += self._read(on, list(named))
        if problems:
            raise told_at(place, problems)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of all metrics it makes."""
        names = tuple(self.score)
        return names if isinstance(self.method, HoldOut) else tuple(each + end for each in names for end in _ENDS)

    def _problems(self) -> Iterator[InvalidError]:
        if not isinstance(self.score, Mapping) or not self.score:
            hint = "write score={'auc': roc_auc_score}"
            yield InvalidError(f"Evaluation takes functions by name of the metric, not {self.score!r}", hint)
            return
        for name, function in self.score.items():
            if trouble := name_problem(name):
                yield InvalidError(f"Evaluation has the metric {name!r}: {trouble}")
            if not callable(function) or isinstance(function, type):
                yield InvalidError(f"Evaluation scores '{name}' by {function!r}, which is no function")
            if isinstance(name, str) and name.endswith(DEVIATION) and name.removesuffix(DEVIATION) in self.score:
                yield InvalidError(f"Evaluation has the metric '{name}', as the deviation of another is called")
        if not isinstance(self.method, HoldOut | CrossVal):
            yield InvalidError(f"method= takes HoldOut(...) or CrossVal(...), not {self.method!r}")
        if self.labels is not None and (trouble := name_problem(self.labels)):
            yield InvalidError(f"labels= {trouble}")

    def _read(self, on: object, names: Sequence[str]) -> Iterator[InvalidError]:
        scored = dict.fromkeys(names, on) if isinstance(on, str) else on
        if not isinstance(scored, Mapping):
            yield InvalidError(f"on= takes the name of what is scored, not {on!r}")
            return
        for name in names:
            if name not in scored:
                yield InvalidError(f"on= does not say what '{name}' is scored on")
        for name, value in scored.items():
            if name not in names:
                yield InvalidError(f"on= names '{name}', which is not scored{nearest(str(name), names)}")
            elif trouble := name_problem(value):
                yield InvalidError(f"on= {trouble}")
        _set(self, on={name: scored[name] for name in names if name in scored})


_ENDS = ("", DEVIATION)


def checked(value: object, source_labels: Sequence[str] | None) -> Evaluation:
    """Return an evaluation that fits its pipeline.

    Args:
        value: What `evaluation=` was given.
        source_labels: Names of the labels of the pipeline's source; None: it has no source.

    Raises:
        InvalidError: it is none, or what it splits or scores by is not there.
    """
    if not isinstance(value, Evaluation):
        hint = "write Evaluation(score={'auc': roc_auc_score}, method=HoldOut(0.2))"
        raise InvalidError(f"evaluation= takes an Evaluation, not {value!r}", hint)
    if source_labels is None:
        hint = "give the pipeline source=Source('select ...', labels='y')"
        raise InvalidError("evaluation= splits the rows of a source, and there is none", hint)
    if not source_labels:
        hint = "say which: Source(..., labels={'churned': 'y'})"
        raise InvalidError("evaluation= compares with labels, and the source has none", hint)
    if value.labels is None and len(source_labels) > 1:
        hint = f"say which: Evaluation(..., labels='{source_labels[0]}')"
        raise InvalidError(f"evaluation= has to choose of the labels {', '.join(source_labels)}", hint)
    if value.labels is not None and value.labels not in source_labels:
        text = f"evaluation= compares with '{value.labels}', which the source does not give"
        raise InvalidError(text + nearest(value.labels, source_labels), f"it gives {', '.join(source_labels)}")
    return value


def _common_problems(what: str, seed: object, stratified: object) -> Iterator[InvalidError]:
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        yield InvalidError(f"{what} takes a whole number as seed=, or None, not {seed!r}")
    if not isinstance(stratified, bool):
        yield InvalidError(f"{what} takes True or False as stratified=, not {stratified!r}")
    if seed is None and stratified is True:
        yield InvalidError(f"{what} deals out rows by label or in their order, not both", "give it a seed")


def _set(record: object, **fields: object) -> None:
    for name, value in fields.items():
        object.__setattr__(record, name, value)
