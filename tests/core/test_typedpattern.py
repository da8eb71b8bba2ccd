"""What people type as a regular expression is found as Python finds it, and given up where it would take for ever."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some
from memory_logs import block_of

from graftline.core import typedpattern
from graftline.core.errors import InvalidError
from graftline.core.logmatch import CARRIED, LogHit, Matching, Sought
from graftline.core.ports import LogChunk
from graftline.core.typedpattern import EVERY, UNMARKED, TypedPattern

PATTERNS = [
    r"a", r"^a.*b$", r"(a|b)*c", r"\bfoo\b", r"fo{2,4}x?", r"[^a-c]+d", r"(?:a?){3}b", r"\d+\.\d*", r"a\B", r"x*",
    r"(?-i:A)b", r"ä+", r"[a-cé]+é", r"é*x", r"^$", r"\s+$", r".{3}a", r"a|^b|c$", r"\Aab\Z", r"a+?b",
    r"[\d_-]x", r"(a|ab)(c|bcd)(d*)", r"(a)\1", r"(?<=a)b(?!c)", r"\u00e4x", r"a++b", r"a{,2}x", r"o{e}", r"a{i<=1}",
    r"[{e]x", r"\{x\}", r"\N{DIGIT ONE}", r"{", r"[[:a]", r"[a||b]", r"(?x: a b )", r"(?>a|ab)c",
]  # fmt: skip
MADE = {each: TypedPattern(each) for each in PATTERNS}
ENDLESS = [
    (r"(a+)+$", b"a" * 5000 + b"!"),
    (r"(x+x+)+y", b"x" * 5000),
    (r"(a|a)*$", b"a" * CARRIED + b"!"),
    (r"(.*)\1q", b"ab" * 30_000 + b"qab"),
    (r"(?=.*a.*b).*c.*d.*e$", b"abcde" * 5000 + b"!"),
]


@given(some.sampled_from(PATTERNS), some.text(alphabet="abcdfoxzé.1_- äÄB{}e|[:", max_size=9))
def test_it_finds_what_python_finds(pattern: str, line: str) -> None:
    expected = re.search(pattern, line, re.IGNORECASE) if line or pattern != r"a\B" else None

    found = MADE[pattern].place(line.encode())

    assert found == (None if expected is None else len(line[: expected.start()].encode()))
    spans = [each.span() for each in re.finditer(pattern, line, re.IGNORECASE) if each.group()]
    assert MADE[pattern].spans(line) == spans


@pytest.mark.parametrize("pattern", [r"(?r)a", r"\p{L}", r"(?<=a+)b", r"(?1)", r"(", r"*"])
def test_what_python_would_not_take_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidError, match="is no regular expression"):
        TypedPattern(pattern)


@pytest.mark.parametrize("pattern", [r"(?:(?:(?:a{100}){100}){100}){100}", r"[ab]{10000000}", r"((ab){1000,}){1000,}"])
def test_repeats_that_would_fill_the_memory_are_refused(pattern: str) -> None:
    with pytest.raises(InvalidError, match="is too long with its repeats written out"):
        TypedPattern(pattern)


def test_repeats_that_people_type_are_taken() -> None:
    line = b"at 2026-11-21T20:00:00.123456 from 10.0.0.12 as 12345678-1234-1234-1234-123456789abc"
    assert TypedPattern(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6} from (\d{1,3}\.){3}\d{1,3}").place(line) == 3
    assert TypedPattern(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$").place(line) == 48
    assert TypedPattern(r"^.{5000}").place(b"x" * 5000) == 0


@pytest.mark.parametrize(("pattern", "line"), ENDLESS)
def test_what_takes_for_ever_is_given_up_as_a_whole(pattern: str, line: bytes) -> None:
    typed = TypedPattern(pattern)
    begun = time.process_time()
    with pytest.raises(InvalidError, match=re.escape(f"'{pattern}' is given up: in a line of ")) as caught:
        list(typed.lines(b"short\n" + line + b"\nshort"))

    assert time.process_time() - begun < 4, "0.5 to 1 s; without a limit it never ends"
    assert caught.value.hint is not None
    begun = time.process_time()
    for again in (lambda: list(typed.lines(b"")), lambda: typed.place(b"a")):
        with pytest.raises(InvalidError, match="is given up"):
            again()
    assert typed.spans("a") == []
    assert time.process_time() - begun < 0.1


@pytest.mark.parametrize(
    "pattern", [r".*foo.*bar", r"[a-z ]+:[a-z]+q", r"\s+$", r"^(\w|\W)+$", r"loss: (\d+)\.zz", r"\d+zz"]
)
def test_an_honest_expression_gets_through_a_line_of_a_megabyte(pattern: str) -> None:
    line = b"2026-11-21 20:00:00 INFO epoch 000001 loss: 0.12345 validation: 0.23456 " * 14_564
    assert len(line) > 1_000_000

    list(TypedPattern(pattern).lines(line))


def test_lines_whose_marks_take_too_long_have_none_and_do_not_hold_the_screen_up() -> None:
    typed = TypedPattern(r"(a+)+$")
    assert typed.spans("x aaa") == [(2, 5)]
    begun = time.process_time()

    assert {tuple(typed.spans("a" * 1500 + "!")) for _ in range(10_000)} == {()}

    assert time.process_time() - begun < 1, f"{UNMARKED} times 5 ms"


def test_a_search_says_every_few_lines_how_far_it_is() -> None:
    data = b"\n".join(b"line %d" % number for number in range(4 * EVERY))

    steps = list(TypedPattern("line 6$").lines(data))

    offsets = [each for each in steps if isinstance(each, int)]
    assert offsets == [len(b"\n".join(data.split(b"\n")[: EVERY * n])) + 1 for n in (1, 2, 3, 4)]
    assert [each for each in steps if not isinstance(each, int)] == [(data.index(b"line 6"), data.index(b"line 7") - 1)]
    assert steps.index(offsets[0]) == 0


@pytest.mark.parametrize("around", [0, 2])
def test_what_was_found_before_is_not_lost(around: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typedpattern, "LIMIT_S", 0.05)
    text = b"one aaa\ntwo\n" + b"a" * 3000 + b"!\nfour aaa\n"
    matching, found = Matching(Sought(r"(a+)+$", is_regex=True), around=around), list[LogHit | None]()
    with pytest.raises(InvalidError):
        found += matching.take(block_of(LogChunk(node="fit", attempt=1, stream="stdout", at=1.0, data=text)))

    assert [hit.text for hit in (*found, *matching.held()) if hit] == ["one aaa"]
