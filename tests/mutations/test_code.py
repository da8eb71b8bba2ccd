"""An edit of code makes exactly the steps run again that it concerns, as the keys of their results tell."""

from __future__ import annotations

import mutation_classes
import mutation_imports
import mutation_matrix
import mutation_packages
import mutation_samples
import mutation_syntax
import mutation_values
import pytest
from mutation_figures import Tally
from mutations import Bench, Mutation, named

CASES = named(
    [
        *mutation_classes.CASES,
        *mutation_values.CASES,
        *mutation_syntax.CASES,
        *mutation_imports.CASES,
        *mutation_packages.CASES,
    ]
)
CELLS = mutation_matrix.cells()
SAMPLES = mutation_samples.cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_an_edit_reaches_the_steps_it_concerns_and_no_other(bench: Bench, tally: Tally, case: Mutation) -> None:
    again, kept = bench.changed(case)

    tally.judged(case.row, stale=case.reruns & kept, spurious=case.harmless, name=case.name)
    assert not case.reruns & kept, "their results are stale"
    assert again == case.reruns | case.harmless


@pytest.mark.parametrize(("case", "shape"), CELLS, ids=[f"{case.name}: {shape}" for case, shape in CELLS])
def test_every_shape_sees_every_edit(bench: Bench, tally: Tally, case: Mutation, shape: str) -> None:
    again, kept = bench.changed(case)

    tally.judged(
        case.row, stale={shape} & case.reruns & kept, spurious={shape} & case.harmless, name=f"{case.name}, {shape}"
    )
    assert (shape in again) == (shape in case.reruns | case.harmless)


@pytest.mark.parametrize("case", SAMPLES, ids=[case.name for case in SAMPLES])
def test_a_changed_function_of_a_sample_reaches_the_steps_that_call_it(
    bench: Bench, tally: Tally, case: Mutation
) -> None:
    (function,) = case.reruns
    calling = mutation_samples.reached_by(dict(case.files), function)

    again, kept = bench.changed_functions(case)

    tally.judged(case.row, stale=kept & calling, spurious=again - calling, name=case.name)
    assert again <= calling
    assert not kept & calling


def test_an_edit_of_the_same_size_and_time_is_seen(bench: Bench, tally: Tally) -> None:
    """Each case of a row whose edit keeps its length, with the file's time put back."""
    for case in mutation_syntax.same_size():
        again, kept = bench.changed(case)

        tally.judged(case.row, stale=case.reruns & kept, spurious=again - case.reruns, name=case.name)
        assert again == case.reruns, case.name
