"""What can be done to what a registry holds. Each deed is the rest of a command line, looked at before it is done.

The line one types is that of the command line, so that one learns it; what would come of it is shown while one types.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ..core.aliasing import alias_name, earlier
from ..core.errors import GraftError, InvalidError, nearest
from ..core.lineageanswers import place_text
from ..core.quantities import size_text
from ..core.records import dataclass
from ..core.registry import standing
from ..core.text import clean, plural
from ..core.workspace import Workspace
from .shelffacts import gates_of
from .shelflines import gate_lines
from .tones import Line, Tone

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
            lines += further(len(planned.changes) - LISTED, "file")
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


def refusal_of(error: GraftError) -> Outlook:
    """Return an error as an outlook."""
    lines: list[Line] = [[(clean(error.hint), Tone.DIM)]] if error.hint else []
    lines += [[(f"  {each.file}:{each.line}", Tone.BOLD)] for each in error.problems if each.file]
    return Outlook(lines=lines, refusal=error.message)


def further(count: int, noun: str) -> list[Line]:
    """Return the line that says how many more there are; none when there are no more."""
    return [[(f"  and {plural(count, noun)} more", Tone.DIM)]] if count > 0 else []
