"""Laws of the scheduler that hold for composites of any depth, whatever comes out of their steps."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeGuard

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from laws import examples
from shapes import Conditional, Loop, Map, Parallel, Pipe, Sub, build, pipes, step
from worlds import Play, Told, World, bad, ok, recorded, standing

from graftline.core.events import AttemptDispatched, AttemptFailed, Fact, RetryScheduled, StepSettled
from graftline.core.graph import ON_FAILURE, CallKind, Graph, Terminate
from graftline.core.growth import Plot
from graftline.core.states import Reason, Status
from graftline.core.turns import Past

EXAMPLES = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
PASSED = {Reason.BRANCH, Reason.UNSELECTED, Reason.RECOVERED, Reason.TERMINATED}
ENDS = {CallKind.JOIN, CallKind.REDUCE, CallKind.UNTIL}
TAKEN_OVER = {Reason.RECOVERED, Reason.TERMINATED}


def played(pipe: Pipe, seed: int, *, guards_are_needs: bool) -> Play:
    """Return a whole run; the seed decides what comes out, and which of the running steps ends first."""
    graph = build(pipe, guards_are_needs=guards_are_needs)
    return Play(graph, World(seed=seed), first=lambda path: zlib.crc32(f"{seed} {path}".encode())).run()


def kind(plot: Plot, path: str) -> CallKind:
    return plot.origin.operations[plot.nodes[path].operation].call.kind


def word(plot: Plot, path: str) -> Terminate | None:
    return plot.origin.operations[plot.nodes[path].operation].policy.terminate


def has_passed(past: dict[str, Past], path: str) -> bool:
    """Tell whether what waits for a step may go on: the rule of the decision, said once more."""
    state, reason = past[path].state, past[path].reason
    if state is Status.FAILURE:
        recovery = past.get(f"{path}/{ON_FAILURE}")
        if recovery is None or recovery.state is Status.FAILURE:
            return False
        return recovery.state is Status.SUCCESS or recovery.reason in TAKEN_OVER
    return state is Status.SUCCESS or (state in (Status.SKIPPED, Status.CANCELLED) and reason in PASSED)


def replayed(play: Play) -> Iterator[tuple[Plot, dict[str, Past], Fact]]:
    """Yield each fact with the graph and where the steps stood before it."""
    told = Told(play.plot.origin)
    for fact in play.facts:
        yield told.plot, told.past, fact
        told.take(fact)


def is_of(path: str, failed: str) -> bool:
    return f"{path}/".startswith(f"{failed}/{ON_FAILURE}/")


@given(pipe=pipes(), seed=st.integers(0, 10_000), guards_are_needs=st.booleans())
@EXAMPLES
def test_nothing_starts_before_what_it_needs_has_passed_and_everything_ends(
    pipe: Pipe, seed: int, guards_are_needs: bool
) -> None:
    play = played(pipe, seed, guards_are_needs=guards_are_needs)

    for plot, past, fact in replayed(play):
        if isinstance(fact, AttemptDispatched):
            node = plot.nodes[fact.node]
            assert past[fact.node].state is Status.PENDING
            for need in node.needs:
                is_failure_it_waits_for = past[need].state is Status.FAILURE and is_of(fact.node, need)
                is_end = kind(plot, fact.node) in ENDS and past[need].state.is_final
                assert has_passed(past, need) or is_failure_it_waits_for or is_end, (fact.node, need)
    final = standing(play.plot.origin, play.facts)
    assert {path: each.state for path, each in final.items()} == dict(play.scheduler.states)
    assert all(each.state.is_final for each in final.values())


@given(pipe=pipes(), seed=st.integers(0, 10_000), guards_are_needs=st.booleans())
@EXAMPLES
def test_untaken_branches_and_what_a_recovery_replaced_never_start(
    pipe: Pipe, seed: int, guards_are_needs: bool
) -> None:
    play = played(pipe, seed, guards_are_needs=guards_are_needs)

    made = recorded(play.facts)
    replaced: dict[str, set[str]] = {}
    for plot, past, fact in replayed(play):
        if isinstance(fact, AttemptDispatched):
            guard = plot.nodes[fact.node].guard
            if guard is not None and guard.word == ON_FAILURE:
                assert past[guard.node].state is Status.FAILURE
            elif guard is not None:
                assert (made[guard.node][0].ref.inline or b"").decode() == f'"{guard.word}"'
            assert not any(fact.node in nodes for nodes in replaced.values())
        elif isinstance(fact, RetryScheduled):  # a failure that is tried again is none yet
            replaced.pop(fact.node, None)
        elif is_failure(fact) and f"{fact.node}/{ON_FAILURE}" in plot.nodes:
            replaced[fact.node] = listed_after(plot, fact.node)


def is_failure(fact: Fact) -> TypeGuard[AttemptFailed | StepSettled]:
    return isinstance(fact, AttemptFailed) or (isinstance(fact, StepSettled) and fact.state is Status.FAILURE)


def listed_after(plot: Plot, failed: str) -> set[str]:
    """Return the nodes of steps listed after one in its pipeline, by the order of the graph for people."""
    scope, _, _ = failed.rpartition("/")
    head = f"{scope}/" if scope else ""
    order = {node.path: number for number, node in enumerate(plot.graph().nodes)}

    def step_of(path: str) -> str:
        return head + path[len(head) :].split("/")[0]

    return {
        path
        for path in plot.nodes
        if path.startswith(head)
        and path != scope
        and path != head + ON_FAILURE
        and not path.startswith(f"{head}{ON_FAILURE}/")
        and order.get(step_of(path), -1) > order[failed]
        and step_of(path) != failed
    }


@given(pipe=pipes(), seed=st.integers(0, 10_000), guards_are_needs=st.booleans())
@EXAMPLES
def test_an_end_is_good_exactly_if_everything_inside_passed(pipe: Pipe, seed: int, guards_are_needs: bool) -> None:
    play = played(pipe, seed, guards_are_needs=guards_are_needs)

    past = standing(play.plot.origin, play.facts)
    plot = play.plot
    stop = play.scheduler.stop
    for path in plot.nodes:
        if kind(plot, path) not in ENDS:
            continue
        inside = steps_inside(plot, path)
        excused = {scope_of(each) for each in plot.nodes if is_word(plot, past, each, Terminate.SUCCESS)}
        doomed = any(is_word(plot, past, each, Terminate.FAILURE) for each in inside)
        bad_steps = [
            each for each in inside if not has_passed(past, each) and not excused & set(scopes_within(each, path))
        ]
        if past[path].state is Status.SUCCESS:
            assert not bad_steps
            assert not doomed
        elif past[path].reason is Reason.INSIDE:
            assert bad_steps
        elif past[path].state is Status.FAILURE and past[path].reason is Reason.TERMINATED:
            assert doomed
        elif past[path].state is Status.SKIPPED and past[path].reason is Reason.UPSTREAM:
            assert not any(past[each].state is Status.FAILURE and not has_passed(past, each) for each in inside) or (
                excused or stop
            )
    top = [path for path in plot.nodes if "/" not in path]
    if stop is None:
        assert (play.verdict is Status.SUCCESS) == all(has_passed(past, path) for path in top)


def scope_of(path: str) -> str:
    return path.rpartition("/")[0]


def is_word(plot: Plot, past: dict[str, Past], path: str, wanted: Terminate) -> bool:
    return past[path].state is Status.SUCCESS and word(plot, path) is wanted


def scopes_within(path: str, end: str) -> Iterator[str]:
    """Yield the scopes a step is in, up to the composite's own."""
    above = scope_of(path)
    while above.startswith(end):
        yield above
        above = scope_of(above)


def steps_inside(plot: Plot, end: str) -> list[str]:
    """Return its start and the steps and composites that are in a pipeline of this composite, not deeper."""
    found = []
    for path in plot.nodes:
        scope = scope_of(path)
        ends_there = scope if scope in plot.nodes else scope_of(scope)
        if path.endswith(f"/{ON_FAILURE}"):
            continue
        if scope == end or (ends_there == end and path.startswith(f"{end}/")):
            found.append(path)
    return found


@given(pipe=pipes(may_end_early=False), seed=st.integers(0, 10_000), cut=st.floats(0, 1))
@EXAMPLES
def test_a_run_that_is_taken_up_again_anywhere_comes_to_the_same_end(pipe: Pipe, seed: int, cut: float) -> None:
    whole = played(pipe, seed, guards_are_needs=True)

    again = resumed(whole, cut)

    assert again.verdict is whole.verdict
    assert again.states() == whole.states()


@given(pipe=pipes(), seed=st.integers(0, 10_000), cut=st.floats(0, 1))
@EXAMPLES
def test_a_run_with_early_ends_that_is_taken_up_again_comes_to_the_same_end(pipe: Pipe, seed: int, cut: float) -> None:
    whole = played(pipe, seed, guards_are_needs=True)
    if any(isinstance(fact, RetryScheduled) for fact in whole.facts):
        return  # the failures of a step are counted anew: it gets more attempts

    again = resumed(whole, cut)

    assert again.verdict is whole.verdict
    assert settled(again) == settled(whole)


def resumed(whole: Play, cut: float) -> Play:
    """Return the run taken up after some group of its facts, what ran then being lost, and carried to its end."""
    groups = whole.groups[: int(cut * len(whole.groups))]
    facts = [fact for group in groups for fact in group]
    graph = whole.plot.origin
    told = Told(graph)
    for fact in facts:
        told.take(fact)
    past = {
        path: replace(each, state=Status.PENDING) if each.state is Status.STARTED else each
        for path, each in told.past.items()
    }
    again = Play(told.plot.graph(), whole.world, first=whole.first, past=past, recorded=recorded(facts))
    again.groups[:0] = groups
    return again.run() if again.scheduler.result is None else again


def settled(play: Play) -> dict[str, str]:
    """Return the states; what was stopped while it ran is as one that was not begun: only a crash lies between."""
    return {path: state.replace("CANCELLED", "SKIPPED") for path, state in play.states().items()}


@given(pipe=pipes(), seed=st.integers(0, 10_000), data=st.data())
@EXAMPLES
def test_late_and_foreign_reports_change_nothing(pipe: Pipe, seed: int, data: st.DataObject) -> None:
    graph: Graph = build(pipe)
    quiet = played(pipe, seed, guards_are_needs=True)
    play = Play(graph, World(seed=seed), first=quiet.first)
    while play.scheduler.result is None:
        paths = sorted(play.plot.nodes)
        path = data.draw(st.sampled_from(paths), label="late")
        attempt = play.scheduler.attempts.get(path, 0)
        late = attempt - 1 if path in play.scheduler.running else attempt
        reports: list[Fact] = [ok(path, late), bad(path, late)]
        report = data.draw(st.sampled_from(reports), label="report")
        assert play.pass_on([report]) == []
        if play.scheduler.running:
            running = play.scheduler.running
            play.end(min(running, key=lambda path: (path not in play.cancelled, play.first(path))))
        else:
            assert play.scheduler.next_wake is not None
            play.now = max(play.now, play.scheduler.next_wake)
            play.pass_on([])

    assert play.states() == quiet.states()


def test_the_nodes_of_shapes_are_a_graph_in_topological_order() -> None:
    seen: set[str] = set()
    for node in build(_everything()).nodes:
        assert set(node.needs) <= seen, node
        seen.add(node.path)


def _everything() -> Pipe:
    return [
        step("a", on_failure=[step("mend")]),
        Parallel(
            name="p", branches={"l": [Map(name="m", inside=[step("x")])], "r": [Sub(name="s", inside=[step("y")])]}
        ),
        Conditional(name="c", branches={"yes": [Loop(name="l", inside=[step("z")])], "no": [step("n")]}),
    ]
