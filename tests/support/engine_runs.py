"""Engines on the memory store: a run opened, its start recorded, an executor that the test controls."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fake_executor import FakeExecutor
from memory_store import MemoryLog, MemoryStore
from run_specs import spec, started, value

from graftline.core.artifacts import Output
from graftline.core.engine import Engine
from graftline.core.events import AttemptEnded, Fact, RunFinished, StepTold
from graftline.core.graph import Graph
from graftline.core.ids import RunId
from graftline.core.orders import Order, RunContext
from graftline.core.runs import RunSpec
from graftline.core.session import Session


class CountedSlots:
    """`Slots` in memory: so many units of each resource."""

    def __init__(self, **capacity: float) -> None:
        self.capacity = capacity
        self.held: dict[str, Mapping[str, float]] = {}
        self.most = 0
        """Holders at one time, at most."""

    def acquire(self, node: str, demand: Mapping[str, float]) -> bool:
        assert node not in self.held
        for name, amount in demand.items():
            if sum(each.get(name, 0) for each in self.held.values()) + amount > self.capacity[name]:
                return False
        self.held[node] = demand
        self.most = max(self.most, len(self.held))
        return True

    def release(self, node: str) -> None:
        del self.held[node]

    def environ(self, node: str) -> tuple[tuple[str, str], ...]:
        return (("HELD", ",".join(sorted(self.held[node]))),)


class WatchedExecutor(FakeExecutor):
    """Notes what was committed when each order came; `script` says what happens at each wait."""

    def __init__(self, store: MemoryStore, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.store = store
        self.committed: dict[tuple[str, int], int] = {}
        """By node and attempt, how many groups were committed when the order came."""
        self.cancelled: list[tuple[tuple[str, ...], float]] = []
        self.waits = 0
        self.script: dict[int, Any] = {}
        self.waited_s: list[float | None] = []

    def submit(self, orders: Sequence[Order]) -> None:
        for order in orders:
            self.committed[order.node, order.attempt] = len(self.store.groups)
        super().submit(orders)

    def cancel(self, nodes: Sequence[str], *, grace_s: float) -> None:
        self.cancelled.append((tuple(nodes), grace_s))
        super().cancel(nodes, grace_s=grace_s)

    def wait(self, timeout_s: float | None) -> list[AttemptEnded | StepTold]:
        self.waits += 1
        assert self.waits < 2000, "the run never ends"
        self.waited_s.append(timeout_s)
        if self.waits in self.script:
            self.script[self.waits]()
        return super().wait(timeout_s)


class Hosted:
    """One run in the hands of an engine."""

    def __init__(self, graph: Graph, *, broken: Iterable[str] = (), is_held: bool = False, **session: Any) -> None:
        self.store = MemoryStore()
        self.spec: RunSpec = spec(graph=graph)
        self.store.runs.create(self.spec, None)
        self.log: MemoryLog = self.store.runs.open(self.spec.id)
        self.log.append([started()])
        self.broken = set(broken)
        self.now = 0.0
        self.seen: list[Fact] = []
        self.executor = WatchedExecutor(self.store, self._call, jobs=8, is_held=is_held)
        given: dict[str, Any] = {
            "context": context(self.spec),
            "log": self.log,
            "clock": lambda: self.now,
            "jobs": 8,
            "observe": self.seen.extend,
        }
        self.engine = Engine(graph=graph, session=Session(**(given | session)), executor=self.executor)

    @property
    def id(self) -> RunId:
        return self.spec.id

    def run(self) -> RunFinished:
        return self.engine.run()

    def facts(self) -> list[Fact]:
        """Return all facts in the order they were committed."""
        return list(itertools.chain.from_iterable(group for _, group in self.store.groups))

    def states(self) -> dict[str, str]:
        return {step.path: str(step.state) for step in self.store.history.steps(self.id)}

    def _call(self, order: Order) -> list[Output]:
        if order.node in self.broken:
            raise ValueError(f"{order.node} is broken")
        return [value(f"{order.node} {order.attempt}".encode())]


def context(spec: RunSpec) -> RunContext:
    """Return the context of a run that touches no disk."""
    return RunContext(
        run=spec.id,
        operations=spec.graph.operations,
        root="/project",
        cwd="/project",
        sys_path=(),
        objects="/objects",
        logs="/logs",
        slots="/slots",
        jobs=8,
    )
