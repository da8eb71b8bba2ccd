"""What the words RUN and STEP, or RUN and NAME, mean: a single word that is no run may be of the run at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..core.errors import MissingError
from ..core.ids import RunId
from .arguments import LAST

if TYPE_CHECKING:
    from ..core.workspace import Workspace


def run_and_step(space: Workspace, run: str, step: str | None, *, at_hand: str = LAST) -> tuple[RunId, str | None]:
    """Return the run that is meant, and the step as it was written: `graft logs fit` is of the last run.

    Args:
        run: What stands in place of RUN.
        step: What stands in place of STEP; None: nothing.
        at_hand: The run that a lone step is of.

    Raises:
        MissingError: there is no such run; the word is no step of the one at hand either.
    """

    def is_step(found: RunId) -> bool:
        return any(run in (node.path, node.name) for node in space.graph(found).nodes)

    return _either(space, run, step, at_hand, is_step)


def run_and_output(space: Workspace, run: str, name: str | None) -> tuple[RunId, str | None]:
    """Return the run that is meant, and the output as it was written: `graft output auc` is of the last run.

    Raises:
        MissingError: there is no such run; the word is no output of the last one either.
    """

    def is_output(found: RunId) -> bool:
        try:
            space.output(found, run)
        except MissingError:
            return False
        return True

    return _either(space, run, name, LAST, is_output)


def _either(
    space: Workspace, run: str, other: str | None, at_hand: str, is_of: Callable[[RunId], bool]
) -> tuple[RunId, str | None]:
    try:
        return space.find(run), other
    except MissingError:
        if other is None and not run.startswith("@"):
            found = _find(space, at_hand)
            if found is not None and is_of(found):
                return found, run
        raise


def _find(space: Workspace, text: str) -> RunId | None:
    try:
        return space.find(text)
    except MissingError:
        return None
