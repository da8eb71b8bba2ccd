"""A regular expression that somebody typed: found as Python's `re` finds it, given up where it takes too long.

`re` keeps the whole interpreter to itself: `(a+)+$` in a line of 30 letters for minutes. `regex` looks at the clock and
lets other threads go on. Apart, because importing it takes 20 ms: who looks for a text never does.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from typing import TypeAlias

import regex

from .errors import InvalidError
from .quantities import size_text

LIMIT_S = 0.5
"""CPU time a line may take. Of 1 MB `.*foo.*bar` takes 4 ms, `[a-z ]+:[a-z]+q` 70; what is quadratic ends at 200 kB."""
DRAWN_S = 0.005
"""CPU time the marks of a line may take: a screenful of such lines is drawn in a quarter of a second."""
DRAWN = 2048
"""Characters of a line that marks are looked for in."""
UNMARKED = 8
"""Lines without marks, because these took too long, after which none is marked any more."""
EVERY = 4
"""Lines after which a search says how far it is: with the limit at each of them that is 2 s, else 6 us."""
LARGEST = 250_000
"""Signs of an expression whose repeats are written out, as `regex` does: 280 bytes each."""
Step: TypeAlias = tuple[int, int] | int
"""Start and end of a line that has it; or an offset before which all lines were looked at."""
_FLAGS = regex.IGNORECASE | regex.VERSION0
_BRACE = re.compile(r"(\\N\{[^}]*\}|\\.)|\{(?!\d*,?\d*\})", re.DOTALL)
"""A brace that repeats nothing: `re` takes it for itself, `regex` might read `a{e}` as a word with errors."""


class TypedPattern:
    """One regular expression, ASCII letters in either case. What has timed out once is given up as a whole."""

    def __init__(self, text: str) -> None:
        """Take it.

        Raises:
            InvalidError: it is none, or too long.
        """
        self._typed = text
        _check(text)
        pattern = _BRACE.sub(lambda found: found[1] or r"\{", text)
        try:
            self._text = regex.compile(pattern, _FLAGS)
        except (regex.error, ValueError, RecursionError, OverflowError, MemoryError) as error:
            raise _refused(text, error) from error
        self._bytes = _of_bytes(pattern)
        self._failed: int | None = None
        """Bytes of the line in which it took too long; None: there was none."""
        self._unmarked = 0

    def lines(self, data: bytes) -> Iterator[Step]:
        """Yield the lines that have it, in order, and every few lines how far the search is.

        Raises:
            InvalidError: a line takes too long, or one did before.
        """
        # Line by line: over a whole block `[^x]*` would run on to its end from every line.
        if self._failed is not None:
            raise self._given_up(self._failed)
        ascii_search, search = None if self._bytes is None else self._bytes.search, self._text.search
        start, line = 0, b""
        try:
            for number, line in enumerate(data.split(b"\n"), 1):
                end = start + len(line)
                if ascii_search is not None and line.isascii():
                    found = ascii_search(line, timeout=LIMIT_S, concurrent=True) is not None
                else:
                    found = search(_decoded(line), timeout=LIMIT_S, concurrent=True) is not None
                if found:
                    yield start, end
                start = end + 1
                if number % EVERY == 0:
                    yield start
        except (TimeoutError, MemoryError) as error:
            raise self._given_up(len(line)) from error

    def place(self, line: bytes) -> int | None:
        """Return about where it first stands in a line, in bytes; None: it does not.

        Raises:
            InvalidError: that takes too long, or did in another line.
        """
        if self._failed is not None:
            raise self._given_up(self._failed)
        try:
            if self._bytes is not None and line.isascii():
                found = self._bytes.search(line, timeout=LIMIT_S, concurrent=True)
                return None if found is None else found.start()
            text = _decoded(line)
            within = self._text.search(text, timeout=LIMIT_S, concurrent=True)
        except (TimeoutError, MemoryError) as error:
            raise self._given_up(len(line)) from error
        return None if within is None else len(text[: within.start()].encode("utf-8", "surrogateescape"))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where it stands in the first 2,048 characters of a line; nowhere, where that takes too long."""
        if self._failed is not None or self._unmarked >= UNMARKED:
            return []
        try:
            found = list(self._text.finditer(text, 0, DRAWN, timeout=DRAWN_S, concurrent=True))
        except (TimeoutError, MemoryError):
            self._unmarked += 1
            return []
        return [match.span() for match in found if match.group()]

    def _given_up(self, size: int) -> InvalidError:
        self._failed = size
        return InvalidError(
            f"'{self._typed}' is given up: in a line of {size_text(size)} it takes more than {LIMIT_S:g} s, "
            "as what repeats matches in too many ways",
            "let fewer of its parts repeat, or look for a text that such lines have",
        )


def _check(text: str) -> None:
    """Refuse what Python would not take, whatever else `regex` can read, and what would fill the memory.

    Raises:
        InvalidError: it is no expression, or its repeats make it too long.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what another Python may read otherwise: `[[a]`
            re.compile(text, re.IGNORECASE)
    except (re.error, ValueError, RecursionError, OverflowError) as error:
        raise _refused(text, error) from error
    # At most so long: groups in each other, around the longest repeat of one sign.
    of_groups = [int(count) for count in re.findall(r"\)\{(\d+)", text)]
    longest = max((int(count) for count in re.findall(r"(?<!\))\{(\d+)", text)), default=1)
    if len(text) * math.prod(max(1, each) for each in of_groups) * max(1, longest) > LARGEST:
        raise InvalidError(f"'{text}' is too long with its repeats written out", "let fewer of its parts repeat")


def _refused(text: str, error: Exception) -> InvalidError:
    hint = "without --re, or re: in a field, it is looked for as it stands"
    return InvalidError(f"'{text}' is no regular expression: {error}", hint)


def _of_bytes(text: str) -> regex.Pattern[bytes] | None:
    r"""Return the same for lines that are ASCII; None: it has a sign that is more than a byte: `é*`, `\u00e4`."""
    if not text.isascii():
        return None
    try:
        return regex.compile(text.encode(), _FLAGS)
    except (regex.error, ValueError):
        return None


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")
