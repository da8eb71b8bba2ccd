"""samples/words as it stands, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sample_runs import Sample


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Return the sample, not yet run."""
    return Sample("words", tmp_path_factory.mktemp("words"))


def test_the_commonest_words_are_written_and_each_saying_was_an_event(sample: Sample) -> None:
    run = sample.document("run", "--force")  # a step that is reused says nothing

    assert run["state"] == "SUCCESS"
    assert json.loads((sample.root / "ranking.json").read_text()) == [["and", 6], ["no", 3], ["time", 3]]
    events = sample.graft("events", "--run", run["run"], "--json")
    assert events.returncode == 0, events.stderr
    told = [json.loads(line) for line in events.stdout.splitlines()]
    assert told[-1]["kind"] == "RunFinished"
    assert [event["value"][0] for event in told if event["kind"] == "StepYielded"] == ["time", "work", "talk"]


def test_a_parameter_of_the_yaml_file_can_be_given(sample: Sample) -> None:
    run = sample.document("run", "-p", "top=1")

    assert json.loads(sample.graft("output", run["run"], "ranking").stdout) == [["and", 6]]


def test_the_pipeline_is_written_as_it_was_read(sample: Sample, tmp_path: Path) -> None:
    written = sample.root / "again.yaml"
    sample.graft("graph", "--format", "yaml", "-o", str(written))

    first = sample.document("graph", "--format", "json")
    again = sample.document("graph", "again.yaml", "--format", "json")

    assert [node["path"] for node in again["nodes"]] == [node["path"] for node in first["nodes"]]
