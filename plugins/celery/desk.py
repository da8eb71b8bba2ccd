"""The desk of a celery worker: asks the hosts of runs whether attempts may begin, and tells them how they do.

Plain queues carry all of it, beside celery's own: `graft-desk-ID` takes what hosts say to this worker, `graft-run-RUN`
what workers say to a host. The desk has a connection of its own, so that it goes on listening while celery drains. What
it says may be lost with a broker: the host's next beat names what it still waits for.
"""

from __future__ import annotations

import contextlib
import pickle
import threading
import time
import uuid
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from kombu import Connection

from ...worker.handshake import here
from ...worker.parcels import Refused, encode_report
from ..remote import stations
from ..remote.answering import said_here
from ..remote.station import News
from .broker import Box, BrokerDown, Post

BEAT_S = 2.0
"""Between two signs of life."""
QUIET_S = 10.0
"""A host that has said nothing for so long is told nothing."""
ASK_S = 10.0
"""A host that gives no answer for so long is gone: its attempts do not begin."""
_ASK_AGAIN_S = 2.0
_NEWS_S = 0.25
"""How late a line of a log and a word of progress may be."""
_SWEEP_S = 60.0
_REMEMBERED = 1024
"""Runs that are over, and letters that were given up, known at most."""
_GRACE_S = 5.0
"""For attempts that nobody waits for any more."""


class _Letter:
    """A message with attempts, while it waits for permission."""

    __slots__ = ("event", "granted", "run")

    def __init__(self, run: str) -> None:
        self.run = run
        self.event = threading.Event()
        self.granted: frozenset[str] = frozenset()


class _Run:
    """What a desk knows of a run."""

    __slots__ = ("heard_at", "is_introduced", "packages", "reply", "reports", "running", "seen", "stopped", "told_at")

    def __init__(self, reply: str) -> None:
        self.reply = reply
        self.heard_at = time.monotonic()
        self.told_at = 0.0
        self.is_introduced = False
        self.packages: Sequence[str] = ()
        self.running: set[str] = set()
        self.stopped: set[str] = set()
        self.reports: dict[str, tuple[int, str]] = {}
        """What was told, until the host no longer waits for it: by token: number of its sending, report in base64."""
        self.seen: dict[str, int] = {}
        """Bytes told by log file."""


class Desk:
    """Between the hosts of runs and the stations of this process. Safe to use from any thread.

    Args:
        post: what it says goes there.
        connect: returns a connection to the broker that is not open yet.
        name: of this worker, in run logs.
        mailbox: name by which celery calls it.
        threads: attempts at once.
        queues: returns the queues the worker takes tasks from.
    """

    def __init__(
        self,
        post: Post,
        connect: Callable[[], Connection],
        *,
        name: str,
        mailbox: str,
        threads: int,
        queues: Callable[[], Sequence[str]],
    ) -> None:
        self.id = f"graft-desk-{uuid.uuid4().hex}"
        self._post = post
        self._connect = connect
        self._name = name
        self._mailbox = mailbox
        self._threads = threads
        self._queues = queues
        self._lock = threading.RLock()
        self._runs: dict[str, _Run] = {}
        self._letters: dict[str, _Letter] = {}
        self._given_up: OrderedDict[str, None] = OrderedDict()
        """Letters that were answered too late, or will be."""
        self._gone: OrderedDict[str, None] = OrderedDict()
        """Runs that are over, or whose hosts gave no answer: their messages are dropped unasked."""
        self._closing = threading.Event()
        self._workers = [
            threading.Thread(target=loop, name=f"graftline-desk-{number}", daemon=True)
            for number, loop in enumerate((self._listen, self._tell))
        ]
        for thread in self._workers:
            thread.start()

    def called(self, run: str, reply: str, packages: Sequence[str]) -> None:
        """Take in that a host asks who is there."""
        with self._lock:
            state = self._known(run, reply)
            state.packages = packages
            is_due = not state.is_introduced
        if is_due:
            self._say_here(run, state)

    def asked(self, reply: str, packages: Sequence[str], secrets: Sequence[str]) -> None:
        """Say what is here to somebody who asks before a run; whoever does not hear it has none."""
        with self._lock:
            busy = sum(len(state.running) for state in self._runs.values())
        said = {**self._signature(), "kind": "health", "busy": busy, **said_here(packages, secrets)}
        with contextlib.suppress(BrokerDown):
            self._post.put(reply, said)

    def work(
        self, run: str, reply: str, asked: Sequence[tuple[str, int]], parcels: Sequence[str], limit_bytes: int
    ) -> None:
        """Execute the attempts of a message, as far as their host allows it.

        Args:
            run: whose attempts.
            reply: queue of its host.
            asked: token and number of the sending of each attempt.
            parcels: the same attempts, in base64.
            limit_bytes: values that travel in one report.
        """
        granted = self._permission(run, reply, asked)
        chosen = [(*pair, parcel) for pair, parcel in zip(asked, parcels, strict=True) if pair[0] in granted]
        if not chosen:
            return
        try:
            reports = stations.execute_all(
                [b64decode(parcel) for _, _, parcel in chosen],
                lambda digest: None,  # whoever lacks something says so, and gets it with the parcel
                name=self._name,
                jobs=self._threads,
                limit_bytes=limit_bytes,
            )
        except Exception as problem:  # noqa: BLE001  the host is to hear of it, whatever it is
            message = f"{self._name} could not work: {type(problem).__name__}: {problem}"
            reports = [encode_report(Refused(token=token, message=message)) for token, _, _ in chosen]
        ended = zip(chosen, reports, strict=True)
        self._report(run, {token: (number, b64encode(data).decode()) for (token, number, _), data in ended})

    def close(self) -> None:
        """Say goodbye and let go. Safe to call twice."""
        if self._closing.is_set():
            return
        self._closing.set()
        for thread in self._workers:
            thread.join()
        with contextlib.suppress(BrokerDown):
            for state in self._runs.values():
                self._post.put(state.reply, {"kind": "gone", "desk": self.id})
            self._post.discard(self.id)
            self._post.leave(self._mailbox)
        self._post.close()

    def _known(self, run: str, reply: str) -> _Run:
        state = self._runs.setdefault(run, _Run(reply))
        state.reply, state.heard_at = reply, time.monotonic()
        self._gone.pop(run, None)
        return state

    def _permission(self, run: str, reply: str, asked: Sequence[tuple[str, int]]) -> frozenset[str]:
        """Ask the host until it answers; none when it does not."""
        letter, name = _Letter(run), uuid.uuid4().hex
        with self._lock:
            if run in self._gone:
                return frozenset()
            self._letters[name] = letter
        message = {"kind": "ask", "letter": name, "tokens": [list(pair) for pair in asked], **self._signature()}
        deadline = time.monotonic() + ASK_S
        while not letter.event.is_set() and time.monotonic() < deadline and not self._closing.is_set():
            with contextlib.suppress(BrokerDown):
                self._post.put(reply, message)
            letter.event.wait(min(_ASK_AGAIN_S, max(0.0, deadline - time.monotonic())))
        with self._lock:
            self._letters.pop(name, None)
            if not letter.event.is_set():
                _remember(self._gone, run)
                _remember(self._given_up, name)
        return letter.granted

    def _report(self, run: str, reports: Mapping[str, tuple[int, str]]) -> None:
        with self._lock:
            state = self._runs.get(run)
            if state is None or self._closing.is_set():  # it is over, or given up
                return
            state.running.difference_update(reports)
            state.reports.update(reports)
            reply = state.reply
        with contextlib.suppress(BrokerDown):  # the next beat asks for what did not come
            self._say_reports(reply, reports)

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                box = Box(self.id, self._connect)
            except BrokerDown:
                self._closing.wait(1.0)
                continue
            with contextlib.suppress(BrokerDown):
                while not self._closing.is_set():
                    for message in box.take(0.25):
                        self._heed(message)
            box.close()

    def _heed(self, message: Mapping[str, Any]) -> None:
        run = message["run"]
        match message["kind"]:
            case "grant":
                self._granted(run, message["reply"], message["letter"], message["tokens"])
            case "beat":
                self._beaten(run, message["reply"], message["wanted"])
            case "finish":
                self._finish(run, message["reply"], message["seen"])

    def _granted(self, run: str, reply: str, name: str, tokens: Sequence[str]) -> None:
        with self._lock:
            letter = self._letters.pop(name, None)
            state = self._known(run, reply)
            if letter is not None:
                state.running.update(tokens)  # before a beat that knows of them
                for token in tokens:  # sent again with what it lacked
                    state.reports.pop(token, None)
                letter.granted = frozenset(tokens)
                letter.event.set()
            is_late = name in self._given_up
        if is_late:
            with contextlib.suppress(BrokerDown):
                self._post.put(reply, {"kind": "returned", "desk": self.id, "letter": name})

    def _beaten(self, run: str, reply: str, wanted: Mapping[str, float | None]) -> None:
        """Take in what a host still waits for here: stop what it does not, tell again what was lost."""
        with self._lock:
            state = self._known(run, reply)
            stops = {token: grace for token, grace in wanted.items() if grace is not None}
            stops |= {token: _GRACE_S for token in state.running if token not in wanted}
            stops = {token: grace for token, grace in stops.items() if token not in state.stopped}
            state.reports = {token: report for token, report in state.reports.items() if token in wanted}
            again = dict(state.reports)
            unknown = [token for token in wanted if token not in state.running and token not in state.reports]
        for token, grace in stops.items():
            if stations.cancel(run, [token], grace):  # else at the next beat
                state.stopped.add(token)
        with contextlib.suppress(BrokerDown):
            if again:
                self._say_reports(reply, again)
            if unknown:
                self._post.put(reply, {"kind": "unknown", "desk": self.id, "tokens": unknown})

    def _finish(self, run: str, reply: str, seen: Mapping[str, int]) -> None:
        """End a run here, with the rest of its logs."""
        with self._lock:
            self._runs.pop(run, None)
            _remember(self._gone, run)
            for letter in self._letters.values():
                if letter.run == run:
                    letter.event.set()
        told = dict(seen)
        with contextlib.suppress(BrokerDown):
            while (news := stations.finish(run, told)) is not None and news.logs:
                self._say_news(reply, news, told)
            self._post.put(reply, {"kind": "finished", "desk": self.id})

    def _tell(self) -> None:
        swept_at = time.monotonic()
        while not self._closing.wait(_NEWS_S):
            now = time.monotonic()
            if now - swept_at > _SWEEP_S:
                swept_at = now
                stations.sweep()
            with self._lock:
                live = [(run, state) for run, state in self._runs.items() if now - state.heard_at < QUIET_S]
                for run, state in list(self._runs.items()):
                    if now - state.heard_at > stations.FORGOTTEN_S and not state.running:
                        del self._runs[run]
            for run, state in live:
                if now - state.told_at >= BEAT_S:
                    self._say_here(run, state)
                news = stations.news(run, state.seen)
                if news is not None and (news.logs or news.told):
                    with contextlib.suppress(BrokerDown):
                        self._say_news(state.reply, news, state.seen)

    def _signature(self) -> dict[str, Any]:
        return {
            "desk": self.id,
            "worker": self._name,
            "queues": list(self._queues()),
            "threads": self._threads,
            "packages": None,
            **here()._asdict(),
        }

    def _say_here(self, run: str, state: _Run) -> None:
        state.told_at = time.monotonic()
        message = {"kind": "here", **self._signature()}
        if not state.is_introduced:
            message["packages"] = _versions(state.packages)
        with contextlib.suppress(BrokerDown):
            self._post.put(state.reply, message)
            state.is_introduced = True

    def _say_reports(self, reply: str, reports: Mapping[str, tuple[int, str]]) -> None:
        told = [(token, number, data) for token, (number, data) in reports.items()]
        self._post.put(reply, {"kind": "reports", "reports": told})

    def _say_news(self, reply: str, news: News, seen: dict[str, int]) -> None:
        """Tell news; what was told of a log is not told again.

        Raises:
            BrokerDown: it is not known whether it was told.
        """
        data = b64encode(pickle.dumps((news.logs, news.told))).decode()
        self._post.put(reply, {"kind": "news", "desk": self.id, "data": data})
        for name, offset, piece in news.logs:
            seen[name] = offset + len(piece)


def _remember(names: OrderedDict[str, None], name: str) -> None:
    names[name] = None
    while len(names) > _REMEMBERED:
        names.popitem(last=False)


def _versions(packages: Sequence[str]) -> dict[str, str]:
    found = {}
    for name in packages:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
