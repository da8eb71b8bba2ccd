"""Lines on disk are the lines that were written, found by number and by text."""

from __future__ import annotations

import pytest

from graftline.core.logmatch import Sought
from graftline.core.ports import LogChunk
from graftline.tui import logbook
from graftline.tui.logbook import LONGEST, Filter, LogBook


def chunk(data: bytes, node: str = "a") -> LogChunk:
    return LogChunk(node=node, attempt=1, stream="stdout", at=5.0, data=data)


def texts(book: LogBook) -> list[str]:
    return [book.line(number).text for number in range(len(book))]


def test_chunks_become_lines_and_what_has_no_end_waits_for_it() -> None:
    book = LogBook()

    assert book.add([chunk(b"one\ntw"), chunk(b"other\n", "b"), chunk(b"o\nth")]) == 3
    assert texts(book) == ["one", "other", "two"]
    assert book.line(1).source == ("b", 1, "stdout")

    assert book.add([chunk(b"ree\n")]) == 1
    assert book.add([chunk(b"last")]) == 0
    assert book.finish() == 1
    assert texts(book)[-2:] == ["three", "last"]
    book.close()


def test_bytes_that_are_no_text_are_shown_as_escapes() -> None:
    book = LogBook()
    book.add([chunk(b"\xff\xfe\x00bad\n")])

    assert texts(book) == ["\\xff\\xfe\x00bad"]
    book.close()


def test_a_line_of_a_megabyte_shows_its_beginning_and_tells_the_rest() -> None:
    book = LogBook()
    book.add([chunk(b"x" * 1_000_000 + b"\n"), chunk(b"next\n")])

    assert len(book.line(0).text) == LONGEST
    assert book.line(0).left_out == 1_000_000 - LONGEST
    assert book.line(1).text == "next"
    book.close()


@pytest.mark.parametrize(("piece", "block"), [(1 << 22, 65536), (40, 65536), (1 << 22, 3)])
def test_text_is_found_forward_and_back_across_pieces(monkeypatch: pytest.MonkeyPatch, piece: int, block: int) -> None:
    monkeypatch.setattr(logbook, "PIECE", piece)
    monkeypatch.setattr(logbook, "BLOCK", block)
    book = LogBook()
    book.add([chunk(b"".join(b"line %d%s\n" % (n, b" Needle" if n % 10 == 3 else b"") for n in range(100)))])

    assert book.find(Sought("needle"), 0) == 3
    assert book.find(Sought("NEEDLE"), 4) == 13
    assert book.find(Sought("needle"), 99, is_back=True) == 93
    assert book.find(Sought("needle"), 92, is_back=True) == 83
    assert book.find(Sought("needle"), 94) is None
    assert book.find(Sought("needle"), 2, is_back=True) is None
    assert book.find(Sought("needle"), 0, is_over=lambda: True) is None
    book.close()


def test_an_empty_book_has_nothing() -> None:
    book = LogBook()

    assert len(book) == 0
    assert book.find(Sought("x"), 0) is None
    assert book.finish() == 0
    book.close()


def test_a_filter_that_is_stopped_goes_on_where_it_was() -> None:
    book = LogBook()
    book.add([chunk(b"".join(b"line %d\n" % number for number in range(100)))])
    filtered, sought, rounds = Filter(Sought.typed("re:[05]$")), Sought.typed("re:9$"), 0

    while filtered.seen < len(book):
        asked = iter([False, False])
        book.narrow(filtered, lambda answers=asked: next(answers, True))  # type: ignore[misc] # of this round
        rounds += 1
        assert list(filtered.numbers) == [number for number in range(filtered.seen) if number % 5 == 0]

    assert rounds > 10
    assert len(filtered.numbers) == 20
    answers = iter([False, True])
    assert book.find(sought, 0, is_over=lambda: next(answers)) is None, "the ninth line comes after it was asked twice"
    book.close()
