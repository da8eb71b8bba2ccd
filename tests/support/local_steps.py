"""Step functions that the local runner's tests execute in worker processes."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn


def nothing() -> None:
    """Return at once."""


def increment(x: int = 0) -> int:
    return x + 1


def process_id() -> int:
    return os.getpid()


def snooze(seconds: float = 1.0) -> float:
    time.sleep(seconds)
    return seconds


def stamp(folder: str, name: str, seconds: float = 0.0) -> None:
    """Write when it began and ended, and who ran it."""
    began = time.monotonic()
    time.sleep(seconds)
    with open(Path(folder) / name, "a", encoding="utf-8") as file:
        file.write(f"{began} {time.monotonic()} {os.getpid()}\n")


def stamp_twice(folder: str, name: str, seconds: float) -> None:
    """Leave a file when it begins and one when it ends."""
    Path(folder, f"{name}.began").touch()
    time.sleep(seconds)
    Path(folder, f"{name}.ended").touch()


def fail() -> NoReturn:
    raise ValueError("no such luck")


def kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(10)


def terminate_myself() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)


def segfault() -> None:
    ctypes.string_at(0)


def leave_hard(code: int = 7) -> NoReturn:
    os._exit(code)


def leave_softly() -> NoReturn:
    sys.exit(3)


def ignore_terminate() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(30)


def miss_one_terminate() -> None:
    """Lose the first SIGTERM, as a system call does that began just as it came."""
    handler = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, lambda *_: signal.signal(signal.SIGTERM, handler))
    time.sleep(30)


def finish_after_cancel(folder: str) -> None:
    """Say that it runs, and in `finally` that it was cleaned up."""
    (Path(folder) / "began").touch()
    try:
        time.sleep(30)
    finally:
        (Path(folder) / "cleaned").touch()


def unpicklable() -> object:
    return list("abc"), (each for each in "abc")


class Stubborn(Exception):
    """Pickles, and cannot be unpickled."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)
        self.two = two


def fail_stubbornly() -> NoReturn:
    raise Stubborn("a", "b")


def print_much(size: int = 1_000_000) -> None:
    print("x" * size)


def print_then_leave(text: str) -> NoReturn:
    print(text, end="")
    os._exit(0)


def speak(text: str) -> None:
    print(text)
    print(text.upper(), file=sys.stderr)


def speak_below(text: str) -> None:
    """Write through a child process, past Python's streams."""
    subprocess.run(["echo", text], check=True)


def leak(secret: str) -> None:
    """Write a secret in two writes."""
    os.write(1, secret[:4].encode())
    time.sleep(0.05)
    os.write(1, secret[4:].encode() + b"\n")


def leave_children(folder: str) -> None:
    """Leave a child, a child in a session of its own and a daemon (double fork) behind; write their pids."""
    plain = subprocess.Popen(["sleep", "300"])
    session = subprocess.Popen(["sleep", "300"], start_new_session=True)
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setsid()
        daemon = os.fork()
        if daemon == 0:
            os.execvp("sleep", ["sleep", "300"])
        os.write(writer, str(daemon).encode())
        os._exit(0)
    os.wait()
    daemon = int(os.read(reader, 20))
    target = Path(folder) / "pids"
    temporary = target.with_suffix(".tmp")
    temporary.write_text(f"{os.getpid()} {plain.pid} {session.pid} {daemon}", encoding="ascii")
    temporary.replace(target)
    plain.returncode = session.returncode = 0  # left alone on purpose: no ResourceWarning


def leave_children_and_stay(folder: str) -> None:
    leave_children(folder)
    time.sleep(300)


def doubled(data: bytes) -> bytes:
    return data * 2


def large() -> bytes:
    return b"y" * 100_000


def say(text: str) -> None:
    print(text)
