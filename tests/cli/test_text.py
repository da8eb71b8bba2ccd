"""Text made harmless, measured and cut; tables fitted to a width; moments and stored values in words."""

from __future__ import annotations

import io
import time

import pytest
from cli_fakes import NOW, ref
from hypothesis import given
from hypothesis import strategies as st

from graftline.cli.look import Look, look_of
from graftline.cli.table import Column, table
from graftline.cli.text import clean, columns, cut, metric_text, pad
from graftline.cli.values import description, value_text
from graftline.core.errors import InvalidError
from graftline.core.loglines import Lines, Unseen
from graftline.core.moments import ago, since
from graftline.core.ports import LogChunk


@given(st.text(), st.booleans())
def test_nothing_a_terminal_obeys_passes(text: str, keep_lines: bool) -> None:
    allowed = {"\n"} if keep_lines else set()
    for character in clean(text, keep_lines=keep_lines):
        assert character in allowed or not ("\x00" <= character < " " or "\x7f" <= character <= "\x9f")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("a\x1b]52;c;aGk=\x07b", "ab"),
        ("a\x1b]0;title\x1b\\b", "ab"),
        ("10%\r50%\r100%", "100%"),
        ("bell\x07", "bell·"),
        ("right\u202eleft", "right·left"),
        ("a\tb", "a   b"),
        ("one\r\ntwo", "one two"),
        ("naïve 数据", "naïve 数据"),
    ],
)
def test_escape_sequences_vanish_and_redrawn_lines_settle(text: str, left: str) -> None:
    assert clean(text) == left


@given(st.text(), st.integers(0, 40))
def test_a_cut_text_fits(text: str, limit: int) -> None:
    assert columns(cut(clean(text), limit)) <= limit


def test_wide_characters_count_twice_and_accents_nothing() -> None:
    assert columns("数据") == 4
    assert columns("e\u0301") == 1
    assert pad("数", 4) == "数  "
    assert pad("7", 3, is_right=True) == "  7"


def test_a_table_shrinks_what_may_shrink_then_drops_what_matters_least() -> None:
    heads = [
        Column(title="ID"),
        Column(title="NAME", shrinks=True),
        Column(title="MORE", rank=1),
        Column(title="LEAST", rank=2),
        Column(title="EMPTY"),
    ]
    rows = [["a", "n" * 30, "more", "least", ""]]
    assert table(Look(width=80), heads, rows)[1] == f"a   {'n' * 30}  more  least"
    assert table(Look(width=36), heads, rows)[1] == f"a   {'n' * 18}…  more  least"
    assert table(Look(width=26), heads, rows)[1] == f"a   {'n' * 15}…  more"
    assert "EMPTY" not in table(Look(width=80), heads, rows)[0]
    assert all(columns(line) <= 24 for line in table(Look(width=24), heads, rows))


@pytest.mark.parametrize(
    ("passed", "words"),
    [(0.2, "now"), (12, "12s ago"), (191, "3m ago"), (7200, "2h ago"), (5 * 86400, "5d ago"), (9e6, "2026-08-09")],
)
def test_moments_are_told_coarsely(passed: float, words: str) -> None:
    assert ago(NOW - passed, NOW) == words


def test_since_takes_durations_and_dates() -> None:
    assert since("2d", NOW) == NOW - 172800
    assert since("2026-11-21", NOW) == NOW - (12 * 3600 + 4 * 60 + 31.25)
    with pytest.raises(InvalidError):
        since("later", NOW)


def test_arrays_are_described_by_their_header_alone() -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (150, 4), }"
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    assert description(ref(data, "npy"), data) == f"array float64 (150, 4), npy, {len(data)} B"
    assert description(ref(b"\x93NUMPY broken", "npy"), b"\x93NUMPY broken") == "npy, 13 B"


def test_pickles_are_never_looked_into() -> None:
    data = b"cos\nsystem\n(S'false'\ntR."
    assert value_text(ref(data, "pickle"), data) is None


def test_metrics_show_six_digits() -> None:
    assert metric_text(0.9733333333) == "0.973333"
    assert metric_text(list(range(20))) == "[0, 1, 2, 3, 4, 5, 6, 7, …]"
    assert metric_text(float("nan")) == "nan"


def test_chunks_become_lines_of_their_own_stream() -> None:
    lines = Lines()
    out = LogChunk(node="a", attempt=1, stream="stdout", at=1.0, data=b"on")
    err = LogChunk(node="a", attempt=1, stream="stderr", at=2.0, data=b"\xff\n")
    more = LogChunk(node="a", attempt=1, stream="stdout", at=3.0, data=b"e\ntwo")
    assert [line.text for chunk in (out, err, more) for line in lines.take(chunk)] == ["\\xff", "one"]
    assert [(line.text, line.at) for line in lines.rest()] == [("two", 3.0)]


def test_reading_a_log_again_yields_only_what_is_new() -> None:
    chunks = [LogChunk(node="a", attempt=1, stream="stdout", at=at, data=b"x") for at in (1.0, 2.0)]
    late = LogChunk(node="b", attempt=1, stream="stdout", at=1.5, data=b"y")
    unseen = Unseen()
    assert list(unseen.of(iter(chunks))) == chunks
    assert list(unseen.of(iter([chunks[0], late, chunks[1]]))) == [late]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_colour_and_glyphs_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert look_of(Terminal()).has_colour
    assert not look_of(Terminal(), is_plain=True).has_colour
    assert not look_of(io.StringIO()).has_colour
    assert look_of(io.StringIO()).is_ascii  # no encoding is known
    monkeypatch.setenv("NO_COLOR", "1")
    assert not look_of(Terminal()).has_colour
    monkeypatch.setenv("GRAFTLINE_GLYPHS", "ascii")
    assert look_of(Terminal()).is_ascii


def test_the_tests_time_zone_is_fixed() -> None:
    assert time.tzname[0] == "UTC"
