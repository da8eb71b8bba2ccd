"""What became of every parcel of a run: waiting, or begun by a worker that was allowed to. Pure: no broker, no clock.

A message may come twice, late, or after its worker has died: brokers deliver at least once. So a worker that gets one
asks, and an attempt is begun by whoever got the one permission for it; every other copy is dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ..remote.link import Shipment


class Entry:
    """A parcel that has not come back."""

    __slots__ = ("desk", "grace_s", "is_out", "letter", "queue", "shipment")

    def __init__(self, shipment: Shipment, queue: str) -> None:
        self.shipment = shipment
        self.queue = queue
        self.is_out = False
        """Whether a message with it is on its way, as far as we know."""
        self.desk: str | None = None
        """The worker's desk it was begun at; None: nobody was allowed to begin it."""
        self.letter: str | None = None
        """The message that was allowed to."""
        self.grace_s: float | None = None
        """Seconds it has to stop; None: it is to go on."""


class Ledger:
    """The parcels of one run by token."""

    def __init__(self) -> None:
        self._open: dict[str, Entry] = {}

    def add(self, shipment: Shipment, queue: str) -> None:
        """Enter a parcel that is to be sent."""
        self._open[shipment.token] = Entry(shipment, queue)

    def unsent(self, queues: Collection[str]) -> list[Entry]:
        """Return what is to be sent to these queues."""
        return [entry for entry in self._open.values() if entry.queue in queues and not entry.is_out]

    def waiting_queues(self) -> set[str]:
        """Return the queues of what has not begun."""
        return {entry.queue for entry in self._open.values() if entry.desk is None}

    def recall(self) -> None:
        """Have all that has not begun sent again: messages may have been lost."""
        for entry in self._open.values():
            if entry.desk is None:
                entry.is_out = False

    def grant(self, desk: str, letter: str, asked: Iterable[tuple[str, int]]) -> list[str]:
        """Return the tokens that a message may begin, of those it has with the number of their sending."""
        granted = []
        for token, number in asked:
            entry = self._open.get(token)
            if entry is None or entry.shipment.number != number:
                continue
            if entry.letter is None:
                entry.desk, entry.letter = desk, letter
            if (entry.desk, entry.letter) == (desk, letter):  # or it asks again
                granted.append(token)
        return granted

    def give_back(self, desk: str, letter: str) -> None:
        """Take in that a message had been given up before it was allowed: what it had is sent again."""
        for entry in self._open.values():
            if (entry.desk, entry.letter) == (desk, letter):
                entry.desk = entry.letter = None
                entry.is_out = False

    def take(self, token: str, number: int) -> bool:
        """Strike out what has come back of a sending; False: it was not awaited, or has come before."""
        entry = self._open.get(token)
        if entry is None or entry.shipment.number != number:
            return False
        del self._open[token]
        return True

    def at(self, desk: str) -> dict[str, float | None]:
        """Return by token what a desk has begun, with the grace in seconds of what is to stop."""
        return {token: entry.grace_s for token, entry in self._open.items() if entry.desk == desk}

    def lose(self, desk: str, tokens: Collection[str] | None = None) -> list[str]:
        """Strike out what a desk had begun, or those of it, and return the tokens."""
        lost = [token for token in self.at(desk) if tokens is None or token in tokens]
        for token in lost:
            del self._open[token]
        return lost

    def stop(self, tokens: Sequence[str], grace_s: float) -> list[str]:
        """Have attempts stop; strike out and return those that have not begun, and never will."""
        unbegun = [token for token in tokens if token in self._open and self._open[token].desk is None]
        for token in unbegun:
            del self._open[token]
        for token in tokens:
            if token in self._open:
                self._open[token].grace_s = grace_s
        return unbegun

    def withdraw(self, queue: str) -> list[str]:
        """Strike out what has not begun of a queue, and return the tokens."""
        tokens = [token for token, entry in self._open.items() if entry.queue == queue and entry.desk is None]
        for token in tokens:
            del self._open[token]
        return tokens
