"""Runs as records for whole screens of the terminal UI: those of the command line, and one for each state of a run."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import SimpleNamespace

from cli_fakes import BAD, NOW, FakeWorkspace, item, output, ref, run, step
from graphs import graph_of
from grown_graphs import trials
from memory_logs import MemoryLogs

from graftline.core.artifacts import MetricPoint, Output
from graftline.core.errors import MissingError
from graftline.core.graph import Graph, Growth
from graftline.core.growth import grown
from graftline.core.ids import RunId
from graftline.core.listings import RunQuery, Spread
from graftline.core.ports import LogChunk, LogTail
from graftline.core.runs import Attempt, RunSpec, Snapshot, StepRun
from graftline.core.states import Reason, Status

LIVE = RunId("live" + "l" * 12)
HUGE = RunId("huge" + "h" * 12)
EMPTY = RunId("none" + "n" * 12)
ITEMS = 1_200
"""Of the large map: many times what a screen holds; 5,000 took 20 s more of CPU in all tests."""
NEEDS: Mapping[str, tuple[str, ...]] = {
    "fetch": (),
    "validate": ("fetch",),
    "split": ("validate",),
    "feat.num": ("split",),
    "feat.text": ("split",),
    "join": ("feat.num", "feat.text"),
    "train_gbm": ("join",),
}


class Records(FakeWorkspace):
    """The runs that the command line's screens are tested with."""

    def __init__(self) -> None:
        super().__init__()
        objects = "/home/ada/.local/share/graftline/objects"
        self.captured = MemoryLogs()
        parts = SimpleNamespace(project="iris", clock=lambda: NOW, objects=objects, logs=self.captured)
        self.parts = parts  # type: ignore[assignment]
        self.captured.chunks[BAD] = self.log_chunks
        self.inquiry = SimpleNamespace(past_seconds=lambda run: {}, why=self._why)  # type: ignore[assignment]

    def _why(self, run: RunId, path: str) -> None:
        raise MissingError("nothing is on record")

    def spread(self, query: RunQuery, every: int) -> Spread:
        """Count the runs."""
        return Spread(count=len(self.runs(query)), keys=())

    def snapshot(self, run: RunId) -> Snapshot:
        """Return no code."""
        return Snapshot(files={}, contents={})

    def follow_logs(self, run: RunId, node: str | None = None, attempt: int | None = None) -> LogTail:
        """Follow what was captured."""
        return self.captured.follow(run, node, attempt)

    def logs(self, run: RunId, node: str | None = None, attempt: int | None = None) -> Iterator[LogChunk]:
        """Read what was captured."""
        return self.captured.read(run, node, attempt)


class RunRecords(Records):
    """A run that goes on, one of thousands of steps, and one without any."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: dict[RunId, dict[str, list[Attempt]]] = {LIVE: _live_attempts(), EMPTY: {}}
        graph, huge = _huge()
        self.graphs: dict[RunId, Graph] = {LIVE: graph_of(NEEDS), EMPTY: graph_of({}), HUGE: graph}
        live = _live_steps()
        self.tried[HUGE] = {each.path: [_attempt(1, each.started, each.seconds, each.state)] for each in huge}
        self.records = {
            EMPTY: (run(EMPTY, Status.SUCCESS, [], pipeline="empty", created=NOW - 300), []),
            HUGE: (run(HUGE, Status.FAILURE, huge, pipeline="huge", created=NOW - 200), huge),
            LIVE: (run(LIVE, Status.STARTED, live, pipeline="churn.train", started=NOW - 131), live),
        }
        past = {"feat.text": 25.0, "join": 4.0, "train_gbm": 40.0}
        self.inquiry = SimpleNamespace(past_seconds=lambda run: past, why=self._why)  # type: ignore[assignment]
        for at in range(40):
            line = {"level": "error" if at == 33 else "info", "msg": f"row {at}", "n": at}
            self.captured.write(LIVE, "feat.text", json.dumps(line) + "\n", attempt=1 + at // 20)
        self.captured.write(LIVE, "split", "\x1b[31mWARNING\x1b[0m: few rows\n", stream="stderr")
        self.captured.chunks[HUGE] = _huge_log()

    def attempts(self, run: RunId, node: str | None = None) -> dict[str, list[Attempt]]:
        """Return the attempts of a run."""
        found = self.tried[run]
        return found if node is None else {node: found.get(node, [])}

    def graph(self, run: RunId) -> Graph:
        """Return the graph of a run."""
        return self.graphs[run]

    def spec(self, run: RunId) -> RunSpec:
        """Return what it was started from."""
        from dataclasses import replace

        return replace(super().spec(run), graph=self.graphs[run], jobs=2)


def picture() -> bytes:
    """Return a small PNG: red turns into blue."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + bytes(v for x in range(32) for v in (255 - 8 * x, 8 * y, 8 * x)) for y in range(16))
    header = struct.pack(">IIBBBBB", 32, 16, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _attempt(n: int, started: float | None, seconds: float | None, state: Status, **given: object) -> Attempt:
    fields: dict[str, object] = {
        "n": n,
        "state": state,
        "reason": None,
        "dispatched": started,
        "started": started if seconds is not None else None,
        "seconds": seconds,
        "cpu_seconds": seconds,
        "peak_bytes": 88_400_000,
        "worker": f"w{n}" if seconds is not None else None,
        "code": None,
    }
    return Attempt(**(fields | given))  # type: ignore[arg-type] # fields of Attempt


def _live_attempts() -> dict[str, list[Attempt]]:
    begun = NOW - 130
    return {
        "validate": [_attempt(1, begun, 14.0, Status.SUCCESS)],
        "split": [_attempt(1, begun + 16, 26.0, Status.SUCCESS, dispatched=begun + 14)],
        "feat.num": [_attempt(1, begun + 44, 31.0, Status.SUCCESS, dispatched=begun + 43)],
        "feat.text": [
            _attempt(1, begun + 45, 12.0, Status.FAILURE, dispatched=begun + 43),
            _attempt(2, begun + 65, 12.0, Status.FAILURE, dispatched=begun + 60),
            _attempt(3, begun + 110, None, Status.STARTED),
        ],
    }


def _live_steps() -> list[StepRun]:
    table = Output("report.csv", "file", ref(b"name,score\nada,1\nbob,2\n", "file"))
    plot = Output("plot.png", "file", ref(picture(), "file"))
    losses = tuple(MetricPoint("loss", 3.0 / (at + 1), at, NOW) for at in range(200))
    odd = (MetricPoint("grad", float("nan"), 0, NOW), MetricPoint("grad", float("inf"), 1, NOW))
    return [
        step("fetch", Status.CACHED, cached_from=RunId("3f29" + "a" * 12), outputs=(output("raw", [1, 2, 3]),)),
        step("validate", needs=NEEDS["validate"], seconds=14.0, outputs=(output("rows", [{"a": 1, "b": "x"}] * 3),)),
        step("split", needs=NEEDS["split"], seconds=26.0, outputs=(table, plot), metrics=losses + odd),
        step("feat.num", needs=NEEDS["feat.num"], seconds=31.0, outputs=(output("num", 4.5),)),
        step("feat.text", Status.STARTED, needs=NEEDS["feat.text"], started=NOW - 20, attempts=3),
        step("join", Status.PENDING, needs=NEEDS["join"]),
        step("train_gbm", Status.PENDING, needs=NEEDS["train_gbm"]),
    ]


@cache
def _huge() -> tuple[Graph, list[StepRun]]:
    """Return the large run's graph and steps, once for all tests."""
    graph = grown(trials(), [Growth("trials/items", ITEMS)])
    return graph, _huge_steps(graph)


@cache
def _huge_log() -> list[LogChunk]:
    written = MemoryLogs()
    for at in range(ITEMS):
        written.write(HUGE, f"trials/{at}/fit", f"fitting {at}\n")
    return written.chunks[HUGE]


def _huge_steps(graph: Graph) -> list[StepRun]:
    steps: list[StepRun] = []
    for at, node in enumerate(graph.nodes):
        begun = NOW - 190 + at / 15
        needs: Sequence[str] = node.needs
        if node.family is None:
            steps.append(step(node.path, needs=tuple(needs), started=begun, seconds=1.0))
        elif at % 1150 == 17:
            reason = Reason.ERROR
            steps.append(item(node.path, node.family, Status.FAILURE, needs=needs, started=begun, reason=reason))
        else:
            found = (output("auc", at / ITEMS, "metric"), output("model", at))
            steps.append(item(node.path, node.family, needs=needs, started=begun, outputs=found, seconds=0.5 + at % 7))
    return steps
