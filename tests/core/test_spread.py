"""An executor of executors under an engine: each site by itself, and one stream of news."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import pytest
from engine_runs import CountedSlots, Hosted, WatchedExecutor
from graphs import graph_of

from graftline.core.engine import Engine
from graftline.core.errors import PluginError
from graftline.core.events import AttemptEnded, AttemptFailed, AttemptSucceeded, CancelRequested, StepTold
from graftline.core.graph import Graph, Policy
from graftline.core.lateness import LateExecutor
from graftline.core.orders import Order
from graftline.core.ports import Executor
from graftline.core.routes import Route, Routes, Sites
from graftline.core.session import Requests, Session
from graftline.core.spread import Away, Spread
from graftline.core.states import Reason, Status
from graftline.core.turns import Past

GPU = Policy(labels=("gpu",))
OUT_OF_REACH = PluginError("the cluster is out of reach", "start it")


class Place(WatchedExecutor):
    """An executor of one site; it arrives, and breaks, when the test says so."""

    arrived = True
    broken: PluginError | None = None
    closing: PluginError | None = None

    def has_arrived(self) -> bool:
        return self.arrived

    def wait(self, timeout_s: float | None) -> list[AttemptEnded | StepTold]:
        if self.broken is not None:
            raise self.broken
        return super().wait(timeout_s)

    def close(self) -> None:
        super().close()
        if self.closing is not None:
            raise self.closing


class Choosy(Place):
    """A site that has to be found fit for what it is told to expect."""

    expected: Collection[int] = ()

    def expect(self, operations: Collection[int]) -> None:
        self.expected = operations
        self.arrived = False


class Shared(Hosted):
    """A run of two runners: `local` is its own, `gpu` leads to `cluster`."""

    def __init__(
        self,
        graph: Graph,
        *,
        jobs: tuple[int, int] = (2, 2),
        is_held: bool = False,
        is_late: bool = False,
        place: type[Place] = Place,
        **session: Any,
    ) -> None:
        sites = Routes(by_label={"gpu": Route("gpu", "cluster")}).sites(graph, "local")
        assert sites is not None
        self.opened: list[str] = []
        away = Away(name="cluster", jobs=jobs[1], open=self._open)
        super().__init__(graph, is_held=is_held, sites=sites, away=(away,), **session)
        self.home = Place(self.store, self._call, jobs=jobs[0], is_held=is_held)
        self.there = place(self.store, self._call, jobs=jobs[1], is_held=is_held)
        given: Session = self.engine._session  # the one Hosted has made
        home = LateExecutor(lambda: self.home) if is_late else self.home
        self.spread = Spread(home, (away,), sites, lambda: self.now)
        self.engine = Engine(graph=graph, session=given, executor=self.spread)

    def _open(self) -> Executor:
        self.opened.append("cluster")
        return self.there

    def at(self, place: Place) -> list[str]:
        """Return the steps whose orders a place had."""
        return [order.node for order in place.submitted]


def wide(local: int, away: int) -> Graph:
    names = [*(f"l{number}" for number in range(local)), *(f"g{number}" for number in range(away))]
    return graph_of({name: [] for name in names}, {name: GPU for name in names if name.startswith("g")})


def finish_all(*places: Place) -> Callable[[], None]:
    def finish() -> None:
        for place in places:
            for node in place.running:
                place.finish(node)

    return finish


def test_steps_go_where_their_label_leads_and_the_run_log_says_where_they_were() -> None:
    run = Shared(graph_of({"a": [], "g": ["a"], "b": ["g"]}, {"g": GPU}))

    ended = run.run()

    workers = {fact.node: fact.worker for fact in run.facts() if isinstance(fact, AttemptSucceeded)}
    assert ended.state is Status.SUCCESS
    assert (run.at(run.home), run.at(run.there)) == (["a", "b"], ["g"])
    assert workers == {"a": "fake", "g": "cluster/fake", "b": "fake"}


def test_a_full_site_holds_no_other_up_and_each_has_its_own_room() -> None:
    run = Shared(wide(6, 5), jobs=(1, 3), is_held=True)
    run.home.script[1] = lambda: seen.append((run.home.running, run.there.running))
    seen: list[tuple[list[str], list[str]]] = []
    for number in range(1, 40):
        run.home.script[number + 1] = finish_all(run.home, run.there)
        run.there.script[number + 1] = finish_all(run.there)

    run.run()

    assert seen == [(["l0"], ["g0", "g1", "g2"])]


def test_steps_sent_away_take_neither_cpus_nor_slots_of_this_machine() -> None:
    both = {"cpus": 2.0, "gpu": 1.0}
    here, there = Policy(resources=both), Policy(labels=("gpu",), resources=both)
    graph = graph_of({"a": [], "b": [], "g": [], "h": []}, {"a": here, "b": here, "g": there, "h": there})
    slots = CountedSlots(gpu=1)
    at_home = frozenset(graph.node(path).operation for path in "ab")
    run = Shared(graph, jobs=(4, 4), is_held=True, slots=slots, here=at_home)
    begun: list[tuple[list[str], list[str]]] = []
    run.home.script[1] = lambda: begun.append((run.home.running, run.there.running))
    for number in range(2, 20):
        run.home.script[number] = run.there.script[number] = finish_all(run.home, run.there)

    run.run()

    assert begun == [(["a"], ["g", "h"])]  # 'b' waits for the one gpu here
    assert slots.most == 1


def test_nothing_starts_anywhere_before_all_sites_were_reached() -> None:
    run = Shared(wide(1, 1))
    run.there.arrived = False
    before: list[int] = []

    def arrive() -> None:
        before.append(len(run.home.submitted))
        run.there.arrived = True

    run.there.script[3] = arrive

    run.run()

    assert before == [0]
    assert run.states() == {"l0": "SUCCESS", "g0": "SUCCESS"}


def test_nothing_starts_here_before_a_late_home_was_reached_either() -> None:
    run = Shared(wide(1, 1), is_late=True)
    run.home.arrived = False
    before: list[int] = []

    def arrive() -> None:
        before.append(len(run.there.submitted))
        run.home.arrived = True

    run.home.script[3] = arrive

    run.run()

    assert before == [0]
    assert run.states() == {"l0": "SUCCESS", "g0": "SUCCESS"}


def test_each_site_hears_what_is_left_for_it_and_nothing_starts_before_it_is_fit() -> None:
    graph = graph_of({"a": [], "g": [], "h": ["g"], "done": []}, {"g": GPU, "h": Policy(labels=("gpu", "big"))})
    run = Shared(graph, place=Choosy, past={"done": Past(state=Status.CACHED)})
    there = run.there
    assert isinstance(there, Choosy)
    before: list[int] = []

    def fit() -> None:
        before.append(len(run.home.submitted))
        there.arrived = True

    there.script[3] = fit

    run.run()

    assert there.expected == [graph.node(path).operation for path in "gh"]
    assert before == [0]
    assert run.states()["h"] == "SUCCESS"


def test_a_site_that_is_never_reached_fails_the_run_before_anything_has_run() -> None:
    run = Shared(wide(1, 1))
    run.there.arrived, run.there.broken = False, OUT_OF_REACH

    with pytest.raises(PluginError, match="out of reach"):
        run.run()

    assert run.at(run.home) == []
    assert (run.home.is_closed, run.there.is_closed) == (True, True)


def test_no_site_is_opened_that_no_step_left_goes_to() -> None:
    graph = graph_of({"g": [], "a": ["g"]}, {"g": GPU})

    run = Shared(graph, past={"g": Past(state=Status.CACHED)})
    run.run()

    assert run.opened == []
    assert run.at(run.home) == ["a"]


def test_a_site_lost_on_the_way_fails_its_steps_alone_and_names_itself() -> None:
    graph = graph_of({"a": [], "g": [], "h": ["a"], "b": ["a"]}, {"g": GPU, "h": Policy(labels=("gpu",), retries=1)})
    run = Shared(graph, is_held=True)

    def lose() -> None:
        run.there.broken = OUT_OF_REACH

    run.home.script[1] = lose
    for number in range(2, 30):
        run.home.script[number] = finish_all(run.home)

    ended = run.run()

    failed = [fact for fact in run.facts() if isinstance(fact, AttemptFailed)]
    assert ended.state is Status.FAILURE
    assert run.states() == {"a": "SUCCESS", "g": "FAILURE", "h": "FAILURE", "b": "SUCCESS"}
    assert {fact.reason for fact in failed} == {Reason.LOST}
    assert all("runner 'cluster'" in fact.error.message and "start it" in fact.error.message for fact in failed)
    assert [fact.node for fact in failed] == ["g", "h", "h"]  # the retry is told the same


def test_cancelling_reaches_every_site_and_closing_too_though_one_cannot() -> None:
    requests = Requests()
    run = Shared(wide(1, 1), is_held=True, requests=requests)
    run.there.closing = OUT_OF_REACH
    run.home.script[2] = lambda: requests.add(CancelRequested(at=0.0, is_hard=False))

    with pytest.raises(PluginError, match="out of reach"):
        run.run()

    assert run.states() == {"l0": "CANCELLED", "g0": "CANCELLED"}
    assert [nodes for nodes, _ in run.home.cancelled] == [("l0",)]
    assert [nodes for nodes, _ in run.there.cancelled] == [("g0",)]
    assert run.home.is_closed


def test_with_nothing_under_way_elsewhere_it_waits_in_one_piece() -> None:
    graph = wide(1, 1)
    sites = Sites(names=("local", "cluster"), of=(0, 0, 1))
    home = Place(Hosted(graph).store, list, is_held=True)
    spread = Spread(home, (Away(name="cluster", jobs=1, open=lambda: home),), sites, lambda: 0.0)
    orders: Sequence[Order] = [Order("l0", 1, 1, ())]

    spread.submit(orders)
    spread.wait(0.2)

    assert home.waited_s == [0.2]
