"""samples/runtime as it stands: a program that submits, on processes of their own."""

from __future__ import annotations

from pathlib import Path

from sample_runs import Sample


def test_the_program_fits_predicts_groups_and_restarts_what_failed(tmp_path: Path) -> None:
    sample = Sample("runtime", tmp_path)

    done = sample.python("main.py")

    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[:5] == [
        "fitted species/0.1.0/1",
        "score 0.82",
        "sequence {'setosa': 50, 'versicolor': 51, 'virginica': 49}",
        "parallel [0, 2]",
        "mapreduce {'setosa': 2, 'versicolor': 2, 'virginica': 4}",
    ]
    assert [line.split()[1] for line in said[6:9]] == ["SUCCESS", "SUCCESS", "FAILURE"]
    assert "FileNotFoundError" in said[8]
    assert said[9:] == ["restarted 1: totals [3, 3, 7]", "attempts [1, 1, 2]"]
    assert "champion" not in done.stdout
    assert len(sample.document("list", "species")["lineages"][0]) > 0
