"""The way to a place where attempts run: what each engine (dask, celery, ssh) says for itself, and to whom it tells."""

from __future__ import annotations

import queue
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from ...core.errors import GraftError
from ...core.events import StepTold
from ...core.records import dataclass, field


class LinkDown(Exception):
    """Nothing can be sent now; the link is trying to come up again, and tells when it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """A parcel ready to be sent."""

    token: str
    data: bytes
    """The bytes of the parcel."""
    demand: Mapping[str, float]
    """What the place must offer: `cpus`, `gpu`, `memory` in bytes, named limits, and 1 of each label."""
    routed: frozenset[str] = frozenset()
    """Labels among them that `[route]` sends to this place: where nobody offers one by name, everybody serves it."""
    bulk: Mapping[str, int] = field(default_factory=dict)
    """sha256 -> size of values that are too large to be in the parcel, and that the link brings along."""
    batch: int = 1
    """How many of its kind may travel together: those of steps that are shorter than their way."""
    formers: tuple[str, ...] = ()
    """Tokens of attempts it may stand for, as the parcel has them: where the place holds one, it is to go there."""
    number: int = 1
    """How often the attempt has been sent; more than once only when it was not begun."""


class Link(Protocol):
    """Sends parcels. Used by one thread; what comes back it puts into the inbox it was made with.

    Made, it connects, and puts `Up` when the place was found fit for the run: nothing of the run starts before.
    """

    bulk_from: int
    """Bytes from which on a value is `bulk`."""

    def threads(self) -> int:
        """Return how many attempts the place executes at once; 1 while it is not known."""
        ...

    def send(self, shipments: Sequence[Shipment]) -> None:
        """Send parcels.

        Raises:
            LinkDown: none of them was sent.
        """
        ...

    def cancel(self, tokens: Sequence[str], *, grace_s: float) -> None:
        """Stop attempts. What it knows was not begun and will not be, it tells as unbegun; the others end there."""
        ...

    def close(self) -> None:
        """Stop what is left, bring the rest of the logs home, and let the place go. Safe to call twice."""
        ...


@runtime_checkable
class Expecting(Protocol):
    """A link that can tell before anything is sent whether the place has what will be demanded."""

    def expect(self, demands: Sequence[Mapping[str, float]]) -> None:
        """Take in what attempts may demand: `Fit` comes once the place has all of it, `Broken` when it has not.

        Args:
            demands: as shipments have them.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The report for a parcel came: once, late, or again."""

    token: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Nobody knows how far the attempt came, and nobody will."""

    token: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The connection broke while it was under way, and the place still holds it: sent again, it begins nothing new."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbegun:
    """It was taken back before it began, because it was cancelled."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsendable:
    """It cannot be executed there: nothing offers what it demands, or it broke on its way."""

    token: str
    why: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What running attempts told of themselves."""

    facts: tuple[StepTold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """The link stands, again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The place has all that was expected of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """It will not come up any more."""

    error: GraftError


Message = Reported | Lost | Cut | Unbegun | Unsendable | Told | Up | Fit | Broken


class Inbox:
    """Where a link puts what it hears, from any thread."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Message | None] = queue.SimpleQueue()

    def put(self, message: Message | None) -> None:
        """Put a message; None only wakes whoever waits."""
        self._waiting.put(message)

    def take(self, timeout_s: float) -> list[Message | None]:
        """Wait for messages and return all that are there; none when the time is over."""
        found: list[Message | None] = []
        try:
            found.append(self._waiting.get(timeout=timeout_s) if timeout_s > 0 else self._waiting.get_nowait())
            while True:
                found.append(self._waiting.get_nowait())
        except queue.Empty:
            return found
