"""Training from the command line to the registry, and what is committed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from churn_project import ROWS, Churn, generations, registry_of

import graftline
from graftline.core.errors import StoreError
from graftline.core.lineages import Generation
from graftline.store.registry import StoredRegistry


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

    def test_what_is_found_wrong_before_it_starts_leaves_no_lineage(self, fresh: Churn) -> None:
        known = len(registry_of(fresh).lineages("churn"))

        refused = fresh.graft("train", "-E", "nope")
        fresh.change("pipeline.py", 'state("model")', '"model"')
        nothing = fresh.graft("train")

        assert (refused.code, nothing.code) == (2, 2), refused.err + nothing.err
        assert len(registry_of(fresh).lineages("churn")) == known

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

    @pytest.mark.parametrize("command", ["train", "apply"])
    def test_nothing_goes_on_elsewhere_with_a_registry_that_ends_here(self, churn: Churn, command: str) -> None:
        runs = len(churn.document("runs")["runs"])

        said = churn.graft("-P", "virtual", command, "-d")

        assert said.code == 2
        assert "the virtual registry ends with this process" in said.err
        assert len(churn.document("runs")["runs"]) == runs

    def test_bounds_need_an_ordinal(self, fresh: Churn) -> None:
        fresh.change("pipeline.py", ', ordinal="day"', "")

        said = fresh.graft("train", "--upper", "10")

        assert said.code == 2
        assert "pipeline.py:12: the source of pipeline 'churn' has no ordinal" in said.err


class TestCommitting:
    def test_a_commit_that_fails_fails_the_run_and_is_made_up_for_by_a_retry(
        self, fresh: Churn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
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
