"""What the terminal UI would write to a terminal, kept: a driver that records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from unicodedata import category

import pytest
from textual.drivers import headless_driver

OURS = re.compile(
    r"\x1b\[[0-9;]*m"  # colours
    r"|\x1b\[\d+;\d+H"  # to a place
    r"|\x1b\[\?2026[hl]"  # what comes is one picture
    r"|\x1b\[\?1000[hl]|\x1b\[\?25[hl]"
    r"|\x1b\]22;[a-z]*\x07"  # the shape of the pointer
    r"|\x1b\]52;c;[A-Za-z0-9+/=]*\x07"  # what was copied
    r"|\r?\n"
)
"""What Textual writes besides text."""
HEADLESS = headless_driver.HeadlessDriver


class Recording(HEADLESS):
    """A driver of no terminal that is written to all the same."""

    written: list[str]

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        """Keep what would be written."""
        Recording.written.append(data)


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Let UIs that are opened write into a list."""
    Recording.written = []
    with monkeypatch.context() as patch:
        patch.setattr(headless_driver, "HeadlessDriver", Recording)
        yield Recording.written


def controls_written(written: list[str]) -> list[str]:
    """Return the control characters that are not Textual's own, each with what is around it."""
    left = OURS.sub("", "".join(written))
    return [repr(left[max(0, at - 30) : at + 20]) for at, each in enumerate(left) if category(each) in ("Cc", "Cs")]
