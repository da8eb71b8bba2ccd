"""`graft worker` and `graft workers`: host submissions, and see who does."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from types import FrameType
from typing import Annotated, Any

from ...core.demands import DEFAULT_LABEL
from ...core.document import SCHEMA, instant
from ...core.errors import InvalidError
from ...core.moments import ago
from ...core.quantities import duration_text
from ...core.queue import Submission, Worker, WorkerState
from ...core.shift import ShiftRequest, labels_of
from ...core.submitting import check_labels
from .. import context
from ..declaring import Option
from ..look import look_of
from ..options import Options
from ..printer import put, put_document, remark
from ..table import Column, table

KILLED = 143
"""What a shell reports for a process that SIGTERM ended."""


def worker(
    options: Options,
    *,
    label: Annotated[
        list[str] | None,
        Option("--label", metavar="LABEL", help="Serve this label; repeatable. None: 'default'."),
    ] = None,
    jobs: Annotated[
        int | None, Option("-j --jobs", metavar="N", min=1, help="Runs hosted at once; attempts of --celery.")
    ] = None,
    once: Annotated[bool, Option("--once", help="End when nothing waits that fits.")] = False,
    celery: Annotated[
        str | None,
        Option("--celery", metavar="RUNNER|URL", help="Be a celery worker of a runner, or of a broker."),
    ] = None,
) -> int:
    """Take submissions with these labels and host them, one process each.

    SIGTERM or Ctrl+C: end what it has and take nothing more. A second one: at once; its runs go back to the queue.
    """
    labels = labels_of(label or (), DEFAULT_LABEL)
    check_labels(labels)
    if celery is not None:
        if once:
            raise InvalidError("--once and --celery exclude each other", "a celery worker serves until it is stopped")
        return _serve(options, celery, labels, jobs)
    space = context.workspace(options)
    shift = space.parts.shift(ShiftRequest(labels=labels, slots=jobs or 1, is_once=once), remark)
    asked: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        if len(asked) == 1:
            shift.drain()
            remark("draining: what is at work goes on to its end; again to stop it now")
        else:
            shift.kill()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    remark(f"serving {', '.join(labels)}; {jobs or 1} at once")
    try:
        shift.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        space.submissions.adopt()  # nobody else may be there for what came too late for this worker
    return KILLED if len(asked) > 1 else 0


def workers(options: Options) -> int:
    """List workers: where they are, what they serve, what they have; and what waits for one."""
    space = context.workspace(options)
    found, waiting = space.submissions.workers(), space.submissions.queue.waiting()
    if options.is_json:
        put_document(
            {
                "schema": SCHEMA,
                "workers": [_worker_entry(each) for each in found],
                "waiting": [_waiting_entry(each) for each in waiting],
                "labels": space.submissions.labels(),
            }
        )
        return 0
    if found:
        put(_table(options, found))
    else:
        remark("no workers; this machine's pool serves label 'default'")
    now = space.parts.clock()
    for each in waiting:
        remark(f"run {each.run[:6]} waits for {', '.join(each.labels)} since {ago(each.created, now)}")
    return 0


def _serve(options: Options, name: str, labels: Sequence[str], jobs: int | None) -> int:
    """Be a worker of a runner, which is called by its name or by the URL of its broker."""
    if "://" in name:
        return context.runner(options, "celery").runner.serve(labels, jobs, remark, broker=name)
    choice = context.runner(options, name)
    return choice.runner.serve(labels, jobs, remark, **choice.options)


def _table(options: Options, found: list[Worker]) -> list[str]:
    heads = [
        Column(title="WORKER", is_right=True),
        Column(title="STATE"),
        Column(title="HOST", rank=2),
        Column(title="PID", is_right=True, rank=1),
        Column(title="LABELS", shrinks=True),
        Column(title="SLOTS", is_right=True),
        Column(title="RUNS", shrinks=True),
        Column(title="BEAT", is_right=True, rank=3),
    ]
    look = look_of(is_plain=options.is_plain)
    rows = [
        [
            str(each.number),
            each.state.upper() if each.state is WorkerState.LOST else each.state,
            each.host,
            str(each.pid),
            ",".join(each.labels),
            f"{len(each.runs)}/{each.slots}",
            " ".join(run[:6] for run in each.runs),
            duration_text(each.beat_age_s),
        ]
        for each in found
    ]
    return table(look, heads, rows)


def _worker_entry(each: Worker) -> dict[str, Any]:
    return {
        "worker": each.number,
        "state": each.state,
        "host": each.host,
        "pid": each.pid,
        "labels": list(each.labels),
        "slots": each.slots,
        "runs": list(each.runs),
        "beat_age": round(each.beat_age_s, 3),
        "started": instant(each.started),
    }


def _waiting_entry(each: Submission) -> dict[str, Any]:
    return {
        "run": each.run,
        "labels": list(each.labels),
        "claims": each.claims,
        "created": instant(each.created),
    }
