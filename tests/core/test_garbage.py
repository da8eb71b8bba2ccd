"""What of a store is garbage: nothing anybody refers to, no more than was asked for, nothing the second time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import examples

from graftline.core.garbage import MADE_S, UNNAMED_S, Choice, Holdings, Limits, Past, Piece, Use, choose
from graftline.core.ids import RunId
from graftline.core.states import Status

NOW = 1_000_000.0
OLD = NOW - 10 * UNNAMED_S
EXAMPLES = settings(max_examples=examples(150), deadline=None)


def past(seq: int, state: Status = Status.SUCCESS, **changes: object) -> Past:
    finished = OLD + seq if state.is_final else None
    known = Past(seq, RunId(f"{seq:016d}"), ("p", "q", False), state, OLD + seq, finished, state is Status.STARTED)
    return known._replace(**changes)  # type: ignore[arg-type]


def holding(*runs: Past, uses: dict[str, list[Use]] | None = None, **changes: object) -> Holdings:
    uses = uses or {}
    pieces = {name: Piece(100, OLD) for name in uses}
    held = Holdings(runs={run.seq: run for run in runs}, pieces=pieces, uses=uses)
    return replace(held, **changes)  # type: ignore[arg-type]


@st.composite
def stores(draw: st.DrawFn) -> Holdings:
    """Return any store: runs in any state, some parts of others, objects of any age, shared by any of them."""
    count = draw(st.integers(0, 6))
    runs = {}
    for seq in range(1, count + 1):
        hidden = draw(st.booleans())
        runs[seq] = past(
            seq,
            draw(st.sampled_from([*Status])),
            family=("p", draw(st.sampled_from("ab")), hidden),
            is_held=draw(st.booleans()),
            above=draw(st.sampled_from([None, *range(1, seq)])) if hidden else None,
            served=frozenset(draw(st.sets(st.integers(1, count), max_size=2))),
        )
    names = [f"o{number}" for number in range(draw(st.integers(0, 8)))]
    pieces, uses = {}, {}
    for name in names:
        pieces[name] = Piece(draw(st.integers(1, 9)), NOW - draw(st.sampled_from([0.0, MADE_S, 2 * MADE_S, 9e3, 9e4])))
        users = draw(st.sets(st.sampled_from(sorted(runs)), max_size=3)) if runs else set()
        uses[name] = [Use(run, draw(st.booleans()) and runs[run].state is Status.SUCCESS) for run in sorted(users)]
    live = [run.created for run in runs.values() if run.is_live]
    return Holdings(
        runs=runs,
        pieces=pieces,
        uses={name: each for name, each in uses.items() if each},
        needed=draw(st.sets(st.sampled_from(names), max_size=2)) if names else set(),
        evicted={name: NOW - draw(st.sampled_from([0.0, 1e4])) for name in draw(st.sets(st.sampled_from(names)))}
        if names
        else {},
        live_since=min(live, default=None),
    )


limits = st.builds(
    Limits,
    older_than_s=st.none() | st.floats(0, 20 * UNNAMED_S),
    keep_last=st.none() | st.integers(0, 4),
    max_bytes=st.none() | st.integers(0, 40),
    with_runs=st.booleans(),
)


def after(held: Holdings, choice: Choice) -> Holdings:
    """Return the store once that is gone."""
    gone = {*choice.unnamed, *choice.values}
    return replace(
        held,
        runs={seq: run for seq, run in held.runs.items() if seq not in choice.runs},
        pieces={name: piece for name, piece in held.pieces.items() if name not in gone},
        uses={
            name: left
            for name, uses in held.uses.items()
            if (left := [use for use in uses if use.run not in choice.runs])
        },
        evicted={**held.evicted, **dict.fromkeys(choice.values, NOW)},
    )


@EXAMPLES
@given(stores(), limits)
def test_nothing_that_must_be_there_is_ever_chosen(held: Holdings, wanted: Limits) -> None:
    choice = choose(held, wanted, NOW)
    left = after(held, choice)

    assert not {*choice.unnamed, *choice.values} & held.needed
    assert not any(name in left.uses for name in choice.unnamed)
    assert all(use.is_spare for name in choice.values for use in left.uses[name])
    assert all(held.pieces[name].modified < NOW - MADE_S for name in choice.unnamed)
    assert not any(held.runs[seq].is_held or not held.runs[seq].state.is_final for seq in choice.runs)
    assert not any(run.served & choice.runs for run in left.runs.values())
    assert not any(run.above in choice.runs for run in left.runs.values())
    if held.live:
        assert not choice.runs
        assert not choice.values


@EXAMPLES
@given(stores(), limits)
def test_a_second_time_finds_nothing(held: Holdings, wanted: Limits) -> None:
    first = choose(held, wanted, NOW)

    second = choose(after(held, first), wanted, NOW)

    if wanted.keep_last is None or not first.runs:  # of fewer runs others are the newest
        assert (second.unnamed, second.values) == ((), ())
        assert second.runs == frozenset()


@EXAMPLES
@given(stores())
def test_without_limits_runs_keep_all_they_have(held: Holdings) -> None:
    unfinished = {name for name, at in held.evicted.items() if held.pieces[name].modified <= at}
    choice = choose(held, Limits(with_runs=True), NOW)

    assert choice.runs == frozenset()
    assert set(choice.values) <= unfinished


def test_an_object_of_nobody_goes_only_when_no_live_run_can_have_written_it() -> None:
    held = holding(past(1, Status.STARTED), pieces={"new": Piece(1, OLD), "old": Piece(1, OLD - 2 * UNNAMED_S)})

    assert choose(replace(held, live_since=OLD + 5), Limits(), NOW).unnamed == ("old",)
    assert choose(replace(held, runs={}), Limits(), NOW).unnamed == ("new", "old")


def test_values_go_of_the_oldest_runs_first_and_only_as_many_as_needed() -> None:
    uses = {
        "big": [Use(1, True)],
        "small": [Use(1, True)],
        "later": [Use(2, True)],
        "shared": [Use(1, True), Use(2, True)],
    }
    held = holding(past(1), past(2), uses=uses)
    held = replace(held, pieces={**held.pieces, "small": Piece(10, OLD)})

    assert choose(held, Limits(max_bytes=310), NOW).values == ()
    assert choose(held, Limits(max_bytes=210), NOW).values == ("big",)
    assert choose(held, Limits(max_bytes=205), NOW).values == ("big", "small")
    assert choose(held, Limits(keep_last=1), NOW).values == ("big", "small")
    assert choose(held, Limits(keep_last=0), NOW).values == ("big", "small", "later", "shared")


@pytest.mark.parametrize("state", [Status.FAILURE, Status.INTERRUPTED, Status.CANCELLED, Status.PENDING])
def test_runs_that_may_go_on_need_their_values(state: Status) -> None:
    held = holding(past(1, state), past(2), uses={"value": [Use(1, False), Use(2, True)]})

    assert choose(held, Limits(older_than_s=0), NOW).values == ()


def test_a_record_stays_whose_results_serve_a_run_that_stays() -> None:
    served = past(4, served=frozenset({1}))

    choice = choose(holding(past(1), past(2), past(3), served), Limits(keep_last=1, with_runs=True), NOW)

    assert choice.runs == {2, 3}


def test_a_trial_goes_with_its_search() -> None:
    trial = past(2, family=("p", "q", True), above=1)
    held = holding(past(1), trial, past(3), past(4))

    assert choose(held, Limits(keep_last=3, with_runs=True), NOW).runs == frozenset()
    assert choose(held, Limits(keep_last=2, with_runs=True), NOW).runs == {1, 2}
    assert (
        choose(
            replace(held, runs={**held.runs, 2: trial._replace(is_held=True)}), Limits(keep_last=2, with_runs=True), NOW
        ).runs
        == frozenset()
    )


def test_what_was_given_up_and_not_deleted_goes_unless_it_was_made_again() -> None:
    held = holding(past(1), past(2), uses={"left": [Use(1, True)], "again": [Use(2, True)]})
    held = replace(held, evicted={"left": OLD, "again": OLD - 1})

    assert choose(held, Limits(), NOW).values == ("left",)
