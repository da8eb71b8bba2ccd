"""Aliases: names that move from generation to generation, by gates, with a history, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .addresses import Address, address_of, find_generation
from .errors import CheckError, ConflictError, InvalidError, MissingError
from .gates import Gate, Outcome
from .graph import Json
from .ids import is_strict_name, strict_name
from .lineages import Generation, Move, Place
from .records import dataclass
from .registry import Registry

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports, as in workspace

ROLLBACK = "rollback"


class GateRefused(CheckError):
    """A generation does not meet a gate; `outcomes` has each."""

    def __init__(self, message: str, hint: str, outcomes: Sequence[Outcome]):
        super().__init__(message, hint)
        self.outcomes = tuple(outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An alias that was moved, or stood there already."""

    project: str
    move: Move
    outcomes: tuple[Outcome, ...] = ()
    """Of its gates, in the order they are written."""
    is_news: bool = True
    """False: it stood there already, and nothing was written."""


class Aliasing:
    """Moves aliases, on the ports of a workspace."""

    def __init__(self, parts: Parts):
        self._parts = parts

    def move(self, address: Sequence[str], alias: str, *, expect: str | None = None, is_forced: bool = False) -> Moved:
        """Have an alias stand at a generation, if its gates hold.

        Args:
            address: of the generation; where it names none, the newest of the newest release that has one.
            alias: its name, `@` before it or not.
            expect: where it must stand by now (`0.2.0/3`, an address, `none`); None: wherever.
            is_forced: move it whatever the gates say; that is recorded.

        Raises:
            InvalidError: the name is none, or a gate names a metric that is not there.
            MissingError: there is no such generation.
            GateRefused: a gate does not hold.
            ConflictError: it does not stand where it was expected, or was moved meanwhile.
        """
        name, registry = alias_name(alias), self._parts.registry()
        lineage, generation = find_generation(registry, address_of(*address), prefers_champion=False)
        project = lineage.project
        before = registry.aliases(project).get(name)
        if expect is not None and before != _place(expect, project):
            stands = "is not set" if before is None else f"stands at {before.version}/{before.number}"
            raise ConflictError(f"alias '{name}' of project '{project}' {stands}, not at {expect}", "nothing was moved")
        to = Place(lineage.version, generation.number)
        outcomes = self.outcomes(registry, generation, name, before)
        refused = [each for each in outcomes if not each.holds]
        if refused and not is_forced and before != to:
            count = "a gate does" if len(refused) == 1 else f"{len(refused)} gates do"
            text = f"{generation.address} does not become '{name}': {count} not hold"
            raise GateRefused(text, "--force moves it all the same, and the history says so", outcomes)
        why = _why(outcomes, refused)
        move = Move(alias=name, to=to, before=before, at=self._parts.clock(), by=self._parts.who(), why=why)
        if before == to:
            return Moved(project=project, move=move, outcomes=outcomes, is_news=False)
        registry.move(project, move)
        return Moved(project=project, move=move, outcomes=outcomes)

    def outcomes(
        self, registry: Registry, generation: Generation, alias: str, before: Place | None
    ) -> tuple[Outcome, ...]:
        """Return what comes of each gate of an alias for a generation; raises `InvalidError` as `move`."""
        gates = [Gate(text, alias) for text in self._parts.gates.get(alias, ())]
        standing = None
        if before is not None and gates:
            found = registry.generations(generation.draft.project, before.version)
            standing = next((numbers_of(each) for each in found if each.number == before.number), None)
        return tuple(gate.outcome(numbers_of(generation), standing) for gate in gates)

    def drop(self, address: str) -> Moved:
        """Take an alias away; its history stays.

        Raises:
            MissingError: there is none.
        """
        project, name, before = self._standing(address)
        move = Move(alias=name, to=None, before=before, at=self._parts.clock(), by=self._parts.who(), why="removed")
        self._parts.registry().move(project, move)
        return Moved(project=project, move=move)

    def roll_back(self, address: str, to: str | None = None) -> Moved:
        """Put an alias back to where it stood before; each further time to where it stood before that.

        Gates are not asked: they were when it stood there.

        Args:
            address: `churn@champion`.
            to: a generation it stood at some time; None: the one before.

        Raises:
            MissingError: there is no such alias, or it never stood anywhere else that is still there.
        """
        project, name, before = self._standing(address)
        registry = self._parts.registry()
        there = [
            place for place in reversed(earlier(registry.history(project, name))) if _is_there(registry, project, place)
        ]
        wanted = None if to is None else _place(to, project)
        fitting = [place for place in there if wanted in (None, place)]
        if not fitting:
            places = ", ".join(f"{place.version}/{place.number}" for place in dict.fromkeys(there))
            what = f"never stood at {to}" if to is not None else "never stood anywhere else that is still there"
            hint = f"it stood at {places}" if places else f"'graft alias set ADDRESS {name}' moves it forward"
            raise MissingError(f"alias '{name}' of project '{project}' {what}", hint)
        move = Move(
            alias=name, to=fitting[0], before=before, at=self._parts.clock(), by=self._parts.who(), why=ROLLBACK
        )
        registry.move(project, move)
        return Moved(project=project, move=move)

    def _standing(self, address: str) -> tuple[str, str, Place]:
        """Return project, name and place of an alias that is set."""
        found = address_of(address)
        if found.alias is None:
            raise InvalidError(f"'{address}' names no alias", f"write it as {found.project}@champion")
        lineage, generation = find_generation(self._parts.registry(), found)
        return found.project, found.alias, Place(lineage.version, generation.number)


def earlier(moves: Sequence[Move]) -> list[Place]:
    """Return where an alias stood before where it stands, oldest first; what was rolled back from is left out."""
    stack: list[Place] = []
    for move in moves:
        if move.to is None:
            continue
        if move.why == ROLLBACK and move.to in stack:
            del stack[len(stack) - stack[::-1].index(move.to) :]
        else:
            stack.append(move.to)
    stands = moves[-1].to if moves else None
    return stack[:-1] if stands is not None else stack


def numbers_of(generation: Generation) -> Mapping[str, Json]:
    """Return what gates may name of a generation: its metrics, and `score` where no metric is called so."""
    draft = generation.draft
    return {**({} if draft.score is None else {"score": draft.score}), **draft.metrics}


def alias_name(text: str) -> str:
    """Return the name of an alias as it is kept: `@champion` is `champion`.

    Raises:
        InvalidError: it is none.
    """
    name = text.removeprefix("@")
    if not is_strict_name(name):
        hint = "lower-case letters, digits and . _ - after a letter or digit, up to 64"
        raise InvalidError(f"'{text}' is no name of an alias; did you mean '{strict_name(name)}'?", hint)
    return name


def _place(text: str, project: str) -> Place | None:
    """Return the place that a person wrote with or without the project; None for `none`."""
    if text == "none":
        return None
    address = _whole(text, project)
    if address.version is None or address.number is None:
        raise InvalidError(f"'{text}' is no generation", f"write it as 0.2.0/3, {project}/0.2.0/3 or none")
    return Place(address.version, address.number)


def _whole(text: str, project: str) -> Address:
    return address_of(text if text.startswith(f"{project}/") else f"{project}/{text}")


def _why(outcomes: Sequence[Outcome], refused: Sequence[Outcome]) -> str:
    if refused:
        return f"forced, against {'; '.join(each.text for each in refused)}"
    return f"gate: {'; '.join(each.text for each in outcomes)}" if outcomes else "set"


def _is_there(registry: Registry, project: str, place: Place) -> bool:
    return any(each.number == place.number for each in registry.generations(project, place.version))
