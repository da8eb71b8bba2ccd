"""samples/wide.py: the steps the fault tests count."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from sample_runs import Sample


def test_every_step_is_executed_exactly_once(tmp_path: Path) -> None:
    wide = Sample("wide.py", tmp_path)
    effects = tmp_path / "started"

    run = wide.document("run", "wide.py", "-j", "2", N="60", SIDE_EFFECTS=str(effects))

    assert run["counts"] == {"SUCCESS": 60}
    assert sorted(map(int, effects.read_text().split())) == list(range(60))


def test_two_jobs_run_two_steps_at_once_and_never_three(tmp_path: Path) -> None:
    wide = Sample("wide.py", tmp_path)

    run = wide.document("run", "wide.py", "-j", "2", N="8", STEP_SECONDS="0.25")

    assert max(_running_with_each(run["steps"])) == 2


def _running_with_each(steps: list[dict[str, Any]]) -> list[int]:
    """Return for each step how many steps, itself included, were running in the middle of it."""
    starts = [datetime.fromisoformat(step["started"]).timestamp() for step in steps]
    spans = [(start, start + step["seconds"]) for start, step in zip(starts, steps, strict=True)]
    return [sum(start < (low + high) / 2 < end for start, end in spans) for low, high in spans]


def test_the_number_of_steps_is_200_unless_told(tmp_path: Path) -> None:
    wide = Sample("wide.py", tmp_path)

    graph = wide.document("graph", "wide.py", "--format", "json")

    assert len(graph["nodes"]) == 200
