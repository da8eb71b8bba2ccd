"""Returns that are found in what a step printed."""

from __future__ import annotations

import mmap
import os
import re
from collections import deque
from typing import IO

from ..core.graph import Return
from .returns import WrongReturns, value_of_text


def find_patterns(returns: tuple[Return, ...], output: IO[bytes]) -> list[tuple[Return, object]]:
    """Return each return with its value: the first group of the pattern's last match in the output.

    The last one, because a training script prints its score after each round.

    Raises:
        WrongReturns: a pattern matches nothing.
    """
    output.flush()
    size = os.fstat(output.fileno()).st_size
    data = mmap.mmap(output.fileno(), size, access=mmap.ACCESS_READ) if size else b""
    return [(each, _find(each, data)) for each in returns]


def _find(declared: Return, data: bytes | mmap.mmap) -> object:
    pattern = re.compile((declared.pattern or "").encode(), re.MULTILINE)
    matches = deque(pattern.finditer(data), maxlen=1)
    if not matches:
        raise WrongReturns(f"return {declared.name!r}: nothing in the output matches {declared.pattern!r}")
    text: bytes = matches[0].group(1 if pattern.groups else 0) or b""
    return value_of_text(text.decode("utf-8", "replace"))
