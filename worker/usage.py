"""Processor time and peak memory of one attempt in a process that ran others before."""

from __future__ import annotations

import contextlib
import resource
import sys
import time

_RESET_ABOVE = 8 * 1024 * 1024
"""Bytes an attempt must raise the peak by before it is worth 20 us to reset it for the next one."""
_UNIT = 1 if sys.platform == "darwin" else 1024


class Meter:
    """Measures one attempt after the other; `start`, then `stop`."""

    __slots__ = ("_children_peak", "_children_seconds", "_peak", "_process_seconds")

    def __init__(self) -> None:
        self._peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._children_seconds = children.ru_utime + children.ru_stime
        self._children_peak = children.ru_maxrss * _UNIT
        self._process_seconds = 0.0

    def start(self) -> None:
        """Begin an attempt."""
        self._process_seconds = time.process_time()

    def stop(self, known_peak: int | None = None) -> tuple[float, int | None]:
        """End an attempt.

        Args:
            known_peak: peak bytes of a child that was waited for by name; None: there was none.

        Returns:
            Processor seconds of this process, its threads and the children it waited for; and the peak resident
            bytes: of this process when the attempt raised it, or of its largest child. None: neither moved, so the
            attempt stayed below what an earlier one needed.
        """
        seconds = time.process_time() - self._process_seconds
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        children_seconds = children.ru_utime + children.ru_stime
        seconds += children_seconds - self._children_seconds
        self._children_seconds = children_seconds
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT
        found = peak if peak > self._peak else 0
        children_peak = children.ru_maxrss * _UNIT
        # A child starts as a copy of this process, so up to our own peak its figure says nothing about it.
        if children_peak > max(self._children_peak, peak):
            found = max(found, children_peak)
        if known_peak is not None and known_peak > peak:
            found = max(found, known_peak)
        self._children_peak = max(self._children_peak, children_peak)
        self._peak = self._lowered(peak) if peak > self._peak + _RESET_ABOVE else max(peak, self._peak)
        return seconds, found or None

    def _lowered(self, peak: int) -> int:
        """Reset the kernel's high-water mark to what is resident now, and return it; the old one where that fails."""
        with contextlib.suppress(OSError):
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT
        return peak
