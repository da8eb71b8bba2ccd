"""What the steps made: a table, and beside it what is in the one at the cursor. Nothing is unpickled."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from ...core.errors import GraftError
from ...core.folding import Row
from ...core.previewing import Preview, preview
from ...core.quantities import size_text
from ...core.text import clean
from ...core.workspace import Workspace
from ..artifacts import Artifact, artifacts_of, consumers_of, picture_lines
from ..bridge import begin
from ..glyphs import Glyphs
from ..keys import bindings
from ..tones import Line, Span, Tone
from ..widgets.grid import Column, Grid
from ..widgets.rows import ListRows
from ..widgets.sheet import Sheet
from .part import Part
from .steplist import Told

AT_ONCE = 1_000_000
"""Bytes up to which a value is read as the cursor rests on it."""
ON_DEMAND = 64_000_000
"""Bytes up to which it is read when a person asks; what is larger is saved, not shown."""
KEPT = 32
"""Previews that are kept."""
USERS = 12
"""Steps that use a value which are named."""


class ArtifactPart(Part):
    """The outputs of a run."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("artifact.open", "artifact.save", "artifact.load")]
    HINTS: ClassVar[tuple[str, ...]] = ("row.open", "artifact.open", "artifact.save", "copy", "step.why")
    HAS_DETAIL = True

    def __init__(self, name: str, glyphs: Glyphs) -> None:
        super().__init__(name, glyphs)
        self.grid: Grid[Artifact] = Grid(self._columns(), lambda each: each.key, glyphs=glyphs, empty=self._nothing)
        self._users: Mapping[tuple[str, str], Sequence[str]] = {}
        self._graph: object = None
        self._previews: dict[str, Preview] = {}
        self._is_read = False
        self._shown: str | None = None

    def compose(self) -> ComposeResult:
        """Put the table there."""
        yield self.grid

    @property
    def target(self) -> Grid[Artifact]:
        """Return the table."""
        return self.grid

    async def show(self, told: Told) -> None:
        """Show what there is so far."""
        found = artifacts_of(told.steps, told.composites)
        if self._graph is not told.graph or not self._is_read:
            graph = told.graph
            self._users = await self.page.ask(lambda _: consumers_of(graph))
            self._graph = graph
        rows = ListRows(found, lambda each: each.key)
        is_first, self._is_read = not self._is_read, True
        if is_first:
            self.grid.set_rows(rows)
            step = self.page.step
            wanted = next((each.key for each in found if each.step == step), None)
            if wanted is not None:
                self.grid.go_to_key(wanted)
        else:
            self.grid.replace_rows(rows)

    def status(self) -> tuple[Line, Line]:
        """Return the command that does the same."""
        at = self.grid.current
        if at is None:
            return (), ()
        return [(f"$ graft output {self.page.run.id[:6]} {shlex.quote(clean(at.key))}", Tone.DIM)], ()

    def row(self, told: Told) -> Row | None:
        """Return the step that made what the cursor is on."""
        at = self.grid.current
        if at is None:
            return None
        return Row(path=at.step, label=at.step, depth=0, role=told.composites.role(at.step), members=(at.step,))

    def copies(self) -> Mapping[str, tuple[str, str]]:
        """Return what else can be copied here."""
        at = self.grid.current
        if at is None:
            return {}
        found = {
            "h": ("sha256", at.ref.sha256),
            "o": ("output", f"graft output {self.page.run.id[:6]} {shlex.quote(clean(at.key))}"),
        }
        shown = self._previews.get(at.ref.sha256)
        if shown is not None and shown.lines:
            found["v"] = ("value", "\n".join(shown.lines))
        return found

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """Show what is in the one the cursor came to."""
        event.stop()
        self.page.rest_soon()
        self.page.show_bars()

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Give what is in it all the room."""
        event.stop()
        self.page.open_detail()

    # -- the sheet -------------------------------------------------------------------------------------------------

    async def fill(self, told: Told, sheet: Sheet) -> bool:
        """Show the facts of an artifact, and what is in it."""
        at = self.grid.current
        if at is None:
            sheet.show([])
            return True
        found = self._previews.get(at.ref.sha256)
        if found is None and at.ref.size <= AT_ONCE:
            found = await self._read(at)
        if self.grid.current is at:
            is_new, self._shown = self._shown != at.key, at.key
            sheet.show(self._lines(at, found, sheet), is_new=is_new)
        return True

    async def _read(self, at: Artifact) -> Preview:
        def work(space: Workspace) -> Preview:
            try:
                return preview(at.ref, space.read(at.ref), at.name)
            except GraftError as error:
                return Preview(what="unreadable", note=error.message)

        found = await self.page.ask(work)
        if len(self._previews) >= KEPT:
            del self._previews[next(iter(self._previews))]
        self._previews[at.ref.sha256] = found
        return found

    def _lines(self, at: Artifact, found: Preview | None, sheet: Sheet) -> list[Line]:
        users = self._users.get((at.step, at.name), ())
        more = f" and {len(users) - USERS:,} more" if len(users) > USERS else ""
        facts = {
            "made by": at.step + (" (reused)" if at.is_reused else ""),
            "used by": (", ".join(users[:USERS]) + more) or "nobody in this run",
            "kind": f"{at.role}, {at.ref.serializer}",
            "size": size_text(at.ref.size),
            "sha256": at.ref.sha256,
        }
        lines: list[Line] = [[(at.name, Tone.BOLD), (f"  {found.what}" if found is not None else "", Tone.DIM)]]
        lines += [[(f"  {name:<8}  ", Tone.DIM), (text, Tone.TEXT)] for name, text in facts.items()]
        lines.append([])
        if found is None:
            return lines + self._unread(at)
        if found.pixels is not None:
            room = sheet.room
            is_plain = self.glyphs.is_ascii or self.app.no_color
            lines += picture_lines(found.pixels, max(8, room.width - 2), max(4, room.height - 8), is_plain=is_plain)
        lines += [[(text, Tone.TEXT)] for text in found.lines]
        return lines + ([[], [(found.note, Tone.DIM)]] if found.note else [])

    def _unread(self, at: Artifact) -> list[Line]:
        if at.ref.size > ON_DEMAND:
            return [[(f"  {size_text(at.ref.size)} are not shown; ctrl+s saves them", Tone.DIM)]]
        return [[("  L", Tone.KEY), (f" reads its {size_text(at.ref.size)} and shows what is in it", Tone.DIM)]]

    # -- actions ---------------------------------------------------------------------------------------------------

    def action_load(self) -> None:
        """Read a large value."""
        at = self.grid.current
        if at is None or at.ref.size > ON_DEMAND:
            self.page.say("nothing to load" if at is None else "it is too large: ctrl+s saves it", Tone.YELLOW)
            return

        async def work() -> None:
            await self._read(at)
            self.page.rest_soon()

        begin(self.page, work, "load")

    def action_save(self) -> None:
        """Save the value into the current directory; what is there is not written over."""
        self._written(Path.cwd() / _file_name(_at(self.grid)), is_opened=False)

    def action_outside(self) -> None:
        """Open a copy of the value with the program that the system has for its kind."""
        at = self.grid.current
        if at is not None and at.ref.serializer.partition(":")[0] in ("pickle", "dill"):
            self.page.say("a pickle is opened by code alone; ctrl+s saves it", Tone.YELLOW)
            return
        self._written(Path(tempfile.mkdtemp(prefix="graft-")) / _file_name(at), is_opened=True)

    def _written(self, path: Path, *, is_opened: bool) -> None:
        at = self.grid.current
        if at is None:
            self.page.say("there is no artifact here", Tone.YELLOW)
            return

        def call(space: Workspace) -> str:
            data = space.read(at.ref)
            try:
                with path.open("xb") as file:
                    file.write(data)
            except FileExistsError:
                return f"{path.name} is there already; nothing was written"
            except OSError as error:
                return f"{path.name} cannot be written: {error.strerror}"
            if is_opened and (program := _opener()) is not None:
                try:
                    subprocess.Popen(
                        [program, str(path)],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                        start_new_session=True,
                    )
                except OSError as error:
                    return f"wrote {path}; {program} could not be opened: {error.strerror}"
                return f"{program} opens {path}"
            return f"wrote {path} ({size_text(len(data))})"

        self.page.do(call)

    # -- the table -------------------------------------------------------------------------------------------------

    def _nothing(self) -> Sequence[Line]:
        if not self._is_read:
            return []
        is_over = self.page.run.state.is_final
        said = "No step made anything." if is_over else "Nothing is made yet."
        return [[], [(f"  {said}", Tone.DIM)]]

    def _columns(self) -> list[Column[Artifact]]:
        return [
            Column(title="NAME", width=14, share=2, cell=lambda each: [(each.name, Tone.BOLD)]),
            Column(title="MADE BY", width=14, share=2, cell=self._maker),
            Column(title="KIND", width=8, share=1, rank=1, cell=lambda each: [(each.ref.serializer, Tone.DIM)]),
            Column(title="SIZE", width=7, is_right=True, cell=lambda each: [(size_text(each.ref.size), Tone.TEXT)]),
            Column(title="SHA256", width=10, rank=3, cell=lambda each: [(each.ref.sha256[:10], Tone.DIM)]),
            Column(title="USED BY", width=12, share=2, rank=2, cell=self._used),
        ]

    def _maker(self, each: Artifact) -> Line:
        reused: Span = (f"{self.glyphs.dot}reused" if each.is_reused else "", Tone.CYAN)
        return [(each.step, Tone.TEXT), reused]

    def _used(self, each: Artifact) -> Line:
        return [(", ".join(self._users.get((each.step, each.name), ())[:USERS]), Tone.DIM)]


def _at(grid: Grid[Artifact]) -> Artifact | None:
    return grid.current


def _file_name(at: Artifact | None) -> str:
    """Return the name of a file for an artifact: its own, or the output's with the ending of its kind."""
    if at is None:
        return "nothing"
    name = clean(at.name).rpartition("/")[2].replace("\0", "") or "artifact"
    if at.role == "file" or "." in name:
        return name
    ending = {"json": ".json", "npy": ".npy", "arrow": ".arrow", "text": ".txt", "pickle": ".pkl", "dill": ".pkl"}
    return name + ending.get(at.ref.serializer.partition(":")[0], "")


def _opener() -> str | None:
    """Return the program that opens files on this system; None: there is none, or nothing to open a window on."""
    if sys.platform == "darwin":
        return shutil.which("open")
    has_display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return shutil.which("xdg-open") if has_display else None
