"""The link to a dask cluster: each attempt is one task; news, logs and the life of the connection come by polling."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from distributed import Client, Future
from distributed.scheduler import KilledWorker

from ...core.errors import GraftError, PluginError
from ...core.named import NamedTuple
from ...worker.bundles import Bundle
from ...worker.handshake import differences
from ..remote.link import (
    Broken,
    Cut,
    Inbox,
    LinkDown,
    Lost,
    Reported,
    Shipment,
    Told,
    Unbegun,
    Unsendable,
    Up,
)
from ..remote.logs import LogCopies
from . import losses, place
from .answers import guard_losses, problem_of, refused, result_of
from .parcelling import batches, demanded

POLL_S = 0.25
"""Between two looks at every station: how late a line of a log and a word of progress may be."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0
"""Between tries to connect: doubled each time."""
_CALL_S = 15.0
"""A call to all workers that takes longer counts as a lost connection."""
_END_S = 5.0
"""For the rest of the logs at the end of a run."""


class _Task(NamedTuple):
    """One task of dask: an attempt, or several of short steps."""

    tokens: tuple[str, ...]
    future: Future


class DaskLink:
    """Sends parcels to a scheduler. Implements `Link`; made, it begins to connect."""

    bulk_from = 64 * 1024

    def __init__(
        self,
        inbox: Inbox,
        *,
        run: str,
        bundle: Bundle,
        requirements: Mapping[str, str],
        address: Callable[[], str],
        read: Callable[[str], bytes],
        logs: LogCopies,
        limit_bytes: int,
        patience_s: float,
        unended: Sequence[str] = (),
    ) -> None:
        """Begin to connect.

        Args:
            inbox: takes what comes back.
            run: id of the run.
            bundle: of the run.
            requirements: distribution -> version here, compared with those there.
            address: where the scheduler listens; may start one.
            read: brings the bytes of a stored value.
            logs: where the logs of stations go.
            limit_bytes: values that travel in one report.
            patience_s: how long to try before it is given up.
            unended: tokens of attempts that were under way when an earlier host of the run was lost.
        """
        self._inbox = inbox
        self._run = run
        self._bundle = bundle
        self._requirements = requirements
        self._address = address
        self._read = read
        self._logs = logs
        self._limit = limit_bytes
        self._patience = patience_s
        self._client: Client | None = None
        self._threads = 1
        self._offered: set[str] = set()
        self._tasks: dict[str, _Task] = {}
        """Token -> task the attempt is in."""
        self._formers: dict[str, tuple[str, ...]] = {}
        """Token -> tokens of an earlier host that it may stand for, where there are any."""
        self._wanted_before = list(unended)
        self._cut: list[str] = []
        """Tokens of what was under way when the connection broke."""
        self._mark = ""
        """Of this connection, in the keys of its tasks."""
        self._held: dict[str, str] = {}
        """Token -> address of the worker that was found to hold it, when the connection was made."""
        self._values: dict[str, Future] = {}
        """Digest -> value on the cluster."""
        self._lock = threading.RLock()
        self._done: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._tender = threading.Thread(target=self._tend, name="graftline-dask", daemon=True)
        self._gatherer = threading.Thread(target=self._gather, name="graftline-dask-results", daemon=True)
        self._tender.start()
        self._gatherer.start()

    def threads(self) -> int:
        """Return how many attempts the cluster executes at once; 1 while it is not known."""
        return self._threads

    def send(self, shipments: Sequence[Shipment]) -> None:
        """Send parcels, those with one demand and no large values as one graph.

        Raises:
            LinkDown: there is no connection.
        """
        client = self._client
        if client is None or client.status != "running":
            raise LinkDown
        alike: dict[tuple[tuple[str, float], ...], list[Shipment]] = {}
        for shipment in shipments:
            wanted = demanded(shipment, self._offered)
            if isinstance(wanted, Unsendable):
                self._inbox.put(wanted)
                continue
            if shipment.formers:
                self._formers[shipment.token] = shipment.formers
            if shipment.bulk or self._holder(shipment) is not None:
                self._send_alone(client, shipment, wanted)
            else:
                alike.setdefault(tuple(wanted.items()), []).append(shipment)
        for resources, group in alike.items():
            self._submit(client, batches(group, self._threads), {}, dict(resources))

    def cancel(self, tokens: Sequence[str], *, grace_s: float) -> None:
        """Stop attempts: where they run, and before they run."""
        client = self._client
        if client is None:
            return
        tokens = [each for token in tokens for each in (token, *self._formers.get(token, ()))]
        wanted, running = set(tokens), set[str]()
        with contextlib.suppress(Exception):  # whatever a dying cluster raises: the tender sees it too
            client.run(place.cancel, self._run, self._bundle.digest, list(tokens), grace_s, on_error="ignore")
            running = self._look(client)
        with self._lock:
            tasks = {id(task): task for token in tokens if (task := self._tasks.get(token)) is not None}
            idle = [
                task
                for task in tasks.values()
                if not task.future.done() and wanted.issuperset(task.tokens) and running.isdisjoint(self._all_of(task))
            ]
            for task in idle:
                for token in task.tokens:
                    self._tasks.pop(token, None)
                    self._inbox.put(Unbegun(token=token))
        if idle:
            with contextlib.suppress(Exception):
                client.cancel([task.future for task in idle])

    def _all_of(self, task: _Task) -> list[str]:
        return [each for token in task.tokens for each in (token, *self._formers.get(token, ()))]

    def close(self) -> None:
        """Let the cluster go, with the rest of the logs."""
        self._ending.set()
        self._tender.join()
        self._done.put(None)
        self._gatherer.join()
        client, self._client = self._client, None
        if client is not None:
            with self._lock:
                left = list({task.future for task in self._tasks.values()})
                self._tasks.clear()
            with contextlib.suppress(Exception):
                if left:
                    client.cancel(left)
                self._finish(client)
                client.unregister_scheduler_plugin(f"{losses.PREFIX}{self._run}")
            with contextlib.suppress(Exception):
                client.close(timeout=2)

    def _holder(self, shipment: Shipment) -> str | None:
        """Return the address of the worker that has the attempt, or one it stands for, from before; None: nobody."""
        tokens = (shipment.token, *shipment.formers)
        return next((self._held[token] for token in tokens if token in self._held), None)

    def _send_alone(self, client: Client, shipment: Shipment, wanted: dict[str, float]) -> None:
        for digest in shipment.bulk:
            if digest not in self._values or self._values[digest].status in ("cancelled", "lost", "error"):
                self._values[digest] = client.scatter(self._read(digest), hash=False)
        bulk = {digest: self._values[digest] for digest in shipment.bulk}
        self._submit(client, [[shipment]], bulk, wanted, holder=self._holder(shipment))

    def _submit(
        self,
        client: Client,
        groups: Sequence[Sequence[Shipment]],
        bulk: Mapping[str, Future],
        resources: dict[str, float],
        holder: str | None = None,
    ) -> None:
        # No key twice: what an earlier connection sent under it may not be forgotten yet.
        keys = [f"{losses.PREFIX}{self._run}-{self._mark}-{batch[0].number}-{batch[0].token}" for batch in groups]
        options: dict[str, Any] = {"pure": False, "resources": resources or None}
        if holder is not None:  # if it is gone by then, so is the attempt, and any other will do
            options |= {"workers": [holder], "allow_other_workers": True}
        sent = [[shipment.data for shipment in batch] for batch in groups]
        if len(groups) == 1:
            futures = [client.submit(place.execute, sent[0], bulk, self._limit, key=keys[0], **options)]
        else:
            futures = client.map(place.execute, sent, bulk={}, limit_bytes=self._limit, key=keys, **options)
        for batch, future in zip(groups, futures, strict=True):
            task = _Task(tuple(shipment.token for shipment in batch), future)
            with self._lock:
                self._tasks.update(dict.fromkeys(task.tokens, task))
            future.add_done_callback(lambda _, task=task: self._done.put(task))

    def _gather(self) -> None:
        """Bring reports home, all that are there at once: each look for one of them would be a round trip."""
        while (first := self._done.get()) is not None:
            batch = [first]
            with contextlib.suppress(queue.Empty):
                while (more := self._done.get_nowait()) is not None:
                    batch.append(more)
            good = [task for task in batch if task.future.status == "finished"]
            try:
                found = self._client.gather([task.future for task in good]) if good and self._client else []
            except Exception:  # noqa: BLE001  one of them is gone again: each by itself
                found = [result_of(task.future) for task in good]
            for task, reports in zip(good, found, strict=False):
                self._end(task, reports)
            for task in batch:
                if task not in good:
                    self._end(task, None)

    def _end(self, task: _Task, reports: Sequence[bytes] | None) -> None:
        with self._lock:
            is_cut = self._client is None or self._client.status != "running"
            if reports is None and is_cut and not self._ending.is_set():
                return  # the connection is gone: the tender says what comes of it
            live = [self._tasks.pop(token) is task for token in task.tokens if self._tasks.get(token) is task]
        if not live:
            return  # taken back
        if reports is not None:
            for token, data in zip(task.tokens, reports, strict=True):
                self._inbox.put(Reported(token=token, data=data))
            return
        problem = problem_of(task.future)
        for token in task.tokens:
            if isinstance(problem, KilledWorker):
                where = getattr(problem.last_worker, "name", None) or "a worker"
                self._inbox.put(Lost(token=token, why=f"the dask worker {where} was lost while it had the step"))
            elif task.future.status in ("cancelled", "lost"):
                why = "dask forgot the step: its scheduler or a value it needs was lost"
                self._inbox.put(Lost(token=token, why=why))
            else:
                why = f"dask could not run the step: {type(problem).__name__}: {problem}"
                self._inbox.put(Unsendable(token=token, why=why))

    def _tend(self) -> None:
        """Connect, look at the stations, connect again; until the end, or until patience is over."""
        try:
            self._connect()
            while not self._ending.wait(POLL_S):
                client = self._client
                assert client is not None
                if client.status != "running":
                    self._reconnect(client)
                    continue
                with contextlib.suppress(Exception):  # the next look says whether the connection is gone
                    self._look(client)
        except GraftError as problem:
            self._inbox.put(Broken(error=problem))
        except Exception as problem:  # noqa: BLE001  the run has to hear of it, or it waits for ever
            self._inbox.put(Broken(error=PluginError(f"dask: {type(problem).__name__}: {problem}")))

    def _connect(self) -> None:
        deadline, pause, tries = time.monotonic() + self._patience, FIRST_PAUSE_S, 0
        address, why = self._address(), ""
        while not self._ending.is_set():
            tries += 1
            left = deadline - time.monotonic()
            try:
                client = Client(address, timeout=max(0.5, min(left, 5.0)), set_as_default=False, name="graftline")
            except (OSError, TimeoutError) as problem:
                why = str(problem) or type(problem).__name__
            else:
                if self._arrive(client):
                    return
                why = "it has no workers"
                with contextlib.suppress(Exception):
                    client.close(timeout=1)
            if time.monotonic() + pause > deadline:
                raise PluginError(
                    f"the dask scheduler at {address} is out of reach: tried {tries} times in {self._patience:g} s; "
                    f"{why.splitlines()[0]}",
                    "start it (dask scheduler, dask worker), or set [runner.NAME] address; `patience` says how long",
                )
            self._ending.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _arrive(self, client: Client) -> bool:
        """Shake hands with every worker and make its station; return whether there is any worker.

        Raises:
            PluginError: a worker has another graftline or Python, or cannot work.
        """
        found = client.scheduler_info(n_workers=-1)["workers"]
        if not found:
            return False
        guard_losses(client, self._run)
        with self._lock:
            wanted = [*self._wanted_before, *self._cut]
        arguments = (self._run, self._bundle.digest, self._bundle.data, list(self._requirements), wanted)
        answers = client.run(place.arrive, *arguments, on_error="return")
        problems = [why for address, answer in answers.items() if (why := refused(address, answer))]
        if problems:
            client.close(timeout=1)
            raise PluginError("; ".join(problems), "install the same versions on all workers")
        for address, answer in answers.items():
            if differing := differences(self._requirements, answer["requirements"]):
                self._logs.note(f"worker {address} has {', '.join(differing)}")
        self._threads = sum(each["nthreads"] for each in found.values()) or 1
        self._offered = {name for each in found.values() for name in each["resources"]}
        self._held = {token: address for address, answer in answers.items() for token in answer["held"]}
        self._mark = os.urandom(3).hex()
        self._client = client
        self._inbox.put(Up())
        return True

    def _reconnect(self, client: Client) -> None:
        """Connect anew. The scheduler forgets a client's tasks with the client, the workers go on with them: what is
        found there is waited for, the rest is lost.
        """
        with self._lock:
            self._client = None
            self._cut, self._tasks = list(self._tasks), {}
            self._values.clear()
            self._held = {}
        with contextlib.suppress(Exception):
            client.close(timeout=1)
        try:
            self._connect()
        finally:
            cut, self._cut = self._cut, []
            for token in cut:
                held = [each for each in (token, *self._formers.get(token, ())) if each in self._held]
                lost = Lost(token=token, why="the connection to the dask scheduler was lost")
                self._inbox.put(Cut(token=token) if held else lost)

    def _look(self, client: Client) -> set[str]:
        """Take in what is new at every station; return the tokens that run there."""
        running: set[str] = set()
        seen = self._logs.all_seen()
        for answer in client.run(place.news, self._run, self._bundle.digest, seen, on_error="ignore").values():
            running |= self._heard(answer)
        found = client.scheduler_info(n_workers=-1)["workers"]
        self._threads = sum(each["nthreads"] for each in found.values()) or 1
        self._offered = {name for each in found.values() for name in each["resources"]}
        return running

    def _heard(self, answer: tuple[str, Any]) -> set[str]:
        name, news = answer
        if news is None:
            return set()
        self._logs.take(name, news.logs)
        if news.told:
            self._inbox.put(Told(facts=tuple(news.told)))
        return set(news.running)

    def _finish(self, client: Client) -> None:
        deadline = time.monotonic() + _END_S
        while time.monotonic() < deadline:
            arguments = self._run, self._bundle.digest, self._logs.all_seen()
            answers = client.run(place.finish, *arguments, on_error="ignore")
            for answer in answers.values():
                self._heard(answer)
            if all(answer[1] is None or not answer[1].logs for answer in answers.values()):
                return
