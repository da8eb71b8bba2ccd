"""Lines are found in blocks as if the log were one text, however the pipe has cut it."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some
from memory_logs import block_of

from graftline.core.errors import InvalidError
from graftline.core.loglines import Lines
from graftline.core.logmatch import CARRIED, LogHit, Matching, Sought
from graftline.core.ports import LogBlock, LogChunk

PIECES = some.lists(
    some.tuples(
        some.sampled_from(["stdout", "stderr"]),
        some.text(alphabet="aBx\n\u00e9", max_size=9).map(str.encode),
        some.integers(0, 2),
    ),
    max_size=12,
)


def chunks(pieces: list[tuple[str, bytes, int]]) -> list[LogChunk]:
    """Return pieces of one attempt; the number is how much later than the one before it came."""
    found, at = [], 10.0
    for stream, data, later in pieces:
        at += later
        found.append(LogChunk(node="fit", attempt=1, stream=stream, at=at, data=data))
    return found


def hits(sought: Sought, blocks: list[LogBlock], **given: int) -> list[LogHit]:
    matching = Matching(sought, **given)
    return [hit for block in blocks for hit in matching.take(block) if hit] + list(matching.rest())


def texts(text: str, *blocks: str | bytes, is_regex: bool = False) -> list[str]:
    pieces = [("stdout", each.encode() if isinstance(each, str) else each, 1) for each in blocks]
    return [hit.text for hit in hits(Sought(text, is_regex=is_regex), [block_of(each) for each in chunks(pieces)])]


def bunched(found: list[LogChunk], size: int) -> list[LogBlock]:
    """Return neighbours of the same stream as one block, as a store has them."""
    blocks: list[LogBlock] = []
    for at in range(0, len(found), size):
        for stream in ("stdout", "stderr"):
            own = [each for each in found[at : at + size] if each.stream == stream and each.data]
            starts = [sum(len(each.data) for each in own[:number]) for number in range(len(own))]
            data, times = b"".join(each.data for each in own), [each.at for each in own]
            if own:
                blocks.append(LogBlock(node="fit", attempt=1, stream=stream, data=data, starts=starts, times=times))
    return blocks


@given(PIECES, some.integers(1, 5), some.sampled_from(["b", "ab", "x", "é", "re:^a", "re:b.?$", "re:\\w\u00e9"]))
def test_a_search_finds_the_lines_that_a_reader_sees(
    pieces: list[tuple[str, bytes, int]], size: int, typed: str
) -> None:
    # given: the lines as they are joined for reading
    captured, sought = chunks(pieces), Sought.typed(typed)
    lines = Lines()
    read = [line for chunk in captured for line in lines.take(chunk)] + list(lines.rest())
    pattern = re.compile(typed.removeprefix("re:"), re.IGNORECASE)
    wanted, seen = [], dict[tuple[str, float], int]()
    for line in read:
        nth = seen.get((line.stream, line.at), 0)
        seen[line.stream, line.at] = nth + 1
        if pattern.search(line.text):
            wanted.append((line.stream, line.at, nth, line.text))

    # when
    found = [(hit.stream, hit.at, hit.nth, hit.text) for hit in hits(sought, bunched(captured, size))]

    # then
    assert sorted(found) == sorted(wanted)


@given(some.lists(some.sampled_from(["a", "b", "c"]), max_size=14), some.integers(1, 3), some.integers(1, 4))
def test_lines_around_hits_come_once_and_in_order(words: list[str], around: int, cut: int) -> None:
    text = "".join(f"{word}{number}\n" for number, word in enumerate(words)).encode()
    pieces = [("stdout", text[at : at + cut], 1) for at in range(0, len(text), cut)]

    found = hits(Sought("a"), bunched(chunks(pieces), 3), around=around)

    told = [line for hit in found for line in (*hit.before, hit.text, *hit.after)]
    lines = text.decode().splitlines()
    near = [
        line
        for at, line in enumerate(lines)
        if any("a" in each for each in lines[max(0, at - around) : at + around + 1])
    ]
    assert told == near


def test_text_is_found_in_either_case_and_as_it_stands() -> None:
    assert texts("Err.r", "an err.r\nan error\nERR.R") == ["an err.r", "ERR.R"]
    assert texts("err.r", "an error\nno\n", is_regex=True) == ["an error"]


def test_a_character_that_is_many_bytes_is_one_for_a_regular_expression() -> None:
    assert texts("^caf.$", "café\ncafés\ncafe\n", is_regex=True) == ["café", "cafe"]
    assert texts("\\u00e9", "café\ncafe\n", is_regex=True) == ["café"]


def test_bytes_that_are_no_text_are_shown_as_escapes() -> None:
    assert texts("x", b"\xff x \xfe\n") == ["\\xff x \\xfe"]


def test_a_regular_expression_does_not_run_over_the_end_of_a_line() -> None:
    lines = "a\n" * 20_000
    begun = time.process_time()

    assert texts("a[^b]*b", lines + "a b\n", is_regex=True) == ["a b"]
    assert time.process_time() - begun < 2


def test_a_regular_expression_is_not_lost_in_a_long_line() -> None:
    blob = "x" * 12_000
    long = f"{blob} a foo and bar {blob}"

    assert texts(".*foo.*bar", f"{blob}\n{long}\n", is_regex=True) == [long]
    assert texts("^x+$", f"{blob}\n", is_regex=True) == [blob]
    assert texts("y$", f"{'x' * 2047}y{blob}\n{blob}y\n", is_regex=True) == [f"{blob}y"]
    assert texts("\u00e9$", f"{blob}é\n", is_regex=True) == [f"{blob}é"]
    [written] = chunks([("stdout", f"{blob}foo{blob}".encode(), 1)])
    [hit] = hits(Sought("fo+", is_regex=True), [block_of(written)], longest=100)
    assert "foo" in hit.text


def test_a_line_that_never_ends_is_found_once_and_does_not_fill_the_memory() -> None:
    piece = b"." * (CARRIED // 2)
    pieces = [("stdout", piece, 1)] * 3 + [("stdout", b"needle" + piece, 1)] * 4 + [("stdout", b"\nneedle two\n", 1)]
    matching = Matching(Sought("needle"), longest=64)
    found: list[LogHit] = []
    for block in bunched(chunks(pieces), 1):
        found += filter(None, matching.take(block))
        assert sum(len(each.rest) for each in matching._streams.values()) <= 2 * CARRIED

    assert ["needle" in hit.text for hit in found] == [True, True]
    assert [(len(hit.text), hit.is_cut) for hit in found] == [(64, True), (10, False)]


@pytest.mark.parametrize(
    ("text", "is_regex"), [("", False), ("a\nb", False), ("(", True), ("*", True), ("(?L)a", True)]
)
def test_what_cannot_be_looked_for_is_refused(text: str, is_regex: bool) -> None:
    with pytest.raises(InvalidError):
        Sought(text, is_regex=is_regex)


def test_where_it_stands_in_a_line_is_told_for_drawing() -> None:
    assert list(Sought("an").spans("Ananas")) == [(0, 2), (2, 4)]
    assert list(Sought.typed("re:n.s").spans("Ananas")) == [(3, 6)]
    assert list(Sought.typed("re:x*").spans("ab")) == []
