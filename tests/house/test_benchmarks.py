"""The benchmarks work: CI runs them whole at small sizes, these tests what can be told without the peers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from source_tree import ROOT


def _bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "benchmarks"), "--small", *arguments],
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.mark.parametrize(
    ("contestant", "name", "works"),
    [
        ("limit", "raw limit", "throughput chain layered big-array no-change cold-help"),
        ("ours", "graftline", "throughput chain layered big-array no-change cold-list cold-hello save"),
    ],
)
def test_the_work_is_done_and_gotten_right(contestant: str, name: str, works: str) -> None:
    done = _bench("--only", *works.split(), "--contestants", contestant)

    assert done.returncode == 0, done.stderr
    head, _, *rows = (line.split("|") for line in done.stdout.splitlines() if line.startswith("|"))
    assert head[2].strip() == name
    assert len(rows) == len(works.split())
    assert "failed" not in done.stdout


def test_a_wrong_value_is_a_failure() -> None:
    code = """
import types
import measure
from work import Outcome
idle = types.SimpleNamespace(NAME="idle", chain=lambda size: Outcome(1e-9, 0))
measure.WORKS["chain"].run(idle, 5)
"""

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "benchmarks",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode != 0
    assert "idle got 0, not 5" in done.stderr
