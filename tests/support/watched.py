"""What a watch is told, made by hand: compiled code by its parts, facts of steps, ends of waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from graftline.core.changes import ChangeSet
from graftline.core.events import AttemptDispatched, AttemptSucceeded, Fact
from graftline.core.graph import Argument, Call, CallKind, Graph, Json, Node, Operation, Policy
from graftline.core.ids import RunId
from graftline.core.ports import Loaded
from graftline.core.prints import Print
from graftline.core.runs import CodeState, Run, Snapshot
from graftline.core.states import Status
from graftline.core.supply import Constant
from graftline.core.watchevents import Changed, Command, WaveEnded


def compiled(
    steps: Mapping[str, str],
    *,
    needs: Mapping[str, Sequence[str]] | None = None,
    params: Mapping[str, Json] | None = None,
    policies: Mapping[str, Policy] | None = None,
    line: int = 1,
    unknown: str | None = None,
) -> Loaded:
    """Return what loading makes of a pipeline: path -> text of its function in `code.py`, each after the one before.

    Args:
        steps: path -> text.
        needs: path -> what it waits for; the one before it where nothing is said.
        params: path -> value of its argument `x`.
        policies: by path.
        line: where the functions stand.
        unknown: why no fingerprint tells all.
    """
    nodes, operations = [], []
    before: tuple[str, ...] = ()
    for index, path in enumerate(steps):
        call = Call(kind=CallKind.PYTHON, module="code", qualname=path, file="code.py", line=line + index)
        operations.append(Operation(call=call, policy=(policies or {}).get(path, Policy())))
        arguments = (Argument("x", Constant((params or {})[path], "cli")),) if path in (params or {}) else ()
        wants = tuple((needs or {}).get(path, before))
        nodes.append(Node(path=path, operation=index, arguments=arguments, needs=wants))
        before = (path,)
    prints = {
        index: Print(parts={f"code.py:{path}": text}, unknown=unknown)
        for index, (path, text) in enumerate(steps.items())
    }
    return Loaded(
        graph=Graph(name="test", nodes=tuple(nodes), operations=tuple(operations)),
        snapshot=Snapshot(files={"code.py": f"{sorted(steps.items())} {line}"}, contents={}),
        params={},
        environment={},
        preload=(),
        blobs={},
        prints=prints,
    )


def saved(*paths: str, at: float = 100.0, digest: str = "new") -> Changed:
    """Return that files were saved."""
    return Changed.of(ChangeSet(modified=paths, digests=dict.fromkeys(paths, digest)), at)


def dispatched(*paths: str) -> list[Fact]:
    """Return that steps were handed to workers."""
    return [AttemptDispatched(node=path, attempt=1, at=1.0) for path in paths]


def succeeded(path: str, reads: tuple[str, ...] = ()) -> AttemptSucceeded:
    """Return that a step is done."""
    return AttemptSucceeded(
        node=path, attempt=1, at=1.0, started=1.0, seconds=0.0, cpu_seconds=0.0, peak_bytes=None, worker="w1",
        outputs=(), reads=reads,
    )  # fmt: skip


_RUN = Run(
    id=RunId("w" * 16), project="p", pipeline="test", action="job", state=Status.SUCCESS, reason=None, runner="local",
    origin="watch", params={}, tags=(), created=0.0, started=0.0, finished=1.0, lineage=None, generation=None,
    parent=None, code=CodeState(), counts={},
)  # fmt: skip


def over(state: Status = Status.SUCCESS, at: float = 50.0) -> WaveEnded:
    """Return that the wave is over."""
    return WaveEnded(at=at, run=replace(_RUN, state=state))


def kinds(commands: Sequence[Command]) -> list[str]:
    """Return the names of commands and news, in order."""
    return [type(command).__name__ for command in commands]
