"""Whether an earlier result serves: what it depends on, on the memory store."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from reusing_spaces import ReusingSpace, graph, task
from spaces import TARGET

from graftline.core.artifacts import MetricPoint
from graftline.core.requests import RunRequest
from graftline.core.states import Status


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def chain(**policy: Any) -> ReusingSpace:
    """Return a workspace with `a`, `b` of a, `c` of b; the policy is that of b."""
    return ReusingSpace(graph(task("a"), task("b", "a", **policy), task("c", "b")))


class TestNothingHasChanged:
    def test_everything_is_reused_and_no_executor_is_opened(self) -> None:
        space = chain()
        first, ran = space.again()
        assert ran == ["a", "b", "c"]
        space.contexts.clear()

        second, ran = space.again()

        assert (ran, space.contexts) == ([], [])
        assert space.cached(second) == ["a", "b", "c"]
        assert [step.cached_from for step in space.workspace.steps(second)] == [first] * 3
        assert space.workspace.show(second).state is Status.SUCCESS

    def test_all_of_it_is_one_commit(self) -> None:
        space = chain()
        space.again()

        second, _ = space.again()

        groups = [group for run, group in space.store.groups if run == second]
        assert [len(group) for group in groups] == [1, 4]  # its start; three reused steps and its end

    def test_what_is_kept_and_why_a_step_runs_are_committed_with_its_end_and_its_start(self) -> None:
        space = ReusingSpace(graph(task("a"), task("b", "a")))

        run, _ = space.again()

        groups = [[type(fact).__name__ for fact in group] for each, group in space.store.groups if each == run]
        assert groups == [
            ["RunStarted"],
            ["StepJudged", "AttemptDispatched"],
            ["AttemptSucceeded", "ResultKept", "StepJudged", "AttemptDispatched"],
            ["AttemptSucceeded", "ResultKept", "RunFinished"],
        ]

    def test_a_further_attempt_is_not_judged_again(self) -> None:
        space = ReusingSpace(graph(task("a", retries=1)))
        space.before = lambda order: space.broken.clear() if order.attempt == 2 else space.broken.add("a")

        run, ran = space.again()

        assert (ran, len(space.judged(run)), space.kept(run)) == (["a", "a"], 1, ["a"])

    def test_a_third_run_names_the_run_that_made_the_results(self) -> None:
        space = chain()
        first, _ = space.again()
        space.again()

        third, _ = space.again()

        assert space.step(third, "c").cached_from == first

    def test_metrics_come_with_the_result(self) -> None:
        space = chain()
        space.metrics["b"] = [MetricPoint("auc", 0.9, None, 1.0)]
        space.again()

        second, _ = space.again()

        assert [(each.key, each.value) for each in space.step(second, "b").metrics] == [("auc", 0.9)]


class TestWhatChanges:
    def test_an_edit_runs_the_step_and_what_its_new_result_reaches(self) -> None:
        space = chain()
        space.again()
        space.relabel(b="2")
        space.salt["b"] = "other"

        second, ran = space.again()

        assert ran == ["b", "c"]
        assert space.verdict(second, "b") == ("CHANGED", None)

    def test_an_unchanged_output_stops_the_wave(self) -> None:
        space = chain()
        space.again()
        space.relabel(b="2")

        _, ran = space.again()

        assert ran == ["b"]

    def test_a_first_run_says_never(self) -> None:
        space = chain()

        run, _ = space.again()

        assert [each.verdict.value for each in space.judged(run)] == ["NEVER"] * 3

    def test_a_parameter_counts(self) -> None:
        space = ReusingSpace(graph(task("a", params={"n": 1})))
        space.again()
        space.loader.graph = graph(task("a", params={"n": 2}))

        assert space.again()[1] == ["a"]

        space.loader.graph = graph(task("a", params={"n": 1}))
        assert space.again()[1] == []

    @pytest.mark.parametrize("changes", [{"packages": {"numpy": "2.1"}}, {"parts": {"steps.py:b": "x"}}])
    def test_parts_and_packages_count(self, changes: dict[str, Any]) -> None:
        space = chain()
        space.again()
        space.print_of("b", **changes)

        assert space.again()[1] == ["b"]

    def test_going_back_finds_the_old_result(self) -> None:
        space = chain()
        first, _ = space.again()
        space.relabel(b="2")
        space.again()
        space.relabel(b="1")

        third, ran = space.again()

        assert (ran, space.step(third, "b").cached_from) == ([], first)

    def test_another_working_directory_below_the_root_counts(self) -> None:
        space = chain()
        space.again()
        space.ran()

        space.workspace.run(RunRequest(target=replace(TARGET, cwd="/project/elsewhere")))

        assert space.ran() == ["a", "b", "c"]


class TestVariables:
    def test_one_that_code_names_counts(self) -> None:
        space = chain()
        space.environ["REGION"] = "eu"
        space.print_of("b", variables=("REGION",))
        space.again()
        assert space.again()[1] == []

        space.environ["REGION"] = "us"
        assert space.again()[1] == ["b"]
        del space.environ["REGION"]
        assert space.again()[1] == ["b"]

    def test_one_that_is_declared_counts_and_its_value_is_not_written(self) -> None:
        space = chain(env=("TOKEN",))
        space.environ["TOKEN"] = "hunter2-is-long"
        run, _ = space.again()

        assert "hunter2" not in repr(space.judged(run))
        space.environ["TOKEN"] = "other"
        assert space.again()[1] == ["b"]

    def test_a_secret_is_no_part_of_a_key(self) -> None:
        space = chain(env=("TOKEN",), secrets=("TOKEN",))
        space.secrets["TOKEN"] = space.environ["TOKEN"] = "old"
        space.again()

        space.secrets["TOKEN"] = space.environ["TOKEN"] = "new"

        assert space.again()[1] == []

    def test_one_that_is_another_in_each_run_makes_no_key(self) -> None:
        space = chain()
        space.print_of("b", variables=("GRAFT_RUN",))
        run, _ = space.again()

        assert space.verdict(run, "b") == ("UNKNOWN", "it reads GRAFT_RUN, which is another one in each run")
        assert "b" not in space.kept(run)
        assert space.again()[1] == ["b"]


class TestDeclaredFiles:
    def test_their_contents_count_and_new_ones_too(self) -> None:
        space = chain(reads=("in/*.csv",))
        space.files.write("/project/in/a.csv", b"1")
        space.again()
        assert space.again()[1] == []

        space.files.write("/project/in/a.csv", b"2")
        assert space.again()[1] == ["b"]
        space.files.write("/project/in/b.csv", b"3")
        assert space.again()[1] == ["b"]
        space.files.delete("/project/in/b.csv")
        assert space.again()[1] == []

    def test_one_that_cannot_be_read_makes_no_key(self) -> None:
        space = chain(reads=("in/a.csv",))
        space.files.write("/project/in/a.csv", b"1")
        space.files.locked.add("/project/in/a.csv")

        run, _ = space.again()

        assert space.verdict(run, "b") == ("UNKNOWN", "in/a.csv cannot be read: permission denied")
        assert space.kept(run) == ["a", "c"]

    def test_one_that_an_earlier_step_writes_is_looked_at_when_the_step_is_ready(self) -> None:
        space = chain(reads=("in/a.csv",))
        space.before = lambda order: space.files.write("/project/in/a.csv", b"made") if order.node == "a" else None
        space.files.write("/project/in/a.csv", b"before")
        space.began["b"] = 1e9
        run, _ = space.again()
        assert "b" in space.kept(run)

        assert space.again()[1] == []

    def test_one_that_changed_between_judgement_and_start_is_not_kept(self) -> None:
        space = chain(reads=("in/a.csv",))
        space.files.write("/project/in/a.csv", b"1")
        space.before = lambda order: space.files.write("/project/in/a.csv", b"2") if order.node == "b" else None

        run, _ = space.again()

        assert space.kept(run) == ["a", "c"]


class TestSeenFiles:
    def space(self) -> ReusingSpace:
        space = chain()
        space.files.write("/project/data.csv", b"1")
        space.reads["b"] = ["data.csv", "override.json"]
        return space

    def test_they_count_from_the_next_run_on_and_what_is_missing_too(self) -> None:
        space = self.space()
        space.again()
        assert space.again()[1] == []

        space.files.write("/project/data.csv", b"2")
        second, ran = space.again()
        assert (ran, space.verdict(second, "b")) == (["b"], ("READS", "data.csv"))

        space.files.write("/project/override.json", b"{}")
        third, _ = space.again()
        assert space.verdict(third, "b") == ("READS", "override.json")

    def test_of_several_results_of_one_key_the_newest_that_fits_serves(self) -> None:
        space = self.space()
        first, _ = space.again()
        space.files.write("/project/data.csv", b"2")
        space.again()
        space.files.write("/project/data.csv", b"1")

        third, ran = space.again()

        assert (ran, space.step(third, "b").cached_from) == ([], first)

    def test_a_listed_directory_counts_by_its_names(self) -> None:
        space = self.space()
        space.reads["b"] = ["in/"]
        space.files.write("/project/in/a.csv", b"1")
        space.again()
        space.files.write("/project/in/a.csv", b"2")
        assert space.again()[1] == []

        space.files.write("/project/in/b.csv", b"3")

        assert space.again()[1] == ["b"]

    def test_more_than_could_be_noted_is_not_kept(self) -> None:
        space = self.space()
        space.reads["b"] = ["*"]

        assert space.kept(space.again()[0]) == ["a", "c"]

    def test_a_file_that_changed_while_the_step_ran_is_not_kept(self) -> None:
        space = self.space()
        space.files.now = 5.0
        space.files.write("/project/data.csv", b"now")

        assert space.kept(space.again()[0]) == ["a", "c"]

    def test_a_file_that_cannot_be_read_is_not_kept(self) -> None:
        space = self.space()
        space.files.locked.add("/project/data.csv")

        assert space.kept(space.again()[0]) == ["a", "c"]

    def test_one_that_was_another_when_the_same_worker_read_it_before_is_not_kept(self) -> None:
        """A module that reads it on import read it only then."""
        space = self.space()
        space.reads["a"] = ["data.csv"]
        space.began["b"] = 1e9
        space.before = lambda order: space.files.write("/project/data.csv", b"2") if order.node == "b" else None

        assert space.kept(space.again()[0]) == ["a", "c"]
