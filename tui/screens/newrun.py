"""A new run: which pipeline, with which parameters; what would run is seen before anything starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Input

from ...core.errors import GraftError
from ...core.formfields import FormField
from ...core.plans import Plan
from ...core.ports import Loaded
from ...core.records import replace
from ...core.requests import RunRequest
from ...core.runs import Run
from ...core.workspace import Workspace
from ..bridge import begin
from ..keys import bindings
from ..planlines import paths_text, plan_lines
from ..tones import Line, Tone
from ..wanted import NO, YES, Wanted
from ..widgets.field import Field
from ..widgets.grid import Grid
from ..widgets.rows import ListRows
from ..widgets.sheet import Sheet
from .page import Page
from .runform import (
    CHOSEN,
    METHODS,
    Entry,
    action_entry,
    choices_note,
    form_columns,
    lifecycle_entries,
    problem_lines,
)

if TYPE_CHECKING:
    from ..lifeplan import LifePlan  # with registries, for runs that train and apply


class NewRun(Page):
    """The form, and beside it the plan."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("new.start", "new.change", "new.clear", "new.watch"),
    ]
    HINTS = ("row.open", "new.change", "new.start", "new.watch", "refresh", "back")

    def __init__(self, wanted: Wanted | None = None) -> None:
        super().__init__()
        self.wanted = wanted or Wanted()
        self.plan: Plan | LifePlan | None = None
        self.problem: GraftError | None = None
        self.is_busy = False
        """Code is being loaded, or the run is being started."""
        self._form: Loaded | None = None
        self._targets: Sequence[str] = ()
        self._warnings: list[str] = []
        self._editing: str | None = None

    @property
    def is_behind(self) -> bool:
        """Tell whether it is still looking ahead."""
        return self.is_busy

    def body(self) -> ComposeResult:
        """Put the form above or beside the plan."""
        yield Field(id="field")
        with Container(id="body", classes="split"):
            yield Grid[Entry](form_columns(), lambda each: each.id, glyphs=self.graft.glyphs, id="list")
            yield Sheet(id="detail")

    @property
    def grid(self) -> Grid[Entry]:
        """Return the form."""
        return self.query_one("#list", Grid)

    # -- what is shown ---------------------------------------------------------------------------------------------

    def crumbs(self) -> tuple[Line, Line]:
        """Return where one is, and whether something is being worked out."""
        sign = "›" if not self.graft.glyphs.is_ascii else ">"
        busy = f"loading {self.graft.glyphs.ellipsis}   esc gives it up" if self.is_busy else ""
        return [(f"Runs {sign} ", Tone.DIM), ("New run", Tone.BOLD)], [(busy, Tone.YELLOW)]

    async def reload(self) -> None:
        """Nothing of the store is shown; code is read when the form asks for it (`R`)."""

    def on_mount(self) -> None:
        """Begin to look the pipelines up and to load the project's own."""
        self._fill()
        self.grid.focus()
        begin(self, self._begin, "load")

    async def _begin(self) -> None:
        try:
            self._targets = await self.ask(lambda _: self.graft.outside.targets())
        except GraftError as error:
            self.complain(error)
        if not self.wanted.target and self._targets:
            self.wanted = replace(self.wanted, target=self._targets[0])
        await self._load()

    async def _load(self) -> None:
        """Load the target for its parameters, then work out what would run."""
        self._form = None
        self._set_busy()
        wanted, outside = self.wanted, self.graft.outside
        if wanted.words:  # published code has no form: its parameters are given by name
            await self._look_ahead()
            return
        try:
            self._form = await self.bridge.load(
                lambda space: space.form(RunRequest(target=outside.target(wanted.target)))
            )
        except GraftError as error:
            self._done(None, error)
            return
        known = {each.key for each in self._form.form or ()}
        self.wanted = replace(
            self.wanted, params={key: text for key, text in self.wanted.params.items() if key in known}
        )
        self._fill()
        await self._look_ahead()

    async def _look_ahead(self) -> None:
        """Work out what would run, as far as all that has to be given is there."""
        missing = self._missing()
        if missing:
            self._done(None, None)
            return
        self._set_busy()
        wanted, outside = self.wanted, self.graft.outside
        outside.warnings.clear()

        def call(space: Workspace) -> Plan | LifePlan:
            if wanted.is_lifecycle:
                from ..lifeplan import look_ahead

                return look_ahead(space, wanted, outside)
            return space.inquiry.plan(wanted.request(outside.target(wanted.target)))

        try:
            plan = await self.bridge.load(call)
            self._warnings = list(dict.fromkeys(outside.warnings))
            self._done(plan, None)
        except GraftError as error:
            self._done(None, error)

    def _missing(self) -> list[str]:
        fields = self._form.form or () if self._form is not None else ()
        wanted = self.wanted
        typed = f"{wanted.more} {wanted.spaces if wanted.is_search else ''}"
        given = wanted.params.keys() | {each.partition("=")[0] for each in typed.split()}
        return [each.key for each in fields if each.default is None and each.key not in given]

    def _set_busy(self) -> None:
        self.is_busy, self.plan, self.problem = True, None, None
        self._fill()

    def _done(self, plan: Plan | LifePlan | None, problem: GraftError | None) -> None:
        self.is_busy, self.plan, self.problem = False, plan, problem
        self._fill()

    def _fill(self) -> None:
        """Show the form and the outlook as they stand."""
        rows: ListRows[Entry] = ListRows(self.entries(), lambda each: each.id)
        self.grid.replace_rows(rows)
        self.query_one("#detail", Sheet).show(self.outlook())
        self.show_bars()

    def entries(self) -> list[Entry]:
        """Return the rows of the form."""
        wanted = self.wanted
        names = [node.path for node in self._form.graph.nodes] if self._form is not None else []
        steps = paths_text(names, self.graft.glyphs, 6) or "names of steps, by commas"
        targets = tuple(self._targets)
        return [
            Entry(id="start", label="start", value=self._start_text(), note=""),
            action_entry(wanted),
            Entry(id="target", label="pipeline", value=wanted.target, choices=targets, note=choices_note(targets)),
            *(self._parameter(each) for each in (self._form.form or () if self._form is not None else ())),
            Entry(id="more", label="parameters", value=wanted.more, note="further ones: NAME=VALUE STEP:NAME=VALUE"),
            *(lifecycle_entries(wanted) if wanted.is_lifecycle else self._selection(steps)),
            Entry(
                id="force", label="force", value=wanted.force, choices=(NO, YES), note="run steps that could be reused"
            ),
            Entry(
                id="fail_fast", label="fail fast", value=wanted.fail_fast, choices=(NO, YES), note="stop at a failure"
            ),
            Entry(id="jobs", label="jobs", value=wanted.jobs, default="all cpus", note="cpus that steps use"),
            Entry(id="tags", label="tags", value=wanted.tags, default="none", note="by commas"),
            Entry(id="runner", label="runner", value=wanted.runner, default=self.bridge.runner, note="who executes"),
        ]

    def _selection(self, steps: str) -> list[Entry]:
        wanted = self.wanted
        return [
            Entry(id="only", label="only", value=wanted.only, default="everything", note=steps),
            Entry(id="start_at", label="from", value=wanted.start, default="the beginning", note=steps),
            Entry(id="end", label="to", value=wanted.end, default="the end", note=steps),
        ]

    def _start_text(self) -> str:
        if self.is_busy:
            return f"looking ahead {self.graft.glyphs.ellipsis}"
        if missing := self._missing():
            return f"needs {', '.join(missing)}"
        if self.plan is None:
            return "cannot start"
        if isinstance(self.plan, Plan):
            return self.graft.outside.phrases.summary(self.plan)
        return self.plan.summary

    def _parameter(self, field: FormField) -> Entry:
        text = self.wanted.params.get(field.key)
        takers = f"for {', '.join(field.steps)}" if field.steps else ""
        told = [", ".join(field.choices) if field.kind == "choice" else field.kind]
        told += [field.where if field.where != "default" else "", takers]
        message = self.problem.message if self.problem is not None else ""
        return Entry(
            id=f"param:{field.key}",
            label=field.key,
            value=text or "",
            default=field.default if field.default is not None else "",
            note=self.graft.glyphs.dot.join(each for each in told if each),
            choices=field.choices,
            is_missing=field.default is None and text is None,
            is_wrong=text is not None and f"'{field.key}'" in message,
        )

    def outlook(self) -> list[Line]:
        """Return the command that does the same, and the plan or what is wrong."""
        return [[("$ ", Tone.DIM), (self.wanted.command, Tone.CYAN)], [], *self._told()]

    def _told(self) -> list[Line]:
        glyphs = self.graft.glyphs
        if self.problem is not None:
            return problem_lines(self.problem)
        if self.is_busy:
            return [[(f"looking ahead {glyphs.ellipsis}", Tone.DIM)]]
        if missing := self._missing():
            return [[(f"{', '.join(missing)} has to be given", Tone.YELLOW)], [("enter on it, then type", Tone.DIM)]]
        if self.plan is None:
            return []
        odd: list[Line] = [[("warning  ", Tone.YELLOW), (text, Tone.TEXT)] for text in self._warnings]
        if isinstance(self.plan, Plan):
            return [*plan_lines(self.plan, self.graft.outside.phrases, glyphs), *([[], *odd] if odd else [])]
        from ..lifeplan import plan_lines as life_lines

        return [*life_lines(self.plan), *([[], *odd] if odd else [])]

    # -- events ----------------------------------------------------------------------------------------------------

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Start on the first row; on others change what stands there."""
        event.stop()
        entry = self.grid.current
        if entry is None:
            return
        if entry.id == "start":
            self.action_start_new()
        elif entry.id in CHOSEN or entry.id == "method":
            self.action_change(1)
        else:
            self._edit(entry)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take what was typed and go to the next row."""
        entry_id, text = self._editing, event.value.strip()
        self._close_field()
        if entry_id is not None:
            self._set(entry_id, text)
            self.grid.action_move(1)

    def _edit(self, entry: Entry) -> None:
        field = self.query_one("#field", Input)
        self._editing = entry.id
        field.value = entry.value
        field.placeholder = f"{entry.label}   {entry.note}"
        field.add_class("-open")
        field.focus()

    def _close_field(self) -> None:
        self._editing = None
        self.query_one("#field", Input).remove_class("-open")
        self.grid.focus()

    def _set(self, entry_id: str, text: str) -> None:
        before, wanted = self.wanted, self.wanted
        kind, _, key = entry_id.partition(":")
        if kind == "param":
            params = {name: each for name, each in wanted.params.items() if name != key}
            self.wanted = replace(wanted, params={**params, key: text} if text else params)
        else:
            name = {"start_at": "start"}.get(entry_id, entry_id)
            usual = "run" if entry_id == "action" else NO if entry_id in CHOSEN else ""
            changes: dict[str, Any] = {name: usual if text == METHODS[0] else text or usual}
            self.wanted = replace(wanted, **changes)
        if self.wanted != before:
            is_other = self.wanted.target != before.target or self._form is None
            if self.wanted.action != before.action:
                self._fill()
            begin(self, self._load if is_other else self._look_ahead, "load")

    # -- actions ---------------------------------------------------------------------------------------------------

    def action_change(self, by: int) -> None:
        """Take the next of what a row may be."""
        entry = self.grid.current
        if entry is None or entry.id == "start":
            return
        if not entry.choices:
            self._edit(entry)
            return
        now = entry.value or entry.default
        at = entry.choices.index(now) if now in entry.choices else -1
        self._set(entry.id, entry.choices[(at + by) % len(entry.choices)])
        self._fill()

    def action_clear(self) -> None:
        """Take back what was typed in a row."""
        entry = self.grid.current
        if entry is not None and entry.id not in ("start", "target"):
            self._set(entry.id, "")
            self._fill()

    def action_start_new(self) -> None:
        """Start the run and open it."""
        if self.graft.outside.is_read_only:
            self.say("this UI only looks: it was opened with --read-only", Tone.YELLOW)
        elif missing := self._missing():
            self.say(f"{', '.join(missing)} has to be given", Tone.YELLOW)
            self.grid.go_to_key(f"param:{missing[0]}")
        elif self.is_busy or self.plan is None:
            self.say("not yet: still looking ahead" if self.is_busy else "it cannot start like this", Tone.YELLOW)
        else:
            begin(self, self._start, "load")

    def action_watch_new(self) -> None:
        """Watch it instead of running it once."""
        going, outside, wanted = self.graft.watching, self.graft.outside, self.wanted
        if outside.is_read_only:
            self.say("this UI only looks: it was opened with --read-only", Tone.YELLOW)
        elif going is not None and not going.is_over:
            self.say("a watch goes on already; W in the list of runs shows it", Tone.YELLOW)
        elif wanted.is_lifecycle:
            self.say("runs alone are watched", Tone.YELLOW)
        elif self.plan is None:
            self.say("it cannot start like this", Tone.YELLOW)
        else:
            text = wanted.command.partition(" run")[2].strip()
            self.graft.steering.watch(
                text, lambda: replace(wanted.request(outside.target(wanted.target)), origin="watch")
            )
            self.graft.go("watch")

    async def _start(self) -> None:
        self.is_busy = True
        self.show_bars()
        wanted, outside = self.wanted, self.graft.outside

        def call(space: Workspace) -> Run:
            if wanted.is_lifecycle:
                from ..lifeplan import start

                return start(space, wanted, outside)
            return space.show(space.submit(wanted.request(outside.target(wanted.target))))

        try:
            run = await self.bridge.load(call)
        except GraftError as error:
            self.graft.note(wanted.command, error)
            self._done(None, error)
            return
        self.graft.note(wanted.command, None)
        self.app.pop_screen()
        self.graft.open_run(run)

    def action_refresh_now(self) -> None:
        """Load the code again, as it is now."""
        begin(self, self._load, "load")

    def action_back(self) -> None:
        """Close the field, then give up what is being worked out, then leave."""
        if self._editing is not None:
            self._close_field()
        elif self.is_busy:
            self.workers.cancel_group(self, "load")
            self._done(None, None)
            self.say("given up; R loads it again", Tone.DIM)
        else:
            super().action_back()
