"""Runs of the lifecycle looked at and taken up again; what modes leave out."""

from __future__ import annotations

import re

from churn_project import Churn, generations


class TestLookingAgain:
    def test_a_training_that_is_verified_commits_nothing(self, churn: Churn) -> None:
        said = churn.graft("--json", "verify", "@last")

        assert said.code == 0, said.out + said.err
        assert len(generations(churn)) == 1

    def test_an_apply_run_is_verified_without_its_states(self, churn: Churn) -> None:
        churn.document("apply")

        said = churn.graft("--json", "verify", "@last")

        assert said.code == 0, said.out + said.err
        assert "fit" not in {step["path"] for step in said.document["steps"]}

    def test_a_training_that_is_repeated_makes_another_generation_of_its_lineage(self, churn: Churn) -> None:
        first = generations(churn)[0]
        churn.change("steps.py", "float(each", "-float(each")

        again = churn.document("rerun")

        assert (again["lineage"], again["generation"]) == (first.draft.version, 2)
        assert generations(churn)[-1].same_as == 1

    def test_a_failed_apply_run_goes_on_with_the_states_it_has(self, churn: Churn) -> None:
        churn.change("steps.py", "def predict(X, model):", "def predict(X, model):\n    assert False")
        assert churn.graft("apply").code == 1
        churn.change("steps.py", "\n    assert False", "")

        retried = churn.document("retry")

        assert (retried["state"], retried["generation"]) == ("SUCCESS", 1)
        assert {step["path"]: step["attempts"] for step in retried["steps"]} == {
            "source": 1,
            "fit": 0,
            "predict": 2,
            "sink": 1,
        }

    def test_a_loaded_step_has_nothing_to_debug(self, churn: Churn) -> None:
        churn.document("apply")

        said = churn.graft("debug", "@last", "fit")

        assert said.code == 2
        assert "a generation supplies what it made" in said.err

    def test_why_names_the_generation_and_knows_the_sink_for_an_effect(self, churn: Churn) -> None:
        churn.document("apply")
        version = generations(churn)[0].draft.version

        run, step = churn.graft("why").out, churn.graft("why", "@last", "fit").out

        assert f"loaded from churn/{version}/1" in step
        assert f"1 step loaded from churn/{version}/1" in run
        assert re.search(r"sink +.*effect", run)

    def test_the_card_of_a_run_says_which_generation_it_is_of(self, churn: Churn) -> None:
        said = churn.graft("show")

        assert f"train  churn {generations(churn)[0].draft.version} generation 1" in said.out


class TestModes:
    def test_a_graph_says_what_apply_leaves_out_and_why(self, fresh: Churn) -> None:
        text, document = fresh.graft("graph", "--mode", "apply"), fresh.document("graph", "--mode", "apply")

        assert "report  takes the label 'y'" in text.out
        assert document["dropped"] == {"report": "takes the label 'y'"}
        assert [(each["path"], each["kind"]) for each in document["nodes"]] == [
            ("source", "feed"),
            ("fit", "load"),
            ("predict", "python"),
        ]

    def test_a_drawing_shows_what_is_left_out_grey_and_dotted(self, fresh: Churn) -> None:
        dot = fresh.graft("graph", "--mode", "apply", "--format", "dot").out

        assert '[label="report", class="dropped", style="rounded,dotted", color=gray60, fontcolor=gray60];' in dot

    def test_check_tells_it_too(self, fresh: Churn) -> None:
        assert "report  takes the label 'y'" in fresh.graft("check", "--mode", "apply").out
