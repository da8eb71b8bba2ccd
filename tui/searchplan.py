"""What a sweep or a tuning would try, before it starts; and its start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..core.errors import InvalidError
from ..core.records import replace
from ..core.text import clean
from .lifeplan import LifePlan, request_of, target_of
from .outside import Outside
from .wanted import Wanted

if TYPE_CHECKING:
    from ..core.runs import Run
    from ..core.searches import Sought
    from ..core.spacetext import Searched
    from ..core.workspace import Workspace


def look_ahead(space: Workspace, wanted: Wanted, outside: Outside) -> LifePlan:
    """Return which trials there would be; nothing is written.

    Raises:
        GraftError: as starting it would.
    """
    sought = _sought(space, wanted, outside)
    record = sought.spec.search
    assert record is not None
    code = space.searches.code_line(sought, root=target_of(wanted, outside).root, command=wanted.action)
    told = ["   ".join(f"{clean(name)}={clean(text)}" for name, text in each.items()) for each in record.listed]
    chosen = f"{', '.join(map(clean, record.names))}: chosen as the search goes on"
    less = "" if record.is_maximum else ", less is better"
    return LifePlan(
        action=wanted.action,
        code=(code or "code: working copy").removeprefix("code: "),
        states="",
        made="the lineage, trained with the best" if record.refits else "",
        rows="",
        steps=told or [chosen],
        dropped={},
        noun="trial",
        count=record.count,
        ranked=f"{clean(record.metric)}{less}" if record.metric else "",
    )


def start(space: Workspace, wanted: Wanted, outside: Outside) -> Run:
    """Start it in a process of its own and return its run, whose steps are the trials.

    Raises:
        GraftError: it cannot be started.
    """
    sought = _sought(space, wanted, outside)
    if wanted.action == "tune":
        space.lifecycle.check_lasting()
    return space.show(space.launch(space.searches.create(sought)))


def _sought(space: Workspace, wanted: Wanted, outside: Outside) -> Sought:
    from ..core.searches import TuneRequest
    from ..core.spacetext import read_spaces
    from ..core.trials import distinct

    request = request_of(wanted, target_of(wanted, outside))
    count, (metric, is_maximum) = wanted.trial_count, wanted.judged_by
    if wanted.action == "sweep":
        trials = distinct(iter(_trials(read_spaces(wanted.searched), count)))
        return space.searches.sweep(request, trials, metric=metric, is_maximum=is_maximum)
    asked = TuneRequest(
        spaces=read_spaces(wanted.searched) if wanted.searched else None,
        method=wanted.method or None,
        trials=count,
        metric=metric,
        is_maximum=None if metric is None else is_maximum,
    )
    return space.searches.tune(replace(request, from_start=False), asked)


def _trials(spaces: Mapping[str, Searched], count: int | None) -> Iterable[Mapping[str, Any]]:
    from ..core.spacetext import drawn_of, fresh_seed, grid_of

    if not spaces:
        raise InvalidError("nothing is searched", "enter on 'search', then type C=0.1,1,10 or lr=log(1e-4,1e-1,5)")
    return grid_of(spaces) if count is None else drawn_of(spaces, count, fresh_seed())
