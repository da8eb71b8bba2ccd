"""The format of captured output: one append-only file per worker, and its index.

`NAME.log` is a sequence of records: one header line, then exactly as many bytes as it says.

    \\x1e PATH:ATTEMPT \\t STREAM \\t TIME \\t LENGTH [\\t ...] \\n    (without the blanks)
    LENGTH bytes, as captured

`grep -a $'\\x1e' NAME.log` lists who wrote what. A path holds no control character, so tab and newline are safe between
fields; readers ignore fields after the fourth, so later versions may add some. `NAME.idx` repeats each header with the
offset of its bytes, so that a reader jumps to one attempt in a file of gigabytes; it is a hint, can be behind the log
or missing, and is rebuilt from it.

Writers append record and index line with one `write` each and never rewrite. A crash may tear the last record: readers
end there. A file that is appended to after a tear is read on from the next header that parses.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, BinaryIO

from ..core.named import NamedTuple

if TYPE_CHECKING:
    from pathlib import Path  # 1.5 ms in a guardian, which reads none

LOG_SUFFIX = ".log"
INDEX_SUFFIX = ".idx"
MARK = b"\x1e"
"""ASCII record separator: the first byte of each header."""
MAX_HEADER = 64 * 1024
"""Bytes a header line may have; more is damage, not a header."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCAN = 64 * 1024


class LogEntry(NamedTuple):
    """Where the bytes of one record are."""

    node: str
    attempt: int
    stream: str
    """`stdout`, `stderr` or `system`."""
    at: float
    """Wall time it was captured, seconds since the epoch, to the microsecond."""
    offset: int
    """Of the first data byte in the log file."""
    length: int
    """Data bytes."""

    @property
    def end(self) -> int:
        """Return the offset of the next record."""
        return self.offset + self.length


def encode_record(node: str, attempt: int, stream: str, at: float, data: bytes) -> bytes:
    """Return one record, to be appended with a single write.

    Raises:
        ValueError: the path or the stream holds a control character.
    """
    return b"".join((MARK, _fields(node, attempt, stream, at), b"\t%d\n" % len(data), data))


def encode_index(entry: LogEntry) -> bytes:
    """Return one line of the index."""
    node, attempt, stream, at, offset, length = entry
    return _fields(node, attempt, stream, at) + b"\t%d\t%d\n" % (length, offset)


def iter_records(file: BinaryIO, start: int = 0) -> Iterator[LogEntry]:
    """Yield the whole records of a log file from an offset on, without reading their bytes.

    Ends at the first record whose bytes are not all there yet, so a live file can be read on later from the last
    entry's `end`. Bytes that are no header (a torn record that was appended to) are passed over.
    """
    size = os.fstat(file.fileno()).st_size
    position = start
    while position < size:
        file.seek(position)
        entry = _parse_header(file.readline(MAX_HEADER), position)
        if entry is None:
            found = _next_header(file, position + 1)
            if found is None:
                return
            position = found
        elif entry.end > size:
            return
        else:
            yield entry
            position = entry.end


def read_index(file: BinaryIO) -> Iterator[LogEntry]:
    """Yield the entries of an index file; lines that are torn or damaged are left out."""
    for line in file:
        fields = line[:-1].split(b"\t") if line.endswith(b"\n") else []
        if len(fields) >= 5 and fields[3].isdigit() and fields[4].isdigit():
            entry = _entry(fields, offset=int(fields[4]))
            if entry is not None:
                yield entry


def iter_entries(log: Path) -> Iterator[LogEntry]:
    """Yield the entries of a log file from its index, and from the file itself where the index has a hole or ends.

    Jumps: bytes of the log are read only where the index does not tell.
    """
    end = 0
    index = log.with_suffix(INDEX_SUFFIX)
    with log.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if index.exists():
            with index.open("rb") as lines:
                for entry in read_index(lines):
                    if entry.offset < end or entry.end > size:
                        continue
                    if entry.offset - end != _header_size(entry):
                        yield from _before(iter_records(file, end), entry.offset)
                    yield entry
                    end = entry.end
        yield from iter_records(file, end)


def rebuild_index(log: Path) -> int:
    """Write the index of a log file anew and return its number of entries.

    Only for a file nobody appends to: the new index replaces the old one in one step.
    """
    temporary = log.with_suffix(f"{INDEX_SUFFIX}.{os.getpid()}.tmp")
    count = 0
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as target, log.open("rb") as source:
        for entry in iter_records(source):
            target.write(encode_index(entry))
            count += 1
    temporary.replace(log.with_suffix(INDEX_SUFFIX))
    return count


def _fields(node: str, attempt: int, stream: str, at: float) -> bytes:
    if _CONTROL.search(node) or _CONTROL.search(stream):
        raise ValueError(f"a log record cannot name {node!r} / {stream!r}: control characters")
    return f"{node}:{attempt}\t{stream}\t{at:.6f}".encode("utf-8", "surrogateescape")


def _parse_header(line: bytes, position: int) -> LogEntry | None:
    if not line.startswith(MARK) or not line.endswith(b"\n"):
        return None
    fields = line[1:-1].split(b"\t")
    return _entry(fields, offset=position + len(line)) if len(fields) >= 4 and fields[3].isdigit() else None


def _entry(fields: list[bytes], offset: int) -> LogEntry | None:
    node, colon, attempt = fields[0].decode("utf-8", "surrogateescape").rpartition(":")
    if not colon or not attempt.isdigit():
        return None
    try:
        at = float(fields[2])
    except ValueError:
        return None
    return LogEntry(node, int(attempt), fields[1].decode("utf-8", "surrogateescape"), at, offset, int(fields[3]))


def _header_size(entry: LogEntry) -> int:
    return len(_fields(entry.node, entry.attempt, entry.stream, entry.at)) + len(b"\x1e\t%d\n" % entry.length)


def _before(entries: Iterator[LogEntry], offset: int) -> Iterator[LogEntry]:
    return takewhile(lambda entry: entry.offset < offset, entries)


def _next_header(file: BinaryIO, position: int) -> int | None:
    """Return where the next header that parses begins, at or after a position."""
    file.seek(position)
    while chunk := file.read(_SCAN):
        found = chunk.find(MARK)
        while found >= 0:
            file.seek(position + found)
            if _parse_header(file.readline(MAX_HEADER), position + found) is not None:
                return position + found
            found = chunk.find(MARK, found + 1)
        position += len(chunk)
        file.seek(position)
    return None
