"""A workspace in memory whose steps have code, parameters and packages that a test changes as a person does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from run_specs import value
from spaces import TARGET, FakeLoader, Space, StubRunner

from graftline.core.artifacts import Output
from graftline.core.graph import Argument, Call, CallKind, Graph, Node, Operation, Policy, Return
from graftline.core.ids import RunId
from graftline.core.keys import argument_token
from graftline.core.orders import Order
from graftline.core.plans import Plan
from graftline.core.ports import Loaded, LoadRequest
from graftline.core.prints import Print
from graftline.core.requests import RunRequest
from graftline.core.runner import Runner
from graftline.core.runners import RunnerChoice
from graftline.core.runs import Snapshot
from graftline.core.selection import Selection
from graftline.core.supply import Constant, Upstream
from graftline.core.whys import RunWhy, StepWhy

FILE = "steps.py"


class CodedLoader(FakeLoader):
    """Compiles steps whose code is text in one file, `steps.py`, a function each."""

    def __init__(self, needs: Mapping[str, Sequence[str]]) -> None:
        self.needs = {name: tuple(before) for name, before in needs.items()}
        self.code = {name: f"def {name}():\n    return 1\n" for name in needs}
        self.constants: dict[str, dict[str, Any]] = {name: {} for name in needs}
        self.name = "demo"
        self.packages: dict[str, str] = {"numpy": "2.0"}
        self.sources: dict[str, str] = {}
        self.unknown: dict[str, str] = {}
        self.policies: dict[str, Policy] = {}
        super().__init__(self.compiled())

    def compiled(self) -> Graph:
        operations = tuple(
            Operation(
                call=Call(kind=CallKind.PYTHON, module="steps", qualname=name, file=FILE, line=1),
                returns=(Return(name="value"),),
                policy=self.policies.get(name, Policy()),
            )
            for name in self.needs
        )
        nodes = []
        for at, (name, before) in enumerate(self.needs.items()):
            taken = [Argument(each, Upstream(each, "value")) for each in before]
            given = [Argument(key, Constant(found, "fixed")) for key, found in self.constants[name].items()]
            nodes.append(Node(path=name, operation=at, arguments=(*taken, *given), needs=before))
        return Graph(name=self.name, nodes=tuple(nodes), operations=operations)

    def load(self, request: LoadRequest) -> Loaded:
        text = "\n\n".join(self.code.values())
        data = text.encode()
        sha256 = hashlib.sha256(data).hexdigest()
        return Loaded(
            graph=self.compiled(),
            snapshot=Snapshot(files={FILE: sha256}, contents={sha256: data}),
            params={**request.values, **request.params},
            environment={"python": "3.11", "packages": dict(self.packages)},
            preload=(),
            blobs={},
            prints={
                at: Print(
                    parts={f"{FILE}:{name}": hashlib.sha256(self.code[name].encode()).hexdigest()},
                    packages=self.packages,
                    source=self.sources.get(name),
                    unknown=self.unknown.get(name),
                )
                for at, name in enumerate(self.needs)
            },
        )


class Asked(Space):
    """The workspace. What a step makes depends on its code and on what it takes."""

    def __init__(self, needs: Mapping[str, Sequence[str]]) -> None:
        self.code = CodedLoader(needs)
        self.noise = ""
        """Part of what every step makes, whatever it takes."""
        self.kind: type[Runner] = StubRunner
        """Of the next runs."""
        super().__init__(
            loader=self.code,
            runner=lambda name: RunnerChoice(runner=self.kind, options={"call": self._call, "contexts": self.contexts}),
        )

    def why(self, run: RunId, path: str) -> StepWhy:
        found = self.workspace.inquiry.why(run, path)
        assert isinstance(found, StepWhy)
        return found

    def reasons(self, run: RunId) -> RunWhy:
        return self.workspace.inquiry.reasons(run)

    def plan(self, **given: Any) -> Plan:
        return self.workspace.inquiry.plan(RunRequest(target=TARGET, **given))

    def fates(self, **given: Any) -> dict[str, str]:
        """Return what would become of each step, with the verdict of those that run."""
        steps = self.plan(**given).steps
        return {each.path: " ".join(filter(None, (each.fate.value, each.verdict))) for each in steps}

    def edit(self, name: str, text: str) -> None:
        """Give a step another body."""
        self.code.code[name] = f"def {name}():\n    {text}\n"

    def _call(self, order: Order) -> Iterable[Output]:
        self.orders.append(order)
        self.before(order)
        if order.node in self.broken:
            raise ValueError(f"{order.node} is broken")
        taken = [argument_token(found) for _, found in order.arguments]
        return [value(json.dumps([self.code.code[order.node], taken, self.noise]).encode())]


def only(*names: str) -> Selection:
    return Selection(only=names)
