"""What a command line left, and how tests call one in their own process."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Graft: TypeAlias = Callable[..., Said]
"""Runs one command line, given its words."""
