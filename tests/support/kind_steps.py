"""Steps of every kind that tests run in workers: streams, records, things logged before a failure."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import graftline


def counting(n: int) -> Iterator[int]:
    """Yield n numbers and return nothing."""
    yield from range(n)


def counting_with_result(n: int) -> Any:
    """Yield n numbers and return two results."""
    yield from range(n)
    return "sum", sum(range(n))


async def words(text: str) -> AsyncIterator[dict[str, Any]]:
    """Stream as a language model does: a status, the words, all of it at the end."""
    yield {"type": "status", "status": "thinking"}
    for word in text.split():
        await asyncio.sleep(0)
        yield {"type": "chunk", "text": word}
    yield {"type": "done", "full_text": text, "count": len(text.split())}


async def words_to_complete(text: str) -> AsyncIterator[dict[str, Any]]:
    """As `words`, with an end type of its own."""
    yield {"type": "done", "full_text": "not this"}
    yield {"type": "complete", "full_text": text}


def of_all_sorts(secret: str) -> Iterator[object]:
    """Yield what JSON cannot hold, what is long, and a secret."""
    yield {1, 2, 3}
    yield "x" * 5000
    yield {"key": secret}
    yield object()


def breaking(n: int) -> Iterator[int]:
    """Yield and fail."""
    yield n
    raise ValueError(f"after {n}")


def told_slowly(n: int, pause: float) -> Iterator[int]:
    """Yield n numbers with a pause after each."""
    for number in range(n):
        yield number
        time.sleep(pause)


def progressing(n: int) -> int:
    """Tell how far it is, n times."""
    for done in range(1, n + 1):
        graftline.progress(done, n)
    return n


def logging_then_failing(text: str) -> str:
    """Log an artifact and a metric, then fail."""
    graftline.log_artifact({"note": text}, "evidence")
    graftline.log_metric("loss", 0.5, step=1)
    raise ValueError(text)


def logging_then_waiting(seconds: float) -> None:
    """Log an artifact, then wait."""
    graftline.log_artifact({"waited": 0}, "before")
    time.sleep(seconds)
