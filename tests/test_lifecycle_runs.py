"""Training, applying and scoring, from the command line to the registry."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from churn_project import ROWS, Churn, copied

import graftline
from graftline.core.lineages import Generation
from graftline.core.registry import Registry
from graftline.wiring import Given, open_workspace


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Churn]:
    """Train once on the first ten days; tests work on copies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAFTLINE_HOME", str(tmp_path_factory.mktemp("trained-store")))
        made = Churn(tmp_path_factory.mktemp("churn"))
        made.write()
        made.document("train", "--upper", "10")
        yield made


@pytest.fixture
def churn(trained: Churn, tmp_path: Path) -> Churn:
    return copied(trained, tmp_path / "project")


@pytest.fixture
def fresh(tmp_path: Path) -> Churn:
    """Return the project as nobody has trained it yet."""
    made = Churn(tmp_path / "project")
    made.write()
    return made


def registry_of(churn: Churn, place: str | None = None) -> Registry:
    return open_workspace(Given(project=str(churn.root), registry=place)).parts.registry()


def generations(churn: Churn, place: str | None = None) -> list[Generation]:
    """Return those of all lineages, in the order they were made."""
    registry = registry_of(churn, place)
    found = [each for line in registry.lineages("churn") for each in registry.generations("churn", line.version)]
    return sorted(found, key=lambda each: each.draft.created)


class TestTraining:
    def test_commits_what_steps_return_as_state_with_all_that_is_known_of_it(self, churn: Churn) -> None:
        shown = churn.document("show")

        (made,) = generations(churn)
        assert [name for name, _ in made.draft.states] == ["fit:model"]
        assert (made.draft.lower, made.draft.upper) == (1, 10)
        assert made.draft.metrics == {"accuracy": 0.3, "seen": 0.8}
        assert (made.draft.run, made.draft.origin, made.draft.parent) == (shown["run"], "train", None)
        assert (shown["action"], shown["lineage"], shown["generation"]) == ("train", made.draft.version, 1)
        assert made.draft.version.startswith("0.1.0.dev1")

    def test_goes_on_where_the_last_one_ended(self, churn: Churn) -> None:
        said = churn.graft("train")

        last = generations(churn)[-1]
        assert (last.number, last.draft.lower, last.draft.upper, last.draft.parent) == (2, 11, 20, 1)
        assert "churn 0.1.0.dev1" in said.out.splitlines()[-1]
        assert "generation 2 · accuracy 0.6 (▲ 0.3 against 1) · seen 1 (▲ 0.2 against 1)" in said.out.splitlines()[-1]
        assert "code: working copy, published as churn 0.1.0.dev1" in said.err

    def test_says_so_when_there_is_nothing_new(self, churn: Churn) -> None:
        churn.give(ROWS[:10])

        said = churn.graft("train")

        assert said.code == 1
        assert "there are no rows with 'day' above 10 in 'data/customers.csv'; --from-start reads" in said.out
        assert len(generations(churn)) == 1

    def test_from_start_reads_every_row(self, churn: Churn) -> None:
        churn.document("train", "--from-start")

        assert (generations(churn)[-1].draft.lower, generations(churn)[-1].draft.upper) == (1, 20)

    def test_the_bounds_a_person_says_count(self, churn: Churn) -> None:
        churn.document("train", "--lower", "3", "--upper", "5", "-p", "limit=0.25")

        last = generations(churn)[-1]
        assert (last.draft.lower, last.draft.upper, last.draft.params) == (4, 5, {"limit": 0.25})

    def test_other_code_is_another_lineage_and_the_old_one_keeps_its_code(self, churn: Churn) -> None:
        old = generations(churn)[0].draft.version
        churn.change("steps.py", "float(each > ", "-float(each > ")
        churn.document("train", "--from-start")

        ours = churn.document("apply", ".")
        theirs = churn.document("apply", f"churn/{old}")

        assert ours["lineage"] != old
        assert (theirs["lineage"], theirs["generation"]) == (old, 1)
        assert min(graftline.load_run(ours["run"], all_projects=True).value("prediction")) == -1.0
        assert min(graftline.load_run(theirs["run"], all_projects=True).value("prediction")) == 0.0

    def test_a_lineage_trains_with_its_own_code_whatever_the_working_copy_says(self, churn: Churn) -> None:
        version = generations(churn)[0].draft.version
        churn.change("steps.py", "def fit(", "raise RuntimeError('not this one')\n\n\ndef fit(")

        said = churn.graft("train", f"churn/{version}")

        assert said.code == 0, said.out + said.err
        assert generations(churn)[-1].address == f"churn/{version}/2"
        assert "(registry); working copy differs in 1 file: 'graft train .' uses it" in said.err

    def test_a_warm_start_gets_the_state_of_the_last_generation(self, fresh: Churn) -> None:
        fresh.change("steps.py", "def fit(X, y, limit: float = 0.5):", "def fit(X, y, previous, limit: float = 0.5):")
        fresh.change("steps.py", '"rows": len(spend)}', '"rows": len(spend) + (previous["rows"] if previous else 0)}')

        first = fresh.document("train", "--upper", "10")
        second = fresh.document("train")
        anew = fresh.document("train", "--from-start")

        models = [
            graftline.load_run(each["run"], all_projects=True).value("fit:model") for each in (first, second, anew)
        ]
        assert [model["rows"] for model in models] == [10, 20, 20]
        assert [each.draft.parent for each in generations(fresh)] == [None, 1, None]
        assert [name for name, _ in generations(fresh)[1].draft.states] == ["fit:model"]

    def test_a_pipeline_without_state_has_nothing_to_train(self, fresh: Churn) -> None:
        fresh.change("pipeline.py", 'state("model")', '"model"')

        said = fresh.graft("train")

        assert said.code == 2
        assert "nothing to train: no step returns a state" in said.err

    def test_a_detached_training_commits_too(self, fresh: Churn) -> None:
        words = [sys.executable, "-m", "graftline", "--json", "train", "-d"]
        said = subprocess.run(words, cwd=fresh.root, capture_output=True, text=True, timeout=60, check=True)
        run = json.loads(said.stdout)["run"]

        graftline.load_run(run, all_projects=True).wait(60)

        assert generations(fresh)[0].draft.run == run

    def test_bounds_need_an_ordinal(self, fresh: Churn) -> None:
        fresh.change("pipeline.py", ', ordinal="day"', "")

        said = fresh.graft("train", "--upper", "10")

        assert said.code == 2
        assert "pipeline.py:12: the source of pipeline 'churn' has no ordinal" in said.err


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


class TestCommitting:
    def test_a_commit_that_fails_fails_the_run_and_is_made_up_for_by_a_retry(
        self, fresh: Churn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from graftline.core.errors import StoreError
        from graftline.store.registry import StoredRegistry

        def refuse(*_: object) -> Generation:
            raise StoreError("the disk is full")

        with monkeypatch.context() as broken:
            broken.setattr(StoredRegistry, "commit", refuse)
            said = fresh.graft("train")
        failed = fresh.document("show")
        retried = fresh.document("retry")

        assert said.code == 4
        assert "the disk is full" in said.err
        assert (failed["state"], failed["reason"], failed["generation"]) == ("FAILURE", "COMMIT", None)
        assert (retried["run"], retried["state"], retried["generation"]) == (failed["run"], "SUCCESS", 1)
        assert [step["attempts"] for step in retried["steps"]] == [1, 1, 1, 1]

    def test_the_generation_is_a_fact_of_the_run(self, churn: Churn) -> None:
        said = churn.graft("--json", "events")

        facts = [json.loads(line) for line in said.out.splitlines()]
        assert [fact["kind"] for fact in facts][-2:] == ["GenerationCommitted", "RunFinished"]
        assert facts[-2]["number"] == 1

    def test_a_runner_that_carries_whole_graphs_commits_too(self, fresh: Churn) -> None:
        trained = fresh.document("train", "-R", "pyfunc")

        assert (trained["runner"], trained["generation"]) == ("pyfunc", 1)
        assert generations(fresh)[0].draft.runner == "pyfunc"

    def test_a_retry_after_a_fix_commits_to_a_lineage_of_the_code_that_ran(self, fresh: Churn) -> None:
        fresh.change("steps.py", "def predict(X, model):", "def predict(X, model):\n    assert False")
        fresh.graft("train")
        fresh.change("steps.py", "\n    assert False", "")

        retried = fresh.document("retry")

        assert retried["generation"] == 1
        files = {each.version: each.files for each in registry_of(fresh).lineages("churn")}
        assert len(files) == 2
        assert registry_of(fresh).read(files[retried["lineage"]]["steps.py"]) == (fresh.root / "steps.py").read_bytes()


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
