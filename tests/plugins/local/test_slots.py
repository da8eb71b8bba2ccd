"""Counted resources are shared by all runs of a machine and come back when their holder dies."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from local_runs import context, ends, operation, order, own_environment, until

from graftline.core.errors import InvalidError
from graftline.plugins.local.executor import LocalExecutor
from graftline.plugins.local.slots import Cores, MachineSlots


def test_a_resource_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    first = MachineSlots(str(tmp_path), {"gpu": 2, "licence": 1})
    second = MachineSlots(str(tmp_path), {"gpu": 2, "licence": 1})

    assert first.acquire("a", {"gpu": 1, "licence": 1})
    assert not second.acquire("b", {"gpu": 1, "licence": 1})
    assert second.acquire("c", {"gpu": 1})
    assert first.held("a", "gpu") != second.held("c", "gpu")

    first.release("a")
    assert second.acquire("b", {"gpu": 1, "licence": 1})
    first.close()
    second.close()


def test_memory_is_shared_by_parts_of_the_capacity(tmp_path: Path) -> None:
    slots = MachineSlots(str(tmp_path), {"memory": 64e9})

    assert slots.acquire("a", {"memory": 40e9})
    assert not slots.acquire("b", {"memory": 30e9})
    assert slots.acquire("c", {"memory": 24e9})
    slots.close()


@pytest.mark.parametrize("demand", [{"gpu": 3.0}, {"tpu": 1.0}])
def test_what_can_never_be_had_is_told_at_once(tmp_path: Path, demand: dict[str, float]) -> None:
    slots = MachineSlots(str(tmp_path), {"gpu": 2})

    with pytest.raises(InvalidError, match=next(iter(demand))):
        slots.acquire("fit", demand)
    slots.close()


def test_a_killed_holder_gives_its_slots_back(tmp_path: Path) -> None:
    code = f"""
import time
from graftline.plugins.local.slots import MachineSlots
slots = MachineSlots({str(tmp_path)!r}, {{"gpu": 1}})
print(slots.acquire("a", {{"gpu": 1}}), flush=True)
time.sleep(60)
"""
    slots = MachineSlots(str(tmp_path), {"gpu": 1})
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=own_environment()) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert not slots.acquire("b", {"gpu": 1})

        holder.kill()

    assert slots.acquire("b", {"gpu": 1})
    slots.close()


def test_a_run_without_a_core_gets_one_from_a_run_that_has_held_its_own_for_a_while(tmp_path: Path) -> None:
    first, second = Cores(str(tmp_path), count=2), Cores(str(tmp_path), count=2)
    assert first.hold(2)
    assert not second.hold(1)
    assert not first.must_share()  # too soon

    assert until(first.must_share, within_s=2)
    first.give_up(2)
    assert not first.hold(2)  # one attempt is at its border: its core is promised
    first.keep(1)

    assert second.hold(1)
    assert (first.held, second.held) == (1, 1)
    first.close()
    second.close()


def test_two_runs_never_keep_more_workers_busy_than_there_are_cores(tmp_path: Path) -> None:
    slots = tmp_path / "slots"
    slots.mkdir()
    runs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        chosen = context(tmp_path / name, [operation("stamp")], jobs=2)
        runs.append(LocalExecutor(chosen, cores=Cores(str(slots), count=2)))

    for executor in runs:
        executor.submit(
            [order(f"s{n}", folder=str(tmp_path), name=f"{id(executor)}-{n}", seconds=0.15) for n in range(6)]
        )
    left = [6, 6]
    deadline = time.monotonic() + 15
    while any(left) and time.monotonic() < deadline:
        for index, executor in enumerate(runs):
            left[index] -= len(executor.wait(0.01))
    for executor in runs:
        executor.close()

    assert left == [0, 0]
    spans = sorted(tuple(map(float, file.read_text().split()[:2])) for file in tmp_path.glob("*-*"))
    for began, _ in spans:
        assert sum(start <= began < end for start, end in spans) <= 2


def test_a_run_inside_a_step_takes_no_core_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = context(tmp_path, [operation("nothing")])
    cores = Cores(chosen.slots)
    assert cores.hold(len(cores._files))
    monkeypatch.setenv("GRAFT_RUN", "outer")

    executor = LocalExecutor(chosen)
    executor.submit([order("inner")])

    assert ends(executor, 1)
    executor.close()
    cores.close()


@pytest.mark.parametrize(
    ("visible", "expected"), [("", {"0", "1"}), ("3,5", {"3", "5"}), ("GPU-a, GPU-b", {"GPU-a", "GPU-b"})]
)
def test_a_step_sees_the_gpus_it_holds_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visible: str, expected: set[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    slots = MachineSlots(str(tmp_path), {"gpu": 2.0})

    assert slots.acquire("a", {"gpu": 1.0})
    assert slots.acquire("b", {"gpu": 1.0})
    assert not slots.acquire("c", {"gpu": 1.0})

    seen = [dict(slots.environ(node))["CUDA_VISIBLE_DEVICES"] for node in ("a", "b")]
    assert set(seen) == expected
    slots.release("a")
    assert slots.environ("a") == ()
    slots.close()


def test_a_step_without_gpus_gets_no_environment(tmp_path: Path) -> None:
    slots = MachineSlots(str(tmp_path), {"db": 1.0})
    assert slots.acquire("a", {"db": 1.0})
    assert slots.environ("a") == ()
    slots.close()
