"""Runners that carry whole graphs themselves, in this process: tiny, honest, silent, careless and broken ones."""

from __future__ import annotations

import time
from typing import Any

from graftline.core.errors import Cancelled, PluginError
from graftline.core.events import AttemptDispatched, AttemptFailed, AttemptSucceeded, RunFinished, StepSettled
from graftline.core.graph import Graph, Node
from graftline.core.runner import Runner
from graftline.core.runs import StepError
from graftline.core.session import Session
from graftline.core.states import Reason, Status


class TinyRunner(Runner):
    """Calls each function of the graph here, one after the other, and reports every fact. Keeps no values.

    A function that raises fails its step and skips the rest, for the pipelines of these tests are chains.
    """

    @classmethod
    def run(cls, symbols: Graph, *, events: Session, **kwargs: Any) -> None:
        """Carry the graph from where it stands."""
        state = Status.SUCCESS
        for node in symbols.nodes:
            known = events.past[node.path]
            if known.state.is_final:
                continue
            if events.requests.take() or events.log.requests():
                state = Status.CANCELLED
            if state is Status.SUCCESS:
                state = _attempt(symbols, node, known.attempts + 1, events)
            else:
                left, why = (Status.SKIPPED, Reason.UPSTREAM)
                if state is Status.CANCELLED:
                    left, why = Status.CANCELLED, Reason.USER
                events.report([StepSettled(node=node.path, state=left, reason=why, at=events.clock())])
        reason = Reason.USER if state is Status.CANCELLED else None
        events.report([RunFinished(state=state, reason=reason, at=events.clock())])


def _attempt(graph: Graph, node: Node, attempt: int, events: Session) -> Status:
    import importlib

    begun = events.clock()
    events.report([AttemptDispatched(node=node.path, attempt=attempt, at=begun)])
    call = graph.operations[node.operation].call
    try:
        getattr(importlib.import_module(call.module or ""), call.qualname or "")()
    except Exception as problem:  # noqa: BLE001  stands for the step's own exception
        error = StepError(type=type(problem).__name__, message=str(problem))
        events.report(
            [
                AttemptFailed(
                    node=node.path, attempt=attempt, at=events.clock(), started=begun, seconds=0.0, cpu_seconds=None,
                    peak_bytes=None, worker="tiny", reason=Reason.ERROR, error=error,
                )
            ]
        )  # fmt: skip
        return Status.FAILURE
    events.report(
        [
            AttemptSucceeded(
                node=node.path, attempt=attempt, at=events.clock(), started=begun, seconds=0.0, cpu_seconds=0.0,
                peak_bytes=None, worker="tiny", outputs=(),
            )
        ]
    )  # fmt: skip
    return Status.SUCCESS


class SilentRunner(Runner):
    """Does everything elsewhere and says nothing; raises what its option `error` holds."""

    @classmethod
    def run(cls, symbols: Graph, *, events: Session, **kwargs: Any) -> None:
        """Take a moment."""
        time.sleep(0.01)
        if (error := kwargs.get("error")) is not None:
            raise error


class CarelessRunner(Runner):
    """Reports that the first step started (and with the option `fails`, that it failed), and forgets the rest."""

    @classmethod
    def run(cls, symbols: Graph, *, events: Session, **kwargs: Any) -> None:
        """Report too little."""
        path = symbols.nodes[0].path
        events.report([AttemptDispatched(node=path, attempt=events.past[path].attempts + 1, at=events.clock())])
        if kwargs.get("fails"):
            events.report(
                [
                    AttemptFailed(
                        node=path, attempt=1, at=events.clock(), started=None, seconds=None, cpu_seconds=None,
                        peak_bytes=None, worker=None, reason=Reason.ERROR, error=StepError(type="E", message="no"),
                    )
                ]
            )  # fmt: skip
        if (error := kwargs.get("error")) is not None:
            raise error


OURS = PluginError("the cluster is out of reach", "start it")
STOPPED = Cancelled("somebody pressed stop over there")
