"""How the list of runs is shown: its view, columns and order, kept from one time to the next."""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar

from textual.binding import BindingType

from ...core.errors import InvalidError
from ...core.ports import RunQuery
from ...core.runfilter import run_query
from ...core.runs import Run
from ...core.states import Status
from ..keys import bindings
from ..widgets.grid import Column
from .filtering import Filtering
from .marking import Marking
from .past import Past
from .runcolumns import FIXED, pipeline_columns, run_columns
from .runlines import Moment

VIEWS: dict[str, tuple[Status, ...] | None] = {
    "all": None,
    "active": (Status.STARTED, Status.PENDING),
    "failed": (Status.FAILURE, Status.INTERRUPTED),
    "pipelines": None,
}
"""The tabs of the list, and the states each shows."""


class RunView(Filtering, Marking):
    """A list of runs that is shown as a person wants it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("runs.columns")]

    def __init__(self) -> None:
        super().__init__()
        self.view = "all"
        """One of `VIEWS`."""
        self.is_everywhere = False
        """Runs of all projects are listed."""
        self.is_reversed = False
        """Oldest first."""
        self.hidden: set[str] = set()
        """Titles of columns that are not shown."""
        self.has_generations = False
        """Some run that was seen has to do with a generation: a column tells which."""
        self.moment = Moment()
        self.past = Past()

    def action_columns(self) -> None:
        """Choose the columns."""
        titles = [
            each.title
            for each in run_columns(self.graft.glyphs, self.moment, self.past, with_generation=self.has_generations)
        ]

        def answered(hidden: set[str] | None) -> None:
            if hidden is not None:
                self.hidden = hidden
                self.set_columns()
                self.remember()

        from .choosing import Choosing

        free = [title for title in titles if title not in FIXED]
        self.app.push_screen(Choosing("Columns", free, self.hidden, self.graft.glyphs), answered)

    def remember(self) -> None:
        """Keep how the list is shown for the next time."""
        self.graft.memory.keep(
            view=self.view,
            filter=self.filter,
            everywhere=self.is_everywhere,
            oldest_first=self.is_reversed,
            hidden=sorted(self.hidden),
        )

    def recall(self) -> None:
        """Show the list as it was shown the last time."""
        memory = self.graft.memory
        self.view = memory.text("view") if memory.text("view") in VIEWS else "all"
        self.is_everywhere, self.is_reversed = memory.flag("everywhere"), memory.flag("oldest_first")
        self.hidden = set(memory.texts("hidden"))
        with suppress(InvalidError):  # a word that a later version knows
            run_query(memory.text("filter"), RunQuery(), self.bridge.now())
            self.filter = memory.text("filter")

    def set_columns(self) -> None:
        """Show the columns that the view has now."""
        self.grid.set_columns(self.columns())

    def columns(self) -> list[Column[Run]]:
        """Return the columns of the view."""
        glyphs = self.graft.glyphs
        if self.view == "pipelines":
            return pipeline_columns(glyphs, self.moment, self.past, with_project=self.is_everywhere)
        return run_columns(
            glyphs,
            self.moment,
            self.past,
            with_project=self.is_everywhere,
            with_generation=self.has_generations,
            hidden=self.hidden,
        )
