"""A worker's shift: give signs of life, claim what fits, have a process host each claim, and end as it is asked to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from .errors import PluginError
from .ids import RunId
from .queue import BEAT_S, Claim, Hosted, Hosts, Queue
from .records import dataclass
from .states import Status
from .submitting import takes_up

LOOK_S = 0.1
"""Seconds between two looks at the store's version, which cost 20 us when nothing changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRequest:
    """What a worker is to do."""

    labels: tuple[str, ...]
    """It serves these and no others."""
    slots: int
    """Runs it hosts at once."""
    is_once: bool = False
    """It ends when nothing that fits waits any more."""


Say: TypeAlias = Callable[[str], None]
_Work: TypeAlias = tuple[Claim, Hosted]


class Shift:
    """One worker. `drain` and `kill` may be called by signal handlers; everything else by one thread.

    Args:
        request: what it is to do.
        queue: where submissions are.
        hosts: starts processes.
        state: returns the state of a run.
        version: returns a number that moves when the store changed.
        clock: monotonic seconds.
        pause: waits for a number of seconds.
        say: tells the person.
    """

    def __init__(
        self,
        request: ShiftRequest,
        *,
        queue: Queue,
        hosts: Hosts,
        state: Callable[[RunId], Status],
        version: Callable[[], int],
        clock: Callable[[], float],
        pause: Callable[[float], None],
        say: Say,
    ):
        self._request = request
        self._queue = queue
        self._hosts = hosts
        self._state = state
        self._version = version
        self._clock = clock
        self._pause = pause
        self._say = say
        self._at_work: list[_Work] = []
        self._seen: int | None = None
        self._beaten = 0.0
        self._drains = False
        self._kills = False
        self.hosted = 0
        """Claims it has ended."""

    def drain(self) -> None:
        """Take nothing more, and end when what it has is over."""
        self._drains = True

    def kill(self) -> None:
        """End at once: its runs go back to the queue."""
        self._drains = self._kills = True

    def run(self) -> None:
        """Work until it is drained, killed, or done with what waits."""
        number = self._enter()
        told_of_drain = False
        try:
            while True:
                number = self._beat(number, is_due=self._drains and not told_of_drain)
                told_of_drain = self._drains
                self._reap()
                if self._kills:
                    return
                took = not self._drains and self._claim(number)
                if not self._at_work and (self._drains or (self._request.is_once and not took)):
                    return
                self._pause(LOOK_S)
        finally:
            self._let_go()
            self._queue.leave(number)

    def _enter(self) -> int:
        self._beaten = self._clock()
        return self._queue.register(self._request.labels, self._request.slots)

    def _beat(self, number: int, *, is_due: bool) -> int:
        """Give a sign of life when it is time; a worker that comes too late enters anew."""
        if not is_due and self._clock() - self._beaten < BEAT_S:
            return number
        self._seen = None  # at each beat: a worker that was lost meanwhile changed nothing in the store
        self._beaten = self._clock()
        if self._queue.beat(number, is_draining=self._drains):
            return number
        self._say("this worker was away for too long and was given up; it goes on as a new one")
        return self._enter()

    def _claim(self, number: int) -> bool:
        """Take what fits while there are slots; return whether anything was taken."""
        took = False
        version = self._version()
        while len(self._at_work) < self._request.slots and version != self._seen:
            claim = self._queue.claim(number)
            if claim is None:
                self._seen = version
                break
            took = True
            self._start(claim)
        return took

    def _start(self, claim: Claim) -> None:
        state = self._state(claim.run)
        if state not in (claim.expect, Status.INTERRUPTED):
            self._queue.finish(claim, is_over=True)
            return
        labels = dict.fromkeys(self._request.labels, self._request.slots)
        try:
            self._at_work.append((claim, self._hosts.start(claim, state, labels)))
        except PluginError as problem:
            self._say(str(problem))
            self._queue.finish(claim, is_over=False)
            return
        again = "" if claim.number == 1 else f", for the {claim.number}. time"
        self._say(f"run {claim.run[:6]}: taken{again}")

    def _reap(self) -> None:
        for work in [each for each in self._at_work if each[1].is_over()]:
            self._at_work.remove(work)
            self._end(work[0])
            self._seen = None

    def _end(self, claim: Claim) -> None:
        state = self._state(claim.run)
        self.hosted += 1
        self._queue.finish(claim, is_over=not takes_up(state))
        self._say(f"run {claim.run[:6]}: {state}")

    def _let_go(self) -> None:
        for claim, hosted in self._at_work:
            hosted.kill()
            self._end(claim)
        self._at_work.clear()


def labels_of(given: Sequence[str], default: str) -> tuple[str, ...]:
    """Return the labels a worker serves: those it was given, else the default one."""
    return tuple(dict.fromkeys(given)) or (default,)
