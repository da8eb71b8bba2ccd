"""Peak memory of one attempt after another in one process."""

from __future__ import annotations

import os
import subprocess
import sys

# A fork, as real workers are: the peak of a program starts with that of the one that executed it, here pytest's.
CODE = """
import os
from graftline.worker.usage import Meter
child = os.fork()
if child:
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
meter = Meter()
for mb in (80, 20, 0, 40):
    meter.start()
    block = b"x" * (mb * 1_000_000)
    del block
    print(meter.stop()[1], flush=True)
meter.start()
print(meter.stop(10**12)[1], flush=True)
os._exit(0)
"""


def test_each_attempt_has_its_own_peak_and_none_when_it_cannot_be_told() -> None:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, env=environ, timeout=30, check=True
    )
    large, small, none, middle, child = done.stdout.split()

    assert 80_000_000 < int(large) < 160_000_000
    assert 20_000_000 < int(small) < 70_000_000  # found although the one before needed more
    assert none == "None"
    assert int(small) < int(middle) < int(large)
    assert int(child) == 10**12
