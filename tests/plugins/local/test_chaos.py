"""Whatever is killed, cancelled or late, in any mix: every order ends exactly once."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from local_runs import context, operation, order

from graftline.core.graph import Operation
from graftline.plugins.local.executor import LocalExecutor

OPERATIONS: tuple[tuple[int, Operation, dict[str, Any]], ...] = (
    (400, operation("nothing"), {}),
    (60, operation("snooze"), {"seconds": 0.01}),
    (6, operation("kill_myself"), {}),
    (6, operation("leave_hard"), {}),
    (6, operation("snooze", timeout_s=0.02), {"seconds": 30}),
    (20, operation("fail"), {}),
    (6, operation("nothing", isolation="process"), {}),
    (6, operation("print_much"), {"size": 200_000}),
)


@pytest.mark.fault
@pytest.mark.parametrize("seed", [1, 4, 5])
def test_every_order_ends_exactly_once(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    kinds = chance.choices(range(len(OPERATIONS)), [weight for weight, _, _ in OPERATIONS], k=400)
    waiting = [order(f"s{number}", kind, **OPERATIONS[kind][2]) for number, kind in enumerate(kinds)]
    executor = LocalExecutor(context(tmp_path, [each for _, each, _ in OPERATIONS], jobs=3))
    ended: Counter[str] = Counter()
    live: set[str] = set()
    deadline = time.monotonic() + 30

    while len(ended) < len(kinds) and time.monotonic() < deadline:
        taken, waiting = waiting[: executor.room()], waiting[executor.room() :]
        live |= {each.node for each in taken}
        executor.submit(taken)
        if live and chance.random() < 0.02:
            executor.cancel(chance.sample(sorted(live), min(3, len(live))), grace_s=chance.choice([0, 0.1]))
        victim = chance.choice(executor._workers) if executor._workers else None
        if victim is not None and chance.random() < 0.01:
            victim.child.signal(signal.SIGKILL)
        if chance.random() < 0.002:
            os.kill(executor._pool.nursery.guardian_pid, signal.SIGKILL)
        for end in executor.wait(1.0):
            ended[end.node] += 1
            live.discard(end.node)
    executor.close()

    assert len(ended) == len(kinds)
    assert set(ended.values()) == {1}
