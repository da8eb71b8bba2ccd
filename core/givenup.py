"""Values that were deleted to free space: said in one sentence where they are asked for, and not deep down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .artifacts import ArtifactRef
from .errors import MissingError
from .ids import RunId
from .moments import local

if TYPE_CHECKING:
    from .ports import Outputs


class GivenUp(MissingError):
    """A value that `graft gc` has deleted."""

    def __init__(self, sha256: str, at: float):
        super().__init__(
            f"the value {sha256[:12]} is not there: 'graft gc' deleted it on {local(at)[:16]} to free space",
            "'graft rerun RUN' computes it again",
        )


def refuse_given_up(outputs: Outputs, run: RunId, refs: Iterable[ArtifactRef], what: str) -> None:
    """Refuse what would need values of a run that are not there any more.

    Args:
        outputs: where they were.
        run: whose they were.
        refs: what is needed.
        what: what needs them: "step 'fit' of run k3f9ab".

    Raises:
        MissingError: some were deleted to free space.
    """
    if gone := outputs.given_up(refs):
        raise MissingError(
            f"{what} needs {given_up_text(gone)}", f"'graft rerun {run[:6]}' computes all values of the run again"
        )


def given_up_text(gone: Mapping[str, float]) -> str:
    """Return "2 values that 'graft gc' deleted on 2026-11-21 12:00 to free space"."""
    count = "a value" if len(gone) == 1 else f"{len(gone):,} values"
    return f"{count} that 'graft gc' deleted on {local(max(gone.values()))[:16]} to free space"
