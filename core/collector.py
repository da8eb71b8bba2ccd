"""Python's cyclic garbage collector, held back while thousands of records are made that all stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG = 400_000
"""Container objects made before a collection, instead of 700: some 80 MB of garbage at worst. With 700 a tenth of the
time of a run of 10,000 steps went to looking at its steps again and again, with 50,000 still 4 %, with 200,000 still
3 %: one look in the loader and one in the command, 20 to 25 ms each."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect seldom during a block. The collector is the whole process's, so it is put back as it was."""
    before = gc.get_threshold()
    if before[0] == 0 or before[0] >= _YOUNG:  # off, or somebody (a run in another thread) has done it
        yield
        return
    gc.set_threshold(_YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
