"""Data, databases, variables and files that come and go, in whole runs: what runs again, and what is reused."""

from __future__ import annotations

from pathlib import Path

import pytest
from mutation_data import ALL, EDITS, DataEdit, rounds
from mutation_figures import Tally
from mutation_project import DATA_PIPELINE, DATA_STEPS, HELPER, make
from mutation_runs import Project

ROW = "files, databases, variables (whole runs)"


def test_each_round_of_edits_runs_what_it_concerns_and_reuses_the_rest(
    tally: Tally, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALWAYS", "a")
    project = Project(tmp_path, {"steps.py": DATA_STEPS, "pipeline.py": DATA_PIPELINE, "helper.py": HELPER})
    make(project.root)
    steps = project.run().executed
    wrong: list[str] = []

    for edits in rounds():
        for edit in edits:
            edit.do(project.root)
            for name, text in edit.environ.items():
                monkeypatch.delenv(name, raising=False) if text is None else monkeypatch.setenv(name, text)
        came = project.run()

        assert not came.others
        expected: set[str] = set()
        for edit in edits:
            reruns, harmless = set(edit.reruns.split()), _harmless(edit, steps)
            stale = reruns - came.executed
            expected |= reruns | harmless
            tally.judged(ROW, stale=stale, spurious=harmless & came.executed, name=edit.name)
            wrong += [f"{edit.name}: {step} is stale" for step in stale]
        wrong += [f"{step} ran again after {[edit.name for edit in edits]}" for step in came.executed - expected]

    assert wrong == []
    assert len(EDITS) >= 50


def _harmless(edit: DataEdit, steps: frozenset[str]) -> set[str]:
    return set(steps - set(edit.reruns.split())) if edit.harmless == ALL else set(edit.harmless.split())
