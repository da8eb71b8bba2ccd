"""Our own reader of command lines against typer: what it reads means the same, and it reads what is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graftline.cli import main as door
from graftline.cli import program
from graftline.cli.declaring import REQUIRED, Option, Parameter, parameters_of
from graftline.cli.edge import CANCELLED
from graftline.cli.main import COMMANDS, find
from graftline.cli.options import COMMON, Options
from graftline.cli.reading import Function, read_line


class Leaf(NamedTuple):
    """A command that does something, and what it takes."""

    words: tuple[str, ...]
    parameters: tuple[Parameter, ...]


def _leaves() -> list[Leaf]:
    found: list[Leaf] = []
    for name in COMMANDS:
        function = find(name)
        verbs: Mapping[str, Function] = {} if callable(function) else function or {}
        found += [Leaf((name, verb), parameters_of(each)) for verb, each in verbs.items()]
        found += [Leaf((name,), parameters_of(function))] if callable(function) else []
    return found


LEAVES = _leaves()
TEXTS = ["x", "a b", "", "-1", "C=0.1", "fit,score", "ü", "@last~1", "--", "--guard", "--json", "-", "run"]
NUMBERS = ["1", "3", " 4", "0"]
WRONG = [["--nope"], ["-Z"], ["--help"], ["-h"], ["--version"], ["--force=1"], ["-j"], ["--limit=x"], ["--="], ["-vZ"]]


def _texts(each: Parameter) -> list[str]:
    if each.kind is str:
        return TEXTS
    return NUMBERS if each.kind in (int, float) else [member.value for member in each.kind]


def _written(each: Parameter, name: str, text: str) -> list[list[str]]:
    """Return ways to write an option."""
    if each.kind is bool:
        return [[name]]
    assert isinstance(each.told, Option)
    joined = [f"{name}={text}"] if name.startswith("--") else [name + text] if text else []
    ways = [joined] if joined else []
    return [*ways, *([[name]] if each.told.alone else [[name, text]])]


@st.composite
def options(draw: st.DrawFn, parameters: tuple[Parameter, ...]) -> list[str]:
    each = draw(st.sampled_from([each for each in parameters if isinstance(each.told, Option)]))
    assert isinstance(each.told, Option)
    name = draw(st.sampled_from(each.told.names.split()))
    return draw(
        st.sampled_from(_written(each, name, draw(st.sampled_from(_texts(each) if each.kind is not bool else [""]))))
    )


@st.composite
def lines(draw: st.DrawFn, leaf: Leaf) -> list[str]:
    """Lines of a command: right ones, and all kinds of wrong ones."""
    free = st.sampled_from([[text] for text in TEXTS])
    group = st.lists(options(COMMON) | st.sampled_from(WRONG), max_size=1)
    own = st.lists(st.one_of(options((*leaf.parameters, *COMMON)), free, st.sampled_from(WRONG)), max_size=4)
    parts = [*(part for word in leaf.words for part in [*draw(group), [word]]), *draw(own)]
    return [word for part in parts for word in part]


@st.composite
def right_lines(draw: st.DrawFn, leaf: Leaf) -> list[str]:
    """Lines that every command takes: each option once, in any of its forms, and the arguments it needs."""
    words = [word for part in draw(st.lists(options(COMMON), max_size=2)) for word in part] + list(leaf.words)
    for each in (*leaf.parameters, *COMMON):
        if not isinstance(each.told, Option) or not (each.default is REQUIRED or draw(st.integers(0, 3)) == 0):
            continue
        text = (
            ""
            if each.kind is bool
            else draw(st.sampled_from([text for text in _texts(each) if text not in ("--", "--guard", "0")]))
        )
        words += draw(st.sampled_from(_written(each, draw(st.sampled_from(each.told.names.split())), text)))
    arguments = [each for each in leaf.parameters if not isinstance(each.told, Option)]
    taken = max((at for at, each in enumerate(arguments, 1) if each.default is REQUIRED), default=0)
    count = draw(st.integers(taken, len(arguments)))
    free = draw(st.lists(st.sampled_from(TEXTS[:7]), min_size=count, max_size=count))
    return [*words, *draw(st.sampled_from([[], ["--"]] if "-1" not in free else [["--"]])), *free]


def by_typer(words: list[str]) -> tuple[Options, dict[str, Any]] | None:
    """Return what a command's function is called with when typer reads a line; None: it is not called."""
    called: list[tuple[Options, dict[str, Any]]] = []

    def recording(function: Function) -> Function:
        def record(options: Options, **values: Any) -> int:
            called.append((options, values))
            return 0

        record.parameters = parameters_of(function)  # type: ignore[attr-defined]
        record.__annotations__ = {"given": ""} if "given" in function.__annotations__ else {}
        return record

    def found(name: str) -> Any:
        function = find(name)
        if function is None or callable(function):
            return function and recording(function)
        return {verb: recording(each) for verb, each in function.items()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "find", found)
        try:
            program.run(words)
        except Exception:  # noqa: BLE001 - a wrong line: how it is told is tested elsewhere
            return None
    return called[0] if called else None


@settings(max_examples=200)
@given(st.sampled_from(LEAVES).flatmap(lines))
def test_a_line_that_is_read_means_what_typer_takes_it_to_mean(words: list[str]) -> None:
    line = read_line(words, find)

    if line is not None:
        assert (line.options, line.values) == by_typer(words)


@settings(max_examples=60)
@given(st.sampled_from(LEAVES).flatmap(right_lines))
def test_a_line_that_is_right_is_read(words: list[str]) -> None:
    line = read_line(words, find)

    assert line is not None
    assert (line.options, line.values) == by_typer(words)


@pytest.mark.parametrize(
    ("words", "offered"),
    [("graft sho", "show"), ("graft graph --sty", "--style"), ("graft show @last-", "@last-failed")],
)
def test_the_tab_key_asks_typer(
    words: str, offered: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_GRAFT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))

    with pytest.raises(SystemExit):  # typer leaves so
        door.main(["ls"])

    assert capsys.readouterr().out.split() == [offered]


@pytest.mark.parametrize("environ", [{}, {"_GRAFT_COMPLETE": ""}], ids=["ours", "typer"])
def test_either_reader_lets_ctrl_c_end_a_command_without_a_word(
    environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(options: Options) -> int:
        raise KeyboardInterrupt

    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    for reader in (door, program):
        monkeypatch.setattr(reader, "find", lambda name: stopped)

    assert door.main(["ls"]) == CANCELLED
    assert capsys.readouterr().err == ""
