"""`graft export`: a run as one file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from spaces import Space

from graftline.cli import context
from graftline.cli.main import main


class Ended(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str


Graft = Callable[..., Ended]


@pytest.fixture
def export(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Graft:
    """Run `graft export` on a run whose middle step failed, in an empty directory."""
    space = Space()
    space.fail("b")
    monkeypatch.setattr(context, "workspace", lambda options, target=None, needs_code=False: space.workspace)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Ended:
        code = main(("export", *arguments))
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run


def test_a_run_is_told_as_a_chart_a_page_or_a_document(export: Graft, tmp_path: Path) -> None:
    chart = export()
    assert [line.split()[:2] for line in chart.out.splitlines()[1:]] == [["✓", "a"], ["✗", "b"], ["⊘", "c"]]

    assert export("--html").out.startswith("<!doctype html>")
    assert export("-o", "run.html").err.startswith("wrote run.html")
    assert (tmp_path / "run.html").read_text() == export("--html", "-o", "-").out

    assert json.loads(export("--json").out)["state"] == "FAILURE"
    export("-o", "run.json", "--full", "--json")
    assert json.loads((tmp_path / "run.json").read_text())["steps"][0]["attempts_log"]
    export("-o", "run.txt")
    assert "✗ b" in (tmp_path / "run.txt").read_text()
    assert export("--workers").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--html", "--json"), "exclude each other"),
        (("-o", "run.pdf"), "does not say the form"),
        (("--json", "--workers"), "does not go with JSON"),
        (("-o", "no/where.html"), "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_refused(export: Graft, arguments: tuple[str, ...], message: str) -> None:
    ended = export(*arguments)

    assert ended.code == 2
    assert message in ended.err + ended.out
