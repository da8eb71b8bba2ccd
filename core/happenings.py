"""What happened in a store, told: where its feed ends, and one fact in a few words."""

from __future__ import annotations

from collections.abc import Callable

from .ports import EventRow, Feed
from .text import clean


def newest(feed: Feed) -> int:
    """Return the highest sequence number, in some thirty questions instead of reading the feed."""
    return newest_of(lambda after: bool(feed.events(after, None, 1)))


def newest_of(has_more: Callable[[int], bool]) -> int:
    """Return the smallest number after which there is nothing more."""
    low, high = 0, 1
    while has_more(high):
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        if has_more(middle):
            low = middle + 1
        else:
            high = middle
    return low


def fact_words(row: EventRow) -> list[str]:
    """Return what a fact is about: step, state, reason, size of what grew, the error's first line; clean."""
    words = [clean(str(row.data[name])) for name in ("node", "state", "reason") if row.data.get(name) is not None]
    if (size := row.data.get("size")) is not None:  # of what grew
        words.append(f"size {size:,}" if isinstance(size, int) else clean(str(size)))
    error = row.data.get("error")
    if isinstance(error, dict):
        words.append(clean(f"{error.get('type')}: {str(error.get('message')).partition(chr(10))[0]}"))
    return words
