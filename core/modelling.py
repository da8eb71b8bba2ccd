"""Models: estimators, actors and pairs of functions as steps that train and apply; `prep >> model` composes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from .errors import InvalidError
from .estimators import Shape, default_name, parameter_problems, problems_with, shape_of
from .graph import Json, Return, ReturnKind
from .ids import name_problem
from .learntasks import ESTIMATOR, FOLDS, PREVIOUS_STATE, SETTINGS, LearnTask
from .named import NamedTuple
from .nesting import Learning
from .pipeline import Pipeline
from .place import Place, caller, written_at
from .steps import StepT, Unit
from .takes import Take, Takes

if TYPE_CHECKING:
    from .steps import Step

RESERVED = (ESTIMATOR, SETTINGS, FOLDS, PREVIOUS_STATE)
"""Names of arguments that nodes of models have for themselves."""
TRANSFORM = "transform"
LearnerT = TypeVar("LearnerT", bound="Learner")


class Link(NamedTuple):
    """One estimator of a model or chain, as the nodes that train it know it."""

    estimator: object
    features: str
    labels: str | None
    returns: str
    predict: str
    params: Mapping[str, str]
    """Parameter of the run -> parameter of the estimator."""
    warm: bool = False

    def settings(self, at: str) -> dict[str, Json]:
        """Return it as settings of a node which takes the estimator as the argument `at`."""
        return {
            "estimator": at,
            "features": self.features,
            "labels": self.labels,
            "returns": self.returns,
            "predict": self.predict,
            "params": dict(self.params),
            "warm": self.warm,
        }


class Learner(Learning):
    """What trains and applies: a model, or a composite of models."""

    links: tuple[Link, ...] = ()
    """The estimators it trains one after the other; empty where it is more than a row of them."""
    features: str
    labels: str | None
    result: str
    """Name under which steps take what it predicts."""
    _inside: Pipeline
    _hidden: tuple[str, ...] = ()

    @property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """The steps it is made of."""
        return {"": self._inside}

    @property
    def hands_on(self) -> frozenset[str]:
        """What it predicts, its state and its metrics."""
        return frozenset(self.outputs)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names it returns."""
        return (self.name, self.result)

    def replaced(self: LearnerT, **changes: Any) -> LearnerT:
        """Return one that differs in arguments of its class.

        Raises:
            InvalidError: it is of a kind that cannot.
        """
        raise self.problem(f"a {type(self).__name__} cannot be part of this")

    @overload
    def __rshift__(self, other: Learner) -> Chain: ...
    @overload
    def __rshift__(self, other: StepT) -> StepT: ...
    def __rshift__(self, other: Any) -> Any:
        """Compose: `prep >> model` is one step, in which the model takes what `prep` makes of the features.

        The right side may be an estimator. A step or list of steps is ordered after this one, as with other steps.
        """
        if isinstance(other, Learner):
            return Chain([self, other])
        if not isinstance(other, Unit | list | tuple) and shape_of(other) in (Shape.ESTIMATOR, Shape.ACTOR, Shape.PAIR):
            return Chain([self, Model(other, labels=self.labels)])
        return super().__rshift__(other)

    def __rrshift__(self, others: Any) -> Any:
        """Compose with an estimator on the left: `StandardScaler() >> model`."""
        if not isinstance(others, Unit | list | tuple) and shape_of(others) in (Shape.ESTIMATOR, Shape.ACTOR):
            return Chain([Model(others, features=self.features, labels=self.labels, predict=TRANSFORM), self])
        return super().__rrshift__(others)


class Model(Learner):
    """An estimator as a step: trained where the pipeline trains, loaded from the generation where it applies.

    It is two nodes: `NAME/fit` returns the state `NAME`, `NAME/predict` the prediction. The estimator stays as it is.
    """

    def __init__(
        self,
        estimator: object,
        name: str | None = None,
        features: str = "X",
        labels: str | None = "y",
        returns: str | None = None,
        predict: str = "predict",
        params: Mapping[str, str] | Sequence[str] | None = None,
        *,
        metrics: Mapping[str, str] | Sequence[str] | None = None,
        warm_start: bool = False,
        **options: Any,
    ):
        """Wrap an estimator.

        Args:
            estimator: An object or class with `fit` and `predict` in the manner of sklearn; an actor (`train`, `apply`,
                `get_state`, `set_state`), or a pair of functions made by `@actor`; or a function without arguments that
                makes one of these.
            name: Of the step and of its state; None: after the class, `logistic_regression`.
            features: Name of the table it is trained on and applied to.
            labels: Name of what it learns to predict; None: it learns without.
            returns: Name of what it predicts. None: `prediction`; of a transformer, that of the features.
            predict: Method that predicts: `predict_proba`, `transform`...
            params: Parameter of the run -> parameter of the estimator (`{"C": "clf__C"}`); a list: both are called the
                same. A parameter nobody gives leaves the estimator's own.
            metrics: Metric of the run -> attribute of what was fitted (`{"rounds": "n_iter_"}`); a list: both are
                called the same.
            warm_start: True: training goes on from the state of the last generation.
            options: See `Options`; `params` and `catalog` are not among them.

        Raises:
            InvalidError: anything in it is wrong; all of it in one message.
        """
        place = caller()
        problems: list[InvalidError] = []
        self.estimator = estimator
        self.features, self.labels, self.predict, self.warm_start = features, labels, predict, warm_start
        self.result = returns if returns is not None else features if predict == TRANSFORM else "prediction"
        self.bound = _mapping("params", params, problems)
        """Parameter of the run -> parameter of the estimator."""
        self.metrics = _mapping("metrics", metrics, problems)
        name = default_name(estimator) if name is None else name
        self._given = {"estimator": estimator, "name": name, "features": features, "labels": labels}
        self._given |= {"returns": self.result, "predict": predict, "params": dict(self.bound)}
        self._given |= {"metrics": dict(self.metrics), "warm_start": warm_start, **options}
        problems += self._problems(name)
        super().__init__(name, place, options, problems)
        self.links = (Link(estimator, features, labels, self.result, predict, self.bound, warm_start),)
        with written_at(place):
            self._inside = Pipeline(self._steps(place))

    @property
    def outputs(self) -> tuple[str, ...]:
        """What it predicts, its state, its metrics."""
        return (self.name, self.result, *self.metrics)

    def replaced(self, **changes: Any) -> Model:
        """Return one that differs in arguments of its class."""
        with written_at(self.place):
            return Model(**{**self._given, **changes})

    def _steps(self, place: Place) -> list[Step]:
        fit = fit_task("fit", place, self.links, [state_named(self.name)], self.metrics)
        return [fit, predict_task("predict", place, self.links, self.name, self.result)]

    def _problems(self, name: object) -> Iterator[InvalidError]:
        roles = {"features": self.features, "returns": self.result}
        if self.labels is not None:
            roles["labels"] = self.labels
        for role, given in roles.items():
            if trouble := name_problem(given):
                yield InvalidError(f"{role}= {trouble}")
            elif given in RESERVED:
                yield InvalidError(f"{role}= is '{given}', which has a meaning of its own here", "call it otherwise")
        if name in roles.values():
            yield InvalidError(f"its state is called '{name}' as it is itself, and so is what it takes or returns")
        if self.labels is not None and self.labels in (self.features, self.result):
            yield InvalidError(f"labels= and what it takes or returns are both '{self.labels}'")
        for each in self.bound:
            if each in (*roles.values(), name, *RESERVED):
                yield InvalidError(f"params= has '{each}', which is another argument of the model", "call it otherwise")
        for each in self.metrics:
            if each in (*roles.values(), name):
                yield InvalidError(f"metrics= has '{each}', which is another name of the model", "call it otherwise")
        if not isinstance(self.predict, str) or not self.predict.isidentifier():
            yield InvalidError(f"predict= takes the name of a method, not {self.predict!r}")
            return
        yield from problems_with(self.estimator, self.predict, self.warm_start)
        if shape_of(self.estimator) is not None:
            yield from parameter_problems(self.estimator, self.bound)


class Chain(Learner):
    """Models one after the other, each taking what the one before makes of the features: `prep >> model`."""

    def __init__(self, models: Sequence[Learner], name: str | None = None, **options: Any):
        """Chain models.

        Args:
            models: At least two. Each but the first takes as features what the one before returns.
            name: Of the step; None: their names with a plus between.
            options: See `Options`.

        Raises:
            InvalidError: anything in it is wrong; all of it in one message.
        """
        place = caller()
        problems: list[InvalidError] = []
        self.models = tuple(_chained(models, problems))
        self._given: dict[str, Any] = dict(options)
        last = self.models[-1] if self.models else None
        self.result = "prediction" if last is None else last.result
        self.labels = None if last is None else last.labels
        self.features = self.models[0].features if self.models else "X"
        self.final = last
        super().__init__(
            "+".join(each.name for each in self.models) if name is None else name, place, options, problems
        )
        self.links = _links(self.models)
        with written_at(place):
            self._inside = Pipeline(self.models)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the last model returns; what is between them stays inside."""
        assert self.final is not None
        return self.final.outputs

    def __rshift__(self, other: Any) -> Any:
        """Compose further."""
        made = super().__rshift__(other)
        return Chain([*self.models, *made.models[1:]]) if isinstance(made, Chain) and made.models[0] is self else made

    def replaced(self, **changes: Any) -> Chain:
        """Return one whose last model differs in what it returns, or whose first in its features."""
        models = list(self.models)
        if "returns" in changes:
            models[-1] = models[-1].replaced(returns=changes["returns"])
        if "features" in changes:
            models[0] = models[0].replaced(features=changes["features"])
        with written_at(self.place):
            return Chain(models, changes.get("name", self.name), **self._given)


def fit_task(
    name: str,
    place: Place,
    links: Sequence[Link],
    returns: Sequence[Return],
    metrics: Mapping[str, str] | None = None,
    *,
    what: str = "fit",
    takes: Sequence[Take] = (),
    **settings: Json,
) -> LearnTask:
    """Return a task that trains a row of estimators.

    Args:
        name: Of the step.
        place: Where the user wrote it.
        links: The estimators.
        returns: State, or what else it makes.
        metrics: Metric -> attribute of the last estimator.
        what: Name of the doing.
        takes: Further names it takes.
        settings: Further settings.
    """
    labels = dict.fromkeys(link.labels for link in links if link.labels is not None)
    params = dict.fromkeys(each for link in links for each in link.params)
    taken = [Take(links[0].features, is_required=True), *(Take(each, is_required=True) for each in labels)]
    taken += [Take(each, is_required=False) for each in params]
    if any(link.warm for link in links):
        taken.append(Take(PREVIOUS_STATE, is_required=False))
    given, values = _packed(links)
    made = [*returns, *(Return(name=each, kind=ReturnKind.METRIC) for each in metrics or ())]
    settings = {"links": given, "metrics": dict(metrics or {}), **settings}
    return LearnTask(what, name, place, Takes((*taken, *takes)), returns=made, settings=settings, values=values)


def predict_task(
    name: str,
    place: Place,
    links: Sequence[Link],
    state: str,
    result: str,
    *,
    takes: Sequence[Take] = (),
    **settings: Json,
) -> LearnTask:
    """Return a task that applies a row of trained estimators."""
    # What was fitted is its own estimator; only of an actor's state one has to be made.
    needs = any(shape_of(link.estimator) is not Shape.ESTIMATOR for link in links)
    given, values = _packed(links)
    taken = [Take(state, is_required=True), Take(links[0].features, is_required=True), *takes]
    return LearnTask(
        "predict",
        name,
        place,
        Takes(tuple(taken)),
        returns=[Return(name=result)],
        settings={"links": given, "state": state, **settings},
        values=values if needs else {},
    )


def state_named(name: str) -> Return:
    """Return what keeps a state under a name."""
    return Return(name=name, kind=ReturnKind.STATE)


def learner_of(given: object, problems: list[InvalidError], where: str) -> Learner | None:
    """Return what may be written for a model: itself, or an estimator."""
    if isinstance(given, Learner):
        return given
    if not isinstance(given, Unit | str) and shape_of(given) is not None:
        try:
            return Model(given)
        except InvalidError as problem:
            problems.append(problem)
            return None
    problems.append(InvalidError(f"{where} takes models and estimators, not {given!r}", "wrap it: Model(...)"))
    return None


def _packed(links: Sequence[Link]) -> tuple[list[Json], dict[str, object]]:
    names = [ESTIMATOR if at == 0 else f"{ESTIMATOR} {at + 1}" for at in range(len(links))]
    settings: list[Json] = [link.settings(name) for link, name in zip(links, names, strict=True)]
    return settings, {name: link.estimator for link, name in zip(links, names, strict=True)}


def _links(models: Sequence[Learner]) -> tuple[Link, ...]:
    return tuple(link for each in models for link in each.links) if all(each.links for each in models) else ()


def _chained(models: object, problems: list[InvalidError]) -> list[Learner]:
    if not isinstance(models, Sequence) or isinstance(models, str) or not models:
        problems.append(InvalidError(f"models= takes a list of models, not {models!r}"))
        return []
    found = [each for given in models if (each := learner_of(given, problems, "models=")) is not None]
    made: list[Learner] = []
    for each in found:
        before = made[-1].result if made else each.features
        made.append(each if each.features == before else each.replaced(features=before))
    names = [each.name for each in made]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        problems.append(InvalidError(f"two of its models are called '{twice[0]}'", "give one of them name="))
    return made


def _mapping(option: str, given: object, problems: list[InvalidError]) -> Mapping[str, str]:
    if given is None:
        return {}
    if isinstance(given, str):
        return {given: given}
    if not isinstance(given, Mapping) and isinstance(given, Sequence):
        given = {each: each for each in given if isinstance(each, str)} if all(map(_is_text, given)) else given
    if isinstance(given, Mapping) and all(_is_text(key) and _is_text(value) for key, value in given.items()):
        problems += [
            InvalidError(f"{option}= has the name {key!r}: {trouble}")
            for key in given
            if (trouble := name_problem(key))
        ]
        return dict(given)
    hint = 'what is fixed is given to the estimator itself: Model(Ridge(alpha=1.0), params={"alpha": "alpha"})'
    what = "parameters of the run" if option == "params" else "metrics"
    problems.append(InvalidError(f"{option}= takes {what} by name -> names of the estimator, not {given!r}", hint))
    return {}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
