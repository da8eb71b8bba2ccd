"""Opens local executors on temporary folders and waits for what they yield, always with a deadline."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from graftline.core.events import AttemptEnded, StepTold
from graftline.core.graph import Call, CallKind, Operation, Policy, Return
from graftline.core.ids import new_run_id
from graftline.core.orders import Order, RunContext
from graftline.core.ports import Executor
from graftline.core.supply import Constant
from graftline.worker.logformat import iter_entries

STEPS = "local_steps"
SUPPORT = str(Path(__file__).parent)
DEADLINE_S = 15.0


def operation(name: str, *, returns: bool = False, **policy: object) -> Operation:
    """Return the operation that calls a function of local_steps."""
    return Operation(
        call=Call(kind=CallKind.PYTHON, module=STEPS, qualname=name),
        returns=(Return(name="value"),) if returns else (),
        policy=Policy(**policy),  # type: ignore[arg-type]  # the caller names fields of Policy
    )


def context(
    folder: Path,
    operations: Iterable[Operation],
    *,
    jobs: int = 2,
    secrets: Mapping[str, str] | None = None,
    **more: object,
) -> RunContext:
    """Return a run context whose folders exist below `folder`."""
    for name in ("objects", "logs", "slots"):
        (folder / name).mkdir(exist_ok=True)
    return RunContext(
        run=new_run_id(),
        operations=tuple(operations),
        root=SUPPORT,
        cwd=str(folder),
        sys_path=(SUPPORT,),
        objects=str(folder / "objects"),
        logs=str(folder / "logs"),
        slots=str(folder / "slots"),
        jobs=jobs,
        secrets=secrets or {},
        **more,  # type: ignore[arg-type]  # the caller names fields of RunContext
    )


def order(node: str, operation: int = 0, attempt: int = 1, **arguments: Any) -> Order:
    """Return an order whose arguments are constants."""
    return Order(node, attempt, operation, tuple((name, Constant(value, "fixed")) for name, value in arguments.items()))


def ends(executor: Executor, count: int, within_s: float = DEADLINE_S) -> dict[str, AttemptEnded]:
    """Wait for so many ends; return them by node."""
    found: dict[str, AttemptEnded] = {}
    deadline = time.monotonic() + within_s
    while len(found) < count:
        left = deadline - time.monotonic()
        assert left > 0, f"only {sorted(found)} ended within {within_s} s"
        for end in executor.wait(left):
            if isinstance(end, StepTold):
                continue
            assert end.node not in found, f"{end.node} ended twice"
            found[end.node] = end
    return found


def run_all(executor: Executor, orders: list[Order], within_s: float = DEADLINE_S) -> dict[str, AttemptEnded]:
    """Submit orders as there is room, as an engine does; return their ends by node."""
    found: dict[str, AttemptEnded] = {}
    waiting = list(orders)
    deadline = time.monotonic() + within_s
    while len(found) < len(orders):
        assert time.monotonic() < deadline, f"only {len(found)} of {len(orders)} ended within {within_s} s"
        room = executor.room()
        if waiting and room:
            executor.submit(waiting[:room])
            del waiting[:room]
        found.update({end.node: end for end in executor.wait(1.0) if not isinstance(end, StepTold)})
    return found


def until(is_reached: Callable[[], bool], within_s: float = DEADLINE_S) -> bool:
    """Wait until something holds; return whether it did in time."""
    deadline = time.monotonic() + within_s
    while not is_reached():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in b"ZX"
    except OSError:
        return False


def logged(folder: Path) -> dict[tuple[str, int, str], bytes]:
    """Return what was captured by (node, attempt, stream)."""
    found: dict[tuple[str, int, str], bytes] = {}
    for log in sorted((folder / "logs").glob("*.log")):
        data = log.read_bytes()
        for entry in iter_entries(log):
            key = (entry.node, entry.attempt, entry.stream)
            found[key] = found.get(key, b"") + data[entry.offset : entry.end]
    return found


def left_behind(folder: Path) -> list[int]:
    """Return the pids that `leave_children` wrote; waits for them."""
    assert until((folder / "pids").exists)
    return [int(pid) for pid in (folder / "pids").read_text().split()]


def own_environment() -> dict[str, str]:
    """Return this process's environment with graftline and the support modules importable."""
    import graftline

    above = str(Path(graftline.__path__[0]).parent)
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*os.environ.get("PYTHONPATH", above).split(os.pathsep), SUPPORT]),
    }
