"""A project with steps, and the command line in this process; steps run in real workers."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Graft, Said

from graftline.cli.main import main

STEPS = """
import helper

class Box:
    def __init__(self, value):
        self.value = value

def scale(xs: list, factor: int = 2):
    return [x * factor for x in xs]

def box(n: int):
    return Box(n + helper.MORE)

def opened(box):
    return box.value

def more(n: int):
    return n + helper.MORE
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "graftline.toml").write_text("")
    (folder / "steps.py").write_text(STEPS)
    (folder / "helper.py").write_text("MORE = 1\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def graft(project: Path, capsys: pytest.CaptureFixture[str]) -> Graft:
    """Run one command line in this process; its steps run in workers."""

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(arguments)
        told = capsys.readouterr()
        return Said(code, told.out, told.err)

    return run
