"""What can be done to a registry as a whole: copies to others, files, removal, and looking at another one."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence

from ..core.copying import Sending, Shipment
from ..core.errors import ConflictError, InvalidError
from ..core.exchanging import SUFFIX
from ..core.quantities import size_text
from ..core.text import plural
from ..core.workspace import Workspace
from .shelfdeeds import LISTED, Outlook, Words, further, words_of
from .tones import Line, Span, Tone


class Copy:
    """Copy a project, lineage or generation to another registry: what would be sent is seen first."""

    hint = "a registry's name or ./DIRECTORY; --aliases, --all"
    is_long = True

    def __init__(
        self, address: str, others: Sequence[str], place: Callable[[str], str] = str, prefix: str = "graft"
    ) -> None:
        self.title = f"Copy {address} to another registry"
        self.offered = list(others) or ["./models"]
        self._address = address
        self._place = place
        self._prefix = prefix

    def command(self, text: str) -> str:
        """Return the command that does the same."""
        return f"{self._prefix} copy {self._address} --to {text.strip() or 'REGISTRY'}"

    def look(self, space: Workspace, text: str) -> Outlook:
        """Return what would be sent."""
        to, shipment = self._shipment(space, text)
        lines = shipment_lines(shipment)
        return Outlook(lines=lines, refusal="" if shipment.is_news else f"everything is in {to} already")

    def do(self, space: Workspace, text: str) -> str:
        """Send it."""
        to, shipment = self._shipment(space, text)
        space.lineages.exchanging.copy(shipment, self._place(to))
        fresh = [each for each in shipment.items if each.there is None]
        return f"{_counted_items(fresh)} copied to {to}, {size_text(shipment.bytes)}"

    def _shipment(self, space: Workspace, text: str) -> tuple[str, Shipment]:
        words = words_of(text, flags=("--aliases", "--all"))
        if len(words.plain) != 1:
            raise InvalidError("to which registry?", self.hint)
        to = words.plain[0]
        found = space.lineages.exchanging.shipment(
            (self._address,),
            self._place(to),
            with_dev="--all" in words.flags,
            with_aliases="--aliases" in words.flags,
        )
        return to, found


class Export:
    """Write a project, lineage or generation to one file."""

    hint = "a file; --all: development versions too; --force writes over it"
    is_long = False

    def __init__(self, address: str, prefix: str = "graft") -> None:
        self.title = f"Export {address}"
        self.offered = [address.replace("/", "-").replace("@", "-") + SUFFIX]
        self._address = address
        self._prefix = prefix

    def command(self, text: str) -> str:
        """Return the command that does the same."""
        return f"{self._prefix} export {self._address} -o {text.strip() or 'FILE'}"

    def look(self, space: Workspace, text: str) -> Outlook:
        """Return where it would be written."""
        words, file = self._typed(text)
        if os.path.lexists(file) and "--force" not in words.flags:
            return Outlook(lines=[], refusal=f"{file} is there already; --force writes over it")
        folder = os.path.dirname(os.path.abspath(file))
        if not os.path.isdir(folder):
            return Outlook(lines=[], refusal=f"there is no directory {folder}")
        return Outlook(lines=[[("to  ", Tone.DIM), (os.path.abspath(file), Tone.TEXT)]])

    def do(self, space: Workspace, text: str) -> str:
        """Write it."""
        words, file = self._typed(text)
        if os.path.lexists(file) and "--force" not in words.flags:
            raise ConflictError(f"{file} is there already", "--force writes over it")
        shipment, size = space.lineages.exchanging.export((self._address,), file, with_dev="--all" in words.flags)
        return f"{file}: {_counted_items(shipment.items)}, {size_text(size)}"

    def _typed(self, text: str) -> tuple[Words, str]:
        words = words_of(text, flags=("--all", "--force"))
        if len(words.plain) != 1:
            raise InvalidError("to which file?", self.hint)
        return words, os.path.expanduser(words.plain[0])


class Remove:
    """Remove a project, lineage or generation, after its address was typed."""

    offered = ("",)
    is_long = False

    def __init__(self, address: str, prefix: str = "graft") -> None:
        self.title = f"Remove {address}?"
        self.hint = f"type {address} to remove it"
        self._address = address
        self._prefix = prefix

    def command(self, text: str) -> str:
        """Return the command that does the same."""
        return f"{self._prefix} remove {self._address}"

    def look(self, space: Workspace, text: str) -> Outlook:
        """Return what would go; refused until the address is typed."""
        removal = space.lineages.exchanging.removal((self._address,))
        names = [each.address for each in removal.lineages] + [each.address for each in removal.generations]
        lines: list[Line] = [[(f"  {name}", Tone.TEXT)] for name in names[:LISTED]]
        lines += further(len(names) - LISTED, "generation")
        lines += [[], [("Numbers and versions are not given again. This cannot be undone.", Tone.YELLOW)]]
        return Outlook(lines=lines, refusal="" if text.strip() == self._address else self.hint)

    def do(self, space: Workspace, text: str) -> str:
        """Remove it."""
        if text.strip() != self._address:
            raise InvalidError("nothing was removed: it was not confirmed")
        exchanging = space.lineages.exchanging
        exchanging.remove(exchanging.removal((self._address,)))
        return f"{self._address} is removed"


class OpenRegistry:
    """Look at another registry."""

    title = "Which registry?"
    hint = "a name of the configuration, or ./DIRECTORY"
    is_long = False

    def __init__(self, names: Sequence[str], place: Callable[[str], str] = str) -> None:
        self.offered = names
        self._place = place

    def command(self, text: str) -> str:
        """Return the command that does the same."""
        return f"graft -P {shlex.quote(text.strip()) if text.strip() else 'REGISTRY'} list"

    def look(self, space: Workspace, text: str) -> Outlook:
        """Return what it holds."""
        if not text.strip():
            return Outlook(lines=[[(f"there are {', '.join(self.offered)}", Tone.DIM)]], refusal="which one?")
        projects = space.parts.registry_at(self._place(text.strip())).projects()
        lines: list[Line] = [
            [(f"  {each.name}  ", Tone.BOLD), (f"{plural(each.lineages, 'release')}", Tone.DIM)]
            for each in projects[:LISTED]
        ]
        return Outlook(lines=lines or [[("it is empty", Tone.DIM)]])

    def do(self, space: Workspace, text: str) -> str:
        """Check that it can be opened."""
        self.look(space, text)
        return f"registry {text.strip()}"


def counted(lineages: int, generations: int) -> str:
    """Return "1 lineage and 2 generations"."""
    told = [plural(lineages, "lineage")] if lineages else []
    return " and ".join(told + ([plural(generations, "generation")] if generations or not lineages else []))


def _counted_items(items: Sequence[Sending]) -> str:
    generations = sum(each.generation is not None for each in items)
    return counted(len(items) - generations, generations)


def shipment_lines(shipment: Shipment) -> list[Line]:
    """Return what a copy would send, and what is there already."""
    fresh = [each for each in shipment.items if each.there is None]
    lines: list[Line] = [
        [(f"{_counted_items(fresh)} would be sent", Tone.BOLD), (f", {size_text(shipment.bytes)}", Tone.DIM)]
    ]
    for each in shipment.items[:LISTED]:
        told: Span = ("  new    ", Tone.GREEN) if each.there is None else ("  there  ", Tone.DIM)
        lines.append([told, (each.address, Tone.TEXT)])
    lines += further(len(shipment.items) - LISTED, "generation")
    lines += [[(f"  @{name} is set there", Tone.CYAN)] for name, _ in shipment.aliases]
    left = "stands elsewhere there, and is left alone"
    return lines + [[(f"  @{name} {left}", Tone.YELLOW)] for name, _ in shipment.standing]
