"""What every store promises those who look: lists, names, outputs, the feed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from any_store import AnyStore, Make
from run_specs import dispatched, failed, finished, spec, started, succeeded, value, whole_run

from graftline.core.artifacts import ArtifactRef
from graftline.core.errors import MissingError, StoreError
from graftline.core.ids import RunId
from graftline.core.listings import Spread
from graftline.core.ports import RunQuery
from graftline.core.states import Status


class TestHistory:
    def test_runs_are_listed_newest_first_in_pages(self, store: AnyStore) -> None:
        made = [spec("a") for _ in range(5)]
        for each in made:
            store.runs.create(each, None)

        first = store.history.runs(RunQuery(limit=3))
        rest = store.history.runs(RunQuery(limit=3, before=(first[-1].created, first[-1].id)))

        assert [run.id for run in first + rest] == [each.id for each in reversed(made)]

    def test_every_filter_filters(self, store: AnyStore, run: Make) -> None:
        plain, log = run(*whole_run("a", "b", "c"))
        log.close()
        tagged, _ = run(given=spec("a", tags=("best",)))
        child = spec("a", parent=plain.id, origin="sweep")
        other = spec("a", project="other", pipeline="deep")
        wave = spec("a", origin="watch")
        for each in (child, other, wave):
            store.runs.create(each, None)

        def ids(**query: object) -> set[RunId]:
            return {found.id for found in store.history.runs(RunQuery(**query))}  # type: ignore[arg-type]

        assert ids() == {plain.id, tagged.id, other.id}
        assert ids(with_children=True) == {plain.id, tagged.id, other.id, child.id, wave.id}
        assert ids(project="demo") == {plain.id, tagged.id}
        assert ids(project="demo", with_children=True) == {plain.id, tagged.id, child.id, wave.id}
        assert ids(states=(Status.SUCCESS,)) == {plain.id}
        assert ids(states=(Status.SUCCESS, Status.PENDING), project="demo") == {plain.id, tagged.id}
        assert ids(pipeline="deep") == ids(pipeline="deep", project="other") == {other.id}
        assert ids(tag="best") == ids(tag="best", project="demo") == {tagged.id}
        assert ids(parent=plain.id) == {child.id}
        assert ids(since=tagged.created) == {tagged.id, other.id}
        assert ids(states=(Status.FAILURE,)) == ids(tag="worst") == ids(project="none") == set()

    @pytest.mark.parametrize("text", ["best", "BEST", "deep", "api", "q3f7aaaa"])
    def test_a_text_is_looked_for_in_what_a_list_shows(self, store: AnyStore, text: str) -> None:
        wanted = spec("a", id=RunId("q3f7aaaaaaaaaaaa"), tags=("best",), pipeline="very-deep", origin="api")
        for each in (wanted, spec("a", id=RunId("zzzzaaaaaaaaaaaa")), spec("a", id=RunId("zzzzbbbbbbbbbbbb"))):
            store.runs.create(each, None)

        assert [run.id for run in store.history.runs(RunQuery(text=text))] == [wanted.id]
        assert store.history.runs(RunQuery(text="no such")) == []

    @pytest.mark.parametrize(
        "query",
        [
            RunQuery(limit=2),
            RunQuery(limit=2, text="DEMO"),
            RunQuery(limit=2, project=spec("a").project),
            RunQuery(limit=2, states=(Status.PENDING, Status.SUCCESS)),
        ],
    )
    def test_a_spread_counts_and_marks_what_pages_list(self, store: AnyStore, run: Make, query: RunQuery) -> None:
        for _ in range(6):
            store.runs.create(spec("a"), None)
        _, log = run(*whole_run("a", "b", "c"))
        log.close()
        listed = store.history.runs(replace(query, limit=50))

        spread = store.history.spread(query, 3)

        assert spread.count == len(listed) == 7
        assert spread.keys == tuple((listed[at].created, listed[at].id) for at in (2, 5))
        assert store.history.runs(replace(query, before=spread.keys[0])) == listed[3:5]

    def test_a_spread_of_nothing_is_empty(self, store: AnyStore) -> None:
        assert store.history.spread(RunQuery(), 10) == Spread(count=0, keys=())

    def test_a_run_is_found_by_id_prefix_and_tag(self, store: AnyStore) -> None:
        one = spec("a", id=RunId("k3f7aaaaaaaaaaaa"), tags=("best",))
        two = spec("a", id=RunId("k3f7bbbbbbbbbbbb"))
        for each in (one, two):
            store.runs.create(each, None)

        assert store.history.find(one.id, "demo") == store.history.find("k3f7a", None) == one.id
        assert store.history.find("best", "demo") == one.id
        with pytest.raises(MissingError, match="several"):
            store.history.find("k3f7", None)
        for text in ("k3f", "zzzz", "worst", "@first", ""):
            with pytest.raises(MissingError):
                store.history.find(text, None)

    @pytest.mark.parametrize("origin", ["cli", "api", "ui"])
    def test_a_rerun_is_listed_though_it_has_a_parent(self, store: AnyStore, origin: str) -> None:
        first = spec("a")
        again = spec("a", parent=first.id, origin=origin)
        for each in (first, again):
            store.runs.create(each, None)

        assert [run.id for run in store.history.runs(RunQuery())] == [again.id, first.id]
        assert store.history.find("@last", "demo") == again.id

    def test_last_leaves_out_children_waves_and_other_projects(self, store: AnyStore, run: Make) -> None:
        bad, log = run(started(), finished(Status.FAILURE))
        log.close()
        good = spec("a")
        children = [spec("a", parent=good.id, origin=origin) for origin in ("sweep", "step")]
        for each in (good, *children, spec("a", origin="watch"), spec("a", project="other")):
            store.runs.create(each, None)

        assert store.history.find("@last", "demo") == good.id
        assert store.history.find("@last~1", "demo") == store.history.find("@last-failed", "demo") == bad.id
        with pytest.raises(MissingError):
            store.history.find("@last~2", "demo")
        with pytest.raises(MissingError):
            store.history.find("@last-failed", "other")

    def test_attempts_of_an_unknown_step_are_missing(self, store: AnyStore) -> None:
        given = spec()
        store.runs.create(given, None)

        assert store.history.attempts(given.id) == {}
        with pytest.raises(MissingError):
            store.history.attempts(given.id, "nobody")


class TestOutputs:
    def test_only_good_steps_have_outputs(self, store: AnyStore, run: Make) -> None:
        given, _ = run(started(), dispatched("a"), succeeded("a", outputs=[]), dispatched("b"), failed("b"))

        assert store.outputs.of_run(given.id) == {"a": ()}

    def test_the_newest_outputs_come_from_the_last_good_attempt(self, store: AnyStore, run: Make) -> None:
        first, second = value(b"first"), value(b"second")
        for output in (first, second):
            given, log = run(started(), dispatched("a"), succeeded("a", outputs=[output]), finished(Status.FAILURE))
            log.close()
        _, log = run(started(), dispatched("a"), failed("a"), finished(Status.FAILURE))
        log.close()

        assert store.outputs.newest("demo", "demo", ["a", "b"]) == {"a": (given.id, (second,))}
        assert store.outputs.newest("demo", "other", ["a"]) == {}

    def test_bytes_are_verified(self, store: AnyStore) -> None:
        data = b"z" * 10_000
        sha256 = store.outputs.keep(data)

        assert store.outputs.keep(data) == sha256
        assert store.outputs.read(ArtifactRef(sha256, len(data), "pickle")) == data
        assert store.outputs.read(value(b"small").ref) == b"small"
        for ref in (value(b"small").ref._replace(inline=b"other"), value(b"missing", is_file=True).ref):
            with pytest.raises(StoreError):
                store.outputs.read(ref)

    def test_every_value_can_be_had_as_a_file(self, store: AnyStore) -> None:
        sha256 = store.outputs.keep(b"data")

        for ref in (ArtifactRef(sha256, 4, "pickle"), value(b"x").ref):
            assert store.outputs.export(ref).endswith(f"objects/{ref.sha256[:2]}/{ref.sha256[2:]}")


class TestFeed:
    def test_events_are_single_facts_in_order_and_pages_never_cut_a_group(self, store: AnyStore, run: Make) -> None:
        given, log = run(started(), dispatched("a"), succeeded("a"))
        run(started(), given=spec("a"))
        log.append([finished(Status.CANCELLED)])
        feed = store.feed()

        everything = feed.events()
        first = feed.events(limit=2)
        rest = feed.events(after=first[-1].seq)

        kinds = ["RunStarted", "AttemptDispatched", "AttemptSucceeded", "RunStarted", "RunFinished"]
        assert [event.kind for event in everything] == kinds
        assert first + rest == everything
        assert len(first) == 3
        assert [event.kind for event in feed.events(run=given.id)] == kinds[:3] + kinds[4:]
        assert everything[1].data == {"node": "a", "attempt": 1}
        assert feed.events(after=rest[-1].seq) == []

    def test_the_version_moves_with_every_commit(self, store: AnyStore, run: Make) -> None:
        _, log = run(started())
        feed = store.feed()
        before = feed.version()
        assert feed.version() == before

        log.append([dispatched("a")])

        assert feed.version() != before

    def test_an_interruption_is_an_event(self, store: AnyStore, run: Make) -> None:
        given, log = run(started())
        log.close()
        store.history.run(given.id)

        last = store.feed().events(run=given.id)[-1]
        assert (last.kind, last.data) == ("RunFinished", {"state": "INTERRUPTED"})
