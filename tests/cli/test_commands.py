"""Commands end to end on a workspace of records: what they print, and what they return."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_fakes import BAD, GOOD, NOW, FakeWorkspace, graph_of

from graftline.core.errors import CheckError, ConflictError, GraftError, InvalidError, MissingError, StoreError
from graftline.core.prints import Print
from graftline.core.requests import CodeChoice
from graftline.core.states import Status

Graft = Callable[..., Any]


def test_run_succeeds_and_tells_where_to_look(graft: Graft, space: FakeWorkspace) -> None:
    ended = graft("run", "pipeline.py", "-p", "C=0.5", "-p", "fit:depth=3", "--tag", "a", "-j", "2", "--timeout", "1h")
    assert ended.code == 0
    assert "✓ ok" in ended.out
    assert "graft show new1" in ended.out
    request = space.requests[0]
    assert request.params == {"C": "0.5", "fit:depth": "3"}
    assert (request.tags, request.jobs, request.timeout_s) == (("a",), 2, 3600.0)


def test_run_json_prints_the_document_and_nothing_else(graft: Graft) -> None:
    ended = graft("--json", "run")
    assert json.loads(ended.out)["state"] == "SUCCESS"
    assert ended.err == ""


def test_common_options_hold_before_and_after_the_command(graft: Graft, space: FakeWorkspace) -> None:
    for arguments in (("--json", "-R", "dask", "run"), ("run", "--json", "-R", "dask")):
        ended = graft(*arguments)
        assert json.loads(ended.out)["state"] == "SUCCESS"
        assert space.requests[-1].runner == "dask"


def test_a_pipe_gets_one_line_for_each_change_of_state(graft: Graft) -> None:
    lines = graft("run").out.splitlines()
    assert lines[0] == "12:04:31  ● running      load_data"
    assert lines[1] == "12:04:31  ✓ ok           load_data  0.4s"
    assert sum("generate_plots" in line for line in lines) == 2


@pytest.mark.parametrize(("state", "code"), [("SUCCESS", 0), ("FAILURE", 1), ("INTERRUPTED", 1), ("CANCELLED", 130)])
def test_the_exit_code_of_a_run_is_its_end(graft: Graft, space: FakeWorkspace, state: str, code: int) -> None:
    space.on_host = lambda observe, requests: space.end(list(space.records)[-1], Status[state])
    assert graft("run").code == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidError("wrong", "fix it", file="p.py", line=7), 2),
        (MissingError("gone"), 3),
        (ConflictError("pid 7 holds it"), 4),
        (StoreError("disk full"), 4),
        (CheckError("no"), 5),
        (OSError(28, "No space left on device", "/data"), 4),
        (KeyError("bug"), 4),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 141),
    ],
)
def test_every_error_has_its_exit_code_and_never_a_traceback(
    graft: Graft, space: FakeWorkspace, error: Exception, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.dup2", lambda *_: None)
    monkeypatch.setattr("sys.stdout.fileno", lambda: 1)
    space.problem = error
    ended = graft("show")
    assert ended.code == code
    assert "Traceback" not in ended.err
    if isinstance(error, GraftError):
        assert ended.err.startswith(f"graft: {error}\n")


def test_an_error_says_where_and_what_to_do(graft: Graft, space: FakeWorkspace) -> None:
    space.problem = InvalidError("'fit' needs 'X'", "return it from an earlier step", file="p.py", line=7)
    assert graft("run").err == "graft: p.py:7: 'fit' needs 'X'\n  return it from an earlier step\n"


def test_an_error_with_json_is_a_document_on_stdout(graft: Graft, space: FakeWorkspace) -> None:
    space.problem = InvalidError("wrong", "fix it", file="p.py", line=7)
    ended = graft("run", "--json")
    error = {"code": 2, "message": "wrong", "hint": "fix it", "file": "p.py", "line": 7}
    assert json.loads(ended.out) == {"schema": 1, "error": error}
    assert ended.code == 2


def test_a_traceback_comes_with_v(graft: Graft, space: FakeWorkspace) -> None:
    space.problem = KeyError("bug")
    assert "Traceback" in graft("-v", "show").err
    assert graft("show").err.startswith("graft: unexpected KeyError: 'bug'")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["rnu"], "there is no command 'rnu'; did you mean 'run'?"),
        (["run", "--jbos", "2"], "has no option '--jbos'; did you mean '--jobs'?"),
        (["run", "-j", "many"], "-j"),
        (["run", "-j", "0"], "-j"),
        (["run", "a.py", "b.py"], "too many words: (b.py)"),
        (["run", "-k", "-x"], "exclude each other"),
        (["run", "-p", "C"], "write -p NAME=VALUE"),
        (["run", "-p", "C=1", "-p", "C=2"], "given twice"),
        (["run", "--timeout", "soon"], "not a duration"),
        (["run", "--params", "nowhere.toml"], "nowhere.toml: the parameter file cannot be read: No such file"),
        (["runs", "--state", "faild"], "did you mean 'failed'?"),
        (["runs", "--since", "yesterday-ish"], "no time"),
        (["runs", "--top", "3"], "--top needs --by"),
        (["retry", "--all", "--only", "a"], "--all cannot be combined"),
        (["graph", "--lr", "--tb"], "exclude each other"),
        (["graph", "a.py", "--run", "@last"], "exclude each other"),
        (["graph", "-o", "picture.bmp"], "does not say the format"),
        (["graph", "--only", "lod_data"], "did you mean 'load_data'?"),
        (["output", "-o", "x"], "needs the NAME"),
        (["resume"], "is SUCCESS, not INTERRUPTED"),
        (["retry", GOOD], "nothing to retry"),
        (["logs", "--stream", "out"], "--stream"),
    ],
)
def test_wrong_input_gets_one_message_and_exit_code_2(graft: Graft, arguments: list[str], told: str) -> None:
    ended = graft(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith("graft: ")
    assert told.lower() in ended.err.lower()
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("p.toml", b"C = \n", "it is not TOML"),
        ("p.json", b'{"C": 1,\n"D" 2}', "p.json:2: it is not JSON"),
        ("p.json", b"[1]", "holds a list"),
        ("p.toml", b"\xff\xfe", "not UTF-8"),
        ("p.json", b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_wrong_parameter_file_is_named_with_its_line(
    graft: Graft, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    ended = graft("run", "--params", str(file))
    assert ended.code == 2
    assert str(file) in ended.err
    assert told in ended.err


def test_a_parameter_file_gives_values(graft: Graft, space: FakeWorkspace, tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('\ufeffC = 0.5\n[fit]\nnames = ["a"]\n', encoding="utf-8")
    assert graft("run", "--params", str(file)).code == 0
    assert space.requests[0].values == {"C": 0.5, "fit": {"names": ["a"]}}


def test_detach_returns_at_once_with_the_id(graft: Graft) -> None:
    ended = graft("run", "-d")
    assert (ended.code, "graft attach new1" in ended.out) == (0, True)
    assert json.loads(graft("run", "-d", "--json").out)["state"] == "PENDING"


def test_show_of_a_failed_run_exits_0(graft: Graft) -> None:
    ended = graft("show", "@last-failed")
    assert ended.code == 0
    assert "ValueError" in ended.out
    assert json.loads(graft("show", BAD, "--json", "--full").out)["steps"][1]["attempts_log"][0]["n"] == 1


def test_an_unknown_run_exits_3(graft: Graft) -> None:
    for command in ("show", "logs", "output", "attach", "retry", "resume", "cancel", "rerun"):
        assert graft(command, "nope").code == 3


def test_runs_understands_words_for_states(graft: Graft, space: FakeWorkspace) -> None:
    ended = graft("ls", "--state", "failed,Running", "--since", "2d", "--limit", "5")
    assert ended.code == 0
    assert "k3h2" in ended.out
    assert "k3f9" not in ended.out
    query = space.queries[0]
    assert query.states == (Status.FAILURE, Status.STARTED)
    assert query.since == NOW - 2 * 86400
    assert (query.limit, query.project) == (5, "iris")


def test_runs_by_a_metric_is_a_leaderboard(graft: Graft) -> None:
    ended = graft("runs", "--by", "accuracy", "--columns", "C", "--top", "5")
    assert ended.out.split()[:2] == ["STATE", "RUN"]
    assert "ACCURACY" not in ended.out
    assert "accuracy" in ended.out
    assert "0.97" in ended.out
    assert "k3h2" not in ended.out
    assert json.loads(graft("runs", "--by", "accuracy", "--json").out)["runs"][0]["metrics"] == {"accuracy": 0.97}


def test_an_empty_list_says_what_to_do(graft: Graft, space: FakeWorkspace) -> None:
    space.records.clear()
    assert "graft run starts one" in graft("ls").out
    assert graft("ls", "--tag", "x").out == "no run fits\n"


def test_an_empty_list_tells_of_the_runs_of_other_projects(
    graft: Graft, space: FakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = space.runs
    monkeypatch.setattr(space, "runs", lambda query: everything(query) if query.project is None else [])
    assert graft("ls").out == (
        "no run yet in project iris; graft run starts one\nother projects have 2 runs: graft ls --all-projects\n"
    )


def test_logs_joins_lines_that_chunks_cut(graft: Graft) -> None:
    ended = graft("logs", GOOD, "model_fit", "--stream", "stdout")
    assert ended.out == "fitting\n\x1b[31mred\x1b[0m line\nlast\n"  # a pipe gets the bytes as written
    assert graft("logs", GOOD, "--tail", "1").out.splitlines()[-1] == "model_fit │ last"


def test_logs_json_is_one_object_a_line(graft: Graft) -> None:
    rows = [json.loads(line) for line in graft("logs", GOOD, "--json").out.splitlines()]
    assert [row["stream"] for row in rows] == ["stdout", "stderr", "stdout", "stdout"]
    assert list(rows[0]) == ["step", "attempt", "stream", "at", "text"]


def test_logs_of_a_silent_step_says_so_on_stderr(graft: Graft) -> None:
    ended = graft("logs", GOOD, "load_data")
    assert (ended.out, ended.err) == ("", "step load_data of run k3f9 wrote nothing\n")


def test_logs_timestamps_are_local_times(graft: Graft) -> None:
    assert graft("logs", GOOD, "model_fit", "--timestamps").out.startswith("12:03:32.250  fitting")


def test_following_a_run_that_ended_ends(graft: Graft) -> None:
    assert graft("logs", GOOD, "-f").code == 0


def test_output_lists_prints_describes_and_saves(graft: Graft, tmp_path: Path) -> None:
    assert "logreg" in graft("output", GOOD).out
    assert graft("output", GOOD, "Y").out == "[\n  0,\n  1,\n  2\n]\n"
    assert graft("output", GOOD, "logreg").out == "pickle, 9 B\n"
    ended = graft("output", GOOD, "iris_logistic.png", "-o", str(tmp_path))
    assert (tmp_path / "iris_logistic.png").read_bytes() == b"\x89PNG\0\0"
    assert ended.out == ""
    document = json.loads(graft("output", GOOD, "Y", "--json").out)
    assert document["value"] == [0, 1, 2]
    assert graft("output", GOOD, "nothing").code == 3
    assert graft("output", GOOD, "Y", "-o", str(tmp_path / "no" / "where")).code == 2


def test_events_are_lines_or_ndjson(graft: Graft) -> None:
    assert graft("events").out.splitlines()[1] == "12:04:31.250  k3f9aaaa  AttemptDispatched  load_data"
    rows = [json.loads(line) for line in graft("events", "--json", "--after", "1").out.splitlines()]
    assert list(rows[0])[:5] == ["seq", "run", "at", "kind", "node"]
    assert rows[-1]["kind"] == "RunFinished"


def test_attach_follows_to_the_end_with_its_exit_code(graft: Graft, space: FakeWorkspace) -> None:
    ended = graft("attach", GOOD)
    assert ended.code == 0
    assert "✓ ok           generate_plots" in ended.out
    space.end(GOOD, Status.CANCELLED)
    assert graft("attach", GOOD, "--json").code == 130


def test_attach_does_not_wait_for_ever_for_a_run_that_no_process_takes_up(
    graft: Graft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graftline.cli.commands.attach.TAKEN_UP_S", 0.0)
    waiting = json.loads(graft("run", "-d", "--json").out)["run"]

    ended = graft("attach", waiting)

    assert ended.code == 4
    assert "graft resume" in ended.err


def test_retry_defaults_to_the_last_failed_run(graft: Graft, space: FakeWorkspace) -> None:
    space.on_host = lambda observe, requests: space.end(BAD, Status.SUCCESS)
    assert graft("retry", "--code", "recorded", "-x").code == 0
    request = space.retries[-1]
    assert (request.run, request.code, request.fail_fast) == (BAD, CodeChoice.RECORDED, True)


def test_a_dry_retry_lists_what_runs_and_what_stays(graft: Graft, space: FakeWorkspace) -> None:
    ended = graft("retry", "-n")
    assert "would run 2 steps again and keep 1" in ended.out
    assert json.loads(graft("retry", "-n", "--json").out)["kept"] == ["load_data"]


def test_resume_takes_only_runs_whose_process_died(graft: Graft, space: FakeWorkspace) -> None:
    space.end(BAD, Status.INTERRUPTED)
    space.on_host = lambda observe, requests: space.end(BAD, Status.SUCCESS)
    assert graft("resume", BAD).code == 0
    assert space.retries[-1].run == BAD


def test_rerun_makes_a_new_run(graft: Graft, space: FakeWorkspace) -> None:
    assert json.loads(graft("rerun", GOOD, "--json").out)["run"] != GOOD
    assert space.requests[-1].parent == GOOD


def test_cancel_asks_a_live_run_only(graft: Graft, space: FakeWorkspace) -> None:
    assert "already ended" in graft("cancel", GOOD).out
    assert space.cancels == []
    space.end(GOOD, Status.STARTED)
    assert "was asked to stop" in graft("cancel", GOOD, "--kill").out
    assert space.cancels == [(GOOD, True)]


def test_check_shows_warnings_and_steps(graft: Graft) -> None:
    ended = graft("check", "pipeline.py")
    assert ended.out.splitlines()[0] == "✓ ok  iris · 3 steps"
    assert "keeps nothing" in ended.out
    assert json.loads(graft("check", "--json").out)["steps"][0] == "load_data"


def test_check_says_which_steps_run_each_time(graft: Graft, space: FakeWorkspace) -> None:
    space.prints_now = {space.graph_now.node("load_data").operation: Print(source="reads files by pandas.read_csv")}

    ended = graft("check", "pipeline.py")
    document = json.loads(graft("check", "--json").out)

    assert "  runs each time  load_data: reads files by pandas.read_csv; say reads= or cache=" in ended.out.splitlines()
    assert document["runs_each_time"]["load_data"] == {"why": "source", "detail": "reads files by pandas.read_csv"}


def test_the_ui_needs_a_terminal_and_says_what_does_without(graft: Graft) -> None:
    ended = graft("ui")
    assert ended.code == 2
    assert "graft ls" in ended.err


def test_without_a_command_and_a_terminal_there_is_help(graft: Graft) -> None:
    ended = graft()
    assert ended.code == 0
    assert "Usage: graft" in ended.out
    assert "_host" not in ended.out


@pytest.mark.parametrize("width", [80, 120])
def test_graph_draws_text(
    graft: Graft, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    golden(f"graph_{width}", graft("graph").out)
    golden(f"graph_run_{width}", graft("graph", "--run", BAD).out)


def test_graph_in_ascii_is_ascii(graft: Graft, golden: Callable[[str, str], None]) -> None:
    text = graft("graph", "--run", GOOD, "--ascii").out
    assert text.isascii()
    golden("graph_ascii", text)


def test_a_wide_graph_flows_down_on_a_narrow_screen(
    graft: Graft, space: FakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"a_long_name_{number}" for number in range(8)]
    space.graph_now = graph_of({name: names[:at][-1:] for at, name in enumerate(names)})
    monkeypatch.setenv("COLUMNS", "80")
    lines = graft("graph").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) > 8
    assert len(graft("graph", "--lr").out.splitlines()) == 1


def test_graph_formats_say_the_same_edges(graft: Graft, tmp_path: Path) -> None:
    document = json.loads(graft("graph", "--format", "json").out)
    assert ["load_data", "model_fit"] in document["edges"]
    assert "n0 -> n1" in graft("graph", "--format", "dot").out
    assert "n0 --> n1" in graft("graph", "--format", "mermaid").out
    assert graft("graph", "-o", str(tmp_path / "g.gv"), "--tb").code == 0
    assert "rankdir=TB" in (tmp_path / "g.gv").read_text()


def test_names_with_control_characters_never_reach_the_screen(graft: Graft, space: FakeWorkspace) -> None:
    evil = "a\x1b]0;owned\x07b\x9b2Jc"
    space.graph_now = graph_of({evil: ()})
    for arguments in (["graph"], ["run", "-n"]):
        out = graft(*arguments).out
        assert not set(out) & {"\x1b", "\x07", "\x9b"}
