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


@pytest.mark.parametrize("work", ["throughput", "chain", "layered", "big-array", "no-change", "cold-help"])
def test_the_raw_limit_does_the_work_and_gets_it_right(work: str) -> None:
    done = _bench("--only", work, "--contestants", "limit")

    assert done.returncode == 0, done.stderr
    assert "raw limit" in done.stdout
    assert "failed" not in done.stdout


@pytest.mark.parametrize(
    "work", ["throughput", "chain", "layered", "big-array", "no-change", "cold-list", "cold-hello", "save"]
)
def test_graftline_does_the_work_and_gets_it_right(work: str) -> None:
    done = _bench("--only", work, "--contestants", "ours")

    assert done.returncode == 0, done.stderr
    assert "graftline" in done.stdout


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
