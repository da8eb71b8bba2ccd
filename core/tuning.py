"""What `tune` searches: which parameters, in which way, and what the best one is the best at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from .errors import InvalidError, nearest
from .evaluation import Evaluation
from .ids import name_problem
from .named import NamedTuple
from .place import Place, caller, told_at
from .records import dataclass
from .spaces import Choice, Space, rungs, space_of


class SearchMethod(StrEnum):
    """How the next trial is chosen."""

    GRID = "grid"
    """Every combination; of a range, some values at even distances."""
    RANDOM = "random"
    """Drawn at random."""
    HALVING = "halving"
    """Drawn at random with little of a resource; the best part goes on with more."""
    OPTUNA = "optuna"
    """Chosen by what earlier trials scored (the extra `tune`)."""


class Budget(NamedTuple):
    """The resource that successive halving deals out: a parameter, and what it may be."""

    name: str
    least: int
    most: int
    factor: int = 3


_DRAWN = 20
"""Trials of a method that could go on for ever."""


@dataclass(frozen=True, slots=True)
class Tune:
    """A search for the best parameters."""

    space: Mapping[str, Space]
    """Parameter of the run -> where it is searched."""
    metric: str
    """What is judged by."""
    is_maximum: bool
    """Whether more of it is better."""
    method: SearchMethod
    trials: int | None
    """The most trials; None: a grid as large as it is."""
    seed: int
    steps: int
    """Values of a range in a grid."""
    budget: Budget | None
    """Of successive halving alone."""
    place: Place

    def __init__(
        self,
        space: Mapping[str, object],
        *,
        maximize: str | None = None,
        minimize: str | None = None,
        method: str = "grid",
        trials: int | None = None,
        seed: int = 0,
        steps: int = 5,
        budget: tuple[str, int, int] | tuple[str, int, int, int] | None = None,
    ):
        """Say what is searched.

        Args:
            space: Parameter -> a list of values, or a range: `uniform(0, 1)`, `log(1e-3, 10)`, `whole(1, 8)`.
            maximize: Metric of which more is better.
            minimize: Metric of which less is better.
            method: "grid", "random", "halving" or "optuna".
            trials: The most trials; None: the whole grid, 20 of the other methods.
            seed: Of what is drawn.
            steps: Values of a range in a grid.
            budget: Of "halving": a parameter, its least and greatest value, and by what trials fall and it grows from
                round to round (3): `("epochs", 5, 135)`.

        Raises:
            InvalidError: something in it is wrong; all of it in one message.
        """
        place = caller()
        problems: list[InvalidError] = []
        spaces = _spaces(space, problems)
        given = [each for each in (maximize, minimize) if each is not None]
        if len(given) != 1:
            problems.append(InvalidError("Tune takes one of maximize= and minimize=", "name a metric: maximize='auc'"))
        elif trouble := name_problem(given[0]):
            problems.append(InvalidError(f"{'maximize' if maximize is not None else 'minimize'}= {trouble}"))
        methods = [each.value for each in SearchMethod]
        if method not in methods:
            problems.append(
                InvalidError(f"method= is one of {', '.join(methods)}, not {method!r}{nearest(str(method), methods)}")
            )
        for name, number, least in (("trials", trials, 1), ("seed", seed, None), ("steps", steps, 1)):
            problems += _whole(name, number, least, is_optional=name == "trials")
        found = _budget(budget, method, spaces, problems)
        if problems:
            raise told_at(place, problems)
        way = SearchMethod(method)
        values = {
            "space": spaces,
            "metric": given[0],
            "is_maximum": maximize is not None,
            "method": way,
            "trials": trials if trials is not None or way is SearchMethod.GRID else _DRAWN,
            "seed": seed,
            "steps": steps,
            "budget": found,
            "place": place,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)


def checked(value: object, evaluation: Evaluation | None) -> Tune:
    """Return a search that fits its pipeline.

    Raises:
        InvalidError: it is none, or the evaluation does not make what it is judged by.
    """
    if not isinstance(value, Tune):
        raise InvalidError(f"tune= takes a Tune, not {value!r}", "write Tune({'C': log(1e-3, 10)}, maximize='auc')")
    if evaluation is not None and value.metric not in evaluation.metrics:
        known = list(evaluation.metrics)
        text = f"tune= is judged by '{value.metric}', which evaluation= does not score{nearest(value.metric, known)}"
        raise InvalidError(text, f"it scores {', '.join(known)}")
    return value


def _spaces(space: object, problems: list[InvalidError]) -> Mapping[str, Space]:
    if not isinstance(space, Mapping) or not space:
        problems.append(InvalidError(f"Tune takes parameters with where each is searched, not {space!r}"))
        return {}
    found: dict[str, Space] = {}
    for name, value in space.items():
        if trouble := name_problem(str(name).rpartition(":")[2] if isinstance(name, str) else name):
            problems.append(InvalidError(f"Tune searches {name!r}: {trouble}"))
            continue
        try:
            found[name] = space_of(name, value)
        except InvalidError as problem:
            problems.append(problem)
            continue
        if isinstance(found[name], Choice) and (repeated := _repeated(value)) is not None:
            problems.append(InvalidError(f"'{name}' is searched in {repeated!r} twice"))
    return found


def _repeated(values: object) -> Any:
    seen: list[Any] = []
    for each in values if isinstance(values, list | tuple) else ():
        if any(type(each) is type(other) and bool(each == other) for other in seen):
            return each
        seen.append(each)
    return None


def _whole(name: str, number: object, least: int | None, *, is_optional: bool) -> Iterator[InvalidError]:
    if number is None and is_optional:
        return
    if isinstance(number, bool) or not isinstance(number, int) or (least is not None and number < least):
        more = "" if least is None else f" of {least} or more"
        yield InvalidError(f"{name}= takes a whole number{more}, not {number!r}")


def _budget(budget: object, method: str, spaces: Mapping[str, Space], problems: list[InvalidError]) -> Budget | None:
    if method == SearchMethod.HALVING and budget is None:
        hint = "say which parameter, from what to what: budget=('epochs', 5, 135)"
        problems.append(InvalidError("method='halving' deals out a resource, and budget= does not say which", hint))
        return None
    if budget is None:
        return None
    if method != SearchMethod.HALVING:
        problems.append(InvalidError(f"budget= is for method='halving', not '{method}'"))
        return None
    if not isinstance(budget, tuple | list) or len(budget) not in (3, 4) or not isinstance(budget[0], str):
        problems.append(InvalidError(f"budget= takes a parameter, its least and its greatest value, not {budget!r}"))
        return None
    if not all(isinstance(each, int) and not isinstance(each, bool) for each in budget[1:]):
        problems.append(InvalidError(f"budget= takes whole numbers, not {budget[1:]!r}"))
        return None
    found = Budget(*budget)
    if found.name in spaces:
        problems.append(InvalidError(f"budget= deals out '{found.name}', which is searched as well"))
    try:
        rungs(1, found.least, found.most, found.factor)
    except InvalidError as problem:
        problems.append(InvalidError(f"budget= {problem.message}"))
    return found
