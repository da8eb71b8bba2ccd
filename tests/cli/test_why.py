"""`graft why`, `graft diff` and `graft plan` on a workspace in memory: what a person reads, and what a program does."""

from __future__ import annotations

from typing import Any

import pytest
from asked import Asked
from command_line import Graft, Said
from spaces import TARGET

from graftline.cli import context
from graftline.cli.choices import Options
from graftline.cli.completion import Unfinished, complete_asked
from graftline.cli.main import main
from graftline.core.graph import Policy


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    made = Asked({"load": (), "fit": ("load",), "tell": ("fit",)})
    made.code.constants["fit"] = {"C": 1}
    monkeypatch.setattr(context, "workspace", lambda options, target=None, needs_code=False: made.workspace)
    monkeypatch.setattr(context, "target", lambda options, text: TARGET)
    for screen in ("whytext", "descenttext", "comparisontext"):  # the clock in memory moves at each look
        monkeypatch.setattr(f"graftline.cli.{screen}.ago", lambda at, now: "2m ago")
    return made


@pytest.fixture
def graft(asked: Asked, capsys: pytest.CaptureFixture[str]) -> Graft:
    def call(*arguments: str) -> Said:
        code = main(arguments)
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return call


def changed(asked: Asked) -> tuple[str, str]:
    """Run, change code and a parameter of `fit`, run again; return both runs."""
    first = asked.run()
    asked.edit("fit", "return 2")
    asked.code.constants["fit"] = {"C": 0.5}
    return first, asked.run()


class TestWhy:
    def test_of_a_run_it_has_a_line_for_each_reason(self, asked: Asked, graft: Graft) -> None:
        first, second = changed(asked)
        said = graft("why")
        assert said.code == 0
        assert f"demo  {second[:4]}" in said.out
        assert "2 of 3 steps ran" in said.out
        assert "steps.py:fit changed; C: 1 → 0.5" in said.out
        assert "input fit from fit" in said.out
        assert f"1 step reused from run {first[:4]}" in said.out
        assert f"graft why {second[:4]} fit" in said.out

    def test_of_a_step_it_shows_the_changed_lines_and_old_and_new_values(self, asked: Asked, graft: Graft) -> None:
        first, _ = changed(asked)
        said = graft("why", "@last", "fit").out
        assert "-    return 1\n" in said
        assert "+    return 2\n" in said
        assert "C: 1 → 0.5" in said
        assert "params= of the step" in said
        assert f"since its last result, of run {first[:4]}" in said

    def test_a_step_of_the_last_run_needs_no_run(self, asked: Asked, graft: Graft) -> None:
        changed(asked)
        assert graft("why", "fit").out == graft("why", "@last", "fit").out

    def test_of_a_reused_step_it_names_the_run_it_is_from(self, asked: Asked, graft: Graft) -> None:
        first, _ = changed(asked)
        said = graft("why", "load").out
        assert f"reused from run {first[:4]}" in said
        assert "what it depends on is what it was: code, 1 package" in said

    def test_of_a_failed_step_it_shows_the_error_then_what_differs(self, asked: Asked, graft: Graft) -> None:
        asked.run()
        asked.edit("fit", "return 2")
        asked.fail("fit")
        said = graft("why", "fit").out
        assert said.index("ValueError: fit is broken") < said.index("steps.py:fit changed")
        assert "since its last success" in said

    def test_of_a_failed_step_that_nothing_differs_for_it_says_so(self, asked: Asked, graft: Graft) -> None:
        asked.code.sources["fit"] = "requests.get"
        asked.run()
        asked.fail("fit")
        assert "nothing it depends on is known to differ from its last success" in graft("why", "fit").out

    def test_of_a_skipped_step_it_names_what_failed(self, asked: Asked, graft: Graft) -> None:
        asked.fail("load")
        assert "skipped: a step before it failed: load" in graft("why", "tell").out

    def test_long_changes_are_cut_unless_asked_for(self, asked: Asked, graft: Graft) -> None:
        asked.run()
        asked.edit("fit", "\n    ".join(f"x{n} = {n}" for n in range(100)))
        asked.run()
        assert "more lines (--full shows all)" in graft("why", "fit").out
        assert "x99 = 99" in graft("why", "fit", "--full").out

    def test_of_an_artifact_it_draws_what_is_behind_it(self, asked: Asked, graft: Graft) -> None:
        run = asked.run()
        said = graft("why", f"{run}:tell:value").out
        assert said == graft("why", "tell:value").out == graft("why", run, "tell:value").out
        assert said.index("tell  steps:tell") < said.index("└─ fit = value of fit") < said.index("└─ load = value of")
        assert "C = 1  (params= of the step)" in said

    def test_documents_are_whole(self, asked: Asked, graft: Graft) -> None:
        first, second = changed(asked)
        document: dict[str, Any] = graft("--json", "why", "@last", "fit").document
        assert (document["run"], document["step"], document["verdict"]) == (second, "fit", "CHANGED")
        assert document["compared_with"]["run"] == first
        assert [each["kind"] for each in document["causes"]] == ["code", "parameter"]
        assert document["causes"][1] | {"where": "", "was_where": ""} == {
            "kind": "parameter",
            "name": "C",
            "old": "1",
            "new": "0.5",
            "where": "",
            "was_where": "",
        }
        of_run = graft("--json", "why").document
        assert [(each["steps"], each["verdict"]) for each in of_run["ran"]] == [
            (["fit"], "CHANGED"),
            (["tell"], "CHANGED"),
        ]
        of_artifact = graft("--json", "why", "fit:value").document
        assert [each["step"] for each in of_artifact["steps"]] == ["fit", "load"]

    @pytest.mark.parametrize(
        ("words", "code", "told"),
        [
            (("nope",), 3, "there is no run 'nope'"),
            (("@last", "ft"), 3, "has no step 'ft'; did you mean 'fit'?"),
            (("fit:valu",), 3, "has no output 'valu'; did you mean 'value'?"),
            (("fit:",), 2, "names no artifact"),
            (("fit:value", "tell"), 2, "takes no STEP"),
            (("abcdef012345",), 3, "no artifact of the newest"),
        ],
    )
    def test_what_is_wrong_is_said(
        self, words: tuple[str, ...], code: int, told: str, asked: Asked, graft: Graft
    ) -> None:
        asked.run()
        said = graft("why", *words)
        assert said.code == code
        assert told in said.err

    def test_without_a_run_it_says_so(self, graft: Graft) -> None:
        assert graft("why").code == 3

    def test_the_tab_key_offers_runs_and_the_steps_of_the_last_one(self, asked: Asked) -> None:
        run = asked.run()
        here = Unfinished(options=Options(), values={})
        assert complete_asked(here, "") == [
            ("@last", ""),
            ("@last-failed", ""),
            (run, "demo SUCCESS"),
            *((path, "step of the last run") for path in ("load", "fit", "tell")),
        ]
        assert complete_asked(here, "fi") == [("fit", "step of the last run")]


class TestDiff:
    def test_the_last_two_runs_are_compared_and_equal_things_are_counted(self, asked: Asked, graft: Graft) -> None:
        first, second = changed(asked)
        said = graft("diff").out
        assert f"{first[:4]} → {second[:4]}" in said
        assert "first  fit made another value" in said
        assert "steps.py  +1 -1" in said
        assert "equal: " in said
        assert "load" not in said

    def test_all_shows_equal_things_and_stat_no_lines(self, asked: Asked, graft: Graft) -> None:
        changed(asked)
        assert "numpy" in graft("diff", "--all").out
        assert "return 2" not in graft("diff", "--stat").out

    def test_equal_runs_are_said_to_be(self, asked: Asked, graft: Graft) -> None:
        asked.run()
        asked.run()
        assert "nothing differs" in graft("diff").out
        assert graft("--json", "diff").document["same"] is True

    def test_the_document_holds_what_differs(self, asked: Asked, graft: Graft) -> None:
        changed(asked)
        document = graft("--json", "diff").document
        assert document["first"]["step"] == "fit"
        assert [each["file"] for each in document["code"]] == ["steps.py"]
        assert document["environment"] == []
        assert len(graft("--json", "diff", "--all").document["environment"]) == 2

    def test_one_run_cannot_be_compared_with_itself(self, asked: Asked, graft: Graft) -> None:
        asked.run()
        said = graft("diff", "@last", "@last")
        assert (said.code, "are the same run" in said.err) == (2, True)


class TestPlan:
    def test_it_says_what_runs_may_run_and_is_reused(self, asked: Asked, graft: Graft) -> None:
        first = asked.run()
        asked.edit("fit", "return 2")
        said = graft("plan")
        assert said.code == 0
        assert "1 step runs, 1 may run, 1 reused" in said.out
        assert "nothing was started" in said.out
        assert "fit   steps.py:fit changed" in said.out
        assert "takes what fit makes" in said.out
        assert f"from run {first[:4]}" in said.out

    def test_the_exit_code_tells_of_work_when_asked(self, asked: Asked, graft: Graft) -> None:
        assert graft("plan", "--exit-code").code == 5
        asked.run()
        assert graft("plan", "--exit-code").code == 0
        assert "nothing to do" in graft("plan").out

    def test_the_document_has_every_step(self, asked: Asked, graft: Graft) -> None:
        asked.run()
        asked.edit("fit", "return 2")
        document = graft("--json", "plan").document
        assert [(each["step"], each["fate"]) for each in document["steps"]] == [
            ("load", "reuse"),
            ("fit", "run"),
            ("tell", "may run"),
        ]
        assert document["work"] is True
        assert document["steps"][1]["causes"][0]["name"] == "steps.py:fit"
        assert document["steps"][2]["after"] == ["fit"]

    def test_a_dry_run_is_a_plan(self, asked: Asked, graft: Graft) -> None:
        asked.run()
        assert graft("run", "-n").out == graft("plan").out
        assert len(asked.store.records) == 1

    def test_effects_and_forced_steps_say_so(self, asked: Asked, graft: Graft) -> None:
        asked.code.policies["load"] = Policy(cache="never")
        asked.run()
        assert "its cache=False: it runs each time" in graft("plan").out
        assert "it was told to run" in graft("plan", "--force").out
        assert "it was told to run" in graft("plan", "--force-step", "fit").out

    def test_a_step_that_is_forced_must_exist(self, asked: Asked, graft: Graft) -> None:
        asked.run()
        said = graft("plan", "--force-step", "ft")
        assert said.code == 2
        assert "no step is called 'ft'; did you mean 'fit'?" in said.err
