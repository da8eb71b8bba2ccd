"""The filters of `graft runs`, which a search through the logs of runs takes too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.moments import since as moment
from ..core.ports import RunQuery
from ..core.signs import state_named
from ..core.states import Status

if TYPE_CHECKING:
    from ..core.workspace import Workspace


def runs_wanted(
    space: Workspace,
    *,
    states: Sequence[str] | None,
    since: str | None,
    tag: str | None,
    pipeline: str | None,
    parent: str | None,
    all_projects: bool,
    is_all: bool,
) -> RunQuery:
    """Return what the filters ask for, as many runs as there are. None: not said.

    Args:
        space: whose project is meant, unless all are.
        states: words for states, several by commas.
        since: a moment, or how long ago.
        tag: one that runs have.
        pipeline: its name.
        parent: a run, whose children are wanted.
        all_projects: of every project of the store.
        is_all: also runs that no person asked for by themselves.

    Raises:
        InvalidError: a state or a moment is none.
        MissingError: there is no such parent.
    """
    return RunQuery(
        project=None if all_projects else space.parts.project,
        states=_states(states),
        pipeline=pipeline,
        tag=tag,
        parent=None if parent is None else space.find(parent, all_projects=all_projects),
        since=None if since is None else moment(since, space.parts.clock()),
        with_children=is_all or parent is not None,
    )


def words_of(texts: Sequence[str] | None) -> list[str]:
    """Return the words of an option that may be repeated, each time with several by commas."""
    return [word.strip() for text in texts or () for word in text.split(",") if word.strip()]


def _states(texts: Sequence[str] | None) -> tuple[Status, ...] | None:
    names = words_of(texts)
    return tuple(dict.fromkeys(state_named(name) for name in names)) if names else None
