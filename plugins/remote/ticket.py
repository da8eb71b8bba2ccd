"""An order on its way to a place out of reach, as the executor that sent it keeps it."""

from __future__ import annotations

from ...core.orders import Order


class Ticket:
    """An order that has not ended."""

    __slots__ = ("formers", "is_cancelled", "is_sent", "number", "order", "token", "was_sent", "work")

    def __init__(self, token: str, order: Order, *, work: str, formers: tuple[str, ...]) -> None:
        self.token = token
        self.order = order
        self.work = work
        self.formers = formers
        """Tokens of attempts that were under way when an earlier host of the run was lost."""
        self.number = 1
        self.is_sent = False
        self.was_sent = False
        self.is_cancelled = False
