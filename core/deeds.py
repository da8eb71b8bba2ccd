"""Deeds: one action of a model, script, notebook or function, as asked for. What `runtime` collects and submits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import InvalidError, nearest
from .records import dataclass, field

FIT = frozenset({"fit", "train", "partial_fit"})
"""Actions of models that make a generation."""
ESTIMATOR_ACTIONS = (
    "fit",
    "partial_fit",
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "transform",
    "inverse_transform",
    "score",
)
"""Methods that may be asked of an estimator, where it has them."""
PIPELINE_ACTIONS = {
    "fit": "train",
    "train": "train",
    "predict": "apply",
    "apply": "apply",
    "score": "eval",
    "eval": "eval",
}
"""Actions of a project of the registry -> what is done with its pipeline."""
KINDS: Mapping[str, tuple[str, ...]] = {
    "model": ("fit", "train", "partial_fit", "predict", "apply", "score", "eval", *ESTIMATOR_ACTIONS[3:8]),
    "script": ("run",),
    "notebook": ("run",),
    "job": ("run",),
    "function": ("run",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What is to be done, with whatever it was given."""

    kind: str
    name: str
    """Of the model or function; the path of the script or notebook."""
    action: str
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    returns: tuple[str, ...] = ()
    """Variables of a notebook or program that are kept."""

    @property
    def is_fit(self) -> bool:
        """Tell whether it makes a generation."""
        return self.kind == "model" and self.action in FIT


def check_deed(kind: str, action: str) -> None:
    """Refuse what there is not.

    Raises:
        InvalidError: there is no such kind, or it has no such action; with the nearest.
    """
    if kind not in KINDS:
        raise InvalidError(f"there is no kind '{kind}'{nearest(kind, list(KINDS))}", f"kinds: {', '.join(KINDS)}")
    if action not in KINDS[kind]:
        known = list(dict.fromkeys(KINDS[kind]))
        raise InvalidError(f"a {kind} has no action '{action}'{nearest(action, known)}", f"it has {', '.join(known)}")
