"""Words of a few sayings, counted one after the other as they come in: this file knows nothing of graftline."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

SAYINGS = {
    "time": "time and tide wait for no man and no time is like the present time",
    "work": "all work and no play makes a dull day and many hands make light work",
    "talk": "talk is cheap and actions speak louder than words and words are wind",
}

Counts = dict[str, int]


async def count(delay_s: float = 0.05) -> AsyncIterator[tuple[str, Counts]]:
    """Yield each saying's name with its words counted; the next one takes `delay_s` seconds to come in."""
    for name, text in SAYINGS.items():
        await asyncio.sleep(delay_s)
        yield name, dict(Counter(text.split()))


def rank(count: list[tuple[str, Counts]], top: int = 3) -> list[tuple[str, int]]:
    """Return the `top` commonest words of all sayings; of equal ones the first in the alphabet."""
    total: Counter[str] = Counter()
    for _, words in count:
        total.update(words)
    return sorted(total.items(), key=lambda item: (-item[1], item[0]))[:top]
