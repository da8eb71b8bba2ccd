"""What can be done to the row of a registry at the cursor; each says the command that does the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType

from ...core.errors import GraftError, MissingError
from ...core.ids import RunId
from ...core.lineages import Generation
from ...core.workspace import Workspace
from ..bridge import begin
from ..keys import bindings
from ..shelf import Row
from ..shelfdeeds import Deed, Release, RollBack, SetAlias
from ..shelfmoves import Copy, Export, Remove
from ..tones import Tone
from ..wanted import Wanted
from .filtering import Filtering

CHANGING = frozenset({"train", "apply", "eval", "alias", "back", "release", "copy", "remove"})
"""Of the keys of the registry those that write."""
OF_GENERATION = frozenset({"run", "diff", "apply", "eval", "alias"})
OF_ROW = frozenset({"train", "back", "copy", "export", "remove", "verify", "yank"})


class RegistryDeeds(Filtering):
    """A screen with a row of a registry at hand."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("shelf.run", "shelf.train", "shelf.apply", "shelf.eval", "shelf.alias", "shelf.back"),
        *bindings("shelf.release", "shelf.copy", "shelf.export", "shelf.remove", "shelf.yank", "shelf.diff"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.place: str | None = None
        """Of the registry that is looked at, as `-P` names it; None: the one at hand."""
        self.others: Sequence[str] = ()
        """Names of registries that the configuration has."""

    def subject(self) -> Row | None:
        """Return the row at hand."""
        raise NotImplementedError

    def forget(self) -> None:
        """Read everything again: something was changed."""
        raise NotImplementedError

    @property
    def prefix(self) -> str:
        """Return what commands on this registry begin with."""
        return "graft" if self.place is None else f"graft -P {shlex.quote(self.place)}"

    def reason_against(self, key_id: str) -> str:
        """Say why something cannot be done now; empty: it can."""
        kind, _, what = key_id.partition(".")
        if kind != "shelf":
            return ""
        if what in CHANGING and self.graft.outside.is_read_only:
            return "this UI only looks: it was opened with --read-only"
        row = self.subject()
        if row is None:
            return "there is nothing here" if what in OF_GENERATION | OF_ROW else ""
        if what == "verify" and row.lineage is None:
            return "a lineage or a generation is verified; enter opens the project"
        if what == "back" and not row.project.aliases:
            return "no alias is set in this project"
        if what in OF_GENERATION:
            return self._against(what, row)
        return ""

    def _against(self, what: str, row: Row) -> str:
        if row.generation is None:
            return "a generation is needed; enter opens its lineage"
        if what == "run" and row.generation.draft.run is None:
            return "it was not trained here: it came from another registry"
        if what == "apply" and row.broken:
            return f"it is broken: {row.broken}"
        return ""

    def may(self, key_id: str) -> Row | None:
        """Return the row when something can be done to it; else say why not."""
        if reason := self.reason_against(key_id):
            self.say(reason, Tone.YELLOW)
            return None
        return self.subject()

    def ask_deed(self, deed: Deed) -> None:
        """Ask for the rest of a command; do it when it was answered."""
        from .commanding import Commanding  # like all dialogs, when it is needed

        place = self.place

        def answered(text: str | None) -> None:
            if text is not None:

                def call(space: Workspace) -> str:
                    said = deed.do(space.with_registry(place), text)
                    self.forget()
                    return said

                self.do(call, deed.command(text), is_long=True)

        self.app.push_screen(Commanding(deed, self.bridge, place, self.graft.glyphs), answered)

    # -- aliases and releases --------------------------------------------------------------------------------------

    def action_alias(self) -> None:
        """Set an alias."""
        if (row := self.may("shelf.alias")) is not None:
            self.ask_deed(SetAlias(row.address, sorted(row.project.aliases), self.prefix))

    def action_roll_back(self) -> None:
        """Put an alias back."""
        if (row := self.may("shelf.back")) is not None:
            self.ask_deed(RollBack(row.project.name, sorted(row.project.aliases), self.prefix))

    def action_release(self) -> None:
        """Publish the working copy."""
        if reason := self.reason_against("shelf.release"):
            self.say(reason, Tone.YELLOW)
            return
        outside = self.graft.outside
        self.ask_deed(Release(outside.target, outside.version, self.prefix))

    # -- between registries ----------------------------------------------------------------------------------------

    def action_copy_to(self) -> None:
        """Copy to another registry."""
        if (row := self.may("shelf.copy")) is not None:
            others = [name for name in self.others if name != (self.place or self.others[0])]
            self.ask_deed(Copy(row.address, others, self.graft.outside.registry_place, self.prefix))

    def action_export(self) -> None:
        """Write to a file."""
        if (row := self.may("shelf.export")) is not None:
            self.ask_deed(Export(row.address, self.prefix))

    def action_remove(self) -> None:
        """Remove, after the address was typed."""
        if (row := self.may("shelf.remove")) is not None:
            self.ask_deed(Remove(row.address, self.prefix))

    # -- runs ------------------------------------------------------------------------------------------------------

    def action_begin_run(self, action: str) -> None:
        """Train, apply or evaluate: a form, with what would run."""
        if (row := self.may(f"shelf.{action}")) is None:
            return
        from .newrun import NewRun

        address = row.address if action != "train" or row.generation is None else "/".join(row.id[:2])
        self.app.push_screen(NewRun(Wanted(target=address, action=action, registry=self.place or "")))

    def action_open_run(self) -> None:
        """Open the run that made the generation."""
        row = self.may("shelf.run")
        if row is None or row.generation is None or row.generation.draft.run is None:
            return
        run_id = row.generation.draft.run
        begin(self, lambda: self._open_run(run_id), "open")

    async def _open_run(self, run_id: RunId) -> None:
        try:
            run = await self.ask(lambda space: space.show(run_id))
        except MissingError:
            self.say(f"run {run_id[:6]} is not in this store", Tone.YELLOW)
        except GraftError as error:
            self.complain(error)
        else:
            self.graft.open_run(run)

    # -- compare and copy ------------------------------------------------------------------------------------------

    def others_of(self, generation: Generation) -> Sequence[Generation]:
        """Return what the generation at hand is compared with: the champion, the generation before."""
        raise NotImplementedError

    def action_diff(self) -> None:
        """Compare with the champion, or the generation before."""
        row = self.may("shelf.diff")
        if row is None or row.generation is None:
            return
        others = self.others_of(row.generation)
        if not others:
            self.say("there is no champion and no generation before to compare with", Tone.YELLOW)
            return
        from .shelfdiff import ShelfDiff

        self.app.push_screen(ShelfDiff(row.generation, others, self.place))

    def action_copy(self) -> None:
        """Choose what to copy to the clipboard."""
        row = self.may("shelf.yank")
        if row is None:
            return

        def answered(text: str | None) -> None:
            if text is not None:
                self.app.copy_to_clipboard(text)
                self.say("copied", Tone.GREEN)

        from .dialog import Choose

        self.app.push_screen(Choose("Copy", _texts(row, self.prefix)), answered)


def _texts(row: Row, prefix: str) -> Mapping[str, tuple[str, str]]:
    found = {"a": ("address", row.address), "c": ("command", f"{prefix} list {row.address}")}
    if row.lineage is not None and row.lineage.manifest.git:
        found["g"] = ("commit", row.lineage.manifest.git)
    if row.generation is not None and row.generation.draft.run:
        found["i"] = ("run id", str(row.generation.draft.run))
    if row.generation is not None:
        states = "\n".join(f"{ref.sha256}  {name}" for name, ref in row.generation.draft.states)
        found["s"] = ("state digests", states)
    return found
