"""How long `re` may take for a regular expression: it tries one way after the other, and there may be very many.

`(a+)+$` tries 2^n ways in a line of n letters `a`, `.*a.*b` n^3: 58 s in 2,048 letters. Meanwhile no other thread gets
on. So the ways are counted in the pattern, as many as there could be in the worst line; by another line than that it
may well be quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from re import _compiler, _parser  # type: ignore[attr-defined]
from re import _constants as op  # type: ignore[attr-defined]  # private, and the same from 3.11 on
from typing import Any

SIGNS = frozenset({op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN})
"""Operators that take one character."""
_REPEATS = frozenset({op.MAX_REPEAT, op.MIN_REPEAT})
_BACK = 16.0
"""A reference back compares as many signs as the group has: after `(.*)` that is as dear as so many ways."""
_MANY = 1e12
"""Ways beyond which nobody counts."""


def parsed(text: str, flags: int) -> Any:
    """Return the tree of a regular expression that compiles: a sequence of (operator, arguments)."""
    return _parser.parse(text, flags)


def leaf(
    state: Any, item: tuple[Any, Any], flags: int, scopes: Sequence[tuple[int, int]] = ()
) -> Callable[[str], object]:
    """Return what `re` itself makes of one character: what ignores case and what is in a set is its business.

    Args:
        state: of the tree.
        item: operator and argument.
        flags: the pattern is compiled with.
        scopes: flags that groups around it add and take away (`(?-i:...)`), the outermost first.
    """
    tree = _parser.SubPattern(state, [item])
    for added, removed in reversed(scopes):
        tree = _parser.SubPattern(state, [(op.SUBPATTERN, (None, added, removed, tree))])
    found: Callable[[str], object] = _compiler.compile(tree, flags).match
    return found


def ways(tree: Any, flags: int, size: int) -> float:
    """Return in how many ways a pattern may match from one place on; 1 when there is no choice.

    Args:
        tree: by `parsed`.
        flags: it is compiled with.
        size: characters there are.
    """
    items, found = [*_flat(tree)], 1.0
    for at, (kind, given) in enumerate(items):
        is_last = at == len(items) - 1
        if _is_of_signs(kind, given) and (is_last or _ends_before(given, items[at + 1], tree.state, flags)):
            found *= 1 if is_last else 2  # given back sign by sign, and nothing comes of it
        else:
            found *= _ways_of(kind, given, size)
    return min(found, _MANY)


def _is_of_signs(kind: Any, given: Any) -> bool:
    """Tell whether something is one character, repeated."""
    return kind in _REPEATS and len(given[2]) == 1 and given[2][0][0] in SIGNS


def _flat(items: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what follows each other, groups that do not repeat opened."""
    for kind, given in items:
        if kind is op.SUBPATTERN:
            yield from _flat(given[-1])
        else:
            yield kind, given


def _ends_before(repeated: Any, after: tuple[Any, Any], state: Any, flags: int) -> bool:
    """Tell whether no sign that is repeated is the one that comes after it: `\\d+\\.`."""
    kind, given = after
    if kind is not op.LITERAL:
        return False
    is_one = leaf(state, repeated[2][0], flags)
    sign = chr(given)
    return not any(is_one(each) for each in {sign, *sign.lower(), *sign.upper()})


def _product(items: Sequence[tuple[Any, Any]], size: int) -> float:
    found = 1.0
    for kind, given in items:
        found = min(_MANY, found * _ways_of(kind, given, size))
    return found


def _ways_of(kind: Any, given: Any, size: int) -> float:
    if kind is op.BRANCH:
        return sum(_product(each, size) for each in given[1])
    if kind in (op.SUBPATTERN, op.ASSERT, op.ASSERT_NOT):
        return _product(given[-1], size)
    if kind is op.ATOMIC_GROUP:
        return _product(given, size)
    if kind is op.GROUPREF_EXISTS:
        return _product(given[1], size) + (_product(given[2], size) if given[2] else 1.0)
    if kind in _REPEATS:
        low, high, inner = given
        return _repeated(_product(inner, size), low, min(int(high), max(low, size)))
    if kind is op.GROUPREF:
        return _BACK
    if kind is op.POSSESSIVE_REPEAT:
        return _product(given[2], size) * size
    return 1.0


def _repeated(once: float, low: int, high: int) -> float:
    """Return in how many ways something that matches in `once` ways matches `low` to `high` times."""
    if once == 1.0:
        return high - low + 1.0
    try:
        return min(_MANY, (once ** (high + 1) - once**low) / (once - 1))
    except OverflowError:
        return _MANY
