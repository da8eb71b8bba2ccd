"""What a running attempt says of itself at once: yields of a generator and progress, few enough to cost nothing.

A bucket of `BURST` messages that refills at `RATE` a second: the first yields of a slow stream are all seen, and of a
million quick ones every now and then one, and the last.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..core.graph import Json
from .failure import describe_value
from .secrets import mask_text
from .serializers import is_json

RATE = 20.0
"""Yields told a second, for each attempt."""
BURST = 20
"""Yields told at once."""
PROGRESS_EVERY_S = 0.25
"""Seconds between two messages of progress; its end is told always."""
_MAX_SHOWN = 1000
"""Characters of JSON up to which a yielded value is told as it is."""

Say = Callable[[str, tuple[Any, ...]], None]
"""Takes the kind of a message and its payload, as worker/messages.py has them."""


class Voice:
    """Says what one attempt has to tell, in the rate that is left for it."""

    __slots__ = ("_last", "_next_progress", "_say", "_secrets", "_spent_until")

    def __init__(self, say: Say, secrets: Mapping[str, str]) -> None:
        """Begin; `secrets` (name -> value) are masked in what is said."""
        self._say = say
        self._secrets = secrets
        self._spent_until = 0.0
        """Monotonic time at which the bucket would be full again."""
        self._next_progress = 0.0
        self._last: object = _NOTHING

    def yielded(self, value: object) -> None:
        """Tell a yielded value now, or keep it as the last one."""
        now = time.monotonic()
        spent = self._spent_until - now
        if spent > (BURST - 1) / RATE:
            self._last = value
            return
        self._last = _NOTHING
        self._spent_until = now + max(0.0, spent) + 1 / RATE
        self._say("yield", (time.time(), self._preview(value)))

    def flush(self) -> None:
        """Tell the last yielded value if it was held back."""
        last, self._last = self._last, _NOTHING
        if last is not _NOTHING:
            self._say("yield", (time.time(), self._preview(last)))

    def progress(self, done: float, total: float | None) -> None:
        """Tell how far it is, some times a second and at the end."""
        now = time.monotonic()
        if (now < self._next_progress and done != total) or not math.isfinite(done):
            return
        self._next_progress = now + PROGRESS_EVERY_S
        whole = float(total) if total is not None and math.isfinite(total) else None
        self._say("progress", (time.time(), float(done), whole))

    def _preview(self, value: object) -> Json:
        if type(value) is tuple:  # `yield name, score` reads as it was written
            value = list(value)
        if not is_json(value):
            return mask_text(describe_value(value), self._secrets)
        text = mask_text(json.dumps(value, ensure_ascii=False), self._secrets)
        if len(text) > _MAX_SHOWN:
            return text[: _MAX_SHOWN - 1] + "…"
        try:
            found: Json = json.loads(text)
        except ValueError:  # a secret of digits stood where a number was
            return text
        return found


_NOTHING = object()
