"""What can be done to what a registry holds. Each deed is the rest of a command line, looked at before it is done.

The line one types is that of the command line, so that one learns it; what would come of it is shown while one types.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ..core.aliasing import alias_name, earlier
from ..core.copying import Sending, Shipment
from ..core.errors import ConflictError, GraftError, InvalidError, nearest
from ..core.exchanging import SUFFIX
from ..core.lineageanswers import place_text
from ..core.quantities import size_text
from ..core.records import dataclass
from ..core.registry import standing
from ..core.text import clean, plural
from ..core.workspace import Workspace
from .shelffacts import gates_of
from .shelflines import gate_lines
from .tones import Line, Span, Tone

if TYPE_CHECKING:
    from ..core.releases import Release as Planned
    from ..core.releases import ReleaseRequest
    from ..core.runs import Target

LISTED = 12
"""Things that a preview names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What would come of a deed."""

    lines: Sequence[Line]
    refusal: str = ""
    """Why it would not be done; empty: it would."""


class Deed(Protocol):
    """One thing that can be done."""

    @property
    def title(self) -> str:
        """Return what the dialog is called."""
        ...

    @property
    def offered(self) -> Sequence[str]:
        """Return texts that may be taken instead of typing; the first one stands there."""
        ...

    @property
    def hint(self) -> str:
        """Return what may be typed."""
        ...

    @property
    def is_long(self) -> bool:
        """Tell whether to look ahead takes long: code of the user is imported, or bytes are digested."""
        ...

    def command(self, text: str) -> str:
        """Return the command that does the same."""
        ...

    def look(self, space: Workspace, text: str) -> Outlook:
        """Return what would come of it; for a thread.

        Raises:
            GraftError: it cannot be done.
        """
        ...

    def do(self, space: Workspace, text: str) -> str:
        """Do it, and return what is said then; for a thread.

        Raises:
            GraftError: it cannot be done.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What was typed, taken apart."""

    plain: Sequence[str]
    values: Mapping[str, str]
    flags: Collection[str]


def words_of(text: str, *, flags: Collection[str] = (), valued: Collection[str] = ()) -> Words:
    """Take the rest of a command line apart.

    Raises:
        InvalidError: a quote is open, or an option is none of these, with the nearest.
    """
    try:
        left = shlex.split(text)
    except ValueError as error:
        raise InvalidError(f"the line cannot be read: {error}", "close the quote") from error
    plain: list[str] = []
    values: dict[str, str] = {}
    found: set[str] = set()
    while left:
        word = left.pop(0)
        name, equals, value = word.partition("=")
        if word in flags:
            found.add(word)
        elif name in valued and (equals or left):
            values[name] = value if equals else left.pop(0)
        elif name in valued:
            raise InvalidError(f"{name} needs a value")
        elif word.startswith("-"):
            known = [*flags, *valued]
            raise InvalidError(
                f"there is no option '{word}' here{nearest(word, known)}", f"there are {', '.join(known)}"
            )
        else:
            plain.append(word)
    return Words(plain=plain, values=values, flags=found)


class SetAlias:
    """Have an alias stand at a generation, if its gates hold."""

    hint = "a name; --force after it moves it whatever its gates say"
    is_long = False

    def __init__(self, address: str, known: Sequence[str], prefix: str = "graft") -> None:
        self.title = f"Have an alias stand at {address}"
        self.offered = list(dict.fromkeys(["champion", "candidate", *known]))
        self._address = address
        self._prefix = prefix

    def command(self, text: str) -> str:
        """Return the command that does the same."""
        return f"{self._prefix} alias set {self._address} {text.strip() or 'NAME'}"

    def look(self, space: Workspace, text: str) -> Outlook:
        """Return where it stands, and each gate with its values."""
        name, is_forced = self._typed(text)
        _, generation = space.lineages.generation_of(self._address)
        stand = space.parts.registry().aliases(generation.draft.project)
        before = stand.get(name)
        lines: list[Line] = [[("now  ", Tone.DIM), ("nowhere" if before is None else place_text(before), Tone.TEXT)]]
        if before is not None and (before.version, before.number) == (generation.draft.version, generation.number):
            return Outlook(lines=lines, refusal="it stands there already")
        gates, problem = gates_of(space, generation, name, stand)
        if problem:
            return Outlook(lines=lines, refusal=problem)
        lines += [[], *gate_lines(gates)] if gates else [[("it has no gates", Tone.DIM)]]
        failing = sum(not each.holds for each in gates)
        if failing and not is_forced:
            count = "a gate does" if failing == 1 else f"{failing} gates do"
            return Outlook(lines=lines, refusal=f"refused: {count} not hold; type --force to move it all the same")
        if failing:
            lines += [[], [("moved against its gates; the history says so", Tone.YELLOW)]]
        return Outlook(lines=lines)

    def do(self, space: Workspace, text: str) -> str:
        """Move it."""
        name, is_forced = self._typed(text)
        moved = space.lineages.aliasing.move((self._address,), name, is_forced=is_forced)
        return f"{moved.project}@{name} stands at {'nothing' if moved.move.to is None else place_text(moved.move.to)}"

    def _typed(self, text: str) -> tuple[str, bool]:
        words = words_of(text, flags=("--force",))
        if len(words.plain) != 1:
            raise InvalidError("an alias has one name", "champion")
        return alias_name(words.plain[0]), "--force" in words.flags


class RollBack:
    """Put an alias back to where it stood before."""

    hint = "the alias; --to PLACE after it: a generation it stood at"
    is_long = False

    def __init__(self, project: str, known: Sequence[str], prefix: str = "graft") -> None:
        self.title = f"Put an alias of {project} back"
        self.offered = sorted(known, key=lambda name: (name != "champion", name)) or ["champion"]
        self._project = project
        self._prefix = prefix

    def command(self, text: str) -> str:
        """Return the command that does the same."""
        return f"{self._prefix} rollback {self._project}@{text.strip().removeprefix('@') or 'ALIAS'}"

    def look(self, space: Workspace, text: str) -> Outlook:
        """Return where it stands and where it would."""
        name, to = self._typed(text)
        moves = space.parts.registry().history(self._project, name)
        now = standing(moves).get(name)
        if now is None:
            return Outlook(lines=[], refusal=f"'{name}' is not set")
        places = list(dict.fromkeys(place_text(place) for place in reversed(earlier(moves))))
        lines: list[Line] = [[("now     ", Tone.DIM), (place_text(now), Tone.TEXT)]]
        lines.append([("before  ", Tone.DIM), (", ".join(places[:LISTED]) or "nowhere", Tone.TEXT)])
        if not places:
            return Outlook(lines=lines, refusal="it never stood anywhere else")
        wanted = to.removeprefix(f"{self._project}/") if to is not None else places[0]
        if wanted not in places:
            return Outlook(lines=lines, refusal=f"it never stood at {wanted}")
        lines.append([("then    ", Tone.DIM), (wanted, Tone.BOLD), ("   its gates are not asked", Tone.DIM)])
        return Outlook(lines=lines)

    def do(self, space: Workspace, text: str) -> str:
        """Put it back."""
        name, to = self._typed(text)
        moved = space.lineages.aliasing.roll_back(f"{self._project}@{name}", to)
        return f"{self._project}@{name} stands at {'nothing' if moved.move.to is None else place_text(moved.move.to)}"

    def _typed(self, text: str) -> tuple[str, str | None]:
        words = words_of(text, valued=("--to",))
        if len(words.plain) != 1:
            raise InvalidError("which alias?", "champion")
        return alias_name(words.plain[0]), words.values.get("--to")


class Release:
    """Publish the working copy."""

    title = "Release the working copy"
    offered = ("--bump patch", "--bump minor", "--bump major", "", "--bump patch --carry @champion")
    hint = "--bump PART or --version V, -m TEXT, --carry ADDRESS, --dirty"
    is_long = True

    def __init__(self, target: Callable[[str], Target], version: Callable[[], str | None], prefix: str = "graft"):
        self._target = target
        self._version = version
        self._prefix = prefix

    def command(self, text: str) -> str:
        """Return the command that does the same."""
        return f"{self._prefix} release {text.strip()}".rstrip()

    def look(self, space: Workspace, text: str) -> Outlook:
        """Return what would be released, and which files differ from the release before."""
        planned = self._planned(space, text)
        name = f"{planned.draft.project} {planned.draft.version}"
        if planned.same is not None and planned.carried is None:
            return Outlook(lines=[], refusal=f"{name} is this code already")
        manifest = planned.draft.manifest
        facts = [plural(len(planned.draft.files), "file"), size_text(planned.bytes)]
        facts += [plural(len(manifest.requirements), "package")]
        facts += [f"git {manifest.git[:8]}{', changed since' if manifest.dirty else ''}"] if manifest.git else []
        lines: list[Line] = [[(name, Tone.BOLD), (f"   {', '.join(facts)}", Tone.DIM)]]
        if planned.before is not None:
            lines += [[], [(f"{len(planned.changes)} changed since {planned.before.version}", Tone.TITLE)]]
            tones = {"added": Tone.GREEN, "removed": Tone.RED}
            lines += [
                [(f"  {each.word:<8} ", tones.get(each.word, Tone.YELLOW)), (each.name, Tone.TEXT)]
                for each in planned.changes[:LISTED]
            ]
            lines += _further(len(planned.changes) - LISTED, "file")
        if planned.carried is not None:
            lines += [[], [(f"takes {planned.carried.address} over: what trained it is unchanged", Tone.GREEN)]]
        return Outlook(lines=lines)

    def do(self, space: Workspace, text: str) -> str:
        """Publish it."""
        lineage, carried = space.lineages.releasing.publish(self._planned(space, text))
        return f"released {lineage.project} {lineage.version}" + (f", {carried.address}" if carried is not None else "")

    def _planned(self, space: Workspace, text: str) -> Planned:
        from ..core.requests import RunRequest

        request = self._request(text)
        return space.lineages.releasing.plan(request, space.load(RunRequest(target=request.target)))

    def _request(self, text: str) -> ReleaseRequest:
        from ..core.releases import ReleaseRequest  # with carry and locks, for one dialog
        from ..core.versions import Bump

        valued = ("--bump", "--version", "-m", "--message", "--carry")
        words = words_of(text, flags=("--dirty",), valued=valued)
        if words.plain:
            raise InvalidError(f"'{words.plain[0]}' is no option", self.hint)
        bump = words.values.get("--bump")
        parts = [each.value for each in Bump]
        if bump is not None and bump not in parts:
            raise InvalidError(f"--bump is one of {', '.join(parts)}, not '{bump}'{nearest(bump, parts)}")
        return ReleaseRequest(
            target=self._target(""),
            version=words.values.get("--version"),
            bump=None if bump is None else Bump(bump),
            configured=self._version(),
            message=words.values.get("-m", words.values.get("--message")),
            carry=words.values.get("--carry"),
            allows_dirty="--dirty" in words.flags,
        )


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
        lines += _further(len(names) - LISTED, "generation")
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
    lines += _further(len(shipment.items) - LISTED, "generation")
    lines += [[(f"  @{name} is set there", Tone.CYAN)] for name, _ in shipment.aliases]
    left = "stands elsewhere there, and is left alone"
    return lines + [[(f"  @{name} {left}", Tone.YELLOW)] for name, _ in shipment.standing]


def refusal_of(error: GraftError) -> Outlook:
    """Return an error as an outlook."""
    lines: list[Line] = [[(clean(error.hint), Tone.DIM)]] if error.hint else []
    lines += [[(f"  {each.file}:{each.line}", Tone.BOLD)] for each in error.problems if each.file]
    return Outlook(lines=lines, refusal=error.message)


def _further(count: int, noun: str) -> list[Line]:
    return [[(f"  and {plural(count, noun)} more", Tone.DIM)]] if count > 0 else []
