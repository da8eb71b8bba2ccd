"""A workspace whose steps have fingerprints: what a test edits, and what then ran or was reused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from run_specs import value
from spaces import Space
from worlds import output

from graftline.core.artifacts import ArtifactRef, MetricPoint, Output
from graftline.core.events import AttemptEnded, AttemptSucceeded, ResultKept, StepJudged, StepTold
from graftline.core.graph import Argument, Call, CallKind, Graph, Node, Operation, Policy, Return
from graftline.core.ids import RunId
from graftline.core.orders import Order, Resolved, RunContext
from graftline.core.ports import Executor
from graftline.core.prints import Print
from graftline.core.reusing import Reusing
from graftline.core.runner import Runner
from graftline.core.runners import RunnerChoice
from graftline.core.states import Reason, Status
from graftline.core.supply import Constant, Upstream

from fake_executor import FakeExecutor  # isort: skip

Made = Callable[[Order], Iterable[Output]]


def task(
    path: str,
    *takes: str,
    kind: CallKind = CallKind.PYTHON,
    returns: bool = True,
    params: Mapping[str, Any] | None = None,
    **policy: Any,
) -> tuple[Node, Operation]:
    """Return a step of an operation of its own that takes the output of others, and its operation."""
    call = Call(kind=kind, module="steps", qualname=path) if kind is CallKind.PYTHON else Call(kind=kind)
    constants = [Argument(name, Constant(each, "fixed")) for name, each in (params or {}).items()]
    node = Node(
        path=path,
        operation=0,
        arguments=(*[Argument(each, Upstream(each, "value")) for each in takes], *constants),
        needs=takes,
    )
    made = (Return(name="value"),) if returns else ()
    return node, Operation(call=call, returns=made, policy=Policy(**policy))


def graph(*tasks: tuple[Node, Operation]) -> Graph:
    """Return the graph of such steps."""
    nodes = tuple(replace(node, operation=at) for at, (node, _) in enumerate(tasks))
    return Graph(name="demo", nodes=nodes, operations=tuple(operation for _, operation in tasks))


class ToldExecutor(FakeExecutor):
    """Lets ends say what was read, logged, and on which code."""

    def __init__(self, space: ReusingSpace, jobs: int) -> None:
        super().__init__(space.call, jobs=jobs)
        self._space = space

    def wait(self, timeout_s: float | None) -> list[AttemptEnded | StepTold]:
        """Return the ends that are there."""
        return [self._told(end) for end in super().wait(timeout_s)]

    def _told(self, end: AttemptEnded | StepTold) -> AttemptEnded | StepTold:
        if not isinstance(end, AttemptSucceeded):
            return end
        space, node = self._space, end.node
        return replace(
            end,
            at=space.now(),
            started=space.began.get(node, 0.0),
            reads=tuple(space.reads.get(node, ())),
            metrics=tuple(space.metrics.get(node, ())),
            reason=Reason.CODE_CHANGED if node in space.changed else None,
        )


class ToldRunner(Runner):
    """Executes orders in this process."""

    @classmethod
    def executor(cls, context: RunContext, **kwargs: Any) -> Executor:
        """Return an executor, and note that one was opened."""
        kwargs["space"].contexts.append(context)
        return ToldExecutor(kwargs["space"], context.jobs)


class PretendedRunner(ToldRunner):
    """Not real, as the mock runner."""

    takes_resources = False


class ReusingSpace(Space):
    """A workspace on the memory store. What a step makes depends on its path, its arguments and `salt`."""

    def __init__(self, graph: Graph, **changes: Any) -> None:
        self.environ: dict[str, str] = {}
        self.put_back: dict[str, ArtifactRef] = {}
        """Absolute path -> what was written there for steps that were reused."""
        self.reads: dict[str, list[str]] = {}
        """What attempts of a step are seen to read."""
        self.metrics: dict[str, list[MetricPoint]] = {}
        self.made: dict[str, list[Output]] = {}
        """What a step returns instead, by path."""
        self.changed: set[str] = set()
        """Steps that run other code than was planned."""
        self.began: dict[str, float] = {}
        """Wall time by path at which attempts begin; else 0."""
        self.salt: dict[str, str] = {}
        self.items: dict[str, list[Any]] = {}
        """By path of a split; two of them else."""
        self.words: dict[str, str] = {}
        """Branch by path of the choice."""
        self.goes_on: set[str] = set()
        """Paths of iterations after which there is another one."""
        self._runner: type[Runner] = ToldRunner
        super().__init__(
            graph,
            **{
                "runner": lambda name: RunnerChoice(runner=self._runner, options={"space": self}),
                "environ": self.environ,
                "restore": self._restore,
                **changes,
            },
        )
        self.files.now = -10.0  # files are written before any attempt begins, unless a test says otherwise
        self.relabel()

    def relabel(self, **versions: str) -> None:
        """Give each operation a fingerprint of its own; `versions` by path of a step are edits of its code."""
        graph, prints = self.loader.graph, self.loader.prints
        for at in range(len(graph.operations)):
            prints.setdefault(at, Print(parts={f"steps.py:{at}": "1"}))
        for path, version in versions.items():
            at = graph.node(path).operation
            prints[at] = Print(parts={f"steps.py:{at}": version})

    def print_of(self, path: str, **changes: Any) -> None:
        """Change the fingerprint of a step."""
        at = self.loader.graph.node(path).operation
        self.loader.prints[at] = replace(self.loader.prints[at], **changes)

    def pretend(self) -> None:
        """Let the next runs be of a runner that is not real."""
        self._runner = PretendedRunner

    def again(self, **request: Any) -> tuple[RunId, list[str]]:
        """Run; return the run and which steps were executed."""
        self.ran()
        if "reusing" not in request and (picked := {key: request.pop(key) for key in _REUSING & request.keys()}):
            request["reusing"] = Reusing(**picked)
        run = self.run(**request)
        return run, self.ran()

    def verdict(self, run: RunId, path: str) -> tuple[str, str | None] | None:
        """Return why a step ran, with the detail; None: it was not judged to run."""
        judged = self.store.results.judgement(run, path)
        return None if judged is None else (judged.verdict.value, judged.detail)

    def cached(self, run: RunId) -> list[str]:
        return [step.path for step in self.workspace.steps(run) if step.state is Status.CACHED]

    def kept(self, run: RunId) -> list[str]:
        """Return the steps whose results may serve again."""
        facts = [fact for each, group in self.store.groups if each == run for fact in group]
        return [fact.node for fact in facts if isinstance(fact, ResultKept)]

    def judged(self, run: RunId) -> list[StepJudged]:
        """Return the judgements of a run as committed."""
        facts = [fact for each, group in self.store.groups if each == run for fact in group]
        return [fact for fact in facts if isinstance(fact, StepJudged)]

    def now(self) -> float:
        return self.workspace.parts.clock()

    def call(self, order: Order) -> Iterable[Output]:
        """Execute an order."""
        return self._call(order)

    def _call(self, order: Order) -> Iterable[Output]:
        self.orders.append(order)
        self.before(order)
        if order.node in self.broken:
            raise ValueError(f"{order.node} is broken")
        if order.node in self.made:
            return self.made[order.node]
        operation = self.loader.graph.operations[order.operation]
        if operation.call.kind is CallKind.SPLIT:
            items = self.items.get(order.node, [1, 2])
            return [*[output(str(at), item) for at, item in enumerate(items)], output("size", len(items))]
        if operation.call.kind is CallKind.CHOOSE:
            return [output("branch", self.words[order.node])]
        if operation.call.kind is CallKind.UNTIL:
            return [output("again", order.node in self.goes_on)]
        if not operation.returns:
            return []
        said = [self.salt.get(order.node, order.node), *[[name, _text(each)] for name, each in order.arguments]]
        return [value(hashlib.sha256(json.dumps(said).encode()).hexdigest().encode(), operation.returns[0].name)]

    def _restore(self, name: str, ref: ArtifactRef, cwd: str) -> None:
        path = f"{cwd}/{name}"
        self.put_back[path] = ref
        assert ref.inline is not None
        self.files.write(path, ref.inline)


_REUSING = {"is_on", "forced", "sources", "holds_effects", "released"}


def _text(value: Resolved) -> Any:
    if isinstance(value, ArtifactRef):
        return value.sha256
    if isinstance(value, list):
        return [_text(each) for each in value]
    return json.loads(json.dumps(value[0]))
