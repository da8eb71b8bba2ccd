"""Labels measured in terminal columns.

Apart because `len` is not a width: a CJK character fills two cells, an accent none, and a tab or an
escape character would move the whole picture.
"""

from functools import cache
from unicodedata import category, combining, east_asian_width

REPLACEMENT = "·"
"""Stands for a character that a terminal would obey or could not encode."""
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_WIDE = frozenset({"W", "F"})


def columns(text: str) -> int:
    """Count the terminal columns that `text` fills."""
    return sum(map(_width, text))


def fit(label: str, limit: int, *, ellipsis: str = "…") -> str:
    """Return `label` made printable, and cut with `ellipsis` to at most `limit` columns."""
    if limit < 1:
        raise ValueError(f"a label needs at least 1 column, not {limit}")
    clean = _printable(label) or REPLACEMENT
    if columns(clean) <= limit:
        return clean
    kept, room = "", limit - columns(ellipsis)
    for character in clean:
        room -= _width(character)
        if room < 0:
            break
        kept += character
    return kept + ellipsis


def cells(text: str) -> list[str]:
    """Split `text` into one string for each column; the right half of a wide character is empty."""
    result: list[str] = []
    for character in text:
        width = _width(character)
        if width:
            result.extend((character, "") if width == 2 else (character,))
            continue
        # An accent shares the cell of its letter, which is the cell before when the letter is wide.
        at = len(result) - 1 if result[-1] else len(result) - 2
        result[at] += character
    return result


@cache
def _width(character: str) -> int:
    if character.isascii():
        return 1
    if combining(character) or category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in _WIDE else 1


def _printable(label: str) -> str:
    kept: list[str] = []
    for character in label:
        if character.isspace():
            kept.append(" ")
        elif category(character) in _UNPRINTABLE:
            kept.append(REPLACEMENT)
        elif "\ufe00" <= character <= "\ufe0f":
            # Variation selectors change the width in some terminals only: no count would be right.
            continue
        elif _width(character) or kept:
            kept.append(character)
    return "".join(kept)
