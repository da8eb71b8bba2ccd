"""Whole messages over a connected Unix socket; both the executor and its workers hold one end.

One message is one SOCK_SEQPACKET datagram. That is what lets an executor take an order back: it receives on its own
duplicate of the worker's end, and the kernel gives each datagram to exactly one of the two. Where the system has no
SOCK_SEQPACKET (macOS) a SOCK_STREAM with a length before each message stands behind the same interface; there a
recall may only be tried while the worker is known not to read.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import socket
import struct
import sys
from pathlib import Path

from .messages import MAX_DATAGRAM

Message = tuple[object, ...]

_HAS_PACKETS = sys.platform == "linux"
_LENGTH = struct.Struct("!I")


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets of the kind a `Channel` speaks over."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET if _HAS_PACKETS else socket.SOCK_STREAM)


class Channel:
    """One end of the connection between an executor and a worker. Used by one thread at a time."""

    __slots__ = ("_buffer", "_directory", "_is_packets", "_poll", "_socket", "_view")

    def __init__(self, connected: socket.socket, spill_directory: str) -> None:
        """Take the socket over.

        Args:
            connected: one end of `socket_pair()`.
            spill_directory: where messages above `MAX_DATAGRAM` bytes are written, as 0600 files that the receiver
                deletes; both sides must see it.
        """
        self._socket = connected
        self._directory = spill_directory
        self._is_packets = connected.type == socket.SOCK_SEQPACKET
        # One buffer for the life of the channel: a fresh 96 KB bytes object a message costs 3 us more.
        self._buffer = bytearray(MAX_DATAGRAM)
        self._view = memoryview(self._buffer)
        self._poll: select.poll | None = None

    def wait(self) -> None:
        """Wait until there is a message, or the other side has closed."""
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self._socket, select.POLLIN)
        self._poll.poll()

    def fileno(self) -> int:
        """Return the socket's descriptor, for select and poll."""
        return self._socket.fileno()

    def send(self, message: Message) -> None:
        """Send one message; wait while the other side's queue is full.

        Raises:
            OSError: the other side is gone (BrokenPipeError), or the spill file cannot be written.
        """
        self._send(message, 0)

    def send_now(self, message: Message) -> bool:
        """Send one message unless that would block; return whether it was sent.

        Raises:
            OSError: as `send`.
        """
        try:
            self._send(message, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        return True

    def receive(self) -> Message:
        """Wait for the next message.

        Raises:
            EOFError: the other side closed.
        """
        message = self._receive(0)
        assert message is not None
        return message

    def receive_now(self) -> Message | None:
        """Return the next message if one is there, else None. On a duplicate of the other end: take a message back.

        Raises:
            EOFError: the other side closed, and nothing is left to read.
        """
        try:
            return self._receive(socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None

    def duplicate(self) -> Channel:
        """Return a channel on a duplicate of the same end, close-on-exec."""
        return Channel(self._socket.dup(), self._directory)

    def close(self) -> None:
        """Close this end. Safe to call twice."""
        self._socket.close()

    def _send(self, message: Message, flags: int) -> None:
        data = pickle.dumps(message, protocol=5)
        if len(data) <= MAX_DATAGRAM:
            self._write(data, flags)
            return
        path = self._spill(data)
        try:
            self._write(pickle.dumps(("spilled", path), protocol=5), flags)
        except BaseException:
            _remove(path)
            raise

    def _write(self, data: bytes, flags: int) -> None:
        if self._is_packets:
            self._socket.send(data, flags)
            return
        framed = _LENGTH.pack(len(data)) + data
        sent = self._socket.send(framed, flags)
        if sent < len(framed):  # half a message is worse than a short wait
            self._socket.sendall(framed[sent:])

    def _receive(self, flags: int) -> Message | None:
        size = self._socket.recv_into(self._buffer, 0, flags) if self._is_packets else self._read_stream(flags)
        if size == 0:
            raise EOFError
        message: Message = pickle.loads(self._view[:size])
        if message[0] == "spilled":
            return _take_spilled(str(message[1]))
        return message

    def _read_stream(self, flags: int) -> int:
        if not self._socket.recv(1, flags | socket.MSG_PEEK):
            return 0
        self._read_exactly(_LENGTH.size)
        size: int = _LENGTH.unpack_from(self._buffer)[0]
        self._read_exactly(size)
        return size

    def _read_exactly(self, size: int) -> None:
        done = 0
        while done < size:
            got = self._socket.recv_into(self._view[done:size])
            if got == 0:
                raise EOFError
            done += got

    def _spill(self, data: bytes) -> str:
        path = os.path.join(self._directory, f".message-{os.getpid()}-{os.urandom(8).hex()}")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
        except BaseException:
            _remove(path)
            raise
        return path


def _take_spilled(path: str) -> Message:
    data = Path(path).read_bytes()
    _remove(path)
    message: Message = pickle.loads(data)
    return message


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
