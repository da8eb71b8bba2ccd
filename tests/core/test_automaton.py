"""Regular expressions that `re` may take very long for are found by an automaton, which finds what `re` finds."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from graftline.core import patterncost
from graftline.core.automaton import Automaton, Unsupported
from graftline.core.errors import InvalidError
from graftline.core.logmatch import LONG, Sought

PATTERNS = [
    r"a", r"^a.*b$", r"(a|b)*c", r"\bfoo\b", r"fo{2,4}x?", r"[^a-c]+d", r"(?:a?){3}b", r"\d+\.\d*", r"a\B", r"x*",
    r"(?-i:A)b", r"ä+", r"[a-cé]+é", r"(a*)*b", r"^$", r"\s+$", r".{3}a", r"(?a:\w)+z", r"a|^b|c$", r"\Aab\Z", r"a+?b",
    r"[\d_-]x", r"(a|ab)(c|bcd)(d*)", r"(a+)+$", r"(?s:.)b",
]  # fmt: skip
WORST = [b"a" * LONG + b"!", b"ab" * (LONG // 2), b"1." * (LONG // 2), b"x " * (LONG // 2), b"a" * 100_000]


def automaton(text: str) -> Automaton:
    return Automaton(patterncost.parsed(text, re.IGNORECASE), re.IGNORECASE)


MADE = {text: (automaton(text), re.compile(text, re.IGNORECASE)) for text in PATTERNS}


@given(some.sampled_from(PATTERNS), some.text(alphabet="abcdfoxzé.1_- äÄB", max_size=9))
def test_it_finds_what_re_finds(pattern: str, line: str) -> None:
    made, expected = MADE[pattern]

    end = made.end_of(line)

    assert (end is None) == (expected.search(line) is None)
    assert end is None or any(expected.match(line, at) for at in range(end + 1))


def test_sets_that_are_forgotten_are_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graftline.core.automaton._MOST", 100)
    made = automaton("(?:a|b)*a(?:a|b){12}c")
    line = "".join("ab"[number * number % 7 % 2] for number in range(4000))

    assert made.end_of(line) is None
    assert made.end_of(line + "abbbbbbbbbbbbc") == 4014


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|a)*$", r"(a|ab)*c", r"a*a*a*a*$", r".*a.*b", r"(x+x+)+y"])
def test_a_pattern_that_would_hold_everybody_up_is_found_at_once(pattern: str) -> None:
    sought = Sought(pattern, is_regex=True)
    begun = time.process_time()

    for line in WORST:
        found = list(sought.lines(line))
        assert list(sought.spans(line.decode())) == ([(0, len(line))] if found else [])

    assert time.process_time() - begun < 5, "0.1 s; by re it is 58 s for one of them and for ever for others"


@pytest.mark.parametrize(
    "pattern",
    [r"(\d{1,3}\.){3}\d{1,3}", r"error.*timeout", r"(foo|bar).*x", r"\w+@\w+\.\w+", r"loss: (\d+)\.\d+", r"(?<=a)b.*c"],
)
def test_what_people_look_for_is_left_to_re(pattern: str) -> None:
    tree = patterncost.parsed(pattern, re.IGNORECASE)

    assert patterncost.ways(tree, re.IGNORECASE, LONG) <= 8192


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(a+)+\1$", "refers back to a group"),
        (r"(?=.*a.*b).*c.*d", "looks ahead or behind"),
        (r"(a{1,100}){1,100}", "too many repeats"),
        (r"(?>a+b)*(a*)*c", "has an atomic group"),
        (r"(.*)\1", "refers back to a group"),
    ],
)
def test_what_nobody_can_find_in_time_is_refused_in_a_sentence(pattern: str, why: str) -> None:
    with pytest.raises(InvalidError, match=re.escape(f"might be looked for without end: {why}")) as caught:
        Sought(pattern, is_regex=True)

    assert caught.value.hint is not None


def test_where_a_match_is_complete_is_about_where_it_stands() -> None:
    assert Sought(r"(ö+)+b", is_regex=True).place("xxööb".encode()) == len("xxööb".encode())
    assert Sought(r"(ö+)+b", is_regex=True).place(b"xx") is None


def test_an_automaton_says_what_it_cannot_read() -> None:
    with pytest.raises(Unsupported, match="repeats possessively"):
        automaton("a++b")
