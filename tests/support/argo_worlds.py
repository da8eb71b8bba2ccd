"""One graph carried twice without executing anything: by our scheduler, and by Argo as it was told.

What steps come to is decided by their paths alone, so that both see the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, cast
from zlib import crc32

import yaml
from argo_cluster import LOADER, Cluster, template_of
from argo_models import KINDS, schema_of
from jsonschema import Draft7Validator

from graftline.core.artifacts import ArtifactRef, Output
from graftline.core.decisions import BRANCH, SIZE
from graftline.core.events import AttemptFailed, AttemptSucceeded, Fact, StepJoined
from graftline.core.graph import CallKind, Graph
from graftline.core.orders import RunContext
from graftline.core.runs import StepError
from graftline.core.scheduler import Scheduler
from graftline.core.states import Reason, Status
from graftline.core.translating import Parameter, Sheet
from graftline.plugins.argo.dags import planned
from graftline.plugins.argo.manifest import manifests, text_of
from graftline.plugins.argo.settings import ArgoSettings
from graftline.plugins.remote.single import plain_word

SETTINGS = ArgoSettings(image="registry/steps:1", artifacts="/mnt/volume", claim="graftline")
SCHEMAS = {kind: Draft7Validator(schema_of(kind)) for kind in KINDS}
"""Argo's published schema by the kind of a document."""
_CONTROLS = frozenset({CallKind.SPLIT, CallKind.CHOOSE, CallKind.REDUCE, CallKind.JOIN})


class Told(NamedTuple):
    """How a run came out."""

    well: frozenset[str]
    """Paths of nodes that were executed, or handed on, and succeeded."""
    failed: frozenset[str]
    """Paths of steps that were executed and failed."""
    is_good: bool


class World:
    """What the nodes of a graph come to.

    Args:
        graph: without loops.
        seed: of which steps fail, which branch is taken, how many items there are.
        failing: of how many steps one fails; 0: none does.
    """

    def __init__(self, graph: Graph, seed: int, failing: int) -> None:
        self.graph = graph
        self._seed = seed
        self._failing = failing

    def fails(self, path: str, kind: CallKind) -> bool:
        """Tell whether a node fails, always."""
        return kind not in _CONTROLS and self._failing > 0 and self._drawn(path) % self._failing == 0

    def word(self, path: str, branches: Sequence[str]) -> str:
        """Return the branch that a choice takes."""
        return branches[self._drawn(path) % len(branches)]

    def size(self, path: str) -> int:
        """Return how many items a map has."""
        return self._drawn(path) % 3

    def ours(self) -> Told:
        """Carry it with our scheduler."""
        scheduler = Scheduler(self.graph, jobs=4)
        now, news = 0.0, list[Fact]()
        for _ in range(1000):
            turn = scheduler.advance(news, now)
            while turn.joins and scheduler.result is None:
                turn = scheduler.advance([StepJoined(node=path, at=now, outputs=()) for path in turn.joins], now)
            if scheduler.result is not None:
                break
            now += 1000.0  # longer than any back-off
            started = scheduler.start(9, now, lambda _: True)
            news = [self._end(each.node, each.attempt, now) for each in started]
        assert scheduler.result is not None, "it goes on for ever"
        good = [path for path, state in scheduler.states.items() if state is Status.SUCCESS]
        bad = [path for path in scheduler.states if path in self._failed(scheduler)]
        return Told(frozenset(good), frozenset(bad), scheduler.result.state is Status.SUCCESS)

    def argo(self, folder: Path) -> Told:
        """Carry it as Argo does, from the text of the template."""
        text = text_of(manifests(sheet_of(self.graph), planned(self.graph), SETTINGS, "0" * 64))
        check(text)
        well, failed = set[str](), set[str]()

        def launch(words: Sequence[str], environ: Mapping[str, str]) -> int:
            path = words[-1]
            call = self._call(path)
            if self.fails(path, call.kind):
                failed.add(path)
                return 1
            if "--decision" in words:
                place = Path(words[words.index("--decision") + 1])
                is_choice = call.kind is CallKind.CHOOSE
                word = plain_word(self.word(path, call.branches)) if is_choice else ""
                place.write_text(word if is_choice else json.dumps(list(range(self.size(path)))))
            well.add(path)
            return 0

        cluster = Cluster(template_of(text), folder, folder, launch=launch)
        phase = cluster.submit()
        return Told(frozenset(well), frozenset(failed), phase == "Succeeded")

    def _failed(self, scheduler: Scheduler) -> set[str]:
        return {
            path
            for path, state in scheduler.states.items()
            if state is Status.FAILURE and self.fails(path, self._call(path).kind)
        }

    def _call(self, path: str) -> Any:
        parts = ["[]" if part.isdecimal() else part for part in path.split("/")]
        nodes = [*self.graph.nodes, *(node for body in self.graph.bodies for node in body.nodes)]
        node = next(node for node in nodes if node.path in (path, "/".join(parts)))
        return self.graph.operations[node.operation].call

    def _end(self, path: str, attempt: int, at: float) -> Fact:
        call = self._call(path)
        common: dict[str, Any] = {
            "node": path,
            "attempt": attempt,
            "at": at,
            "started": at,
            "seconds": 0.0,
            "cpu_seconds": 0.0,
            "peak_bytes": None,
            "worker": "world",
        }
        if self.fails(path, call.kind):
            return AttemptFailed(**common, reason=Reason.ERROR, error=StepError(type="ValueError", message="no"))
        outputs: tuple[Output, ...] = ()
        if call.kind is CallKind.CHOOSE:
            outputs = (_told(BRANCH, self.word(path, call.branches)),)
        elif call.kind is CallKind.SPLIT:
            outputs = (_told(SIZE, self.size(path)),)
        return AttemptSucceeded(**common, outputs=outputs)

    def _drawn(self, path: str) -> int:
        return crc32(f"{self._seed} {path}".encode())


def sheet_of(graph: Graph, **more: Any) -> Sheet:
    """Return a graph to be written down; nothing of a run is looked at."""
    return Sheet(graph=graph, context=cast(RunContext, None), folder="/", **more)


def rendered(
    graph: Graph, settings: ArgoSettings = SETTINGS, parameters: Mapping[str, Parameter] | None = None
) -> list[dict[str, Any]]:
    """Return the documents of a graph as a reader of the YAML has them, checked."""
    sheet = sheet_of(graph, parameters=parameters or {})
    text = text_of(manifests(sheet, planned(graph), settings, "0" * 64))
    check(text)
    return list(yaml.load_all(text, Loader=LOADER))


def check(text: str) -> None:
    """Fail unless every document in YAML text fits Argo's schema."""
    for document in yaml.load_all(text, Loader=LOADER):
        assert problems_of(document) == []


def problems_of(document: dict[str, Any]) -> list[str]:
    """Return where a document does not fit Argo's schema, and why."""
    schema = SCHEMAS[document["kind"]]
    return [f"{each.json_path}: {each.message}" for each in schema.iter_errors(document)]


def _told(name: str, value: object) -> Output:
    data = json.dumps(value).encode()
    return Output(name, "value", ArtifactRef(sha256(data).hexdigest(), len(data), "json", data))
