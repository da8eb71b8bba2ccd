"""A station: executes the attempts of one run on a machine that sees neither the project nor the store.

It is the local executor on the copy of the project that came as a bundle. So what a step may do, how its output is
captured, its limits kept and its death explained is the same everywhere, and a step that takes its process down leaves
the station, and the worker of the cluster around it, standing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future

from ...core.artifacts import Output
from ...core.errors import GraftError, InvalidError
from ...core.events import (
    AttemptCancelled,
    AttemptEnded,
    AttemptFailed,
    AttemptSucceeded,
    StepProgressed,
    StepTold,
    StepYielded,
    never_begun,
)
from ...core.named import NamedTuple
from ...core.orders import Order
from ...core.records import replace
from ...core.runs import StepError
from ...core.states import Reason
from ...worker.blobs import has_object, object_path, open_object, store_parts
from ...worker.bundles import Bundle, context_of, unpack
from ...worker.logformat import LOG_SUFFIX
from ...worker.parcels import Ended, Missing, Parcel, Report, needs_of
from ...worker.vault import open_vault
from ..local.executor import LocalExecutor
from ..local.slots import Cores
from .kept import Kept
from .logs import LogKeeper
from .places import without_copy

Fetch = Callable[[str], bytes | None]
"""Returns the bytes of a digest; None: they are not to be had there."""
Keep = Callable[[str, str], bytes | None]
"""Takes a digest and the file with its bytes; returns what travels inside the report, None: it was put elsewhere."""

CHUNK_BYTES = 1 << 20
"""Log bytes of one file told at once."""
_REMEMBERED = 1024
"""Ended attempts a station can still tell of, to whoever was cut off meanwhile."""
_STRAY_GRACE_S = 1.0
"""For attempts that no host of the run wants any more."""
_IDLE_S = 0.5
"""How long the local executor may wait by itself: it is woken for all that comes from outside."""


class News(NamedTuple):
    """What happened at a station since somebody asked. Plain values: it travels between processes."""

    logs: tuple[tuple[str, int, bytes], ...]
    """(file name, offset, bytes) of log files that grew."""
    told: tuple[StepTold, ...]
    running: tuple[str, ...]
    """Tokens of attempts that have not ended."""


class Station:
    """Executes parcels of one run, each once, however often it comes. Safe to use from any thread."""

    def __init__(self, bundle: Bundle, run: str, *, name: str, jobs: int, home: str | None = None) -> None:
        """Unpack the bundle and begin.

        Args:
            bundle: of the run.
            run: its id.
            name: of the station, in what is told of who executed an attempt.
            jobs: attempts at once.
            home: directory its own is made in; None: that for temporary files.

        Raises:
            PluginError: the bundle is damaged, or no process can be started here.
            OSError: the directory cannot be written.
        """
        self.name = name
        self.bundle = bundle.digest
        self._mark = os.urandom(3).hex()
        self._folder = tempfile.mkdtemp(prefix="graftline-", dir=home)
        try:
            unpacked = unpack(bundle, self._folder)
            self.manifest = unpacked.manifest
            self._objects = unpacked.objects
            secrets = _secrets_of(unpacked.root)
            self._context = context_of(unpacked, run=run, folder=self._folder, jobs=jobs, secrets=secrets)
            cores = Cores(self._context.slots, count=0)  # who sends the parcels counts them
            self._executor = LocalExecutor(self._context, cores=cores)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._lock = threading.Lock()
        self._waiting: deque[Order | tuple[str, float]] = deque()
        """Orders to be submitted, and (node, grace in seconds) of those to be stopped."""
        self._open: dict[str, tuple[str, Future[AttemptEnded]]] = {}
        """Node -> token and end of the attempt it is at."""
        self._works: dict[str, str] = {}
        """Token -> what the attempt does, of all that are known."""
        self._log_keeper: LogKeeper | None = None
        self._ended: OrderedDict[str, Future[AttemptEnded]] = OrderedDict()
        self._unwanted: set[str] = set()
        """Tokens of attempts that were cancelled, perhaps before they came."""
        self._told: deque[StepTold] = deque(maxlen=1000)
        self._is_closing = self._is_over = False
        self._thread = threading.Thread(target=self._loop, name="graftline-station", daemon=True)
        self._thread.start()

    def execute(self, parcel: Parcel, fetch: Fetch, keep: Keep) -> Report:
        """Execute a parcel, or wait for it when it, or one it stands for, has come before; return the report for it."""
        if parcel.artifacts is not None and self._log_keeper is None:
            self._log_keeper = LogKeeper(self._context.logs, Kept(parcel.artifacts, parcel.run))
        with self._lock:
            future = self._known(parcel.token) or self._taken_over(parcel)
        if future is None:
            missing = self._supply(parcel, fetch)
            if missing:
                return Missing(token=parcel.token, digests=tuple(missing))
            future = self._take(parcel)
        return self._report(parcel.token, future.result(), keep)

    @property
    def is_busy(self) -> bool:
        """Tell whether an attempt has not ended."""
        return bool(self._open)

    def hold(self, wanted: Iterable[str]) -> list[str]:
        """Return which of these attempts are here, going on or ended; stop all others that go on."""
        tokens = set(wanted)
        with self._lock:
            held = [token for token in tokens if self._known(token) is not None]
            stray = [token for token, _ in self._open.values() if token not in tokens]
        self.cancel(stray, grace_s=_STRAY_GRACE_S)
        return held

    def cancel(self, tokens: Iterable[str], *, grace_s: float) -> None:
        """Stop attempts, also those that have yet to come."""
        with self._lock:
            wanted = set(tokens)
            self._unwanted |= wanted
            stopped = [node for node, (token, _) in self._open.items() if token in wanted]
            self._waiting.extend((node, grace_s) for node in stopped)
        self._wake()

    def news(self, seen: Mapping[str, int]) -> News:
        """Return what is new; `seen` says by log file how many bytes are known already."""
        logs = []
        folder = self._context.logs
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if name.endswith(LOG_SUFFIX):
                known = f"{self._mark}.{name}"  # another station of this run at this worker has logs of its own
                offset = seen.get(known, 0)
                with open(os.path.join(folder, name), "rb") as file:
                    file.seek(offset)
                    if data := file.read(CHUNK_BYTES):
                        logs.append((known, offset, data))
        told = []
        while self._told:
            told.append(self._told.popleft())
        with self._lock:
            running = tuple(token for token, _ in self._open.values())
        return News(tuple(logs), tuple(told), running)

    def stop(self) -> None:
        """End every process; its log files are complete then. Safe to call twice."""
        self._is_closing = True
        self._wake()
        self._thread.join()
        self._keep_logs()

    def close(self) -> None:
        """Stop, and delete what it wrote. Safe to call twice."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _known(self, token: str) -> Future[AttemptEnded] | None:
        future = self._ended.get(token)
        if future is not None:
            return future
        return next((future for each, future in self._open.values() if each == token), None)

    def _taken_over(self, parcel: Parcel) -> Future[AttemptEnded] | None:
        """Return the end of an attempt the parcel stands for, if it is here: it is the parcel's from now on."""
        for former in parcel.formers:
            future = self._known(former)
            if future is None or self._works.get(former) != parcel.work:
                continue
            self._works[parcel.token] = self._works.pop(former)
            if former in self._ended:
                self._ended[parcel.token] = self._ended.pop(former)
            else:
                self._open[parcel.order.node] = parcel.token, future
            if parcel.token in self._unwanted:
                self._waiting.append((parcel.order.node, 0.0))
            return future
        return None

    def _supply(self, parcel: Parcel, fetch: Fetch) -> list[str]:
        """Put the values an order names among the objects; return the digests of those that are nowhere."""
        missing = []
        for digest, size in needs_of(parcel.order).items():
            if self._has(digest, size):
                continue
            data = parcel.carried.get(digest)
            data = fetch(digest) if data is None else data
            if data is None or store_parts([data], len(data), self._objects) != digest:
                missing.append(digest)
        return missing

    def _has(self, digest: str, size: int | None) -> bool:
        if size is None:
            return os.path.exists(object_path(self._objects, digest))
        return has_object(self._objects, digest, size)

    def _take(self, parcel: Parcel) -> Future[AttemptEnded]:
        with self._lock:
            known = self._known(parcel.token)
            if known is not None:
                return known
            future: Future[AttemptEnded] = Future()
            node = parcel.order.node
            if self._is_closing or parcel.token in self._unwanted:
                future.set_result(_unbegun(parcel.order))
                return future
            self._open[node] = parcel.token, future
            self._works[parcel.token] = parcel.work
            self._waiting.append(parcel.order)
        self._wake()
        return future

    def _loop(self) -> None:
        try:
            while not self._is_closing:
                while self._waiting:
                    each = self._waiting.popleft()
                    if isinstance(each, Order):
                        self._executor.submit([each])
                    else:
                        self._executor.cancel([each[0]], grace_s=each[1])
                self._hear(self._executor.wait(_IDLE_S))
                self._keep_logs()
        except Exception as problem:  # noqa: BLE001  whoever waits for an attempt must hear of it
            self._fail(problem)
        finally:
            with self._lock:
                self._is_over = True
            self._executor.close()
            self._fail(None)

    def _wake(self) -> None:
        with self._lock:
            if not self._is_over:
                self._executor.wake()

    def _hear(self, news: Iterable[AttemptEnded | StepTold]) -> None:
        for fact in news:
            if isinstance(fact, StepYielded | StepProgressed):
                self._told.append(fact)
                continue
            with self._lock:
                token, future = self._open.pop(fact.node)
                self._ended[token] = future
                while len(self._ended) > _REMEMBERED:
                    forgotten, _ = self._ended.popitem(last=False)
                    self._works.pop(forgotten, None)
            future.set_result(fact)

    def _keep_logs(self) -> None:
        if self._log_keeper is not None:
            self._log_keeper.look()

    def _fail(self, problem: Exception | None) -> None:
        """End what has not ended: the station is going, or it broke."""
        self._is_closing = True
        with self._lock:
            left, self._open = self._open, {}
        for node, (token, future) in left.items():
            attempt = int(token.split("/", 2)[1])
            if problem is None:
                future.set_result(_cancelled(node, attempt))
            else:
                future.set_result(_failed(node, attempt, type(problem).__name__, str(problem)))

    def _report(self, token: str, fact: AttemptEnded, keep: Keep) -> Report:
        worker = self.name if fact.worker is None else f"{self.name}/{fact.worker}"
        fact = replace(fact, worker=worker)
        if isinstance(fact, AttemptFailed):
            fact = without_copy(fact, self._context.root)
        carried: dict[str, bytes] = {}
        try:
            for output in _outputs_of(fact):
                if output.ref.inline is None and output.ref.sha256 not in carried:
                    self._keep(output, keep, carried)
        except GraftError as problem:
            message = f"{problem} ({problem.hint})" if problem.hint else str(problem)
            return Ended(token=token, fact=_failed(fact.node, fact.attempt, type(problem).__name__, message))
        return Ended(token=token, fact=fact, carried=carried)

    def _keep(self, output: Output, keep: Keep, carried: dict[str, bytes]) -> None:
        digest, path = output.ref.sha256, object_path(self._objects, output.ref.sha256)
        if not os.path.exists(path):
            return  # a catalog file of which only the digest is kept
        open_object(self._objects, digest, output.ref.size)  # checks it
        data = keep(digest, path)
        if data is not None:
            carried[digest] = data


def by_value(limit_bytes: int) -> Keep:
    """Return what lets values travel inside the report, up to a limit for all of them together."""
    left = limit_bytes

    def keep(digest: str, path: str) -> bytes:
        nonlocal left
        left -= os.path.getsize(path)
        if left < 0:
            raise too_large(limit_bytes)
        with open(path, "rb") as file:
            return file.read()

    return keep


def too_large(limit_bytes: int) -> GraftError:
    """Return the error of values that do not travel."""
    return InvalidError(
        f"the values of one attempt are more than the {limit_bytes / 1e6:g} MB that this runner sends",
        "give the runner a directory that all machines see: [runner.NAME] artifacts",
    )


def _outputs_of(fact: AttemptEnded) -> tuple[Output, ...]:
    return fact.outputs if isinstance(fact, AttemptSucceeded | AttemptFailed) else ()


def _secrets_of(root: str) -> Callable[[str], str | None]:
    vault = open_vault(root, os.environ)

    def find(name: str) -> str | None:
        with contextlib.suppress(GraftError):
            return vault.values([name])[name]
        return None

    return find


def _unbegun(order: Order) -> AttemptCancelled:
    return _cancelled(order.node, order.attempt)


def _cancelled(node: str, attempt: int) -> AttemptCancelled:
    return AttemptCancelled(node=node, attempt=attempt, at=time.time(), started=None, seconds=None, worker=None)


def _failed(node: str, attempt: int, kind: str, message: str) -> AttemptFailed:
    error = StepError(type=kind, message=message)
    return never_begun(node, attempt, Reason.PREFLIGHT, error, at=time.time())
