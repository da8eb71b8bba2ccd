"""The messages between an executor and its workers, as plain tuples.

Each message is one datagram on a SOCK_SEQPACKET socket pair: `pickle.dumps(message, protocol=5)`, at most
`MAX_DATAGRAM` bytes; a larger one is written to a file and sent as `("spilled", path)`, which the receiver reads and
deletes. One order is one datagram, so the executor takes a queued order back by receiving on its own copy of the
worker's end: the kernel decides who got it.
Frozen dataclasses would cost 6 us a message more (pickle of slots goes through copyreg); tuples cost 1 us.

Executor to worker:
    ("context", {...})                          first, once: the keys of `CONTEXT_KEYS`
    ("order", token, node, attempt, operation, arguments, files, definition, environ)
        operation: its index                     definition: worker/definitions.py; None when this worker has ended an
                                                 attempt of the operation, so that no order depends on another one
        environ: ((name, text), ...)             set for this attempt, before the step's code is imported
        token: int, unique in the run            arguments: ((name, value), ...)
        value: ("c", json) constant · ("t", text) constant as typed (Constant.origin `cli` or `env`) ·
               ("v", serializer, bytes) inline · ("f", serializer, sha256, size) object file ·
               ("b", sha256) pickled by value, an object file · ("l", [value, ...]) gather
        files: ((relative path, value), ...)     catalog files to restore first
    EOF on the socket: leave.

Worker to executor:
    ("ready", pid)                              the context is taken; orders may come
    ("done", token, started, seconds, cpu_seconds, peak_bytes, outputs, metrics, changed[, reads])
        outputs: ((name, role, sha256, size, serializer, inline bytes or None), ...)
        metrics: ((key, value, step, at), ...)   changed: True when code differs from the plan
        reads: (text, ...)                       as `AttemptSucceeded.reads`; left out when there are none
    ("failed", token, started, seconds, cpu_seconds, peak_bytes, reason, error, metrics, outputs)
        reason: a `Reason` value                 error: a `StepError`
        outputs: as above, what it had logged before it failed, and the catalog files it had made
    ("cancelled", token, started, seconds, outputs)
    ("said", token, kind, payload)               in the middle of an attempt, at most some twenty a second
        kind `yield`: (at, preview as JSON holds it) · `progress`: (at, done, total or None)
    ("refused", message)                        the worker cannot work at all (context does not hold); it leaves

SIGTERM to a worker cancels the attempt it runs: `StepCancelled` is raised in the step; between attempts it is ignored.
Times: `started` wall seconds since the epoch; durations from a monotonic clock.
"""

from __future__ import annotations

MAX_DATAGRAM = 96 * 1024
"""Bytes; half of Linux's default socket buffer (212,992), so that one message always fits."""

CONTEXT_KEYS = (
    "run",
    "root",
    "cwd",
    "sys_path",
    "objects",
    "planned_files",
    "secrets",
    "params",
    "code",
    "umask",
    "environ",
    "guard",
)
