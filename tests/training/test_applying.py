"""Applying and scoring generations, and where they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from churn_project import Churn, generations, registry_of

import graftline
from graftline.core.ids import RunId
from graftline.core.lifecycle import Lifecycles, Prepared


class TestApplying:
    def test_runs_what_a_new_row_takes_and_loads_the_rest(self, churn: Churn) -> None:
        applied = churn.document("apply")

        assert {step["path"]: step["state"] for step in applied["steps"]} == {
            "source": "SUCCESS",
            "fit": "CACHED",
            "predict": "SUCCESS",
            "sink": "SUCCESS",
        }
        assert (applied["lineage"], applied["generation"]) == (generations(churn)[0].draft.version, 1)
        assert len(graftline.load_run(applied["run"], all_projects=True).value("prediction")) == 20
        assert len(generations(churn)) == 1

    def test_prints_what_it_predicts(self, churn: Churn) -> None:
        said = churn.graft("apply", "--upper", "3")

        assert said.out.splitlines()[-4:] == ["prediction", "         0", "         0", "         1"]

    def test_writes_a_file_that_is_named(self, churn: Churn) -> None:
        churn.document("apply", "-o", "scores.csv", "--upper", "2")

        assert (churn.root / "scores.csv").read_text() == "prediction\n0.0\n0.0\n"

    def test_asks_for_other_rows(self, churn: Churn) -> None:
        (churn.root / "new.csv").write_text("day,spend\n99,100\n")

        applied = churn.document("apply", "--query", "new.csv")

        assert graftline.load_run(applied["run"], all_projects=True).value("prediction") == [1.0]

    def test_an_engine_names_feeds_and_a_sink(self, churn: Churn) -> None:
        (churn.root / "graftline.toml").write_text(
            '[project]\nname = "churn"\n'
            '[feed.lake]\nprovider = "csv"\npath = "data"\n'
            '[sink.out]\nprovider = "csv"\npath = "out/{project}-{generation}-{run}.csv"\n'
            '[engine.nightly]\nfeed = ["lake"]\nsink = "out"\n'
        )

        applied = churn.document("apply", "-E", "nightly")

        assert [file.name for file in (churn.root / "out").iterdir()] == [f"churn-1-{applied['run']}.csv"]

    def test_an_engine_that_is_not_there_is_told_with_the_nearest(self, churn: Churn) -> None:
        said = churn.graft("apply", "-E", "cvs")

        assert said.code == 2
        assert "there is no engine 'cvs'; did you mean 'csv'?" in said.err

    def test_a_tampered_state_is_refused_before_a_run_is_written(self, churn: Churn) -> None:
        churn.change("steps.py", '"rows": len(spend)}', '"rows": ["x" * 9000] * 2}')
        churn.document("train", "--from-start")
        state = generations(churn)[-1].draft.states[0].ref.sha256
        path = registry_of(churn).path(state)
        assert path is not None
        Path(path).chmod(0o600)
        Path(path).write_bytes(Path(path).read_bytes()[:-1] + b"?")
        runs = len(churn.document("runs")["runs"])

        said = churn.graft("apply")

        assert said.code == 4
        assert f"the stored value {state[:12]} is damaged" in said.err
        assert len(churn.document("runs")["runs"]) == runs

    def test_a_state_that_breaks_before_the_run_is_hosted_fails_it_until_it_is_mended(
        self, churn: Churn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        state = generations(churn)[-1].draft.states[0].ref.sha256
        path = Path(str(registry_of(churn).path(state)))
        content, create = path.read_bytes(), Lifecycles.create

        def breaking(lifecycles: Lifecycles, prepared: Prepared) -> RunId:
            made = create(lifecycles, prepared)
            path.chmod(0o600)
            path.write_bytes(b"?")
            return made

        with monkeypatch.context() as broken:
            broken.setattr(Lifecycles, "create", breaking)
            said = churn.graft("apply", "-E", "null")
        failed = churn.document("show")
        path.write_bytes(content)
        retried = churn.document("retry")

        assert said.code == 4
        assert f"the stored value {state[:12]} is damaged" in said.err
        assert failed["state"] == "FAILURE"
        assert any(f"the stored value {state[:12]} is damaged" in str(step["error"]) for step in failed["steps"])
        assert (retried["run"], retried["state"]) == (failed["run"], "SUCCESS")

    def test_pickles_of_another_store_are_refused_until_a_person_trusts_them(
        self, fresh: Churn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        fresh.change("steps.py", '"rows": len(spend)}', '"rows": {1, 2}}')
        fresh.document("-P", "./models", "train")
        monkeypatch.setenv("GRAFTLINE_HOME", str(tmp_path / "elsewhere"))

        refused = fresh.graft("-P", "./models", "apply")
        trusted = fresh.graft("-P", "./models", "apply", "--trust")

        assert refused.code == 5
        assert "was not made here" in refused.err
        assert trusted.code == 0

    def test_nothing_trained_yet_says_what_to_do(self, fresh: Churn) -> None:
        said = fresh.graft("apply")

        assert said.code == 3
        assert "project 'churn' has no generation" in said.err

    def test_a_state_the_generation_lacks_is_named(self, churn: Churn) -> None:
        churn.change("pipeline.py", 'state("model")', 'state("other")')
        churn.change("steps.py", "def predict(X, model):", "def predict(X, other):\n    model = other")

        said = churn.graft("apply", ".")

        assert said.code == 3
        assert "has no state 'other' of step 'fit'" in said.err

    def test_a_run_is_repeated_with_the_states_it_had(self, churn: Churn) -> None:
        applied = churn.document("apply")
        churn.document("train")

        again = churn.document("rerun", applied["run"])

        assert (again["action"], again["generation"], again["state"]) == ("apply", 1, "SUCCESS")


class TestScoring:
    def test_a_generation_is_scored_on_rows_after_its_own(self, churn: Churn) -> None:
        version = generations(churn)[0].draft.version

        scored = churn.document("eval", "churn", version)

        source = next(step for step in scored["steps"] if step["path"] == "source")
        assert source["params"]["lower"] == 10
        assert scored["metrics"] == {"seen": 0.9}
        assert (scored["lineage"], scored["generation"]) == (version, 1)
        assert len(generations(churn)) == 1

    def test_the_working_copy_is_evaluated_as_it_says(self, fresh: Churn) -> None:
        fresh.change("pipeline.py", "import Pipeline,", "import Evaluation, HoldOut, Pipeline,")
        fresh.change("pipeline.py", "import fit,", "import agreement, fit,")
        fresh.change(
            "pipeline.py",
            "    source=",
            '    evaluation=Evaluation({"agreement": agreement}, method=HoldOut(0.5, seed=1)),\n    source=',
        )
        with (fresh.root / "steps.py").open("a") as steps:
            steps.write("\n\ndef agreement(y, prediction):\n    return report(prediction, y)\n")

        evaluated = fresh.document("eval", ".")
        trained = fresh.document("train")
        scored = fresh.document("eval", "churn", trained["lineage"], "--from-start")

        assert (evaluated["state"], evaluated["action"], evaluated["generation"]) == ("SUCCESS", "eval", None)
        assert list(evaluated["metrics"]) == ["agreement"]
        assert scored["metrics"]["agreement"] == 1.0
        assert scored["generation"] == 1
        assert generations(fresh)[0].draft.score is None  # training itself reports no such metric


class TestRegistries:
    def test_a_directory_is_a_registry(self, fresh: Churn) -> None:
        fresh.document("-P", "./models", "train", "--upper", "10")
        applied = fresh.document("-P", "./models", "apply")

        assert [each.number for each in generations(fresh, "./models")] in ([], [1])
        assert applied["generation"] == 1
        assert not generations(fresh)
