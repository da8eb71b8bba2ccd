"""What a way of starting a station (ssh, a container) says of one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ...core.records import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why no station answered, in words for a person."""

    message: str
    hint: str | None = None
    is_final: bool = False
    """Whether it would be the same the next time: nothing is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a place offers, beyond what its station finds there."""

    jobs: int | None = None
    """Attempts at once; None: as many as it has cores."""
    labels: tuple[str, ...] = ()
    resources: Mapping[str, float] = field(default_factory=dict)
    """Name -> amount: `gpu`, `memory` in bytes, named limits."""


class Place(Protocol):
    """One place where a station can be started."""

    @property
    def name(self) -> str:
        """Return what it is called in the run log, of who executed an attempt."""
        ...

    @property
    def what(self) -> str:
        """Return what it is called in messages: `host box`, `container of image X`."""
        ...

    @property
    def home(self) -> str | None:
        """Return the directory there for what is unpacked; None: that for temporary files."""
        ...

    @property
    def offer(self) -> Offer:
        """Return what it offers."""
        ...

    def command(self, nonce: str) -> tuple[Sequence[str], Mapping[str, str]]:
        """Return the program that becomes the station's pipe, and variables for it."""
        ...

    def verdict(self, code: int | None, words: str) -> Verdict:
        """Explain why no station answered.

        Args:
            code: exit code; None: it did not end in time.
            words: what it printed.
        """
        ...

    def discard(self, nonce: str) -> None:
        """Take away what a killed program may have left."""
        ...


def quoted(words: str) -> str:
    """Return what a program printed, to be put after a colon."""
    lines = [line.rstrip() for line in words.splitlines() if line.strip()]
    if len(lines) < 2:
        return lines[0] if lines else "it said nothing"
    return "".join(f"\n  {line}" for line in lines)


def is_signal(code: int) -> bool:
    """Tell whether an exit code is that of a program which a signal ended: here, or as a shell or ssh tells of it."""
    return code < 0 or code > 128
