"""A workspace with a runner that is elsewhere, and answers as a test says; and a place where runs lie."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from run_specs import chain, value
from spaces import Space, StubRunner

from graftline.core.artifacts import Output
from graftline.core.burden import Packed
from graftline.core.errors import InvalidError, MissingError, PluginError
from graftline.core.events import AttemptFailed, AttemptSucceeded
from graftline.core.graph import Graph
from graftline.core.ids import RunId
from graftline.core.laid import Laid
from graftline.core.orders import Order
from graftline.core.promotion import PromotionPlan, PromotionRequest
from graftline.core.runner import Runner
from graftline.core.runnerhealth import Answer, Health, Question, Reach
from graftline.core.runners import RunnerChoice

UP = Health(reach=Reach.UP, told="2 workers at tcp://10.0.0.1:8786", answers=(Answer(name="w1"), Answer(name="w2")))
DOWN = Health(reach=Reach.DOWN, told="nobody answers at tcp://10.0.0.1:8786", remedy="start it")


class FarRunner(StubRunner):
    """Executes orders as the stub does, and says that it is elsewhere."""

    is_elsewhere = True
    asked: list[Question] = []  # noqa: RUF012 - of the class, as runners are never made

    @classmethod
    def health(cls, options: Mapping[str, Any], question: Question | None = None) -> Health:
        """Return what the option `health` holds; raise it when it is an exception."""
        assert question is not None
        cls.asked.append(question)
        found = options["health"]
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, Health)
        return found


class NoRunner(Runner):
    """Executes nothing."""

    takes_resources = False

    @classmethod
    def run(cls, symbols: Graph, **kwargs: Any) -> None:
        """Do nothing."""


class WholeRunner(NoRunner):
    """Translates graphs, for an engine of its own."""

    takes_resources = True


class FarSpace(Space):
    """A workspace with the runners `stub`, `far` and `none`; steps there say what `there` holds of them."""

    def __init__(self, graph: Graph | None = None, **changes: Any) -> None:
        self.health: Health | Exception = UP
        self.packed: Packed | Exception = Packed(size_bytes=1500)
        self.there: dict[str, bytes] = {}
        self.verdict = ""
        """Where two values differ, when they are read."""
        self.names = ["far", "stub"]
        given = {"runner": self._runner, "pack": self._pack, "runners": lambda: self.names}
        super().__init__(graph or chain("a", "b", "c"), **(given | changes))

    def plan(self, run: RunId, to: str = "far", **more: Any) -> PromotionPlan:
        return self.workspace.promoting.plan(PromotionRequest(run=run, to=to, **more))

    def promote(self, run: RunId, **more: Any) -> RunId:
        """Promote a run, host it, and return the id of the new one."""
        created = self.workspace.promoting.create(self.plan(run, **more))
        self.workspace.host(created)
        return created

    def _runner(self, name: str) -> RunnerChoice:
        kinds: dict[str, type[Runner]] = {"far": FarRunner, "none": NoRunner, "whole": WholeRunner}
        if name not in ("far", "none", "stub", "local", "whole"):
            raise InvalidError(f"there is no runner '{name}'; did you mean something?")
        call = self._call_far if name == "far" else self._call_here
        options = (
            {"call": call, "contexts": self.contexts, "health": self.health} if name not in ("none", "whole") else {}
        )
        return RunnerChoice(runner=kinds.get(name, StubRunner), options=options)

    def _pack(self, context: object, digests: object) -> Packed:
        if isinstance(self.packed, Exception):
            raise self.packed
        return self.packed

    def _call_here(self, order: Order) -> Iterable[Output]:
        self.orders.append(order)
        if order.node in self.broken:
            raise ValueError(f"{order.node} is broken")
        if order.node.startswith("pair-"):
            return [value(json.dumps(self.verdict).encode(), "difference")]
        return [value(order.node.encode())]

    def _call_far(self, order: Order) -> Iterable[Output]:
        if order.node in self.broken:
            raise ValueError(f"{order.node} is broken")
        return [value(self.there.get(order.node, order.node.encode()))]


@dataclass
class MemoryDeposit:
    """A `Deposit` of records. Values that are brought are noted."""

    laid_runs: dict[str, Laid] = field(default_factory=dict)
    left: dict[str, dict[str, AttemptSucceeded | AttemptFailed]] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)
    log_bytes: dict[str, int] = field(default_factory=dict)
    brought: list[str] = field(default_factory=list)

    def runs(self) -> list[str]:
        return sorted(self.laid_runs)

    def laid(self, run: str) -> Laid:
        if run not in self.laid_runs:
            raise MissingError(f"there is no run {run}")
        return self.laid_runs[run]

    def ends(self, run: str) -> Mapping[str, AttemptSucceeded | AttemptFailed]:
        return self.left.get(run, {})

    def bring(self, digest: str) -> int | None:
        self.brought.append(digest)
        return self.values.get(digest)

    def bring_logs(self, run: str, into: str) -> int:
        return self.log_bytes.pop(run, 0)


def unreadable() -> PluginError:
    """Return what a plugin raises that cannot work."""
    return PluginError("the runner 'far' needs a package", "pip install it")
