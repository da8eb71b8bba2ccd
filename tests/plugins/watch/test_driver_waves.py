"""A save, and leaving, while a wave goes on: what is stopped, what is kept, what survives. Real workers."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from watches import Watched

from graftline.core.states import Status
from graftline.core.watchnews import Superseded

SLOW = """\
from graftline import Pipeline, PythonTask
from slow import long, quick, steady

main = Pipeline([
    PythonTask(steady, returns=["steadied"]),
    PythonTask(long, returns=["longed"]),
    PythonTask(quick, args=["longed"], returns=["quicked"]),
])
"""
SLOWS = """\
import os, subprocess, sys, time
from pathlib import Path

LONG = 60

def steady():
    Path("steady.pid").write_text(str(os.getpid()))
    while not os.path.exists("go"):
        time.sleep(0.01)
    return 1

def long():
    child = subprocess.Popen(["sleep", "60"])
    Path("long.pid").write_text(f"{os.getpid()} {child.pid}")
    time.sleep(LONG)
    return 2

def quick(longed):
    return longed
"""


def test_a_save_during_a_wave_stops_what_it_made_obsolete_and_keeps_what_it_did_not(
    root: Path, watched: Callable[..., Watched]
) -> None:
    (root / "pipeline.py").write_text(SLOW.replace('args=["longed"], ', ""))
    (root / "slow.py").write_text(SLOWS)
    watch = watched()
    watch.until_begun("long")
    pids = _pids(root / "long.pid", 2)
    _pids(root / "steady.pid", 1)

    watch.replace("slow.py", "LONG = 60", "LONG = 0")
    told = watch.until(lambda came: came if isinstance(came, Superseded) else None)
    assert _are_gone(pids[:1])
    (root / "go").touch()
    early = watch.until_ended()
    assert _are_gone(pids)
    last = watch.until_ended()

    assert (told.cancelled, told.spared) == (("long",), ("steady",))
    assert (early.is_superseded, early.run.state) == (True, Status.CANCELLED)
    assert watch.states(early.run.id)["steady"] is Status.SUCCESS
    assert watch.states(last.run.id) == {
        "steady": Status.CACHED, "long": Status.SUCCESS, "quick": Status.SUCCESS,
    }  # fmt: skip


def test_leaving_during_a_wave_leaves_no_process(root: Path, watched: Callable[..., Watched]) -> None:
    (root / "pipeline.py").write_text(SLOW.replace('args=["longed"], ', ""))
    (root / "slow.py").write_text(SLOWS)
    watch = watched()
    pids = _pids(root / "long.pid", 2)

    watch.leave()

    assert _are_gone(pids)
    assert watch.waves()[0].state is Status.CANCELLED


def test_leaving_does_not_wait_for_an_import_that_hangs(root: Path, watched: Callable[..., Watched]) -> None:
    (root / "pipeline.py").write_text("import time\ntime.sleep(60)\n" + SLOW)
    (root / "slow.py").write_text(SLOWS)
    watch = watched()
    time.sleep(0.5)
    began = time.monotonic()

    watch.leave()

    assert time.monotonic() - began < 5.0


def _pids(file: Path, count: int) -> list[int]:
    deadline = time.monotonic() + 10.0
    while not (file.exists() and len(file.read_text().split()) == count):
        assert time.monotonic() < deadline, f"{file.name} is not written"
        time.sleep(0.01)
    return [int(word) for word in file.read_text().split()]


def _are_gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 10.0
    while any(_lives(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in b"ZX"
    except OSError:
        return False
