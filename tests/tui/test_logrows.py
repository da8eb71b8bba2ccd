"""The rows of a log: rules between attempts, only matches, levels, JSON for people, long lines on several rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from memory_logs import MemoryLogs

from graftline.core.ids import RunId
from graftline.core.logmatch import Sought
from graftline.core.text import columns
from graftline.tui.glyphs import UNICODE
from graftline.tui.logbook import Filter, LogBook
from graftline.tui.loglines import ERRORS, level_tone, structured
from graftline.tui.tones import Tone, plain
from graftline.tui.widgets.logview import LogView
from graftline.tui.widgets.wrapping import wrapped

RUN = RunId("r" * 16)


def book_of(*lines: str, attempts: tuple[int, ...] = ()) -> LogBook:
    """Return a book of one step's lines, each of its attempt."""
    logs = MemoryLogs()
    for at, line in enumerate(lines):
        logs.write(RUN, "fit", f"{line}\n", attempt=attempts[at] if attempts else 1)
    book = LogBook()
    book.add(logs.read(RUN))
    return book


def test_a_filter_keeps_the_lines_that_match_and_takes_up_what_comes() -> None:
    book = book_of("one", "Two", "three", "two two")
    filtered = Filter(Sought("two"))

    book.narrow(filtered)
    assert list(filtered.numbers) == [1, 3]

    logs = MemoryLogs()
    logs.write(RUN, "fit", "more\nTWO\n")
    book.add(logs.read(RUN))
    assert book.narrow(filtered) == 1
    assert list(filtered.numbers) == [1, 3, 5]
    book.close()


def test_the_next_error_is_found_both_ways() -> None:
    book = book_of("fine", "ERROR: bad", "terrors are no errors", "KeyError: 'x'", '{"level": "error"}', "fine")

    found = [book.find(ERRORS, start) for start in range(6)]
    assert found == [1, 1, 3, 3, 4, None]
    assert book.find(ERRORS, 2, is_back=True) == 1
    book.close()


def test_a_rule_stands_where_another_attempt_begins() -> None:
    book = book_of("a", "b", "c", "d", attempts=(1, 1, 2, 3))
    view = LogView(UNICODE)
    view.book, view.is_named = book, False

    assert book.rules == [2, 3]
    assert [view._number(row) for row in range(view.rows)] == [0, 1, -3, 2, -4, 3]
    assert [view._row_of(number) for number in range(4)] == [0, 1, 3, 5]
    assert "attempt 2" in plain(view._line(2, 80))
    book.close()


def test_lines_of_a_level_have_its_tone() -> None:
    assert level_tone("12:00 ERROR boom") is Tone.RED
    assert level_tone("ValueError: x") is Tone.RED
    assert level_tone("WARNING: x") is Tone.YELLOW
    assert level_tone("DEBUG x") is Tone.DIM
    assert level_tone("no errors at all") is None


def test_json_is_shown_as_level_message_and_the_rest() -> None:
    found = structured('{"time": "12:00", "level": "warning", "msg": "slow\\u001b[31m", "n": 3, "at": {"x": [1]}}')

    assert found is not None
    assert plain(found) == '12:00 WARNING slow  n=3  at={"x": [1]}'
    assert structured("{not json}") is None
    assert structured("[1]") is None
    assert structured("{}") is None


@given(st.text(max_size=80), st.integers(2, 30))
def test_a_wrapped_line_loses_nothing_and_no_row_is_too_wide(text: str, width: int) -> None:
    rows = wrapped([(text, Tone.TEXT)], width, most=1000)

    assert "".join(plain(row) for row in rows) == plain([(text, Tone.TEXT)])
    assert all(columns(plain(row)) <= width for row in rows)


@given(st.text(alphabet=st.sampled_from('{}[]":,abc\\ \x1b[0m\n'), max_size=60))
def test_any_line_that_looks_like_json_breaks_nothing(text: str) -> None:
    found = structured("{" + text + "}")

    assert found is None or "\x1b" not in plain(found)
