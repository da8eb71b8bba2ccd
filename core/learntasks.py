"""The tasks that models and evaluations are made of: a worker does what `what` says, with arguments bound by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .graph import Return
from .place import Place
from .supply import Json
from .tasks import Task

if TYPE_CHECKING:
    from .takes import Takes  # it knows all tasks, this one too

PREVIOUS_STATE = "previous"
"""Argument that gets the state of the last generation, and last part of the path of the node that loads it."""
ESTIMATOR, SETTINGS = "estimator", "settings"
"""Arguments that a person does not name: what is trained, and the names it is about."""
FOLDS = "folds"
"""What a task does that tells rows of training data apart: there is nothing like it when it applies."""


class LearnTask(Task):
    """One node of a model: what is done, what it takes, what it returns."""

    def __init__(
        self,
        what: str,
        name: str,
        place: Place,
        takes: Takes,
        *,
        returns: Sequence[Return],
        settings: Mapping[str, Json],
        values: Mapping[str, object] | None = None,
        modes: Sequence[str] | None = None,
    ):
        """Make one.

        Args:
            what: Name of the doing, in `worker/learning.py`.
            name: Of the step.
            place: Where the user wrote the model.
            takes: Names it is given, `settings` and those of `values` not among them.
            returns: What it keeps.
            settings: What it has to know, JSON.
            values: Further fixed arguments: the estimator, a function that scores.
            modes: As the option of steps.
        """
        fixed: dict[str, Any] = {**(values or {}), SETTINGS: dict(settings)}
        options: dict[str, object] = {"params": fixed, "modes": modes}
        super().__init__(name, place, tuple(returns), options)
        self.what = what
        self.takes = _with(takes, list(fixed))


def _with(takes: Takes, names: Sequence[str]) -> Takes:
    from .takes import Take, Takes  # as above

    return Takes((*(Take(name, is_required=True) for name in names), *takes.items))
