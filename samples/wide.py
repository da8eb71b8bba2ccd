"""Many independent steps: what the fault tests kill in the middle.

Environment:
    N               number of steps (default 200)
    STEP_SECONDS    how long each sleeps (default 0)
    SIDE_EFFECTS    file each step appends its index to when it starts, so that executions can be counted
"""

import os
import time

from graftline import Pipeline, PythonTask


def work(index: int) -> int:
    """Append a line to the side-effect file, sleep, return the index squared."""
    effects = os.environ.get("SIDE_EFFECTS")
    if effects:
        # One write of a few bytes to a file opened for appending: lines of several workers never mix.
        descriptor = os.open(effects, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, f"{index}\n".encode())
        os.close(descriptor)
    time.sleep(float(os.environ.get("STEP_SECONDS", "0")))
    return index * index


wide = Pipeline(
    name="wide",
    steps=[
        PythonTask(function=work, name=f"work_{index:04d}", params={"index": index}, returns=[f"square_{index:04d}"])
        for index in range(int(os.environ.get("N", "200")))
    ],
)

if __name__ == "__main__":
    wide.execute()
