"""What a step was seen to read stands in the fact of its success."""

from __future__ import annotations

from pathlib import Path

from local_runs import context, order, run_all

from graftline.core.events import AttemptSucceeded
from graftline.core.graph import Call, CallKind, Operation
from graftline.plugins.local.executor import LocalExecutor


def test_the_files_a_step_read_are_in_its_fact_and_a_pure_one_has_none(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "a.csv").write_text("1")
    operations = [
        Operation(call=Call(kind=CallKind.PYTHON, module="observed_steps", qualname=name))
        for name in ("reads", "lists", "shows_lines")
    ]
    executor = LocalExecutor(context(tmp_path, operations))
    try:
        found = run_all(executor, [order(f"step{number}", number) for number in range(3)])
    finally:
        executor.close()

    ends = [found[f"step{number}"] for number in range(3)]
    assert all(isinstance(end, AttemptSucceeded) for end in ends), ends
    # The working directory is not the project root here: its files are named in full.
    assert [end.reads for end in ends if isinstance(end, AttemptSucceeded)] == [
        (str(tmp_path / "a.csv"),),
        (f"{tmp_path}/", f"{tmp_path}/data/"),
        (),
    ]
