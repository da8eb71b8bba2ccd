"""The link to celery workers: parcels are messages of one celery task; one queue for each run takes what comes back."""

from __future__ import annotations

import contextlib
import math
import pickle
import sys
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from celery import Celery

from ...core.errors import GraftError, InvalidError, PluginError
from ...worker.handshake import Speaker, differences, refusal
from ..remote.link import Broken, Fit, Inbox, Lost, Reported, Shipment, Told, Unbegun, Unsendable, Up
from ..remote.logs import LogCopies
from .broker import Box, Broker, BrokerDown, Post
from .ledger import Entry, Ledger
from .names import START_A_WORKER, queue_of, replies_of
from .workers import Worker, Workers

POLL_S = 0.1
"""The longest wait for a message: how late the end of the run may be seen."""
BEAT_S = 2.0
"""Between two signs of life to the workers, and between two calls for new ones."""
FIND_S = 5.0
"""Seconds for a worker that listens to a queue to say so; after them nobody listens to it."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0
"""Between tries to connect: doubled each time."""
_END_S = 5.0
"""For the rest of the logs at the end of a run."""
_BATCH_BYTES = 256 * 1024
"""Parcels that travel in one message are together not larger than this, unless one alone is."""
_ONE_LABEL = "give it one label"


class CeleryLink:
    """Sends parcels to queues. Implements `Link`; made, it begins to connect."""

    bulk_from = sys.maxsize

    def __init__(
        self,
        inbox: Inbox,
        *,
        run: str,
        app: Celery,
        broker: Broker,
        requirements: Mapping[str, str],
        logs: LogCopies,
        limit_bytes: int,
        patience_s: float,
        prefix: str,
        queue: str,
    ) -> None:
        """Begin to connect.

        Args:
            inbox: takes what comes back.
            run: id of the run.
            app: whose task is sent.
            broker: where it is.
            requirements: distribution -> version here, compared with those there.
            logs: where the logs of stations go.
            limit_bytes: values that travel in one report.
            patience_s: how long to try before it is given up.
            prefix: before the name of every queue.
            queue: of steps without labels.
        """
        self._inbox = inbox
        self._run = run
        self._broker = broker
        self._reply = replies_of(run)
        self._requirements = requirements
        self._logs = logs
        self._limit = limit_bytes
        self._patience = patience_s
        self._prefix, self._queue = prefix, queue
        self._ledger = Ledger()
        self._workers = Workers()
        self._post = Post(app, broker.connection)
        self._box: Box | None = None
        self._is_cut = False
        """Whether something could not be sent since the connection was made."""
        self._echoed_at = 0.0
        self._expected: set[str] | None = None
        """Queues that somebody has to listen to before anything is sent; None: nobody waits to hear of that."""
        self._lock = threading.RLock()
        """Over what is known and what is said of it: a worker hears of its attempts in the order they were decided."""
        self._ending = threading.Event()
        self._tender = threading.Thread(target=self._tend, name="graftline-celery", daemon=True)
        self._tender.start()

    def threads(self) -> int:
        """Return how many attempts the workers execute at once; 1 while it is not known."""
        return self._workers.threads()

    def expect(self, demands: Sequence[Mapping[str, float]]) -> None:
        """Take in what attempts may demand: each queue needs a worker that listens to it."""
        found = [queue_of(demand, prefix=self._prefix, default=self._queue) for demand in demands]
        if several := next((queues for queues in found if len(queues) > 1), None):
            self._inbox.put(Broken(error=InvalidError(_torn(several), _ONE_LABEL)))
            return
        with self._lock:
            self._expected = {queue for queues in found for queue in queues}
            self._see_fit()

    def send(self, shipments: Sequence[Shipment]) -> None:
        """Send parcels, or keep them until somebody is there who takes them."""
        with self._lock:
            for shipment in shipments:
                queues = queue_of(shipment.demand, prefix=self._prefix, default=self._queue)
                if len(queues) == 1:
                    self._ledger.add(shipment, queues[0])
                    continue
                self._inbox.put(Unsendable(token=shipment.token, why=_torn(queues), hint=_ONE_LABEL))
            self._say(self._send_waiting)

    def cancel(self, tokens: Sequence[str], *, grace_s: float) -> None:
        """Stop attempts: what has not begun never will."""
        with self._lock:
            for token in self._ledger.stop(tokens, grace_s):
                self._inbox.put(Unbegun(token=token))
            self._say(self._beat)

    def close(self) -> None:
        """Let the workers go, with the rest of the logs."""
        if self._ending.is_set():
            return
        self._ending.set()
        self._tender.join()
        if self._box is not None:
            with contextlib.suppress(BrokerDown):
                self._finish(self._box)
            self._box.close(deletes=True)
        self._post.close()

    def _say(self, what: Callable[[], None]) -> None:
        """Say something when the connection stands; when it breaks, everything is said again once it stands again."""
        if self._box is None or self._is_cut:
            return
        try:
            what()
        except BrokerDown:
            self._is_cut = True

    def _send_waiting(self) -> None:
        waiting: dict[str, list[Entry]] = {}
        for entry in self._ledger.unsent(self._workers.queues()):
            waiting.setdefault(entry.queue, []).append(entry)
        for queue, entries in waiting.items():
            for batch in _batches(entries, self._workers.threads(queue)):
                asked = [(entry.shipment.token, entry.shipment.number) for entry in batch]
                parcels = [b64encode(entry.shipment.data).decode() for entry in batch]
                self._post.task(queue, [self._run, self._reply, asked, parcels, self._limit])
                for entry in batch:
                    entry.is_out = True

    def _beat(self) -> None:
        for worker in self._workers:
            wanted = self._ledger.at(worker.desk)
            self._post.put(worker.desk, self._addressed("beat", wanted=wanted))

    def _addressed(self, kind: str, **more: Any) -> dict[str, Any]:
        return {"kind": kind, "run": self._run, "reply": self._reply, **more}

    def _tend(self) -> None:
        """Connect, converse, connect again; until the end, or until patience is over."""
        try:
            while not self._ending.is_set():
                box = self._open()
                if box is None:
                    return
                with contextlib.suppress(BrokerDown):
                    self._converse(box)
                if not self._ending.is_set():
                    self._part(box)
        except GraftError as problem:
            self._inbox.put(Broken(error=problem))
        except Exception as problem:  # noqa: BLE001  the run has to hear of it, or it waits for ever
            self._inbox.put(Broken(error=PluginError(f"celery: {type(problem).__name__}: {problem}")))

    def _open(self) -> Box | None:
        """Connect; None: the end came first.

        Raises:
            PluginError: patience is over.
        """
        deadline, pause, tries = time.monotonic() + self._patience, FIRST_PAUSE_S, 0
        self._broker.check()
        while not self._ending.is_set():
            tries += 1
            try:
                return self._arrive()
            except BrokerDown as problem:
                why = str(problem)
            if time.monotonic() + pause > deadline:
                raise PluginError(
                    f"the celery broker {self._broker} is out of reach: "
                    f"tried {tries} times in {self._patience:g} s; {why}",
                    "start it, or set [runner.NAME] broker; `patience` says how long",
                )
            self._ending.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
        return None

    def _arrive(self) -> Box:
        box = Box(self._reply, self._broker.connection)
        try:
            early = box.take(0.01)  # a directory that is not there shows when it is looked into
            self._post.open()
        except BrokerDown:
            box.close()
            raise
        now = time.monotonic()
        with self._lock:
            self._box, self._is_cut = box, False
            self._echoed_at = now
            self._workers.refresh(now)
            self._ledger.recall()
            for message in early:
                self._hear(message, now)
        self._inbox.put(Up())
        return box

    def _part(self, box: Box) -> None:
        """Let a broken connection go."""
        with self._lock:
            self._box = None
        box.close()
        self._post.close()

    def _converse(self, box: Box) -> None:
        """Take in what comes, and give signs of life.

        Raises:
            BrokerDown: the connection is broken.
            PluginError: a worker has other versions, or there is none.
        """
        beaten_at, looked_at = 0.0, time.monotonic()
        while not self._ending.is_set():
            messages = box.take(POLL_S)
            now = time.monotonic()
            with self._lock:
                if now - looked_at > BEAT_S:  # this machine slept, and the others had no chance to be heard
                    self._workers.refresh(now)
                    self._echoed_at = now
                for message in messages:
                    self._hear(message, now)
                if now - beaten_at >= BEAT_S:
                    beaten_at = now
                    self._post.put(self._reply, {"kind": "echo"})
                    self._post.call({"run": self._run, "reply": self._reply, "packages": list(self._requirements)})
                    self._beat()
                self._look(now)
                self._send_waiting()
                if self._is_cut:
                    raise BrokerDown
            looked_at = time.monotonic()

    def _look(self, now: float) -> None:
        """See who has fallen silent, and what nobody takes."""
        if now - self._echoed_at > Workers.silent_s:
            raise BrokerDown("it does not hand on what it is given")
        for worker in self._workers.silent(now):
            self._lose(worker, f"nothing was heard of {worker.name} for {Workers.silent_s:g} s")
        waiting = {*self._ledger.waiting_queues(), *(self._expected or ())}
        for queue in self._workers.unheard(waiting, now, FIND_S, self._patience):
            listened = sorted(self._workers.queues())
            if not listened:
                raise PluginError(
                    f"no graftline worker answers at the celery broker {self._broker}",
                    START_A_WORKER,
                )
            label = queue.removeprefix(self._prefix)
            hint = START_A_WORKER + ("" if label == self._queue else f" --label {label}")
            why = f"no worker listens to the queue '{queue}'; they listen to {', '.join(listened)}"
            if self._expected is not None and queue in self._expected:
                raise PluginError(why, hint)
            for token in self._ledger.withdraw(queue):
                self._inbox.put(Unsendable(token=token, why=why, hint=hint))

    def _see_fit(self) -> None:
        """Tell once that somebody listens to every queue that is expected."""
        if self._expected is not None and self._expected <= self._workers.queues():
            self._expected = None
            self._inbox.put(Fit())

    def _lose(self, worker: Worker, why: str, *, is_gone: bool = False) -> None:
        """Give up a worker: what it had begun is lost, what it had not is sent again."""
        self._workers.forget(worker.desk)
        for token in self._ledger.lose(worker.desk):
            self._inbox.put(Lost(token=token, why=why))
        self._ledger.recall()
        if not is_gone:
            self._post.discard(worker.desk)

    def _hear(self, message: Mapping[str, Any], now: float) -> None:
        desk = message.get("desk", "")
        match message["kind"]:
            case "echo":
                self._echoed_at = now
            case "here":
                self._meet(message, now)
            case "ask":
                self._meet(message, now)
                granted = self._ledger.grant(
                    desk, message["letter"], [(each[0], each[1]) for each in message["tokens"]]
                )
                self._post.put(desk, self._addressed("grant", letter=message["letter"], tokens=granted))
            case "reports":
                for token, number, data in message["reports"]:
                    if self._ledger.take(token, number):
                        self._inbox.put(Reported(token=token, data=b64decode(data)))
            case "news":
                self._take_news(desk, message["data"])
            case "returned":
                self._ledger.give_back(desk, message["letter"])
            case "unknown":
                for token in self._ledger.lose(desk, message["tokens"]):
                    self._inbox.put(Lost(token=token, why="its celery worker knows nothing of it any more"))
            case "gone" if (worker := self._workers.get(desk)) is not None:
                self._lose(worker, f"{worker.name} was stopped while it had the step", is_gone=True)
            case "finished":
                self._workers.forget(desk)

    def _meet(self, message: Mapping[str, Any], now: float) -> None:
        """Take in who a worker is.

        Raises:
            PluginError: it has another graftline or Python: it may get any message, and could begin none.
        """
        why = refusal(Speaker(message["graftline"], message["python"]), f"worker {message['worker']}")
        if why is not None:
            raise PluginError(why, "install the same versions on all workers")
        if (before := self._workers.replaced(message["worker"], message["desk"])) is not None:
            self._lose(before, f"{before.name} was started anew while it had the step")
        worker = Worker(
            desk=message["desk"],
            name=message["worker"],
            queues=frozenset(message["queues"]),
            threads=message["threads"],
        )
        self._workers.hear(worker, now)
        self._see_fit()
        if message["packages"] is not None and (differing := differences(self._requirements, message["packages"])):
            self._logs.note(f"worker {worker.name} has {', '.join(differing)}")
        if not self._is_cut:
            self._inbox.put(None)  # there may be room now

    def _take_news(self, desk: str, data: str) -> None:
        """Take in logs and words; only who was met, and so has the same versions, says any."""
        worker = self._workers.get(desk)
        if worker is None:
            return
        logs, told = pickle.loads(b64decode(data))
        self._logs.take(worker.station, logs)
        if told:
            self._inbox.put(Told(facts=tuple(told)))

    def _finish(self, box: Box) -> None:
        for worker in self._workers:
            seen = self._logs.seen(worker.station)
            self._post.put(worker.desk, self._addressed("finish", seen=dict(seen)))
        deadline = time.monotonic() + _END_S
        while any(True for _ in self._workers) and time.monotonic() < deadline:
            for message in box.take(POLL_S):
                if message["kind"] in ("news", "finished", "gone"):
                    self._hear(message, time.monotonic())


def _torn(queues: Sequence[str]) -> str:
    return f"a step goes to one queue; its labels and resources name {len(queues)}: {', '.join(queues)}"


def _batches(entries: Sequence[Entry], threads: int) -> list[list[Entry]]:
    """Put attempts of short steps together, few enough that every thread has some."""
    most = math.ceil(len(entries) / max(1, threads))
    batches: list[list[Entry]] = []
    room = size = 0
    for entry in entries:
        if not batches or room <= 0 or size + len(entry.shipment.data) > _BATCH_BYTES:
            batches.append([])
            room, size = max(1, min(entry.shipment.batch, most)), 0
        batches[-1].append(entry)
        room -= 1
        size += len(entry.shipment.data)
    return batches
