"""Another process on a queue: `python queue_children.py STORE` claims until nothing waits and prints what it got."""

from __future__ import annotations

import sys
from pathlib import Path

from graftline.store.store import open_store


def main(directory: Path) -> None:
    """Claim everything that can be had."""
    with open_store(directory) as store:
        worker = store.queue.register(["default"], 1)
        while (claim := store.queue.claim(worker)) is not None:
            print(claim.run, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
