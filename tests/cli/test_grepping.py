"""`graft logs --grep`: which lines it prints, what it says about those it leaves out, and how it ends."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from cli_fakes import BAD, GOOD, NOW, FakeWorkspace

from graftline.cli import grepping
from graftline.core import typedpattern
from graftline.core.errors import StoreError
from graftline.core.ids import RunId
from graftline.core.listings import RunQuery
from graftline.core.logmatch import Sought
from graftline.core.logsearch import LogQuery, LogSearch
from graftline.core.records import replace
from graftline.core.states import Status

Graft = Callable[..., Any]


def test_logs_finds_lines_of_all_runs_newest_first(graft: Graft, space: FakeWorkspace) -> None:
    ended = graft("logs", "--grep", "LAST", "--state", "failed,ok", "--since", "2d", "--pipeline", "iris")
    assert ended.out == "k3f9  model_fit:2 │ last\nk3h2  model_fit:2 │ last\n"  # the fake's runs share one log
    assert (ended.code, ended.err) == (0, "")
    query = space.queries[0]
    assert (query.states, query.pipeline) == ((Status.FAILURE, Status.SUCCESS), "iris")
    assert (query.since, query.project) == (NOW - 2 * 86400, "iris")


def test_logs_finds_lines_of_trials(graft: Graft, space: FakeWorkspace) -> None:
    assert graft("logs", "--grep", "last", "--parent", "k3h2").code == 0
    assert (space.queries[0].parent, space.queries[0].with_children) == (BAD, True)


def test_logs_finds_lines_of_one_run_with_those_around(graft: Graft) -> None:
    assert graft("logs", GOOD, "model_fit", "--grep", "li.e", "--re", "--context", "1").out.splitlines() == [
        "fitting",
        "\x1b[31mred\x1b[0m line",
        "last",
    ]
    assert graft("logs", "@last", "--grep", "warn", "--stream", "stdout").code == 1


def test_logs_finds_as_objects(graft: Graft) -> None:
    rows = [json.loads(line) for line in graft("logs", "--grep", "last", "--context", "1", "--json").out.splitlines()]
    assert [(row["run"], row["before"], row["text"]) for row in rows] == [
        (GOOD, ["\x1b[31mred\x1b[0m line"], "last"),
        (BAD, ["\x1b[31mred\x1b[0m line"], "last"),
    ]
    ended = graft("logs", "--grep", "nowhere", "--json")
    assert (ended.code, ended.out, ended.err) == (1, "", "")
    assert "there are more" in graft("logs", "--grep", "i", "--json", "--limit", "1").err


def test_logs_says_what_was_left_out_and_that_nothing_was_found(graft: Graft) -> None:
    ended = graft("logs", "--grep", "i", "--limit", "2")
    assert len(ended.out.splitlines()) == 2
    assert ended.err == "stopped after 2 lines of 2 runs; there are more: --limit N\n"
    ended = graft("logs", "--grep", "nowhere")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "no line has 'nowhere'; searched 84 B of 2 runs\n"


def test_logs_that_cannot_be_read_are_told_and_do_not_end_the_search(graft: Graft, space: FakeWorkspace) -> None:
    found = space.parts.logs.blocks

    def blocks(run: RunId, *rest: object) -> object:
        if run == GOOD:
            raise StoreError("the disk gives errors")
        return found(run, *rest)  # type: ignore[arg-type]

    space.parts.logs.blocks = blocks  # type: ignore[method-assign, assignment]
    ended = graft("logs", "--grep", "last")
    assert ended.out == "k3h2  model_fit:2 │ last\n"
    assert (ended.code, ended.err) == (0, "run k3f9 was not searched: the disk gives errors\n")
    assert graft("logs", GOOD, "--grep", "last").code == 4


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--grep", "x", "-f"], "--grep and --follow exclude each other"),
        (["--grep", "x", "--tail", "3"], "--grep and --tail exclude each other"),
        (["--limit", "3"], "--limit needs --grep TEXT"),
        (["@last", "--state", "failed"], "--state needs --grep TEXT"),
        (["@last", "--grep", "x", "--since", "2d"], "a run is named, and --since chooses runs"),
        (["--grep", "("], None),
        (["--grep", "(", "--re"], "'(' is no regular expression"),
        (["--grep", ""], "there is nothing to look for"),
        (["--grep", "x", "--since", "soon"], "--since 'soon' is no time"),
        (["--grep", "x", "--state", "fialed"], "fialed"),
        (["@last", "--grep", "x", "--parent", "k3f9"], "a run is named, and --parent chooses runs"),
    ],
)
def test_a_search_that_means_nothing_is_refused(graft: Graft, arguments: list[str], told: str | None) -> None:
    ended = graft("logs", *arguments)
    assert ended.code == (1 if told is None else 2)
    assert (told or "") in ended.err


def test_a_terminal_is_told_how_far_a_long_search_is(
    graft: Graft, space: FakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Screen(StringIO):
        def isatty(self) -> bool:
            return True

    screen = Screen()
    monkeypatch.setattr(grepping, "QUIET_S", 0.0)
    monkeypatch.setattr(grepping, "PROGRESS_S", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    search = LogSearch(space, LogQuery(sought=Sought("last")), space.runs(RunQuery()))
    monkeypatch.setattr(sys, "stderr", screen)
    progress = grepping._Progress(search, is_on=True)
    for found in search.found():
        progress.show(3) if found is None else progress.clear()

    told = screen.getvalue().split("\r\x1b[K")
    assert "2 runs, 84 B, back to 2026-11-21 10:04:31: 3 lines" in told
    assert told[-1] == ""


@pytest.mark.parametrize("context", ["0", "1"])
def test_an_expression_that_takes_for_ever_ends_the_search_after_what_was_found(
    graft: Graft, space: FakeWorkspace, monkeypatch: pytest.MonkeyPatch, context: str
) -> None:
    monkeypatch.setattr(typedpattern, "LIMIT_S", 0.05)
    chunk = space.log_chunks[0]
    space.log_chunks[:] = [replace(chunk, data=b"first aaa\n" + b"a" * 5000 + b"!\nlast aaa\n")]

    ended = graft("logs", "--grep", "(a+)+$", "--re", "--context", context)

    assert [line.partition(" │ ")[2] for line in ended.out.splitlines()] == ["first aaa"]
    assert ended.code == 2
    assert "'(a+)+$' is given up: in a line of 5.0 kB it takes more than 0.05 s" in ended.err
    assert "let fewer of its parts repeat" in ended.err
