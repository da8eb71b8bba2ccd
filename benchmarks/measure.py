"""Do one piece of work with one contestant, once, in this process: `python measure.py WORK CONTESTANT SIZE`.

The last line on stdout is the outcome as JSON. The current directory is a scratch folder.
"""

from __future__ import annotations

import importlib
import json
import sys

from works import big_array, chain, cold_start, layered, no_change, one_row, saving, throughput

WORKS = {
    work.name: work
    for work in (
        *(throughput.WORK, chain.WORK, layered.WORK, big_array.WORK),
        *no_change.WORKS,
        *cold_start.WORKS,
        saving.WORK,
        one_row.WORK,
    )
}


def main(name: str, contestant: str, size: str) -> None:
    """Measure and print."""
    outcome = WORKS[name].run(importlib.import_module(contestant), int(size))
    print(json.dumps({"seconds": outcome.seconds, "note": outcome.note}))


if __name__ == "__main__":
    main(*sys.argv[1:])
