"""The registered functions of the project: versions, kinds, what can be done with them, where their code is."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.containers import Container

from ...core.errors import GraftError
from ...core.graph import Json
from ...core.moments import ago, local
from ...core.records import dataclass
from ...core.registered import FunctionVersion
from ...core.text import plural
from ...core.workspace import Workspace
from ..keys import bindings
from ..tones import Line, Span, Tone
from ..widgets.grid import Column, Grid
from ..widgets.rows import ListRows
from ..widgets.sheet import Sheet
from .filtering import Filtering
from .runlines import value_text

LARGEST = 1 << 20
"""Bytes of a source file that is read for a signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One function, with what could be found out about it."""

    newest: FunctionVersion
    versions: tuple[FunctionVersion, ...]
    actions: str
    """`job, serve`; or what is wrong with its kind."""
    is_broken: bool
    signature: str
    """`(X, C=1.0)` as its file says now; empty where it is no function of a file at hand."""
    file: str
    """Absolute path; empty: not at hand."""
    line: int = 1


class FunctionsScreen(Filtering):
    """The list, and beside it the function at the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("filter", "functions.edit", "functions.copy", "functions.run"),
    ]
    HINTS = ("functions.run", "functions.edit", "functions.copy", "filter", "back")

    def __init__(self) -> None:
        super().__init__()
        self._found: list[Shown] | None = None

    def body(self) -> ComposeResult:
        """Put the details beside or below the list."""
        with Container(id="body", classes="split"):
            yield Grid[Shown](
                self._columns(), lambda each: each.newest.name, glyphs=self.graft.glyphs, empty=self._nothing, id="list"
            )
            yield Sheet(id="detail")

    @property
    def grid(self) -> Grid[Shown]:
        """Return the list."""
        return self.query_one("#list", Grid)

    def crumbs(self) -> tuple[Line, Line]:
        """Return where one is and how many there are."""
        left: list[Span] = [("Functions", Tone.BOLD)]
        left += [("   / ", Tone.KEY), (self.filter, Tone.YELLOW)] if self.filter else []
        return left, [(plural(len(self._found or ()), "function"), Tone.DIM)]

    def status(self) -> tuple[Line, Line]:
        """Return the command."""
        return (), [("$ graft functions", Tone.DIM)]

    def _nothing(self) -> Sequence[Line]:
        if self._found is None:
            return []
        if self.filter:
            return [[], [("  nothing fits; esc shows all", Tone.BOLD)]]
        return [
            [],
            [("  No functions are registered in this project.", Tone.BOLD)],
            [],
            [("    graft function add NAME steps.py:fit", Tone.CYAN), ("   registers one", Tone.DIM)],
            [("    graft function add NAME --code 'def NAME(x): ...'", Tone.CYAN)],
        ]

    def _columns(self) -> list[Column[Shown]]:
        now = self.bridge.now()
        return [
            Column(title="FUNCTION", width=16, share=2, cell=lambda each: [(each.newest.name, Tone.BOLD)]),
            Column(title="VERSION", width=7, is_right=True, cell=lambda each: [(str(each.newest.version), Tone.KEY)]),
            Column(title="KIND", width=9, cell=lambda each: [(each.newest.kind, Tone.TEXT)]),
            Column(title="ACTIONS", width=12, share=1, rank=2, cell=_actions),
            Column(title="TAKES", width=16, share=2, rank=1, cell=lambda each: [(each.signature, Tone.DIM)]),
            Column(title="WHEN", width=10, rank=4, cell=lambda each: [(ago(each.newest.created, now), Tone.DIM)]),
            Column(title="FROM", width=16, share=2, rank=3, cell=lambda each: [(each.newest.origin, Tone.DIM)]),
        ]

    def on_mount(self) -> None:
        """Give the list the focus."""
        self.grid.focus()

    async def reload(self) -> None:
        """Read what is registered, and look at the files it is from."""
        root = self.graft.outside.root

        def read(space: Workspace) -> list[Shown]:
            groups: dict[str, list[FunctionVersion]] = {}
            for version in space.functions.versions():
                groups.setdefault(version.name, []).append(version)
            return [_shown(space, versions, root) for versions in groups.values()]

        self._found = await self.ask(read)
        self._fill()

    def filter_changed(self) -> None:
        """Show what fits."""
        self._fill()

    def _fill(self) -> None:
        words = self.filter.lower().split()
        kept = [each for each in self._found or () if all(word in _searched(each) for word in words)]
        rows: ListRows[Shown] = ListRows(kept, lambda each: each.newest.name)
        self.grid.replace_rows(rows)
        self._detail()
        self.show_bars()

    def on_grid_moved(self, event: Grid.Moved) -> None:
        """Show the function the cursor came to."""
        event.stop()
        self._detail()

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Give the details all the room, and the focus to scroll them."""
        event.stop()
        self.add_class("-detail")
        self.query_one("#detail", Sheet).focus()

    def _detail(self) -> None:
        each = self.grid.current
        self.query_one("#detail", Sheet).show([] if each is None else _lines(each), is_new=True)

    # -- actions ---------------------------------------------------------------------------------------------------

    def reason_against(self, key_id: str) -> str:
        """Say why something cannot be done now; empty: it can."""
        if key_id.startswith("functions."):
            each = self.grid.current
            if each is None:
                return "there is no function here"
            if key_id == "functions.edit" and not each.file:
                return "its code is in the store alone"
        return ""

    def action_edit(self) -> None:
        """Open its file at its line."""
        reason, each = self.reason_against("functions.edit"), self.grid.current
        if reason or each is None:
            self.say(reason, Tone.YELLOW)
            return
        editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        try:
            with self.app.suspend():
                subprocess.run([*editor, f"+{each.line}", each.file], check=False)
        except (OSError, SuspendNotSupported) as error:
            self.say(f"{editor[0]} could not be opened: {error}", Tone.RED)

    def action_copy(self) -> None:
        """Copy its address."""
        each = self.grid.current
        if each is not None:
            self.app.copy_to_clipboard(each.newest.address)
            self.say("copied", Tone.GREEN)

    def action_run(self) -> None:
        """Type the command that runs it."""
        each = self.grid.current
        if each is not None:
            self.graft.action_command_line(f"function run {shlex.quote(each.newest.name)} ")

    def action_back(self) -> None:
        """Close the field, drop the filter, go back to the list, then leave."""
        if self.close_filter() or self.drop_filter():
            return
        if self.has_class("-detail"):
            self.remove_class("-detail")
            self.grid.focus()
        else:
            super().action_back()


def _shown(space: Workspace, versions: Sequence[FunctionVersion], root: str) -> Shown:
    newest = max(versions, key=lambda each: each.version)
    try:
        actions, is_broken = ", ".join(space.functions.actions(newest)), False
    except GraftError as error:
        actions, is_broken = error.message, True
    file, line, signature = _place(newest, root)
    return Shown(
        newest=newest,
        versions=tuple(versions),
        actions=actions,
        is_broken=is_broken,
        signature=signature,
        file=file,
        line=line,
    )


def _place(found: FunctionVersion, root: str) -> tuple[str, int, str]:
    """Return file, line and signature, as the project's files say now; empty when they do not."""
    source = found.spec.get("source")
    path = source.get("path") if isinstance(source, dict) else None
    name = source.get("name") if isinstance(source, dict) else None
    file = os.path.join(root, str(path)) if root and path else ""
    if not file or not os.path.isfile(file):
        return "", 1, ""
    try:
        if os.path.getsize(file) > LARGEST or not file.endswith(".py"):
            return file, 1, ""
        with open(file, encoding="utf-8") as stream:
            tree = ast.parse(stream.read())
    except (OSError, UnicodeDecodeError):
        return file, 1, ""
    except SyntaxError as error:
        return file, error.lineno or 1, f"does not parse: line {error.lineno}"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            return file, node.lineno, f"({ast.unparse(node.args)})"
    return file, 1, ""


def _lines(each: Shown) -> list[Line]:
    newest = each.newest
    source = newest.spec.get("source")
    path = source.get("path") if isinstance(source, dict) else None
    where = f"{path}:{each.line}" if each.file else "in the store alone"
    facts = {"kind": newest.kind, "takes": each.signature, "from": newest.origin, "code": where, "key": newest.key[:12]}
    lines: list[Line] = [[(newest.address, Tone.BOLD)], []]
    lines += [[(f"  {name:<8}", Tone.DIM), (text, Tone.TEXT)] for name, text in facts.items() if text]
    lines.append([("  actions ", Tone.DIM), (each.actions, Tone.RED if each.is_broken else Tone.TEXT)])
    lines += _spec(newest.spec)
    lines += [[], [("versions", Tone.TITLE)]]
    for version in sorted(each.versions, key=lambda one: -one.version):
        lines.append(
            [(f"  {version.version:>4}  ", Tone.KEY), (f"{local(version.created)}  {version.key[:8]}", Tone.DIM)]
        )
    return lines


def _spec(spec: Mapping[str, Json]) -> list[Line]:
    rest = {name: value for name, value in spec.items() if name != "source" and value}
    lines: list[Line] = [[], [("registered with", Tone.TITLE)]] if rest else []
    return lines + [[(f"  {name}  ", Tone.DIM), (_value(value), Tone.TEXT)] for name, value in rest.items()]


def _value(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value_text(value)


def _actions(each: Shown) -> Line:
    return [(each.actions, Tone.RED if each.is_broken else Tone.TEXT)]


def _searched(each: Shown) -> str:
    return re.sub(r"\s+", " ", f"{each.newest.name} {each.newest.kind} {each.newest.origin} {each.actions}").lower()
