"""YAML files as targets, and pipelines written as YAML."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Graft

from graftline import Pipeline
from graftline.programs import load_run


class TestFiles:
    TEXT = """
params: {n: 3}
steps:
  - steps.py:box
  - python: steps:opened
    returns: [value]
  - shell: test $value = 4
    name: check
"""

    def test_a_file_is_run_shown_and_written_again(self, graft: Graft, project: Path) -> None:
        (project / "flow.yaml").write_text(self.TEXT)

        ran = graft("--json", "run", "flow.yaml", "-p", "n=3")
        shown = graft("show", "--yaml")
        (project / "again.yaml").write_text(shown.out)
        again = graft("--json", "run", "again.yaml")

        assert (ran.code, ran.document["counts"]) == (0, {"SUCCESS": 3})
        assert (again.code, again.document["pipeline"]) == (0, "flow")
        drawn = [graft("--json", "graph", name).document for name in ("flow.yaml", "again.yaml")]
        places = [{node["path"]: node.pop("line") and node.pop("file") for node in each["nodes"]} for each in drawn]
        assert drawn[0] == drawn[1]
        assert set(places[0]) == {"box", "opened", "check"}

    def test_shapes_run_as_they_are_written(self, graft: Graft, project: Path) -> None:
        (project / "flow.yaml").write_text(
            """
params: {ns: [1, 2, 3], how: many}
steps:
  - map:
      - python: steps:more
        returns: [value]
    iterate_on: ns
    iterate_as: n
    reducer: max
    name: each
  - conditional: how
    branches:
      many:
        - python: steps:scale
          inputs: {xs: [value, value]}
          returns: [scaled]
      few: [{stub: nothing}]
    name: which
  - parallel:
      left: [{shell: test $value = 4, name: is_largest}]
      right: {steps: [{stub: other}]}
  - shell: exit 1
    name: broken
    on_failure: [{stub: mended}]
"""
        )

        said = graft("--json", "run", "flow.yaml")
        again = graft("show", "--yaml")

        assert said.code == 0, said.out
        assert load_run().value("scaled") == [8, 8]
        assert {each["path"]: each["state"] for each in said.document["steps"]}["parallel/left/is_largest"] == "SUCCESS"
        assert "reducer: max" in again.out

    def test_show_writes_the_code_of_then(self, graft: Graft, project: Path) -> None:
        (project / "flow.yaml").write_text(self.TEXT)
        graft("run", "flow.yaml")
        (project / "flow.yaml").write_text("steps: [{shell: 'true', name: other}]\n")

        assert "opened" in graft("show", "--yaml").out
        assert "other" in graft("graph", "flow.yaml", "--format", "yaml").out

    def test_from_python_it_is_the_same(self, graft: Graft, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (project / "flow.yaml").write_text("name: py\nsteps: [{shell: 'echo 1', name: one}]\n")

        pipeline = Pipeline.from_yaml("flow.yaml")

        assert pipeline.execute().steps[0].path == "one"
        assert Pipeline.from_yaml(str(project / "flow.yaml")).to_yaml() == pipeline.to_yaml()
        assert graft("rerun", "--code", "current").code == 0

    def test_what_does_not_go_together_is_told(self, graft: Graft, project: Path) -> None:
        (project / "flow.yaml").write_text(self.TEXT)

        assert graft("graph", "flow.yaml", "--format", "yaml", "--only", "box").code == 2
        assert graft("run", "flow.yaml:other", "-n").code == 0
        assert graft("run", "flow.yml").err.strip().endswith("there is no such file; did you mean 'flow.yaml'?")

    def test_a_lambda_has_no_name_to_write(self, graft: Graft, project: Path) -> None:
        (project / "odd.py").write_text(
            "from graftline import Pipeline, PythonTask\np = Pipeline([PythonTask(lambda: 1, name='odd')])\n"
        )

        said = graft("graph", "odd.py", "--format", "yaml")

        assert said.code == 2
        assert "odd.py:2: step 'odd': its function '<lambda>' cannot be written" in said.err
