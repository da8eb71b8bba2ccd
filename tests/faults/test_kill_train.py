"""kill -9 of a training: no half generation, no number twice, and `graft resume` ends it with the same number."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from churn_project import Churn

from graftline.core.lineages import Generation
from graftline.wiring import Given, open_workspace

pytestmark = pytest.mark.fault
SUPPORT = Path(__file__).parent.parent / "support"
DEADLINE_S = 60


@pytest.fixture
def churn(tmp_path: Path) -> Churn:
    made = Churn(tmp_path / "project")
    made.write()
    return made


def generations(churn: Churn) -> list[Generation]:
    """Return those of all lineages; each state's bytes are read and verified."""
    registry = open_workspace(Given(project=str(churn.root))).parts.registry()
    found = [each for line in registry.lineages("churn") for each in registry.generations("churn", line.version)]
    for each in found:
        for state in each.draft.states:
            registry.read(state.ref.sha256)
    return found


def killed(churn: Churn, *words: str) -> int:
    """Run something that kills itself, and return its exit code."""
    said = subprocess.run(
        [sys.executable, *words], cwd=churn.root, capture_output=True, timeout=DEADLINE_S, check=False
    )
    return said.returncode


@pytest.mark.parametrize(
    ("instant", "left"),
    [("steps-done", 0), ("states-written", 0), ("number-raised", 0), ("committed", 1), ("told", 1)],
)
def test_a_training_killed_at_its_end_leaves_all_or_nothing(churn: Churn, instant: str, left: int) -> None:
    # A state of more than 4 KiB is a file of its own.
    churn.change("steps.py", '"rows": len(spend)}', '"rows": "x" * 9000}')

    code = killed(churn, str(SUPPORT / "killed_trains.py"), instant, "train")

    assert code == -9
    assert len(generations(churn)) == left
    state = churn.document("show")["state"]
    assert state == ("SUCCESS" if instant == "told" else "INTERRUPTED")
    if state == "INTERRUPTED":
        resumed = churn.document("resume")
        assert (resumed["state"], resumed["generation"]) == ("SUCCESS", 1)
        assert [step["attempts"] for step in resumed["steps"]] == [1, 1, 1, 1]
    assert [each.number for each in generations(churn)] == [1]
    assert churn.document("train", "--from-start")["generation"] == 2
    assert not [each for each in churn.document("doctor")["findings"] if not each["is_good"]]


@pytest.mark.sweep
def test_trainings_killed_at_random_instants_never_use_a_number_twice(churn: Churn, kills: int) -> None:
    words = [sys.executable, "-m", "graftline", "train", "--from-start"]
    begun = time.monotonic()
    assert subprocess.run(words, cwd=churn.root, capture_output=True, timeout=DEADLINE_S, check=False).returncode == 0
    longest_s = time.monotonic() - begun
    for _ in range(kills):
        process = subprocess.Popen(words, cwd=churn.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0.3, 1) * longest_s)
        process.kill()
        process.wait(DEADLINE_S)
        shown = churn.document("show")
        if shown["state"] == "INTERRUPTED":
            assert churn.document("resume")["state"] == "SUCCESS"
        made = generations(churn)
        assert [each.number for each in made] == list(range(1, len(made) + 1))
        assert len({each.draft.run for each in made}) == len(made)
