"""What is reused or run by rule: sources, effects, what a person says, damage, catalog files."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from reusing_spaces import ReusingSpace, graph, task
from run_specs import value

from graftline.core.artifacts import ArtifactRef, MetricPoint, Output
from graftline.core.errors import InvalidError
from graftline.core.graph import CallKind
from graftline.core.states import Status


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def chain(**policy: Any) -> ReusingSpace:
    """Return a workspace with `a`, `b` of a, `c` of b; the policy is that of b."""
    return ReusingSpace(graph(task("a"), task("b", "a", **policy), task("c", "b")))


class TestSources:
    def test_they_run_again_unless_the_run_reuses_them(self) -> None:
        space = chain()
        space.print_of("a", source="reads a database by duckdb")
        space.again()

        second, ran = space.again()

        assert (ran, space.verdict(second, "a")) == (["a"], ("SOURCE", "reads a database by duckdb"))
        assert space.again(sources=True)[1] == []

    def test_one_that_was_seen_to_connect_is_one_from_then_on(self) -> None:
        space = chain()
        space.reads["a"] = ["tcp://db:5432"]
        space.again()

        second, ran = space.again()

        assert (ran, space.verdict(second, "a")) == (["a"], ("SOURCE", "was seen to connect to tcp://db:5432"))
        assert space.again(sources=True)[1] == []

    @pytest.mark.parametrize("policy", [{"reads": ("x.csv",)}, {"cache": "always"}, {"cache": "3600000"}])
    def test_whoever_declares_has_decided(self, policy: dict[str, Any]) -> None:
        space = chain(**policy)
        space.print_of("b", source="reads files by pandas.read_csv")
        space.reads["b"] = ["tcp://db:5432"]
        space.again()

        assert space.again()[1] == []


class TestEffects:
    def space(self, **policy: Any) -> ReusingSpace:
        return ReusingSpace(graph(task("a"), task("tell", "a", returns=False, **policy)))

    def test_they_always_run(self) -> None:
        space = self.space()
        space.again()

        second, ran = space.again()

        assert (ran, space.verdict(second, "tell")) == (["tell"], ("EFFECT", None))

    def test_one_that_logs_a_metric_is_none(self) -> None:
        space = self.space()
        space.metrics["tell"] = [MetricPoint("rows", 3, None, 1.0)]
        space.again()
        assert space.again()[1] == []

        space.relabel(tell="2")
        third, _ = space.again()

        assert space.verdict(third, "tell") == ("CHANGED", None)

    def test_one_that_keeps_an_artifact_is_none(self) -> None:
        space = self.space()
        space.made["tell"] = [Output("plot.png", "file", ArtifactRef(digest(b"png"), 3, "file", b"png"))]
        space.again()

        assert space.again()[1] == []

    def test_cache_true_reuses_one(self) -> None:
        space = self.space(cache="always")
        space.again()

        assert space.again()[1] == []

    def test_a_stub_is_none(self) -> None:
        space = ReusingSpace(graph(task("a", kind=CallKind.STUB, returns=False)))
        space.again()

        second, ran = space.again()

        assert (ran, space.cached(second)) == ([], ["a"])

    def test_held_they_count_as_passed(self) -> None:
        steps = [task("a"), task("tell", "a", returns=False), task("after", returns=True)]
        demo = graph(*steps)
        nodes = (*demo.nodes[:2], replace(demo.nodes[2], needs=("tell",)))
        space = ReusingSpace(replace(demo, nodes=nodes))

        run, ran = space.again(holds_effects=True)

        assert ran == ["a", "after"]
        assert space.states(run) == {"a": "SUCCESS", "tell": "SKIPPED HELD", "after": "SUCCESS"}
        assert space.workspace.show(run).state is Status.SUCCESS

    def test_released_or_made_for_watching_they_run(self) -> None:
        assert self.space().again(holds_effects=True, released=("tell",))[1] == ["a", "tell"]
        assert self.space(watch=True).again(holds_effects=True)[1] == ["a", "tell"]

    @pytest.mark.parametrize("policy", [{"cache": "never"}, {"cache": "always"}])
    def test_they_are_held_whatever_cache_says(self, policy: dict[str, Any]) -> None:
        assert self.space(**policy).again(holds_effects=True)[1] == ["a"]

    def test_one_whose_code_is_not_known_is_held(self) -> None:
        space = self.space()
        space.print_of("tell", unknown="exec() at steps.py:3")

        assert space.again(holds_effects=True)[1] == ["a"]

    def test_one_that_logged_a_metric_before_an_edit_is_not_held(self) -> None:
        space = self.space()
        space.metrics["tell"] = [MetricPoint("rows", 3, None, 1.0)]
        space.again()
        space.relabel(tell="2")

        assert space.again(holds_effects=True)[1] == ["tell"]


class TestPolicies:
    def test_force_runs_everything_and_keeps_the_results(self) -> None:
        space = chain()
        space.again()

        second, ran = space.again(is_on=False)

        assert ran == ["a", "b", "c"]
        assert space.verdict(second, "b") == ("FORCED", None)
        third, _ = space.again()
        assert space.step(third, "b").cached_from == second

    def test_a_forced_step_runs_and_others_are_reused(self) -> None:
        space = chain()
        space.again()

        assert space.again(forced=("b",))[1] == ["b"]

    def test_a_forced_step_that_there_is_not_is_an_error_with_the_nearest(self) -> None:
        space = ReusingSpace(graph(task("train")))

        with pytest.raises(InvalidError, match="no step is called 'trian'; did you mean 'train'"):
            space.again(forced=("trian",))

    def test_cache_false_runs_and_keeps_nothing(self) -> None:
        space = chain(cache="never")
        first, _ = space.again()
        assert space.kept(first) == ["a", "c"]

        second, ran = space.again()

        assert (ran, space.verdict(second, "b")) == (["b"], ("OFF", None))

    def test_a_duration_lets_a_result_expire(self) -> None:
        now = [1000.0]
        space = ReusingSpace(graph(task("a", cache="60")), clock=lambda: now[0])
        space.again()
        now[0] += 59
        assert space.again()[1] == []
        now[0] += 2

        third, ran = space.again()

        assert (ran, space.verdict(third, "a")) == (["a"], ("EXPIRED", None))

    def test_unknown_code_makes_no_key_unless_cache_says_so(self) -> None:
        for policy, expected in (({}, ["b"]), ({"cache": "always"}, [])):
            space = chain(**policy)
            space.print_of("b", unknown="exec() at steps.py:3")
            first, _ = space.again()

            assert space.again()[1] == expected
        assert space.kept(first) == ["a", "b", "c"]

    def test_a_step_without_a_fingerprint_runs_whatever_cache_says(self) -> None:
        space = chain(cache="always")
        del space.loader.prints[1]
        run, _ = space.again()

        assert space.again()[1] == ["b"]
        assert space.verdict(run, "b") == ("UNKNOWN", "there is no fingerprint of its code")


class TestWhatIsNeverKept:
    def test_other_code_than_was_planned(self) -> None:
        space = chain()
        space.changed = {"b"}

        run, _ = space.again()

        assert space.kept(run) == ["a", "c"]

    def test_a_failure(self) -> None:
        space = chain()
        run = space.fail("b")
        assert space.kept(run) == ["a"]

        assert space.again()[1] == ["b", "c"]

    def test_runs_of_a_runner_that_is_not_real_neither_keep_nor_reuse(self) -> None:
        space = chain()
        space.again()
        space.pretend()

        run, ran = space.again()

        assert (ran, space.kept(run), space.judged(run)) == (["a", "b", "c"], [], [])


class TestDamage:
    def test_a_stored_value_that_is_gone_makes_its_step_run(self) -> None:
        space = chain()
        ref = ArtifactRef(digest(b"large"), 5, "json", None)
        space.made["b"] = [Output("value", "value", ref)]
        space.store.bytes[ref.sha256] = b"large"
        space.again()
        assert space.again()[1] == []
        del space.store.bytes[ref.sha256]

        run, ran = space.again()

        assert ran == ["b"]
        assert space.verdict(run, "b") == ("DAMAGED", "the stored value of 'value' is missing")

    def test_an_older_result_serves_when_the_newest_is_damaged(self) -> None:
        space = chain()
        first, _ = space.again()
        ref = ArtifactRef(digest(b"large"), 5, "json", None)
        space.made["b"] = [Output("value", "value", ref)]
        space.store.bytes[ref.sha256] = b"large"
        space.again(forced=("b",))
        del space.store.bytes[ref.sha256]

        third, ran = space.again()

        assert (ran, space.step(third, "b").cached_from) == ([], first)


class TestCatalogFiles:
    def space(self, **policy: Any) -> ReusingSpace:
        space = chain(put=("out/*.csv",), **policy)
        ref = ArtifactRef(digest(b"rows"), 4, "file", b"rows")
        space.made["b"] = [value(b"1"), Output("out/day.csv", "file", ref)]
        space.files.write("/project/data/out/day.csv", b"rows")
        space.again()
        return space

    def test_one_that_is_there_stays(self) -> None:
        space = self.space()

        assert space.again()[1] == []
        assert space.put_back == {}

    def test_one_that_is_missing_is_put_back(self) -> None:
        space = self.space()
        space.files.delete("/project/data/out/day.csv")

        assert space.again()[1] == []
        assert space.files.contents["/project/data/out/day.csv"] == b"rows"

    def test_one_with_another_content_makes_its_step_run(self) -> None:
        space = self.space()
        space.files.write("/project/data/out/day.csv", b"mine")

        run, ran = space.again()

        assert ran == ["b"]
        assert space.verdict(run, "b") == ("DAMAGED", "out/day.csv is another one in the work tree")
        assert space.put_back == {}

    def test_one_of_which_no_copy_was_kept_cannot_be_put_back(self) -> None:
        space = self.space(store_copy=False)
        space.files.delete("/project/data/out/day.csv")

        run, _ = space.again()

        assert space.verdict(run, "b") == ("DAMAGED", "out/day.csv is gone, and only its digest was kept")
