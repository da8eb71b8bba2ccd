"""Makes workers for one run: pipes, socket, context, and a second forkserver when the warm one hangs its children."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import time

from ...core.errors import PluginError
from ...core.orders import RunContext
from ...worker.capture import new_nonce
from ...worker.channel import Channel, socket_pair
from ...worker.definitions import Encoder
from ...worker.logformat import LOG_SUFFIX
from .descent import MARK
from .nursery import Nursery
from .worker import Worker

READY_S = 10.0
"""Seconds a worker has to say that it is ready, once it is born."""
BORN_S = 60.0
"""Seconds a forkserver has to import its packages and fork."""
_MEMORY = "/dev/shm"
_ENTRY = "graftline.plugins.local.worker_entry:main"


class Pool:
    """Starts workers and ends what they leave behind. The executor keeps the books of who works on what."""

    def __init__(self, context: RunContext, nursery: Nursery | None, *, is_owner: bool = False) -> None:
        """Start a nursery unless one is given; it does not block. `is_owner`: end the given one at close."""
        self._context = context
        self._given = None if is_owner else nursery
        self._numbers = itertools.count(1)
        self._encoder = Encoder()
        self.nursery = nursery or Nursery(preload=context.preload)
        """Where the next worker comes from."""
        self._others: list[Nursery] = []
        self.notes: list[str] = []
        """What a person should know about how workers were started."""
        self._settings = {
            "run": context.run,
            "root": context.root,
            "cwd": context.cwd,
            "sys_path": tuple(context.sys_path),
            "objects": context.objects,
            "planned_files": dict(context.planned_files),
            "secrets": dict(context.secrets),
            "params": dict(context.params),
            "code": context.code,
            "umask": _umask(),
            "guard": context.guard,
        }

    def start(self) -> Worker:
        """Ask for a worker; it says `ready` later.

        Raises:
            PluginError: no forkserver can be started.
        """
        try:
            return self._start()
        except PluginError:
            if self.nursery.is_alive():
                raise
        self.nursery.close()
        self._replace(self.nursery.preload)  # somebody killed it; the workers it had are gone with it
        return self._start()

    def distrust(self, why: str) -> None:
        """Take further workers from an unwarmed forkserver: a child of the warm one did not become ready.

        A package that starts threads at import can hang or break every child that is forked afterwards.
        """
        if not self.nursery.preload:
            return
        self.nursery.is_alive()
        guilty = sorted(self.nursery.threads) or ([self.nursery.importing] if self.nursery.importing else [])
        suspects = ", ".join(guilty or self.nursery.preload)
        self.notes.append(f"{why}; workers now start without preloaded packages (suspected: {suspects})")
        self._replace(())

    def close(self) -> None:
        """End everything that workers left behind, and write out their logs. Safe to call twice."""
        if self._given is not None and self._given.is_alive():
            self._given.sweep()
        for nursery in (self.nursery, *self._others):
            if nursery is not self._given:
                nursery.close()

    def _replace(self, preload: tuple[str, ...]) -> None:
        self._others.append(self.nursery)
        self.nursery = Nursery(preload=preload)

    def _start(self) -> Worker:
        name = f"w{next(self._numbers)}"
        nonce = new_nonce()
        ours, theirs = socket_pair()
        out_read, out_write = os.pipe()
        err_read, err_write = os.pipe()
        try:
            path = os.path.join(self._context.logs, name + LOG_SUFFIX)
            self.nursery.capture(path, nonce, self._context.secrets, (out_read, err_read))
            arguments = (nonce, self._context.objects)
            child = self.nursery.spawn(_ENTRY, theirs, arguments, stdout=out_write, stderr=err_write)
        except BaseException:
            ours.close()
            theirs.close()
            raise
        finally:
            for descriptor in (out_read, out_write, err_read, err_write):
                os.close(descriptor)
        channel = Channel(ours, self._context.objects)
        self._introduce(ours)
        return Worker(
            name=name,
            child=child,
            channel=channel,
            theirs=Channel(theirs, self._context.objects),
            ready_by=time.monotonic() + BORN_S,
            encoder=self._encoder,
        )

    def _introduce(self, ours: socket.socket) -> None:
        """Send the context. It holds secrets, so when it is too large for a datagram it is spilled to memory."""
        channel = Channel(ours.dup(), _MEMORY if os.path.isdir(_MEMORY) else self._context.objects)
        environ = {**os.environ, "GRAFT_RUN": self._context.run, MARK: self.nursery.mark}
        with contextlib.suppress(ConnectionError):  # dead already: its leash will tell
            channel.send_now(("context", {**self._settings, "environ": environ}))
        channel.close()


def _umask() -> int | None:
    """Return this process's umask without changing it for a moment, which another thread could notice."""
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    return None
