"""Many short steps, each of which prints one line on stdout or stderr. N: how many."""

from __future__ import annotations

import os
import sys

from graftline import Pipeline, PythonTask


def talk(index: int) -> None:
    """Print a line; every third on stderr."""
    print(f"line {index} of step {index}", file=sys.stderr if index % 3 == 0 else sys.stdout)


chatter = Pipeline(
    name="chatter",
    steps=[
        PythonTask(function=talk, name=f"talk_{index:04d}", params={"index": index})
        for index in range(int(os.environ.get("N", "500")))
    ],
)
