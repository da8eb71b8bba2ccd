"""What is looked for in logs, and the lines of a log's blocks that have it: shared by command line and terminal UI.

Bytes are searched as they were captured; only a line that has what is sought is decoded.
"""

from __future__ import annotations

import re
import warnings
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, AnyStr

from .errors import InvalidError
from .ports import LogBlock
from .records import dataclass, field, replace

if TYPE_CHECKING:
    from .automaton import Automaton

REGEX = "re:"
"""What a text begins with that is a regular expression, where there is no option to say so."""
_WAYS = 8192
"""Ways a regular expression may match from one place of a part on: the worst line of 2,048 letters takes 0.2 s then."""
LONG = 2048
"""Bytes or characters of a line that a regular expression is let loose on at once."""
CARRIED = 1 << 20
"""Bytes of a line that has not ended at which it is searched all the same; the rest of it counts as the same line."""


class Sought:
    """A text, ASCII letters in either case, or a regular expression; found line by line."""

    def __init__(self, text: str, *, is_regex: bool = False) -> None:
        """Take what is looked for.

        Raises:
            InvalidError: nothing, more than one line, or a regular expression that is none.
        """
        if not text:
            raise InvalidError("there is nothing to look for", "give a text that a line holds")
        if "\n" in text:
            raise InvalidError("logs are searched line by line, and this text has several lines", "look for one line")
        self.text = text
        self.is_regex = is_regex
        self._needle = text.encode("utf-8", "surrogateescape").lower()
        self._pattern = _compiled(text if is_regex else re.escape(text))
        self._bytes = _of_bytes(self._pattern.pattern)
        self._automaton = _automaton(text) if is_regex else None
        """Takes the place of `re` where that might take very long; None: it does not."""

    @classmethod
    def typed(cls, text: str) -> Sought:
        """Return what somebody means who types into a field: `re:` begins a regular expression."""
        return cls(text.removeprefix(REGEX), is_regex=True) if text.startswith(REGEX) else cls(text)

    @property
    def shown(self) -> str:
        """Return it as it is typed into a field."""
        return f"{REGEX}{self.text}" if self.is_regex else self.text

    def lines(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield start and end of every line that has it, in order; a line's end is that of the data, or a line feed."""
        return self._matching(data) if self.is_regex else self._holding(data)

    def place(self, line: bytes) -> int | None:
        """Return about where it first stands in a line, in bytes; None: it does not."""
        if not self.is_regex:
            found = line.lower().find(self._needle)
            return None if found < 0 else found
        if self._automaton is not None:
            text = line.decode("utf-8", "backslashreplace")
            end = self._automaton.end_of(text)
            return None if end is None else len(text[:end].encode("utf-8", "surrogateescape"))
        if self._bytes is not None and line.isascii():
            return _first(self._bytes, line)
        text = line.decode("utf-8", "backslashreplace")
        start = _first(self._pattern, text)
        return None if start is None else len(text[:start].encode("utf-8", "surrogateescape"))

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where it stands in a line, for drawing: of a regular expression in the first 2,048 characters.

        Of one that `re` might take very long for it is all of a line that has it.
        """
        if self._automaton is not None:
            return iter([(0, len(text))] if text and self._automaton.end_of(text) is not None else [])
        end = LONG if self.is_regex else len(text)
        return (match.span() for match in self._pattern.finditer(text, 0, end) if match.group())

    def _holding(self, data: bytes) -> Iterator[tuple[int, int]]:
        # 1 GB/s; a pattern that ignores case looks at every byte in turn, 0.1 GB/s.
        lowered, needle = data.lower(), self._needle
        found = lowered.find(needle)
        while found >= 0:
            end = data.find(b"\n", found)
            end = len(data) if end < 0 else end
            yield data.rfind(b"\n", 0, found) + 1, end
            found = lowered.find(needle, end)

    def _matching(self, data: bytes) -> Iterator[tuple[int, int]]:
        # Line by line: over a whole block `[^x]*` would run on to its end from every line.
        is_plain = self._bytes is not None and self._automaton is None
        search, start = self._bytes.search if is_plain and self._bytes is not None else None, 0
        for line in data.split(b"\n"):
            if search is not None and len(line) <= LONG and line.isascii():  # nearly all are: a third less time
                found = search(line) is not None
            else:
                found = self.place(line) is not None
            if found:
                yield start, start + len(line)
            start += len(line) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHit:
    """A line that has what is sought."""

    node: str
    attempt: int
    stream: str
    at: float
    """Wall time its first byte was captured."""
    nth: int
    """Among the lines of the same step, attempt and stream that were captured at the same time; from 0."""
    text: str
    """The line; around the first place that was found, where it is longer than was asked for."""
    is_cut: bool = False
    """The line is longer."""
    before: tuple[str, ...] = ()
    """Lines of the same step, attempt and stream before it, none of them told with the hit before."""
    after: tuple[str, ...] = ()
    """And after it, none of them a hit or told with the next one."""


@dataclass(slots=True)
class _Stream:
    """What is known of one stream between two blocks."""

    rest: bytes = b""
    """The line that has not ended."""
    at: float = 0.0
    """When its first byte was captured."""
    nth: int = 0
    begun_at: float | None = None
    """Time of the last piece, and how many lines began in pieces of that time."""
    begun: int = 0
    is_told: bool = False
    """The line that has not ended was reported: it is longer than is carried."""
    past: deque[bytes] = field(default_factory=deque)
    """Lines before it that may be told with the next hit."""
    waiting: LogHit | None = None
    """A hit that lines after it belong to."""


class Matching:
    """Finds lines in blocks: of each stream in order, any number of streams side by side."""

    def __init__(self, sought: Sought, *, around: int = 0, longest: int = CARRIED) -> None:
        """Begin.

        Args:
            sought: what is looked for.
            around: lines before and after a hit that are told with it.
            longest: bytes of a line that a hit holds.
        """
        self._sought = sought
        self._around = around
        self._longest = longest
        self._streams: dict[tuple[str, int, str], _Stream] = {}

    def take(self, block: LogBlock) -> Iterator[LogHit]:
        """Yield the hits that a block completes, in its order."""
        source = (block.node, block.attempt, block.stream)
        known = self._streams.get(source)
        if known is None:
            known = self._streams[source] = _Stream(past=deque(maxlen=self._around))
        places = _Places(block, known)
        data = known.rest + block.data if known.rest else block.data
        whole = data.rfind(b"\n") + 1
        if whole:
            yield from self._found(source, known, data[: whole - 1], places)
            known.is_told = False
        rest_at = places.of(whole)
        known.rest, (known.at, known.nth) = data[whole:], rest_at
        known.begun_at, known.begun = places.last()
        if len(known.rest) > CARRIED:
            yield from self._of_long(source, known)

    def rest(self) -> Iterator[LogHit]:
        """Yield what is left: hits in lines without their end, and those that waited for lines after them."""
        for source, known in self._streams.items():
            if known.rest:
                yield from self._found(source, known, known.rest, None)
            if known.waiting is not None:
                yield known.waiting
        self._streams.clear()

    def _found(
        self, source: tuple[str, int, str], known: _Stream, data: bytes, places: _Places | None
    ) -> Iterator[LogHit]:
        """Yield the hits of whole lines; `places` None: of the one line that never ended."""
        told = 0
        for start, end in self._sought.lines(data):
            if known.is_told and start == 0:
                continue  # the rest of a line that was reported
            if self._around:
                yield from self._passed(known, data, told, start)
            at, nth = (known.at, known.nth) if places is None else places.of(start)
            hit = self._hit(source, data, start, end, at, nth, known)
            told = end + 1
            if self._around:
                if known.waiting is not None:
                    yield known.waiting
                known.waiting = hit
                known.past.clear()
            else:
                yield hit
        if self._around:
            yield from self._passed(known, data, told, len(data) + 1)

    def _passed(self, known: _Stream, data: bytes, start: int, end: int) -> Iterator[LogHit]:
        """Take the lines between two hits: the first ones are told with the one before, the last with the next."""
        if end <= start:
            return
        between, waiting = data[start : end - 1], known.waiting
        if waiting is None:
            lines = between.rsplit(b"\n", self._around)
        else:
            lines = between.split(b"\n")
            taken = self._around - len(waiting.after)
            waiting = replace(waiting, after=(*waiting.after, *(self._text(line) for line in lines[:taken])))
            lines = lines[taken:]
            is_whole = len(waiting.after) >= self._around
            known.waiting = None if is_whole else waiting
            if is_whole:
                yield waiting
        known.past.extend(lines)

    def _of_long(self, source: tuple[str, int, str], known: _Stream) -> Iterator[LogHit]:
        """Search a line that has not ended for very long, and let it go but for its end."""
        if not known.is_told and next(self._sought.lines(known.rest), None) is not None:
            yield from self._found(source, known, known.rest, None)
            known.is_told = True
        known.rest = known.rest[-len(self._sought.text.encode("utf-8", "surrogateescape")) :]

    def _hit(
        self, source: tuple[str, int, str], data: bytes, start: int, end: int, at: float, nth: int, known: _Stream
    ) -> LogHit:
        node, attempt, stream = source
        line, is_cut = data[start:end], end - start > self._longest
        if is_cut:
            found = max(0, (self._sought.place(line) or 0) - self._longest // 4)
            line = line[found : found + self._longest]
        return LogHit(
            node=node,
            attempt=attempt,
            stream=stream,
            at=at,
            nth=nth,
            text=line.decode("utf-8", "backslashreplace"),
            is_cut=is_cut,
            before=tuple(self._text(each) for each in known.past),
        )

    def _text(self, line: bytes) -> str:
        return line[: self._longest].decode("utf-8", "backslashreplace")


class _Places:
    """When the lines of a block began."""

    def __init__(self, block: LogBlock, known: _Stream) -> None:
        self._block = block
        self._shift = len(known.rest)
        self._open = (known.at, known.nth)
        self._begun_at, self._begun = known.begun_at, known.begun

    def of(self, offset: int) -> tuple[float, int]:
        """Return time and number among the lines of that time, of a line by where it begins in rest and block."""
        block, at = self._block, offset - self._shift
        if offset == 0 and self._shift:
            return self._open
        piece = max(0, bisect_right(block.starts, at) - 1)
        return block.times[piece], self._lines_before(piece, at)

    def last(self) -> tuple[float, int]:
        """Return the time of the last piece, and how many lines began in pieces of that time."""
        size = len(self._block.data)
        piece = len(self._block.starts) - 1
        return self._block.times[piece], self._lines_before(piece, size)

    def _lines_before(self, piece: int, at: int) -> int:
        """Return how many lines began before an offset, in the pieces of the same time."""
        block = self._block
        while piece and block.times[piece - 1] == block.times[piece]:
            piece -= 1
        start = block.starts[piece]
        # A line begins after each line feed; and at the very beginning, where no line is open.
        begun = block.data.count(b"\n", max(0, start - 1), max(0, at - 1))
        if start == 0 and at > 0 and not self._shift:
            begun += 1
        if piece == 0 and self._begun_at == block.times[0]:
            begun += self._begun
        return begun


def _first(pattern: re.Pattern[AnyStr], line: AnyStr) -> int | None:
    """Return where a pattern first matches in a line.

    A long line is searched in overlapping parts: `.*a` takes 17 s in 64 kB of other text and 0.02 s in a part, and
    while it does no other thread gets on. Matches of more than half a part may be overlooked there.
    """
    size = len(line)
    if size <= LONG:
        found = pattern.search(line)
        return None if found is None else found.start()
    for start in range(0, size, LONG // 2):
        end = min(size, start + LONG)
        found = pattern.search(line, start, end)
        # The end of a part is taken for the end of the line, by `$` for instance: looked at again with all of it.
        if found is not None and (found.end() < end or end == size or pattern.match(line, found.start()) is not None):
            return found.start()
        if end == size:
            break
    return None


def _compiled(text: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what another Python may read otherwise: `[[a]`
            return re.compile(text, re.IGNORECASE)
    except (re.error, ValueError, RecursionError, OverflowError) as error:
        hint = "without --re, or re: in a field, it is looked for as it stands"
        raise InvalidError(f"'{text}' is no regular expression: {error}", hint) from error


def _automaton(text: str) -> Automaton | None:
    """Return what finds a regular expression that `re` might take very long for; None: it does not.

    Raises:
        InvalidError: it might, and nothing else can read it.
    """
    from . import patterncost  # with the automaton 2 ms, for who looks for a regular expression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = patterncost.parsed(text, re.IGNORECASE)
    if patterncost.ways(tree, re.IGNORECASE, LONG) <= _WAYS:
        return None
    from . import automaton

    try:
        return automaton.Automaton(tree, re.IGNORECASE)
    except automaton.Unsupported as problem:
        raise InvalidError(
            f"'{text}' might be looked for without end: {problem}, and what repeats may match in too many ways",
            "leave that out, or let fewer of its parts repeat",
        ) from problem


def _of_bytes(text: str) -> re.Pattern[bytes] | None:
    r"""Return the same for lines that are ASCII; None: it has a sign that bytes have not, such as `\u00e4`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(text.encode("utf-8", "surrogateescape"), re.IGNORECASE)
    except (re.error, ValueError):
        return None
