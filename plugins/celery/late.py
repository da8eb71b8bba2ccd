"""Acknowledging late: a message may outlive the connection it came by."""

from __future__ import annotations

import contextlib
from typing import Any

from celery.worker.request import Request


class LateRequest(Request):  # type: ignore[misc]  # celery has no types
    """A task of ours in a worker.

    When it ends after its connection was lost, there is nothing left to acknowledge; but kombu's redis transport raises
    an AttributeError then, which ends the worker. The broker delivers the message again, and it is dropped unbegun.
    """

    def __init__(self, message: Any, **options: Any) -> None:
        for name in ("ack", "reject", "requeue"):
            setattr(message, name, _forgiving(getattr(message, name)))
        super().__init__(message, **options)


def _forgiving(acknowledge: Any) -> Any:
    def call(*given: Any, **named: Any) -> None:
        with contextlib.suppress(AttributeError):
            acknowledge(*given, **named)

    return call
