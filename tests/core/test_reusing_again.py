"""Earlier results in retries, reruns and runs that were cancelled or are going on at the same time."""

from __future__ import annotations

from reusing_spaces import ReusingSpace, graph, task

from graftline.core.ids import RunId
from graftline.core.requests import CodeChoice, RetryPlan, RetryRequest, Stale
from graftline.core.selection import Selection
from graftline.core.states import Status


def chain() -> ReusingSpace:
    return ReusingSpace(graph(task("a"), task("b", "a"), task("c", "b"), task("d", "c")))


def retry(space: ReusingSpace, run: RunId, **request: object) -> list[str]:
    """Retry; return what was executed."""
    space.ran()
    space.workspace.retry(RetryRequest(run=run, **request))  # type: ignore[arg-type]
    return space.ran()


def plan(space: ReusingSpace, run: RunId, **request: object) -> RetryPlan:
    return space.workspace.plan_retry(RetryRequest(run=run, **request))  # type: ignore[arg-type]


class TestRetry:
    def test_what_failed_runs_and_what_follows_is_reused_where_it_holds(self) -> None:
        space = chain()
        space.again()
        space.relabel(b="2")  # which makes the same result once it is mended
        run = space.fail("b")

        assert retry(space, run) == ["b"]

        assert space.states(run) == {"a": "CACHED", "b": "SUCCESS", "c": "CACHED", "d": "CACHED"}

    def test_a_source_among_them_is_reused(self) -> None:
        space = ReusingSpace(graph(task("a"), task("source"), task("c", "a", "source")))
        space.print_of("source", source="reads a database by duckdb")
        space.again()
        space.relabel(a="2")
        run = space.fail("a", "source")

        assert retry(space, run) == ["a"]

    def test_what_a_person_names_runs_whatever_is_known(self) -> None:
        space = chain()
        space.again()
        space.relabel(d="2")
        run = space.fail("d")

        assert retry(space, run, selection=Selection(only=("b",))) == ["b"]
        assert retry(space, run, is_everything=True) == ["a", "b", "c", "d"]

    def test_a_fix_in_the_code_runs_only_what_it_concerns(self) -> None:
        space = chain()
        run = space.fail("c")
        space.relabel(c="2")

        assert retry(space, run) == ["c", "d"]
        assert space.again()[1] == []


class TestStale:
    def space(self) -> tuple[ReusingSpace, RunId]:
        space = chain()
        run = space.fail("d")
        space.relabel(b="2")
        space.salt["b"] = "other"
        return space, run

    def test_kept_steps_whose_key_has_changed_are_told_with_what_changed(self) -> None:
        space, run = self.space()

        stale = plan(space, run).stale

        assert [(each.path, [cause.name for cause in each.causes]) for each in stale] == [("b", ["steps.py:1"])]
        assert retry(space, run) == ["d"]

    def test_rerun_runs_them_and_what_follows(self) -> None:
        space, run = self.space()

        wanted = plan(space, run, stale=Stale.RERUN)

        assert (wanted.again, wanted.kept, wanted.stale) == (("b", "c", "d"), ("a",), ())
        assert retry(space, run, stale=Stale.RERUN) == ["b", "c", "d"]

    def test_who_is_asked_decides(self) -> None:
        space, run = self.space()
        asked: list[RetryPlan] = []

        def decide(plan: RetryPlan) -> Stale:
            asked.append(plan)
            return Stale.RERUN

        told = space.workspace.begin_retry(RetryRequest(run=run), decide)

        assert [each.path for each in asked[0].stale] == ["b"]
        assert (told.again, told.stale) == (("b", "c", "d"), ())

    def test_nobody_is_asked_when_nothing_is_stale(self) -> None:
        space = chain()
        run = space.fail("d")

        def refuse(plan: RetryPlan) -> Stale:
            raise AssertionError("asked")

        assert space.workspace.begin_retry(RetryRequest(run=run), refuse).stale == ()

    def test_a_file_that_a_kept_step_read_counts(self) -> None:
        space = chain()
        space.files.write("/project/data.csv", b"1")
        space.reads["b"] = ["data.csv"]
        run = space.fail("d")
        space.files.write("/project/data.csv", b"2")

        [stale] = plan(space, run).stale

        assert (stale.path, stale.causes[0].kind.value, stale.causes[0].name) == ("b", "file", "data.csv")

    def test_a_step_that_was_reused_is_compared_with_the_run_that_made_it(self) -> None:
        space = chain()
        space.again()
        space.relabel(d="2")
        run = space.fail("d")
        assert space.states(run)["b"] == "CACHED"
        space.relabel(b="2")

        assert [each.path for each in plan(space, run).stale] == ["b"]

    def test_one_whose_code_is_not_known_any_more_is_told(self) -> None:
        space = chain()
        run = space.fail("d")
        space.print_of("b", unknown="exec() at steps.py:3")

        assert [(each.path, each.detail) for each in plan(space, run).stale] == [("b", "exec() at steps.py:3")]

    def test_recorded_code_is_what_it_was(self) -> None:
        space, run = self.space()

        assert plan(space, run, code=CodeChoice.RECORDED).stale == ()


class TestRerun:
    def test_it_runs_everything_and_its_results_serve(self) -> None:
        space = chain()
        first, _ = space.again()
        space.ran()

        again = space.workspace.rerun(first)
        space.workspace.host(again)

        assert space.ran() == ["a", "b", "c", "d"]
        third, ran = space.again()
        assert (ran, space.step(third, "a").cached_from) == ([], again)

    def test_what_it_read_in_the_copy_of_the_code_is_not_kept(self) -> None:
        space = chain()
        first, _ = space.again()
        space.reads = {"b": ["settings.toml"], "c": ["/data/rows.csv"]}

        again = space.workspace.rerun(first)
        space.workspace.host(again)

        assert space.kept(again) == ["a", "c", "d"]


class TestOthers:
    def test_a_cancelled_step_feeds_nothing(self) -> None:
        space = chain()
        run: list[RunId] = []
        space.before = lambda order: space.cancel(space.contexts[-1].run) if order.node == "b" else None
        run.append(space.again()[0])
        space.before = lambda order: None
        assert space.workspace.show(run[0]).state is Status.CANCELLED

        _, ran = space.again()

        assert "c" in ran
        assert "a" not in ran

    def test_runs_at_the_same_time_both_end_and_either_serves(self) -> None:
        space = chain()
        inner: list[RunId] = []

        def start_another(order: object) -> None:
            space.before = lambda order: None
            inner.append(space.run())

        space.before = start_another
        outer = space.run()

        assert [space.workspace.show(each).state for each in (outer, inner[0])] == [Status.SUCCESS] * 2
        third, ran = space.again()
        assert ran == []
        assert space.step(third, "d").cached_from in (outer, inner[0])

    def test_steps_outside_the_selection_stay_as_they_were(self) -> None:
        space = chain()
        space.again()

        run, ran = space.again(selection=Selection(only=("c",)))

        assert (ran, space.cached(run)) == ([], ["a", "b", "c", "d"])
