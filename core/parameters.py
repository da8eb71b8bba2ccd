"""The parameters a person gave: which step takes which, and those that nobody takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .errors import InvalidError, nearest
from .given import Given, Value
from .graph import Json, Node
from .levels import Level, shown
from .pipeline import Pipeline
from .provenance import Note
from .steps import Step
from .takes import Takes

if TYPE_CHECKING:
    from .formfields import FormField


class Parameters:
    """Keeps account of the parameters of one compile.

    Args:
        given: By the person, for the whole run.
    """

    def __init__(self, given: Given):
        self.used: set[str] = set()
        """Keys that an argument got."""
        self.wrong: set[str] = set()
        """Keys whose value does not cast."""
        self.values: dict[str, Json] = {}
        """Key -> value, cast, of every parameter a person gave that an argument got and JSON can hold."""
        self._outdone: dict[str, str] = {}
        """Key of a parameter a person gave for this run -> what a step took instead."""
        self._bound: Counter[str] = Counter()
        """Name -> how many steps take it from elsewhere; not counted where nobody gave a parameter."""
        self._given = given
        self._takers: list[tuple[str, Step, Takes]] = []
        self._scoped = {key.rpartition(":")[0] for layer in (given.typed, given.call, given.file) for key in layer}
        self.has_scoped = not self._scoped <= {""}
        """Whether one was given for one step alone (`STEP:name`)."""
        self.can_be_outdone = bool(given.typed or given.call)
        """Whether a person gave one for this run; else nothing need be told to `outdo`."""

    def note(self, path: str, step: Step, takes: Takes) -> None:
        """Note that a step takes names, whether or not a parameter is what it gets."""
        self._takers.append((path, step, takes))

    def mark(self) -> int:
        """Return how many steps were noted so far, for `taken_since`."""
        return len(self._takers)

    def taken_since(self, mark: int) -> tuple[set[str], bool]:
        """Return the names that steps noted since then take, and whether one takes any name."""
        takers = self._takers[mark:]
        several = _several(takers)
        return _names(several), any(takes.takes_rest or not takes.is_known for takes in several)

    def find(self, level: Level, step: Step, name: str) -> Value | None:
        """Return what is given for a name a step takes; None when nothing is."""
        found = level.given.find(self.called(level, step), name)
        if found is not None:
            self.used.add(found.key)
        return found

    def is_for(self, level: Level, step: Step, name: str) -> bool:
        """Tell whether a person named a parameter for this very step: `-p STEP:name`."""
        found = level.given.find(self.called(level, step), name)
        return found is not None and ":" in found.key

    def outdo(self, level: Level, step: Step, name: str, winner: str) -> None:
        """Note that a step takes a name from elsewhere, whatever a person gave; `winner` says from where."""
        self._bound[name] += 1
        for key in (f"{self.called(level, step)}:{name}", name):
            if (key in self._given.typed or key in self._given.call) and key not in self._outdone:
                self._outdone[key] = f"step '{shown(level.path_of(step))}' takes '{name}' from {winner}"

    def tell(self, note: Note) -> None:
        """Add everything that steps take to the note of where parameters came from."""
        for path, step, takes in self._takers:
            rest = self._given.names_for(step.name) if takes.takes_rest else ()
            note.add(shown(path), step, takes, (*rest, *step.params))

    def names_for(self, level: Level, step: Step) -> list[str]:
        """Return every name that is given to a step, in a stable order."""
        return level.given.names_for(self.called(level, step))

    def called(self, level: Level, step: Step) -> str:
        """Return what a person calls a step in `STEP:name`: its path without numbers if that was given, or its name."""
        if not self.has_scoped or level.parent is None:
            return step.name
        path = shown(level.path_of(step))
        return path if path in self._scoped else step.name

    def fields(self, nodes: Sequence[Node]) -> tuple[FormField, ...]:
        """Return what a form asks: the names steps take that are parameters in these nodes of the finished graph."""
        arguments = {node.path: {each.name: each.source for each in node.arguments} for node in nodes}
        from .formfields import field_of, merged  # for forms

        found: list[FormField] = []
        for path, step, takes in self._takers:
            bound = arguments.get(path)
            for take in takes.items if bound is not None else ():
                assert bound is not None
                wire = (step.inputs or {}).get(take.name, take.name)
                if isinstance(wire, str) and (
                    each := field_of(take, wire, bound.get(take.name), self._given, shown(path))
                ):
                    found.append(each)
        return merged(found)

    def unknown(self) -> list[InvalidError]:
        """Return an error for each parameter a person gave that no step takes; call it after the last step."""
        if not any(":" in key or key not in self.used for key in self._given.demanded()):
            return []
        steps: dict[str, list[Takes]] = {}
        for path, step, takes in self._takers:
            for called in dict.fromkeys((step.name, shown(path))):
                steps.setdefault(called, []).append(takes)
        takers = {name for _, _, takes in self._takers for name in takes.names}
        takes_all = any(takes.takes_rest for _, _, takes in self._takers)
        asked = Counter(name for _, _, takes in self._takers for name in takes.names)
        free = sorted(name for name in takers if self._bound[name] < asked[name])
        unused = [key for key in self._given.demanded() if key not in self.used]
        found = [_unknown(key, steps, takers, free, takes_all) for key in unused]
        return [problem for problem in found if problem is not None]

    def without_effect(self) -> list[str]:
        """Return a warning for each parameter a person gave that never reaches a step which takes it."""
        takers = _names(_several(self._takers))
        found = []
        for key in self._given.demanded():
            name = key.rpartition(":")[2]
            if key in self._outdone:
                # Of ten thousand steps that take it otherwise, the first tells.
                effect = "does not reach every step" if key in self.used else "has no effect"
                found.append(f"the parameter '{key}' {effect}: {self._outdone[key]}")
            elif key not in self.used and name in takers:
                found.append(f"the parameter '{key}' has no effect: '{name}' is bound otherwise wherever it is taken")
        return found

    def not_taken(self, pipeline: Pipeline, mark: int) -> list[str]:
        """Return a warning for each parameter of a pipeline that none of its steps, noted since then, takes."""
        if not pipeline.params:
            return []
        takers, _ = self.taken_since(mark)
        return [
            f"the pipeline's parameter '{name}' is taken by no step{nearest(name, sorted(takers))}"
            for name in pipeline.params
            if name not in takers and name not in self.used
        ]


def _unknown(
    key: str, steps: Mapping[str, Sequence[Takes]], takers: set[str], free: Sequence[str], takes_all: bool
) -> InvalidError | None:
    """Return what is wrong with a parameter; `free`: names that a parameter may be, and not what steps return."""
    step, colon, name = key.rpartition(":")
    if not colon:
        if name in takers or takes_all:
            return None
        return InvalidError(f"no step takes the parameter '{name}'{nearest(name, free)}", _parameters(free))
    if step not in steps:
        return InvalidError(f"the parameter '{key}' names no step{nearest(step, list(steps))}", _steps(steps))
    if any(name in takes.names or takes.takes_rest for takes in steps[step]):
        return None
    known = sorted({each for takes in steps[step] for each in takes.names})
    return InvalidError(f"step '{step}' does not take '{name}'{nearest(name, known)}", _parameters(known))


def _parameters(known: Sequence[str]) -> str:
    return f"taken are {', '.join(known[:20])}" if known else "nothing is taken"


def _steps(steps: Mapping[str, object]) -> str:
    return f"the steps are {', '.join(list(steps)[:20])}"


def _several(takers: Sequence[tuple[str, Step, Takes]]) -> list[Takes]:
    """Return what steps take, each once: ten thousand share that of a few functions."""
    return list({id(takes): takes for _, _, takes in takers}.values())


def _names(several: Iterable[Takes]) -> set[str]:
    return {name for takes in several for name in takes.names}
