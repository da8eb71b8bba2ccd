"""A regular expression that looks at each character of a line once, whatever the line: for those `re` is slow with.

The characters that were read so far lead to a set of places in the pattern, and sets that were met before are not
worked out again: about 6 MB/s in Python, where `re` makes 100 or never ends.
Source: R. Cox, "Regular Expression Matching Can Be Simple And Fast" (2007), on Thompson's construction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from re import _constants as op  # type: ignore[attr-defined]  # private, and the same from 3.11 on
from typing import Any, TypeAlias

from .named import NamedTuple
from .patterncost import SIGNS, leaf

_Scopes: TypeAlias = tuple[tuple[int, int], ...]
_LARGEST = 2_000
"""Places of a pattern; each new set of them costs a look at all."""
_MOST = 20_000
"""Steps from set to set that are kept, 2 to 8 MB: beyond, all are forgotten, as in RE2."""


class Unsupported(Exception):
    """A pattern that no automaton can be made of; the text says what it has."""


class _Place(NamedTuple):
    """What may come next in a match."""

    takes: Callable[[str], object] | None
    """Tells whether a character goes on to `next`; None: no character is taken."""
    holds: Any
    """Condition on what is before and after (`^`, `$`, `\\b`) under which it goes on; None: always."""
    next: list[int]
    """Numbers of the places after it; empty: the match is complete."""


class _Set(dict[str, "_Set"]):
    """The sets that follow on characters, as far as they were met."""

    __slots__ = ("before", "places")

    def __init__(self, places: frozenset[int], before: bool | None) -> None:
        super().__init__()
        self.places = places
        self.before = before
        """Whether the character before is part of a word; None: there is none."""

    def __bool__(self) -> bool:
        return True  # also while nothing is known to follow


_COMPLETE = _Set(frozenset(), None)
"""Stands for what follows a complete match."""


class Automaton:
    """Finds a regular expression in lines. Lines hold no line feed.

    Args:
        tree: of the pattern, by `patterncost.parsed`.
        flags: it is compiled with.

    Raises:
        Unsupported: it looks around or back, or is too large.
    """

    def __init__(self, tree: Any, flags: int) -> None:
        self._flags = flags
        self._state = tree.state
        self._word = re.compile(r"\w", tree.state.flags & re.ASCII).match
        self._leaves: dict[str, Callable[[str], object]] = {}
        self._places: list[_Place] = []
        self._start = self._sequence(tree, self._add(_Place(None, None, [])), ())
        self._sets: dict[tuple[frozenset[int], bool | None], _Set] = {}
        self._known = 0

    def end_of(self, line: str) -> int | None:
        """Return the first place in a line at which a match is complete; None: there is no match."""
        state = self._set(frozenset(), None)
        for at, sign in enumerate(line):
            state = state.get(sign) or self._step(state, sign)
            if state is _COMPLETE:
                return at
        return len(line) if self._step(state, "") is _COMPLETE else None

    # -- making it -------------------------------------------------------------------------------------------------

    def _add(self, place: _Place) -> int:
        if len(self._places) >= _LARGEST:
            raise Unsupported("too many repeats")
        self._places.append(place)
        return len(self._places) - 1

    def _sequence(self, items: Any, after: int, scopes: _Scopes) -> int:
        """Add what a sequence needs, its end first; return where it begins."""
        for kind, given in reversed(list(items)):
            after = self._item(kind, given, after, scopes)
        return after

    def _item(self, kind: Any, given: Any, after: int, scopes: _Scopes) -> int:
        if kind in SIGNS:
            return self._add(_Place(self._leaf((kind, given), scopes), None, [after]))
        if kind is op.AT:
            return self._add(_Place(None, given, [after]))
        if kind is op.BRANCH:
            return self._add(_Place(None, None, [self._sequence(each, after, scopes) for each in given[1]]))
        if kind is op.SUBPATTERN:
            _, added, removed, inner = given
            return self._sequence(inner, after, (*scopes, (added, removed)) if added or removed else scopes)
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            low, high, inner = given
            return self._repeat(low, high, inner, after, scopes)
        raise Unsupported(_NAMES.get(kind, "what only `re` can do"))

    def _repeat(self, low: int, high: Any, inner: Any, after: int, scopes: _Scopes) -> int:
        if high is op.MAXREPEAT:
            again = self._add(_Place(None, None, []))
            self._places[again].next.extend((self._sequence(inner, again, scopes), after))
            begin = again
        else:
            begin = after
            for _ in range(high - low):
                begin = self._add(_Place(None, None, [self._sequence(inner, begin, scopes), after]))
        for _ in range(low):
            begin = self._sequence(inner, begin, scopes)
        return begin

    def _leaf(self, item: tuple[Any, Any], scopes: _Scopes) -> Callable[[str], object]:
        key = f"{item} {scopes}"
        if key not in self._leaves:
            self._leaves[key] = leaf(self._state, item, self._flags, scopes)
        return self._leaves[key]

    # -- going through a line --------------------------------------------------------------------------------------

    def _set(self, places: frozenset[int], before: bool | None) -> _Set:
        found = self._sets.get((places, before))
        if found is None:
            found = self._sets[places, before] = _Set(places, before)
        return found

    def _step(self, state: _Set, sign: str) -> _Set:
        """Work out what follows a set on a character; with an empty one, whether a match is complete at the end."""
        is_word = bool(self._word(sign)) if sign else None
        reached = self._reached([*state.places, self._start], state.before, is_word)
        following = _COMPLETE
        if all(place.next for place in reached):
            takes = [place for place in reached if sign and place.takes is not None and place.takes(sign)]
            following = self._set(frozenset(place.next[0] for place in takes), is_word)
        self._known += 1
        if self._known > _MOST:
            for each in list(self._sets.values()):
                each.clear()
            self._sets.clear()
            self._known = 0
        state[sign] = following
        return following

    def _reached(self, places: Iterable[int], before: bool | None, after: bool | None) -> Sequence[_Place]:
        """Return all places that are reached from some without a character."""
        seen: set[int] = set()
        stack = list(places)
        while stack:
            at = stack.pop()
            if at in seen:
                continue
            seen.add(at)
            place = self._places[at]
            if place.takes is None and (place.holds is None or _holds(place.holds, before, after)):
                stack.extend(place.next)
        return [self._places[at] for at in seen]


def _holds(condition: Any, before: bool | None, after: bool | None) -> bool:
    if condition in (op.AT_BEGINNING, op.AT_BEGINNING_STRING, op.AT_BEGINNING_LINE):
        return before is None
    if condition in (op.AT_END, op.AT_END_STRING, op.AT_END_LINE):
        return after is None
    is_boundary = bool(before) != bool(after)
    return is_boundary if condition is op.AT_BOUNDARY else not is_boundary


_NAMES = {
    op.ASSERT: "looks ahead or behind",
    op.ASSERT_NOT: "looks ahead or behind",
    op.GROUPREF: "refers back to a group",
    op.GROUPREF_EXISTS: "refers back to a group",
    op.ATOMIC_GROUP: "has an atomic group",
    op.POSSESSIVE_REPEAT: "repeats possessively",
}
