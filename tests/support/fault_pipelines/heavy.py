"""Steps whose outputs are files of some size: what fills a disk. N: how many; BYTES: of each."""

from __future__ import annotations

import os

from graftline import Pipeline, PythonTask


def produce(index: int) -> bytes:
    """Return bytes that nobody else returns."""
    return index.to_bytes(8, "little") * (int(os.environ.get("BYTES", "100000")) // 8)


heavy = Pipeline(
    name="heavy",
    steps=[
        PythonTask(
            function=produce, name=f"produce_{index:02d}", params={"index": index}, returns=[f"data_{index:02d}"]
        )
        for index in range(int(os.environ.get("N", "40")))
    ],
)
