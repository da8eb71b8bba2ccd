"""Killed at any instant, a release, copy or import leaves nothing half; and to do it again completes it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from source_tree import ROOT

PROGRAM = ROOT / "tests" / "support" / "shelf_kills.py"


def _look(deed: str, stride: int, folder: Path, limit_s: float) -> None:
    command = [sys.executable, str(PROGRAM), deed, str(stride), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    assert done.returncode == 0, done.stderr

    for kind, found in json.loads(done.stdout).items():
        assert found["problems"] == [], kind
        assert len(found["seen"]) > 1, "it was killed in the middle of something"


@pytest.mark.fault
@pytest.mark.parametrize(("deed", "stride"), [("release", 31), ("copy", 89), ("import", 101)])
def test_what_is_killed_leaves_nothing_half(tmp_path: Path, deed: str, stride: int) -> None:
    _look(deed, stride, tmp_path, limit_s=60)


@pytest.mark.sweep
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("deed", ["release", "copy", "import"])
def test_killed_at_every_instant_it_leaves_nothing_half(tmp_path: Path, deed: str) -> None:
    _look(deed, 1, tmp_path, limit_s=1000)
