"""A command line on a workspace of records, with fixed time zone, width and colours."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cli_fakes import ROOT, TARGET, FakeWorkspace

from graftline.cli import context
from graftline.cli.main import main

GOLDEN = Path(__file__).parent / "golden"


class Ended(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take the developer's terminal, time zone and directory away."""
    monkeypatch.setattr("graftline.cli.carrying.here", lambda: ROOT)
    for name in ("NO_COLOR", "GRAFTLINE_GLYPHS", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def space(monkeypatch: pytest.MonkeyPatch) -> FakeWorkspace:
    """Let commands find a workspace of records."""
    made = FakeWorkspace()
    monkeypatch.setattr(context, "workspace", lambda options, target=None, needs_code=False: made)
    monkeypatch.setattr(context, "target", lambda options, text: TARGET)
    return made


@pytest.fixture
def graft(space: FakeWorkspace, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run one command line in this process."""

    def run(*arguments: str) -> Ended:
        code = main(arguments)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a screen with the one a person looked at; to renew one, delete its file, run twice, and look at it."""

    def compare(name: str, text: str) -> None:
        file = GOLDEN / f"{name}.txt"
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            pytest.fail(f"{file.name} was not there and is written now: look at it, then run again")
        assert text == file.read_text(encoding="utf-8")

    return compare
