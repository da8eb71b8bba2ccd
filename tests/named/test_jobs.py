"""`graft job`: one step from the command line to a real worker and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Graft


class TestJobs:
    def test_a_function_is_run_recorded_and_run_again(self, graft: Graft, project: Path) -> None:
        first = graft("--json", "job", "fn", "steps.py:scale", "-p", "xs=[1,2]", "--tag", "t", "--label", "default")
        value = graft("output", "@last", "scale")
        again = graft("--json", "rerun", "--code", "current")

        assert (first.code, again.code) == (0, 0)
        document = first.document
        assert [document[key] for key in ("project", "pipeline", "tags", "params")] == [
            "demo",
            "scale",
            ["t"],
            {"xs": [1, 2]},
        ]
        assert value.out.split() == ["[", "2,", "4", "]"] or json.loads(value.out) == [2, 4]
        assert again.document["parent"] == document["run"]
        assert again.document["params"] == {"xs": [1, 2]}

    def test_a_failed_one_is_retried_with_the_code_as_it_is_now(self, graft: Graft, project: Path) -> None:
        (project / "helper.py").write_text("raise RuntimeError('not yet')\n")
        broken = graft("job", "fn", "steps.py:box", "-p", "n=1")
        (project / "helper.py").write_text("MORE = 5\n")
        failed = graft("job", "sh", "test -e ready", "--retries", "1", "--name", "wait")
        (project / "ready").write_text("")
        mended = graft("--json", "retry")

        assert broken.code == 2
        assert "RuntimeError: not yet" in broken.err
        assert failed.code == 1
        assert (mended.code, mended.document["steps"][0]["attempts"]) == (0, 3)

    def test_a_script_has_its_own_command_line(self, graft: Graft, project: Path) -> None:
        (project / "train.py").write_text("import sys\nacc = len(sys.argv) - 1\nlast = sys.argv[-1]\n")

        said = graft(
            "--json", "job", "script", "train.py", "-p", "c=7", "--returns", "metric:acc,last", "--", "-C", "{c}"
        )

        assert said.document["metrics"] == {"acc": 2}
        assert json.loads(graft("output", "@last", "last").out) == "7"

    def test_from_elsewhere_it_belongs_to_the_project_of_its_file(
        self, graft: Graft, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(project.parent)

        said = graft("--json", "job", "fn", "demo/steps.py:box", "-p", "n=1")

        assert (said.code, said.document["project"]) == (0, "demo")

    def test_without_a_project_it_runs_too(self, graft: Graft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        bare = tmp_path / "bare"
        bare.mkdir()
        monkeypatch.chdir(bare)
        failed = graft("job", "sh", "test -e ready")
        (bare / "ready").write_text("")

        assert (failed.code, graft("retry").code) == (1, 0)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("fn", "steps.py:scal"), "steps has no function 'scal'; did you mean 'scale'?"),
            (("fn", "step.py:scale"), "step.py: there is no such file; did you mean 'steps.py'?"),
            (("fn", "steps.py"), "'steps.py' names no function"),
            (("fn", "steps.py:scale"), "step 'scale': needs 'xs'"),
            (("fn", "steps.py:scale", "-p", "factr=1"), "did you mean 'factor'"),
            (("fn", "steps.py:scale", "--name", "a/b"), "name: a name may not contain '/'"),
            (("fn", "steps.py:scale", "--returns", "metrik:a"), "there is no kind of return 'metrik'"),
            (("fn", "steps.py:box", "-p", "n=1", "--label", "moon"), "label 'moon'"),
            (("sh", " "), "takes a command line"),
            (("script", "steps.txt"), "'steps.txt' is no Python file"),
            (("nb", "steps.py"), "'steps.py' is no notebook"),
            (("scrip", "x"), "'job' has no command 'scrip'; did you mean 'script'?"),
        ],
    )
    def test_what_is_wrong_is_told_before_anything_runs(
        self, graft: Graft, arguments: tuple[str, ...], said: str
    ) -> None:
        told = graft("job", *arguments)

        assert told.code == 2
        assert said in told.err
        assert graft("--json", "ls").document["runs"] == []

    def test_without_a_command_it_lists_them(self, graft: Graft) -> None:
        said = graft("job")

        assert said.code == 0
        assert all(verb in said.out for verb in ("fn", "sh", "nb", "script"))
