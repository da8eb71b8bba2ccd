"""The order rule: data, fences, the declared chain; laws over random pipelines."""

from __future__ import annotations

import pytest
from authoring import graph_of, needs_of
from hypothesis import given
from hypothesis import strategies as st

from graftline import Catalog, Pipeline, Stub, metric
from graftline.core.ordering import Entry, cycle, order_edges, topological
from graftline.core.pipeline import OrderRule

LISTS = st.integers(1, 25).flatmap(
    lambda size: st.tuples(
        st.tuples(*(st.sets(st.integers(0, max(position - 1, 0)), max_size=3) for position in range(size))),
        st.lists(st.booleans(), min_size=size, max_size=size),
    )
)
"""Needs of each step, among the earlier ones, and whether it is a fence."""


def _clean(needs: tuple[set[int], ...]) -> list[set[int]]:
    return [{each for each in own if each < position} for position, own in enumerate(needs)]


def ordered_needs(
    needs: list[set[int]], is_fence: list[bool], rule: OrderRule, recovers: list[bool] | None = None
) -> list[set[int]]:
    edges = order_edges([[Entry(own, set())] for own in needs], is_fence, recovers or [False] * len(needs), rule)
    return [own | added for own, (added,) in zip(needs, edges, strict=True)]


def _reached(needs: list[set[int]]) -> list[set[int]]:
    """Everything each step waits for, directly or not; needs point backwards."""
    found: list[set[int]] = []
    for own in needs:
        found.append(set(own).union(*(found[each] for each in own)))
    return found


@given(LISTS)
def test_data_edges_are_kept(listed: tuple[tuple[set[int], ...], list[bool]]) -> None:
    needs, fences = _clean(listed[0]), listed[1]
    for rule in OrderRule:
        assert all(own <= found for own, found in zip(needs, ordered_needs(needs, fences, rule), strict=True))


@given(LISTS)
def test_a_fence_waits_for_all_before_it_and_all_after_it_wait_for_it(
    listed: tuple[tuple[set[int], ...], list[bool]],
) -> None:
    needs, fences = _clean(listed[0]), listed[1]
    reached = _reached(ordered_needs(needs, fences, OrderRule.LISTED))
    for position, is_fence in enumerate(fences):
        if is_fence:
            assert reached[position] == set(range(position))
            assert all(position in reached[after] for after in range(position + 1, len(fences)))


@given(LISTS, st.data())
def test_all_after_a_step_that_may_be_recovered_wait_for_it_and_it_waits_for_none_of_those_before(
    listed: tuple[tuple[set[int], ...], list[bool]], data: st.DataObject
) -> None:
    needs, fences = _clean(listed[0]), [False] * len(listed[0])
    recovers = data.draw(st.lists(st.booleans(), min_size=len(needs), max_size=len(needs)))
    reached = _reached(ordered_needs(needs, fences, OrderRule.LISTED, recovers))
    for position, may_recover in enumerate(recovers):
        if may_recover:
            assert all(position in reached[after] for after in range(position + 1, len(needs)))
    if not any(recovers):
        assert reached == _reached(needs)


@given(LISTS, st.data())
def test_fences_hold_beside_steps_that_may_be_recovered(
    listed: tuple[tuple[set[int], ...], list[bool]], data: st.DataObject
) -> None:
    needs, fences = _clean(listed[0]), listed[1]
    recovers = data.draw(st.lists(st.booleans(), min_size=len(needs), max_size=len(needs)))
    reached = _reached(ordered_needs(needs, fences, OrderRule.LISTED, recovers))
    for position, is_fence in enumerate(fences):
        if is_fence:
            assert reached[position] == set(range(position))
            assert all(position in reached[after] for after in range(position + 1, len(needs)))


@given(LISTS)
def test_without_fences_only_data_orders(listed: tuple[tuple[set[int], ...], list[bool]]) -> None:
    needs = _clean(listed[0])
    assert ordered_needs(needs, [False] * len(needs), OrderRule.LISTED) == needs
    assert ordered_needs(needs, listed[1], OrderRule.DATA) == needs


@given(LISTS)
def test_declared_order_is_a_chain(listed: tuple[tuple[set[int], ...], list[bool]]) -> None:
    reached = _reached(ordered_needs(_clean(listed[0]), listed[1], OrderRule.DECLARED))
    assert reached == [set(range(position)) for position in range(len(reached))]


@given(LISTS)
def test_fences_add_at_most_two_edges_a_step(listed: tuple[tuple[set[int], ...], list[bool]]) -> None:
    needs, fences = _clean(listed[0]), listed[1]
    found = ordered_needs(needs, fences, OrderRule.LISTED)
    assert sum(map(len, found)) - sum(map(len, needs)) <= 2 * len(needs)


@given(
    st.integers(1, 15).flatmap(lambda n: st.lists(st.sets(st.integers(0, n - 1), max_size=3), min_size=n, max_size=n))
)
def test_either_an_order_respects_every_need_or_a_cycle_is_shown(needs: list[set[int]]) -> None:
    order = topological(needs)
    path = cycle(needs)
    assert (order is None) == bool(path)
    if order is not None:
        rank = {position: at for at, position in enumerate(order)}
        assert sorted(order) == list(range(len(needs)))
        assert all(rank[each] < rank[position] for position, own in enumerate(needs) for each in own)
    else:
        for before, after in zip(path, [*path[1:], path[0]], strict=True):
            assert before in needs[after]


@pytest.mark.parametrize("count", [600, 6000])
def test_alternating_fences_stay_linear(count: int) -> None:
    fences = [position % 2 == 1 for position in range(count)]
    needs: list[set[int]] = [set() for _ in range(count)]
    assert sum(map(len, ordered_needs(needs, fences, OrderRule.LISTED))) == count - 1


def _steps() -> list[Stub]:
    return [
        Stub("a", returns=["x"]),
        Stub("b", returns=["y"]),
        Stub("check"),
        Stub("c", returns=["z"]),
        Stub("score", returns=[metric("auc")]),
    ]


def test_a_step_without_outputs_is_a_fence_and_a_metric_is_no_output() -> None:
    assert needs_of(graph_of(Pipeline(_steps()))) == {
        "a": [],
        "b": [],
        "check": ["a", "b"],
        "c": ["check"],
        "score": ["c"],
    }


def test_data_order_drops_fences() -> None:
    assert set(map(tuple, needs_of(graph_of(Pipeline(_steps(), order="data"))).values())) == {()}


def test_declared_order_forces_the_chain() -> None:
    needs = needs_of(graph_of(Pipeline(_steps(), order="declared")))
    assert list(needs.values()) == [[], ["a"], ["b"], ["check"], ["c"]]


def test_fence_overrides_the_rule_on_one_step() -> None:
    steps = [Stub("a", returns=["x"], fence=True), Stub("b", fence=False), Stub("c", returns=["y"])]
    assert needs_of(graph_of(Pipeline(steps))) == {"a": [], "b": ["a"], "c": ["a"]}


def test_a_catalog_file_is_an_output() -> None:
    steps = [Stub("plot", catalog=Catalog(put="plot.png")), Stub("b", returns=["x"])]
    assert needs_of(graph_of(Pipeline(steps))) == {"plot": [], "b": []}


def test_after_and_arrows_order_without_data() -> None:
    a, b, c = Stub("a", returns=["x"]), Stub("b", returns=["y"]), Stub("c", returns=["z"], after=["a"])
    b >> c
    assert needs_of(graph_of(Pipeline([a, b, c])))["c"] == ["a", "b"]
