"""Steps that touch the world, for the tests of what is seen of them."""

from __future__ import annotations

import contextlib
import glob
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path


def reads() -> int:
    with open("a.csv") as file:
        return len(file.read())


def reads_in_many_ways() -> None:
    Path("b.csv").read_bytes()
    os.close(os.open(b"c.csv", os.O_RDONLY))
    with open(os.path.abspath("in/../d.csv"), "r+"):
        pass
    sqlite3.connect("e.db").close()
    os.rename("f.csv", "moved.csv")


def reads_what_is_missing() -> bool:
    try:
        with open("missing.csv"):
            return True
    except FileNotFoundError:
        return False


def reads_what_it_wrote() -> str:
    Path("made").mkdir()
    Path("made/new.tmp1").write_text("1")
    os.replace("made/new.tmp1", "made/new.csv")
    os.listdir("made")
    return Path("made/new.csv").read_text()


def lists() -> int:
    return len(glob.glob("data/*.csv")) + len(os.listdir())


def reads_in_threads() -> None:
    threads = [threading.Thread(target=Path(f"{name}.csv").read_text) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def connects(port: int) -> None:
    with socket.create_connection(("localhost", port)):
        pass


def connects_to_an_address(port: int) -> None:
    with socket.socket() as made:
        made.connect(("127.0.0.1", port))


def starts_children() -> None:
    subprocess.run(["cat", "a.csv"], check=True, stdout=subprocess.DEVNULL)
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)


def starts_a_process() -> None:
    import multiprocessing

    process = multiprocessing.get_context("spawn").Process(target=os.getpid)
    process.start()
    process.join()


def imports_what_reads() -> int:
    import reader_module  # type: ignore[import-not-found]  # written by the test

    return int(reader_module.SIZE)


def fails_after_reading() -> None:
    reads()
    raise ValueError("no")


def shows_lines() -> None:
    import ast
    import traceback

    with contextlib.suppress(SyntaxError):
        ast.parse("a b")
    try:
        raise ValueError
    except ValueError:
        traceback.format_exc()


def reads_many(count: int) -> None:
    for number in range(count):
        with open(f"many/{number}.csv", "rb"):
            pass


def reads_far() -> None:
    with open(os.path.join(os.path.dirname(os.path.dirname(os.getcwd())), "far.csv")):
        pass
    with open("/etc/hostname"), open(sys.executable, "rb"):
        pass


def of(name: str) -> Callable[..., object]:
    return globals()[name]  # type: ignore[no-any-return]
