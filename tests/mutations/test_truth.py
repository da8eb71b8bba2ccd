"""What is reused after an edit of code is what a run without reuse makes: whole runs, compared value by value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mutation_classes
import mutation_imports
import mutation_matrix
import mutation_passing
import mutation_syntax
import mutation_values
import pytest
from mutation_figures import Tally
from mutation_runs import Project
from mutations import Mutation, apply, restore

ROW = "code (whole runs, compared with runs that reuse nothing)"
_TABLES = {
    "matrix": [case for case, shape in mutation_matrix.cells() if shape == "bystander"],
    "classes": mutation_classes.CASES,
    "values": mutation_values.CASES,
    "syntax": mutation_syntax.CASES,
    "same size": mutation_syntax.same_size(),
    "imports": mutation_imports.CASES,
}
_EVERY = 40
"""Of so many cases of a table one is run with the tests; the sweep runs them all (four minutes)."""


def _check(cases: Sequence[Mutation], tally: Tally, folder: Path) -> None:
    projects: dict[int, Project] = {}
    for case in cases:
        if case.environ or "notebook" in repr(case.files):
            continue
        known = hash(tuple(sorted(case.files.items())))
        if known not in projects:
            projects[known] = Project(folder / str(len(projects)), case.files)
            projects[known].run(case.target)
        project = projects[known]
        apply(project.root, case)
        came = project.run(case.target)
        truth = project.run(case.target, is_forced=True)
        restore(project.root, case)

        stale = {name for name, value in truth.values.items() if came.values.get(name) != value}
        tally.judged(ROW, stale=stale, spurious=came.executed & case.harmless, name=f"{case.name}, run")
        assert not stale, case.name
        assert came.others == truth.others, case.name
        assert case.reruns <= came.executed, case.name
        assert not came.reused & case.reruns, case.name


def test_a_class_counts_for_whoever_is_handed_its_objects(tally: Tally, tmp_path: Path) -> None:
    _check(mutation_passing.CASES, tally, tmp_path)


@pytest.mark.parametrize("table", _TABLES)
def test_some_edits_leave_no_stale_value(tally: Tally, tmp_path: Path, table: str) -> None:
    _check(_TABLES[table][::_EVERY], tally, tmp_path)


@pytest.mark.sweep
@pytest.mark.parametrize("table", _TABLES)
def test_no_edit_leaves_a_stale_value(tally: Tally, tmp_path: Path, table: str) -> None:
    _check(_TABLES[table], tally, tmp_path)
