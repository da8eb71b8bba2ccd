"""Two stations of one run at one place: the later one ends the earlier one first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from local_runs import is_alive, own_environment, until

from graftline.plugins.pipe.fence import Fence

HOLD = """
import sys, time
from graftline.plugins.pipe.fence import Fence
held = Fence(sys.argv[1], "run", "0")
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    """Return a process that holds the fence of run `run` at place 0."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], env=own_environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_earlier_holder_is_ended_and_others_are_left_alone(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    Fence(str(tmp_path), "run", "1").close()
    Fence(str(tmp_path), "another", "0").close()
    assert is_alive(holder.pid)

    fence = Fence(str(tmp_path), "run", "0")

    assert until(lambda: holder.poll() is not None)
    fence.close()
    holder.communicate()
    assert list(tmp_path.iterdir()) == []


def test_a_number_that_is_another_process_by_now_is_not_signalled(tmp_path: Path) -> None:
    fence = Fence(str(tmp_path), "run", "0")
    (path,) = tmp_path.iterdir()
    fence.close()
    path.write_text("1 12345")  # left by a machine that went down

    Fence(str(tmp_path), "run", "0").close()

    assert list(tmp_path.iterdir()) == []
