"""The registry: projects, lineages and generations as a tree, and beside it what the row at the cursor is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from ...core.errors import GraftError
from ...core.lineages import Generation
from ...core.workspace import Workspace
from ..bridge import begin
from ..keys import bindings
from ..shelf import Id, Row, Shelf, read_shelf, rows_of, searched, verified
from ..shelffacts import Facts, read_facts
from ..shelflines import fact_sheet, tree_columns
from ..shelfmoves import OpenRegistry
from ..tones import Line, Span, Tone
from ..widgets.grid import Grid
from ..widgets.rows import ListRows
from ..widgets.sheet import Sheet
from .registrydeeds import RegistryDeeds

AGAIN_S = 5
"""Between two looks at a registry whose changes do not move the store's version: a directory."""


class RegistryScreen(RegistryDeeds):
    """The tree and the sheet."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("filter", "shelf.verify", "shelf.dev", "shelf.registry"),
    ]
    PLACEHOLDER = "any words: an address, an alias, a metric, C=1, a commit, broken"

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.wanted = text
        """Address to go to, once it is read; empty: none."""
        self.opened: set[Id] = set()
        self.with_dev = False
        self.broken: dict[Id, str] = {}
        """What verifying found, by id."""
        self.shelf: Shelf | None = None
        self.facts: Facts | None = None
        self.is_verifying = False
        self.where = ""
        """Name or directory of the registry that is shown."""
        self._ticks = 0
        self._is_first = True
        self._is_stored = True
        """It is the store's: its changes are seen as they come."""

    def body(self) -> ComposeResult:
        """Put the sheet beside or below the tree."""
        with Container(id="body"):
            yield Grid[Row](
                tree_columns(self.graft.glyphs, self.bridge.now()),
                lambda row: row.id,
                glyphs=self.graft.glyphs,
                empty=self._nothing,
                id="list",
            )
            yield Sheet(id="detail")

    @property
    def grid(self) -> Grid[Row]:
        """Return the tree."""
        return self.query_one("#list", Grid)

    def subject(self) -> Row | None:
        """Return the row at the cursor."""
        return self.grid.current if self.is_ready else None

    def forget(self) -> None:
        """Read everything again."""
        self.shelf = None

    # -- what is shown ---------------------------------------------------------------------------------------------

    def crumbs(self) -> tuple[Line, Line]:
        """Return where one is and which registry it is."""
        sign = ">" if self.graft.glyphs.is_ascii else "›"
        row = self.subject()
        left: list[Span] = [("Registry", Tone.BOLD)]
        for part in row.id if row is not None else ():
            left += [(f" {sign} ", Tone.DIM), (part, Tone.TEXT)]
        left += [("   / ", Tone.KEY), (self.filter, Tone.YELLOW)] if self.filter else []
        right: list[Span] = [("dev versions too   ", Tone.CYAN)] if self.with_dev else []
        return left, [*right, (self.where, Tone.DIM)]

    def status(self) -> tuple[Line, Line]:
        """Return whether the generation at the cursor may become champion, and the command."""
        row, facts = self.subject(), self.facts
        left: list[Span] = []
        sign: Span
        if self.is_verifying:
            left = [(f"verifying {self.graft.glyphs.ellipsis}", Tone.YELLOW)]
        elif row is not None and row.generation is not None and facts is not None and facts.row.id == row.id:
            for each in facts.gates:
                sign = ("holds", Tone.GREEN) if each.holds else ("fails", Tone.RED)
                left += [(f"{each.text} ", Tone.TEXT), sign, ("   ", Tone.TEXT)]
        command = f"$ {self.prefix} list {row.address if row is not None else ''}".rstrip()
        read_only: list[Span] = [("read-only   ", Tone.YELLOW)] if self.graft.outside.is_read_only else []
        return left, [*read_only, (command, Tone.DIM)]

    def hint_ids(self) -> Sequence[str]:
        """Return what can be done with what the cursor is on."""
        row = self.subject()
        if row is None:
            return ("shelf.release", "shelf.registry", "refresh", "back")
        if row.generation is not None:
            return ("shelf.run", "shelf.diff", "shelf.alias", "shelf.apply", "shelf.train", "shelf.back")
        return ("row.open", "shelf.train", "shelf.release", "shelf.copy", "filter", "shelf.registry")

    def _nothing(self) -> Sequence[Line]:
        if self.shelf is None:
            return []
        if self.filter:
            return [[], [("  nothing fits", Tone.BOLD), ("   esc shows all", Tone.DIM)]]
        return [
            [],
            [("  Nothing is registered here yet.", Tone.BOLD), ("  In a directory with a pipeline", Tone.DIM)],
            [("  whose steps return state(...):", Tone.DIM)],
            [],
            [("    graft train .", Tone.CYAN), ("     trains the working copy: its first generation", Tone.DIM)],
            [("    n", Tone.KEY), ("                 releases it, so that its code stays what it is", Tone.DIM)],
            [("    graft init", Tone.CYAN), ("        makes a project to begin with", Tone.DIM)],
            [],
            [("  p", Tone.KEY), (" looks at another registry", Tone.DIM)],
        ]

    async def reload(self) -> None:
        """Read what is open; where the cursor is told to go, open what leads there."""
        await self._begin()
        place, opened, before = self.place, frozenset(self.opened), self.shelf or Shelf()
        is_whole = bool(self.filter)

        def read(space: Workspace) -> tuple[Shelf, str, bool]:
            at = space.with_registry(place)
            registry = at.parts.registry()
            found = read_shelf(registry, opened, before, is_whole=is_whole)
            return found, at.parts.registry_place(), registry.name == "sqlite"

        self.shelf, self.where, self._is_stored = await self.ask(read)
        if self._is_first and self._open_first():
            self.shelf = None
            await self.reload()
            return
        self._fill()
        if self.wanted:
            self.grid.go_to_key(tuple(self.wanted.split("/")))
            self.wanted = ""
        await self._detail()

    async def _begin(self) -> None:
        """Open what leads to the address one came for; an alias is looked up."""
        if not self.others:
            self.others = await self.ask(lambda _: self.graft.outside.registries())
        if "@" in self.wanted:
            wanted, place = self.wanted, self.place
            _, generation = await self.ask(lambda space: space.with_registry(place).lineages.generation_of(wanted))
            self.wanted = generation.address
        parts = tuple(self.wanted.split("/")) if self.wanted else ()
        self.opened |= {parts[:count] for count in range(1, len(parts))}
        self.with_dev = self.with_dev or (len(parts) > 1 and ".dev" in parts[1])

    def _open_first(self) -> bool:
        """Open the project at hand and its newest lineage, the first time; False: there is nothing to open."""
        if self.shelf is None or not self.shelf.projects:
            return False  # the first training may come while one looks
        self._is_first = False
        if self.wanted:
            return False
        names = [each.name for each in self.shelf.projects]
        name = self.bridge.project if self.bridge.project in names else names[0]
        project = self.shelf.projects[names.index(name)]
        self.opened.add((name,))
        if project.newest is not None:
            self.opened.add((name, project.newest))
        return True

    def _fill(self) -> None:
        if self.shelf is None:
            return
        words = self.filter.lower().split()

        def fits(row: Row) -> bool:
            text = searched(row)
            return all(word in text for word in words)

        rows = rows_of(
            self.shelf,
            self.opened,
            with_dev=self.with_dev,
            fits=fits if words else None,
            broken=self.broken,
        )
        shown: ListRows[Row] = ListRows(rows, lambda row: row.id)
        self.grid.set_columns(tree_columns(self.graft.glyphs, self.bridge.now()))
        self.grid.replace_rows(shown)
        self.show_bars()

    async def _detail(self, *, is_new: bool = False) -> None:
        row, sheet = self.grid.current, self.query_one("#detail", Sheet)
        if row is None:
            self.facts = None
            sheet.show([])
            return
        known = (
            None
            if self.shelf is None or row.lineage is None
            else self.shelf.generations.get((row.project.name, row.lineage.version))
        )
        place, root = self.place, self.graft.outside.root
        facts = await self.ask(lambda space: read_facts(space.with_registry(place), row, root, known))
        if self.grid.current == row:  # else a later look is on its way, of this row as it is now or of another
            self.facts = facts
            sheet.show(fact_sheet(facts, self.graft.glyphs, self.bridge.now()), is_new=is_new)
            self.show_bars()

    def tick(self) -> None:
        """Look again at a registry that does not tell of its changes."""
        self._ticks += 1
        if not self._is_stored and self._ticks % AGAIN_S == 0:
            self.stale()

    # -- events ----------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Give the tree the focus."""
        self.grid.focus()

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """Show the row the cursor came to."""
        event.stop()
        self.show_bars()
        begin(self, self._rest, "rest")

    async def _rest(self) -> None:
        try:
            await self._detail(is_new=True)
        except GraftError as error:
            self.complain(error)

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Open or close a project or lineage; of a generation show its details, then its run."""
        event.stop()
        row = self.grid.current
        if row is None:
            return
        if row.generation is not None:
            if self.query_one("#detail", Sheet).display:
                self.action_open_run()
            else:
                self.add_class("-detail")
                self.query_one("#detail", Sheet).focus()
            return
        self.opened ^= {row.id}
        self._fill()  # what was read shows at once
        begin(self, self._again, "first")

    async def _again(self) -> None:
        """Read now: a person who opens a row does not wait for the pace of reading."""
        try:
            await self.reload()
        except GraftError as error:
            self.complain(error)
        self.show_bars()

    def filter_changed(self) -> None:
        """Search; generations of all lineages are read for it."""
        begin(self, self._again, "first")

    # -- actions ---------------------------------------------------------------------------------------------------

    def others_of(self, generation: Generation) -> Sequence[Generation]:
        """Return what the generation is compared with."""
        facts = self.facts
        if facts is None or facts.row.generation != generation:
            return ()
        found = [each for each in (facts.champion, facts.previous) if each is not None]
        return found[:1] if len(found) > 1 and found[0] == found[1] else found

    def action_toggle_dev(self) -> None:
        """Show development versions, or hide them."""
        self.with_dev = not self.with_dev
        self._fill()

    def action_refresh_now(self) -> None:
        """Read everything again."""
        self.forget()
        super().action_refresh_now()

    def action_choose_registry(self) -> None:
        """Look at another registry."""
        from .commanding import Commanding

        outside = self.graft.outside

        def answered(text: str | None) -> None:
            if text is not None:
                self.place = outside.registry_place(text.strip())
                self.opened, self.broken, self._is_first = set(), {}, True
                self.forget()
                self.grid.set_rows(ListRows[Row]())
                begin(self, self._again, "first")

        offered = [*self.others, "./models"]
        deed = OpenRegistry(
            [name for name in offered if name != (self.place or self.others[0])], outside.registry_place
        )
        self.app.push_screen(Commanding(deed, self.bridge, None, self.graft.glyphs), answered)

    def action_verify(self) -> None:
        """Read every byte of what the cursor is on."""
        row = self.may("shelf.verify")
        if row is not None and not self.is_verifying:
            begin(self, lambda: self._verify(row), "verify", exclusive=False)

    async def _verify(self, row: Row) -> None:
        self.is_verifying = True
        self.show_bars()
        place = self.place
        try:
            wrong = await self.bridge.load(lambda space: verified(space.with_registry(place).parts.registry(), row))
        except GraftError as error:
            self.complain(error)
        else:
            self.broken[row.id] = wrong
            told = f"{row.address} is broken: {wrong}" if wrong else f"{row.address}: every byte is what was committed"
            self.say(told, Tone.RED if wrong else Tone.GREEN)
        finally:
            self.is_verifying = False
        await self._again()

    def action_back(self) -> None:
        """Close the field, drop the search, go back to the tree, then leave."""
        if self.close_filter() or self.drop_filter():
            return
        if self.has_class("-detail"):
            self.remove_class("-detail")
            self.grid.focus()
        else:
            super().action_back()
