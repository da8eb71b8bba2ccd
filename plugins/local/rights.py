"""Small messages with descriptors over Unix sockets, between our own processes on this machine.

marshal, not pickle: it is built in (pickle costs 10 ms at import in a guardian that must be up in 20), both ends run
the same interpreter, and nothing it reads can call code.
"""

from __future__ import annotations

import array
import contextlib
import marshal
import socket
import sys
from collections.abc import Sequence
from typing import Any, TypeAlias

MAX_MESSAGE = 128 * 1024
"""Bytes of one message; below the default socket buffer (212,992)."""
MAX_DESCRIPTORS = 8
Message: TypeAlias = tuple[Any, ...]
"""A word that says what it is, then plain values. Any: what marshal can hold."""

# macOS has no SOCK_SEQPACKET for Unix sockets; SOCK_DGRAM keeps message borders there but tells no end of file.
KIND = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM


def pair() -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets that keep message borders, both close-on-exec."""
    return socket.socketpair(socket.AF_UNIX, KIND)


def send(link: socket.socket, message: Message, descriptors: Sequence[int] = (), flags: int = 0) -> None:
    """Send one message; the receiver gets duplicates of the descriptors.

    Raises:
        OSError: the other end is gone, or (MSG_DONTWAIT) does not read.
    """
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    link.sendmsg([marshal.dumps(message)], rights, flags)


def tell(link: socket.socket, message: Message, descriptors: Sequence[int] = ()) -> None:
    """Send one message, or drop it when nobody reads: for news that are not worth waiting for."""
    with contextlib.suppress(OSError):
        send(link, message, descriptors, socket.MSG_DONTWAIT)


def receive(link: socket.socket, flags: int = 0) -> tuple[Message, list[int]] | None:
    """Return one message and its descriptors (close-on-exec); None at end of file.

    `socket.recv_fds` would do, but it ignores its flags, so the descriptors would leak into every child.

    Raises:
        BlockingIOError: nothing there (MSG_DONTWAIT, or a non-blocking socket).
    """
    room = socket.CMSG_LEN(MAX_DESCRIPTORS * array.array("i").itemsize)
    data, ancillary, _, _ = link.recvmsg(MAX_MESSAGE, room, flags | getattr(socket, "MSG_CMSG_CLOEXEC", 0))
    descriptors = array.array("i")
    for level, kind, payload in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(payload[: len(payload) - len(payload) % descriptors.itemsize])
    if not data:
        return None
    return marshal.loads(data), list(descriptors)
