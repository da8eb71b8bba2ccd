"""Composites of models: stacked, averaged, cross-validated. Folds are nodes: they run side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .errors import InvalidError, nearest
from .graph import Json, Return
from .ids import name_problem
from .learntasks import FOLDS, LearnTask
from .modelling import Learner, Model, fit_task, learner_of, predict_task, state_named
from .pipeline import Pipeline
from .place import Place, caller, written_at
from .steps import Step
from .takes import Take, Takes

COMBINES = ("auto", "mean", "vote")
"""What makes one prediction of several, beside functions."""


class Stack(Learner):
    """Models, and a final one that learns from their predictions of rows that they have not seen.

    Each model predicts every row of the training data once, trained on the other folds; from these predictions the
    final model learns. Then each is trained on all rows. Nodes: `NAME/MODEL-folds/fold-1`..., `NAME/MODEL/fit`,
    `NAME/final/fit`, `NAME/final/predict`.
    """

    def __init__(
        self,
        models: Sequence[object],
        final: object,
        name: str = "stack",
        folds: int = 5,
        seed: int = 0,
        stratified: bool = False,
        returns: str = "prediction",
        **options: Any,
    ):
        """Stack models.

        Args:
            models: Models, chains or estimators; with `predict="predict_proba"` the final one learns from
                probabilities.
            final: Model or estimator that learns from their predictions: one column or block of columns for each.
            name: Of the step and of the final model's state.
            folds: At least 2.
            seed: Of the folds.
            stratified: True: each fold has its share of each label.
            returns: Name of what the final model predicts.
            options: See `Options`.

        Raises:
            InvalidError: anything in it is wrong; all of it in one message.
        """
        place = caller()
        problems: list[InvalidError] = []
        self.models = _rows(models, problems)
        made = learner_of(final, problems, "final=")
        if made is not None and not isinstance(made, Model):
            problems.append(InvalidError("final= takes one model, not several"))
        self.final = made if isinstance(made, Model) else None
        self.result, self.folds, self.seed, self.stratified = returns, folds, seed, stratified
        self.labels, self.features = _common(self.models, problems), self.models[0].features if self.models else "X"
        if self.models and self.labels is None:
            problems.append(InvalidError("its models learn without labels, and the final one needs some"))
        _check(problems, name, returns, folds, seed, [*(each.name for each in self.models), "final"])
        super().__init__(name, place, options, problems)
        with written_at(place):
            self._inside = Pipeline(self._steps(place))

    def _steps(self, place: Place) -> list[Step]:
        assert self.final is not None
        steps: list[Step] = [_folds_task(self, place, self.labels, self.folds, self.seed, self.stratified)]
        for model in self.models:
            steps += [self._held_out(model, place), model.replaced(returns=f"{model.name} prediction")]
        return [*steps, Pipeline(self._final(place), name="final").as_step()]

    def _held_out(self, model: Learner, place: Place) -> Step:
        """Return the steps that predict each row of the training data once, by a model that has not seen it."""
        # With the model's name: nodes that call and return the same share an operation, and the code behind it.
        parts = [f"{model.name} part {fold}" for fold in range(1, self.folds + 1)]
        steps: list[Step] = [
            fit_task(
                f"fold-{fold}",
                place,
                model.links,
                [Return(name=part)],
                what="cross",
                takes=[Take(FOLDS, is_required=True)],
                fold=fold,
            )
            for fold, part in enumerate(parts, 1)
        ]
        takes = Takes(tuple(Take(each, is_required=True) for each in (*parts, FOLDS)))
        made = [Return(name=f"{model.name} held out")]
        steps.append(LearnTask("assemble", "all", place, takes, returns=made, settings={"parts": [*parts]}))
        return Pipeline(steps, name=f"{model.name}-folds").as_step()

    def _final(self, place: Place) -> list[Step]:
        assert self.final is not None
        link = self.final.links[0]._replace(labels=self.labels, returns=self.result)
        columns = {kind: [f"{each.name} {kind}" for each in self.models] for kind in ("held out", "prediction")}
        tasks = []
        for kind, names in columns.items():
            takes = Takes(tuple(Take(each, is_required=True) for each in names))
            made = [Return(name=f"columns {kind}")]
            tasks.append(
                LearnTask(
                    "columns",
                    "learned-from" if kind == "held out" else "columns",
                    place,
                    takes,
                    returns=made,
                    settings={"columns": [*names]},
                )
            )
        fit = fit_task("fit", place, [link._replace(features="columns held out")], [state_named(self.name)])
        columned = [link._replace(features="columns prediction")]
        predict = predict_task("predict", place, columned, self.name, self.result)
        return [tasks[0], fit, tasks[1], predict]


class Ensemble(Learner):
    """Models that are trained side by side; what they predict is combined.

    Nodes: `NAME/MODEL/fit`, `NAME/MODEL/predict`, `NAME/combine`.
    """

    def __init__(
        self,
        models: Sequence[object],
        name: str = "ensemble",
        combine: str | Callable[..., object] = "auto",
        weights: Sequence[float] | None = None,
        returns: str = "prediction",
        **options: Any,
    ):
        """Combine models.

        Args:
            models: Models, chains or estimators.
            name: Of the step.
            combine: "mean"; "vote", the most frequent label, of equally frequent ones that of the earlier model;
                "auto": the mean of numbers with a fraction, a vote of anything else; or a function of the list of
                predictions.
            weights: One number for each model; None: all count the same.
            returns: Name of what comes out.
            options: See `Options`.

        Raises:
            InvalidError: anything in it is wrong; all of it in one message.
        """
        place = caller()
        problems: list[InvalidError] = []
        self.models = _rows(models, problems, needs_links=False)
        self.result, self.combine, self.weights = returns, combine, weights
        self.labels, self.features = _common(self.models, problems), self.models[0].features if self.models else "X"
        _check(problems, name, returns, 2, 0, [*(each.name for each in self.models), "combine"])
        _check_combining(combine, weights, len(self.models), problems)
        super().__init__(name, place, options, problems)
        names = [f"{each.name} prediction" for each in self.models]
        with written_at(place):
            inside = [each.replaced(returns=made) for each, made in zip(self.models, names, strict=True)]
            self._inside = Pipeline([*inside, _combine_task(place, names, returns, combine, weights)])

    @property
    def outputs(self) -> tuple[str, ...]:
        """What comes out."""
        return (self.result,)


class CrossValidated(Learner):
    """One model trained once for each fold, without it; what these predict of new rows is combined.

    Of the training data each row is predicted by the one that has not seen it, exactly once, so that what follows can
    learn from it. Nodes: `NAME/fold-1/fit`, `NAME/fold-1/predict`..., `NAME/combine`.
    """

    def __init__(
        self,
        model: object,
        name: str | None = None,
        folds: int = 5,
        seed: int = 0,
        stratified: bool = False,
        combine: str | Callable[..., object] = "auto",
        returns: str | None = None,
        **options: Any,
    ):
        """Train a model by folds.

        Args:
            model: Model, chain or estimator.
            name: Of the step; None: "cross_validated".
            folds: At least 2.
            seed: Of the folds.
            stratified: True: each fold has its share of each label.
            combine: As of an `Ensemble`.
            returns: Name of what comes out; None: as the model says.
            options: See `Options`.

        Raises:
            InvalidError: anything in it is wrong; all of it in one message.
        """
        place = caller()
        problems: list[InvalidError] = []
        found = _rows([model], problems)
        self.model = found[0] if found else None
        self.folds, self.seed, self.stratified, self.combine = folds, seed, stratified, combine
        self.result = returns if returns is not None else self.model.result if self.model is not None else "prediction"
        self.labels = None if self.model is None else self.model.labels
        self.features = "X" if self.model is None else self.model.features
        name = "cross_validated" if name is None else name
        _check(problems, name, self.result, folds, seed, [])
        if stratified and self.model is not None and self.labels is None:
            problems.append(InvalidError("stratified= needs labels, and the model learns without"))
        _check_combining(combine, None, folds, problems)
        super().__init__(name, place, options, problems)
        with written_at(place):
            self._inside = Pipeline(self._steps(place))

    @property
    def outputs(self) -> tuple[str, ...]:
        """What comes out."""
        return (self.result,)

    def _steps(self, place: Place) -> list[Step]:
        assert self.model is not None
        counted = self.features if self.labels is None else self.labels
        steps: list[Step] = [_folds_task(self, place, counted, self.folds, self.seed, self.stratified)]
        names = [f"part {fold}" for fold in range(1, self.folds + 1)]
        for fold, part in enumerate(names, 1):
            state = f"{self.name} {fold}"
            takes = [Take(FOLDS, is_required=True)]
            made = [state_named(state)]
            inside = [
                fit_task("fit", place, self.model.links, made, takes=takes, fold=fold),
                predict_task("predict", place, self.model.links, state, part, takes=takes, fold=fold),
            ]
            steps.append(Pipeline(inside, name=f"fold-{fold}").as_step())
        takes = [Take(FOLDS, is_required=True)]
        return [*steps, _combine_task(place, names, self.result, self.combine, None, takes)]


def _folds_task(step: Learner, place: Place, counted: str | None, folds: int, seed: int, stratified: bool) -> LearnTask:
    name = step.features if counted is None else counted
    settings: dict[str, Json] = {"rows": name, "folds": folds, "seed": seed, "stratified": stratified}
    takes = Takes((Take(name, is_required=True),))
    return LearnTask(FOLDS, FOLDS, place, takes, returns=[Return(name=FOLDS)], settings=settings)


def _combine_task(
    place: Place,
    names: Sequence[str],
    result: str,
    combine: str | Callable[..., object],
    weights: Sequence[float] | None,
    takes: Sequence[Take] = (),
) -> LearnTask:
    how = combine if isinstance(combine, str) else None
    taken = (*(Take(each, is_required=True) for each in names), *takes)
    settings: dict[str, Json] = {
        "parts": [*names],
        "combine": how,
        "weights": None if weights is None else [float(each) for each in weights],
    }
    values = {} if how is not None else {"function": combine}
    made = [Return(name=result)]
    return LearnTask("combine", "combine", place, Takes(taken), returns=made, settings=settings, values=values)


def _rows(models: object, problems: list[InvalidError], *, needs_links: bool = True) -> tuple[Learner, ...]:
    """Return models that differ in their names; those of `needs_links` are rows of estimators."""
    if isinstance(models, str | Mapping) or not isinstance(models, Sequence) or not models:
        problems.append(InvalidError(f"models= takes a list of models, not {models!r}"))
        return ()
    found = [each for given in models if (each := learner_of(given, problems, "models=")) is not None]
    for each in found:
        if needs_links and not each.links:
            text = f"has '{each.name}', a {type(each).__name__}: its folds are trained as a whole"
            problems.append(InvalidError(text, "use a Model or a chain of models in it"))
    names = [each.name for each in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        problems.append(InvalidError(f"two of its models are called '{twice[0]}'", "give one of them name="))
    return tuple(found)


def _common(models: Sequence[Learner], problems: list[InvalidError]) -> str | None:
    labels = list(dict.fromkeys(each.labels for each in models))
    if len(labels) > 1:
        told = ", ".join(str(each) for each in labels)
        problems.append(InvalidError(f"its models learn from different labels: {told}"))
    return labels[0] if labels else None


def _check(
    problems: list[InvalidError], name: object, returns: object, folds: object, seed: object, inside: Sequence[str]
) -> None:
    if trouble := name_problem(returns):
        problems.append(InvalidError(f"returns= {trouble}"))
    if isinstance(folds, bool) or not isinstance(folds, int) or not 2 <= folds <= 1000:
        problems.append(InvalidError(f"folds= takes a whole number from 2 to 1000, not {folds!r}"))
    if isinstance(seed, bool) or not isinstance(seed, int):
        problems.append(InvalidError(f"seed= takes a whole number, not {seed!r}"))
    if name in inside or inside.count(inside[-1] if inside else "") > 1:
        problems.append(InvalidError(f"the name '{name if name in inside else inside[-1]}' is taken inside of it"))


def _check_combining(combine: object, weights: object, count: int, problems: list[InvalidError]) -> None:
    if isinstance(combine, str) and combine not in COMBINES:
        text = f"combine= is one of {', '.join(COMBINES)} or a function, not {combine!r}{nearest(combine, COMBINES)}"
        problems.append(InvalidError(text))
    elif not isinstance(combine, str) and not callable(combine):
        problems.append(InvalidError(f"combine= takes a function or one of {', '.join(COMBINES)}, not {combine!r}"))
    if weights is None:
        return
    if not isinstance(weights, Sequence) or not all(isinstance(each, int | float) and each >= 0 for each in weights):
        problems.append(InvalidError(f"weights= takes numbers of 0 or more, not {weights!r}"))
    elif len(weights) != count or not sum(weights):
        problems.append(InvalidError(f"weights= takes one number for each of {count} models, not all 0"))
    elif callable(combine):
        problems.append(InvalidError("weights= goes with 'mean' and 'vote', not with a function"))
