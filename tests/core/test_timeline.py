"""A run over time: waits, attempts, folded gaps, the critical path, and what is still to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from cli_fakes import GOOD, item, run, step
from grown_graphs import trials
from hypothesis import given
from hypothesis import strategies as st

from graftline.core.folding import rows
from graftline.core.gantt import ASCII, UNICODE, bars, chart, text_of
from graftline.core.ganttpage import gantt_page
from graftline.core.graph import Graph, Growth
from graftline.core.growth import grown
from graftline.core.roles import Composites
from graftline.core.runs import Attempt, StepRun
from graftline.core.states import Status
from graftline.core.timeline import Lane, Phase, Timeline, timeline, worker_timeline
from graftline.core.timescale import Scale, Stretch, stretches

T = 1000.0


def attempt(n: int, dispatched: float, started: float | None, seconds: float | None, **given: object) -> Attempt:
    """Return an attempt; times count from `T`."""
    fields: dict[str, object] = {
        "n": n,
        "state": Status.SUCCESS if seconds is not None else Status.STARTED,
        "reason": None,
        "dispatched": T + dispatched,
        "started": None if started is None else T + started,
        "seconds": seconds,
        "cpu_seconds": None,
        "peak_bytes": None,
        "worker": "w1" if seconds is not None else None,
        "code": None,
    }
    return Attempt(**(fields | given))  # type: ignore[arg-type] # fields of Attempt


def charted(
    steps: Sequence[StepRun],
    attempts: Mapping[str, Sequence[Attempt]],
    *,
    now: float = 100.0,
    state: Status = Status.SUCCESS,
    graph: Graph | None = None,
    **given: object,
) -> Timeline:
    composites = Composites(graph)
    shown = rows(composites, [each.path for each in steps])
    finished = T + now if state.is_final else None
    told = run(GOOD, state, steps, created=T, started=T, finished=finished)
    return timeline(told, composites, shown, steps, attempts, now=T + now, **given)  # type: ignore[arg-type]


def bars_of(found: Timeline, key: str) -> list[tuple[Phase, float, float]]:
    lane = next(lane for lane in found.lanes if lane.key == key)
    return [(bar.phase, bar.start - T, bar.end - T) for bar in lane.bars]


def drawn(found: Timeline, width: int = 60) -> str:
    return "\n".join(text_of(chart(found, width)))


A, B = step("a", needs=()), step("b", needs=("a",))


def test_each_attempt_has_a_bar_and_what_it_waited_before() -> None:
    attempts = {
        "a": [attempt(1, 0, 1, 9)],
        "b": [attempt(1, 12, 13, 7, state=Status.FAILURE), attempt(2, 25, 26, 4)],
    }

    found = charted([A, B], attempts)

    assert bars_of(found, "a") == [(Phase.WAIT, 0, 1), (Phase.RUN, 1, 10)]
    assert bars_of(found, "b") == [
        (Phase.WAIT, 10, 13),  # ready as a ended, though nobody took it before 12
        (Phase.RUN, 13, 20),
        (Phase.WAIT, 25, 26),
        (Phase.RUN, 26, 30),
    ]
    assert "✗" in drawn(found).splitlines()[2]
    assert drawn(found).splitlines()[2].endswith("7.0s 4.0s")


def test_the_critical_path_is_what_the_end_waited_for() -> None:
    steps = [A, step("slow", needs=("a",)), step("quick", needs=("a",)), step("join", needs=("slow", "quick"))]
    attempts = {
        "a": [attempt(1, 0, 0, 10)],
        "slow": [attempt(1, 10, 10, 30)],
        "quick": [attempt(1, 10, 10, 5)],
        "join": [attempt(1, 40, 40, 5)],
    }

    found = charted(steps, attempts)

    critical = {lane.key for lane in found.lanes if any(bar.is_critical for bar in lane.bars)}
    assert critical == {"a", "slow", "join"}
    assert "━" in drawn(found).splitlines()[2]
    assert "█" in drawn(found).splitlines()[3]


def test_time_without_work_is_folded_and_said_and_nothing_waited_in_it() -> None:
    three_days = 3 * 86400.0
    attempts = {"a": [attempt(1, 0, 0, 10)], "b": [attempt(1, three_days, three_days + 2, 20)]}

    found = charted([A, B], attempts, now=three_days + 30)

    assert len(found.pieces) == 2
    assert "╱╱2d" in drawn(found) or "╱╱3d" in drawn(found)
    assert bars_of(found, "b")[0] == (Phase.WAIT, three_days, three_days + 2)


def test_a_reused_step_is_a_moment_where_its_needs_were_done() -> None:
    found = charted([A, step("b", Status.CACHED, needs=("a",))], {"a": [attempt(1, 0, 0, 10)]})

    assert bars_of(found, "b") == [(Phase.CACHED, 10, 10)]
    assert "◇" in drawn(found)


def test_what_is_still_to_come_is_expected_by_how_long_it_took() -> None:
    steps = [step("a", Status.STARTED), step("b", Status.PENDING, needs=("a",)), step("c", Status.PENDING, needs=())]
    attempts = {"a": [attempt(1, 0, None, None)]}

    found = charted(steps, attempts, now=4, state=Status.STARTED, past={"a": 10.0, "b": 5.0, "c": 2.0}, jobs=1)

    assert bars_of(found, "a") == [(Phase.RUN, 0, 4), (Phase.AHEAD, 4, 10)]
    assert bars_of(found, "b") == [(Phase.AHEAD, 10, 15)]
    assert bars_of(found, "c") == [(Phase.AHEAD, 15, 17)]
    assert found.left_s == 13
    assert "▶" in drawn(found)


def test_what_never_ran_is_not_foretold_nor_what_waits_for_it() -> None:
    steps = [step("a", Status.PENDING), step("b", Status.PENDING, needs=("a",))]

    found = charted(steps, {}, state=Status.STARTED, past={"b": 5.0})

    assert found.left_s is None
    assert [lane.bars for lane in found.lanes] == [(), ()]


def test_of_what_workers_hold_only_as_many_are_at_work_as_may_be() -> None:
    steps = [step(name, Status.STARTED, needs=()) for name in "abc"]
    attempts = {name: [attempt(1, 0, None, None)] for name in "abc"}

    found = charted(steps, attempts, now=10, state=Status.STARTED, jobs=2)

    assert [bars_of(found, name)[-1][0] for name in "abc"] == [Phase.RUN, Phase.RUN, Phase.WAIT]


def test_a_large_map_is_one_lane_with_shortest_median_and_longest() -> None:
    graph = grown(trials(), [Growth("trials/items", 20)])
    family = "trials/*/fit"
    steps = [item(node.path, family, seconds=float(at)) for at, node in enumerate(graph.nodes) if "fit" in node.path]
    attempts = {each.path: [attempt(1, at, at, each.seconds)] for at, each in enumerate(steps)}

    found = charted(steps, attempts, graph=graph)

    (lane,) = found.lanes
    assert len(lane.members) == 20
    assert lane.durations is not None
    shortest, middle, longest = lane.durations
    assert shortest < middle < longest
    assert "20/20" in drawn(found, 120)


def test_workers_have_lanes_in_their_order() -> None:
    attempts = {name: [attempt(1, at, at, 1, worker=name)] for at, name in enumerate(["w10", "w9", "w2"])} | {
        "x": [attempt(1, 5, None, None)]
    }

    found = worker_timeline(run(GOOD, Status.STARTED, [], started=T), attempts, now=T + 8, jobs=4)

    assert [lane.label for lane in found.lanes] == ["w2", "w9", "w10", "at work 1"]


@pytest.mark.parametrize("state", [Status.INTERRUPTED, Status.STARTED, Status.SUCCESS, Status.PENDING])
def test_a_run_in_which_nothing_began_is_drawn_without_bars(state: Status) -> None:
    found = charted([step("a", Status.PENDING)], {}, state=state)

    assert [lane.bars for lane in found.lanes] == [()]
    assert "a" in drawn(found)
    assert "<table>" in gantt_page(run(GOOD, state, []), found)


def test_an_attempt_whose_process_died_ends_with_its_run() -> None:
    steps = [step("a", Status.INTERRUPTED)]

    found = charted(
        steps, {"a": [attempt(1, 0, None, None, state=Status.INTERRUPTED)]}, now=7, state=Status.INTERRUPTED
    )

    assert bars_of(found, "a") == [(Phase.RUN, 0, 7)]


moments = st.floats(0, 1e7, allow_nan=False)
spans = st.lists(st.tuples(moments, st.floats(0, 1e5)).map(lambda each: (each[0], each[0] + each[1])), min_size=1)


@given(spans, st.integers(8, 200))
def test_later_is_never_further_left_and_every_span_has_a_cell(found: list[tuple[float, float]], width: int) -> None:
    scale = Scale(stretches(found), width)

    ends = sorted(moment for span in found for moment in span)
    places = [scale.position(each) for each in ends]
    assert places == sorted(places)
    assert all(0 <= first < last <= width for first, last in (scale.cells(*span) for span in found))
    assert all(0 <= tick.column < width for tick in [*scale.ticks, *scale.folds])


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 1e4)), max_size=6), st.integers(20, 160))
def test_every_row_is_as_wide_as_the_chart_and_ascii_where_that_is_asked(
    times: list[tuple[float, float, float]], width: int
) -> None:
    steps = [step(f"s{at}", needs=()) for at in range(len(times))]
    attempts = {f"s{at}": [attempt(1, ready, ready + wait, took)] for at, (ready, wait, took) in enumerate(times)}

    found = charted(steps, attempts, now=5e4)

    for row in text_of(chart(found, width, ASCII)):
        assert row.isascii()
        assert len(row) <= max(width, 40)
    scale = Scale(found.pieces, width)
    for lane in found.lanes:
        assert sum(len(text) for text, _ in bars(lane, scale, UNICODE)) == width


def test_a_window_of_time_shows_a_part_of_it_larger() -> None:
    whole = Scale((Stretch(0, 100),), 100)
    part = Scale((Stretch(0, 100),), 100, (0.5, 0.75))

    assert whole.cells(60, 70) == (60, 70)
    assert part.cells(60, 70) == (40, 80)
    assert part.cells(0, 10) == (0, 0)


def test_the_page_needs_nothing_and_says_everything_in_words() -> None:
    steps = [step("<b>", needs=()), step("b", Status.FAILURE, needs=("<b>",))]
    attempts = {"<b>": [attempt(1, 0, 1, 9)], "b": [attempt(1, 10, 10, 5, state=Status.FAILURE)]}

    page = gantt_page(run(GOOD, Status.FAILURE, steps), charted(steps, attempts))

    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "&lt;b&gt;" in page
    assert "<b>:" not in page
    assert "prefers-color-scheme:dark" in page
    assert 'aria-label="b: ran, 5.0s, from 10s, attempt 1: failed, critical path"' in page


def test_ten_thousand_items_make_a_page_of_a_few_kilobytes() -> None:
    lane = Lane(
        key="trials/*/fit",
        label="*/fit",
        state=Status.SUCCESS,
        members=tuple(f"trials/{at}/fit" for at in range(10_000)),
        bars=charted(
            [step(f"s{at}", needs=()) for at in range(1)], {"s0": [attempt(1, at, at, 2.0) for at in range(10_000)]}
        )
        .lanes[0]
        .bars,
    )

    page = gantt_page(
        run(GOOD, Status.SUCCESS, []), Timeline(lanes=(lane,), pieces=(Stretch(T, T + 10_002),), now=T, is_live=False)
    )

    assert len(page) < 10_000
