"""Process trees: who descends from us, who carries our mark, and how to end them all.

Apart from the guardian because it is the only code here that signals processes it did not start by hand. Imports
nothing heavy: the guardian must be up in 20 ms. Linux reads /proc. Elsewhere (macOS) there is no subreaper and no
/proc: `ps` gives the tree, so a child that was orphaned twice is found only while its parent lives.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import time

MARK = "GRAFT_BELOW"
"""Environment variable of everything below a guardian: `NAMESPACE.PID.START.N`, the N-th nursery of a runner.

The pid namespace is in it because a host sees the processes of its containers, whose runners it cannot judge.
Another form needs another name: a guardian of another version must not take what it cannot read for a stray."""

_PR_SET_CHILD_SUBREAPER = 36
_GUARDIAN = "graft-guardian"
"""Name of a guardian's process, which carries the mark of its nursery too: whoever ends strays leaves it at its work.
A program that a step starts has a name of its own."""
_NAME = re.compile(r"graft([0-9a-f]{6})([0-9a-f]{4})")
"""Name of what was forked below a guardian: the runner, and the end of its start time. A name has 15 bytes at most."""
_PART = 32 * 1024
"""Bytes of one look at what /proc says; an environment may be larger."""
_IS_LINUX = sys.platform == "linux"


def adopt_orphans() -> bool:
    """Make orphaned descendants of this process its children; return whether the system can do that.

    Source: prctl(2), PR_SET_CHILD_SUBREAPER.
    """
    if not _IS_LINUX:
        return False
    arguments = (_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        # What ctypes is made of: to import all of it takes 1.5 ms, in the guardian of each command.
        from _ctypes import call_cdeclfunction, dlopen, dlsym
    except ImportError:  # no version of Python promises these
        import ctypes

        return bool(ctypes.CDLL(None).prctl(*arguments) == 0)
    here = dlopen(None, 0)  # type: ignore[arg-type]  # this process, which the stubs know nothing of
    return bool(call_cdeclfunction(dlsym(here, "prctl"), arguments) == 0)


def be_guardian() -> None:
    """Name this process so that nobody takes it for a stray; its forks are to `be_marked`."""
    _rename(_GUARDIAN)


def be_marked(mark: str) -> None:
    """Name this process after a mark: forks of a command carry it nowhere else, and hand the name on to theirs."""
    _rename(_name_of(mark))


def start_time(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot; None when it is gone, a zombie or cannot be told."""
    try:
        fields = _told(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in b"ZX" else int(fields[19])


def mark_of(pid: int, nursery: int) -> str:
    """Return the mark that processes of a runner's n-th nursery carry."""
    return f"{_namespace()}.{pid}.{start_time(pid) or 0}.{nursery}"


def descendants(root: int) -> list[int]:
    """Return every living or zombie descendant of a process, parents before children."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    front = [root]
    while front:
        front = [child for pid in front for child in children.get(pid, ())]
        found += front
    return found


def reap() -> list[tuple[int, int]]:
    """Collect every child that has ended; return (pid, wait status) of each."""
    ended: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended.append((pid, status))


def is_childless() -> bool:
    """Collect every child that has ended; tell whether none is left.

    Then nobody is below this process, if it adopts orphans, and /proc need not be gone through for it, 2 ms.
    """
    reap()
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def kill_descendants(*, spare: int | None = None, limit_s: float = 10.0) -> bool:
    """Kill and reap everything below this process; return whether nothing is left.

    Repeats until a look finds nobody, because a process may fork between the look and the signal. Orphans come back
    to us as their subreaper, so setsid and double forks do not hide anyone.

    Args:
        spare: a child to leave alone, together with what still hangs below it.
        limit_s: seconds after which it gives up (a process in an uninterruptible wait, or of another user).
    """
    me = os.getpid()
    pause, deadline = 0.001, time.monotonic() + limit_s
    while True:
        if is_childless():
            return True
        kept = {spare, *descendants(spare)} if spare is not None else set()
        left = [pid for pid in descendants(me) if pid not in kept]
        if not left:
            return True
        if time.monotonic() > deadline:
            return False
        for pid in left:
            _kill(pid)
        time.sleep(pause)
        pause = min(pause * 2, 0.1)


def kill_strays(mark: str | None = None) -> int:
    """Kill processes that carry a mark and have lost both their runner and their guardian; return how many.

    Args:
        mark: look for this nursery's processes alone; None: for those of every runner that is dead.
    """
    if not _IS_LINUX:
        return 0
    killed = 0
    for name in os.listdir("/proc"):
        if name.isdigit() and _is_stray(int(name), mark):
            killed += _kill(int(name))
    return killed


def _is_stray(pid: int, mark: str | None) -> bool:
    try:
        environ = _told(f"/proc/{pid}/environ")
    except OSError:
        return False  # gone, or of another user
    at = environ.find(f"{MARK}=".encode())
    if at < 0 or (at > 0 and environ[at - 1]):
        return _is_stray_by_name(pid, mark)
    found = environ[at + len(MARK) + 1 :].partition(b"\0")[0].decode("ascii", "replace")
    if mark is not None:
        return found == mark
    fields = found.split(".")
    if len(fields) != 4 or not all(field.isdigit() for field in fields) or int(fields[0]) != _namespace():
        return False
    owner, started = int(fields[1]), int(fields[2])
    return started > 0 and start_time(owner) != started and _name(pid) != _GUARDIAN


def _is_stray_by_name(pid: int, mark: str | None) -> bool:
    """Tell the same of a fork of a command, whose environment is still the one the command was started with."""
    found = _NAME.fullmatch(name := _name(pid))
    if found is None or _namespace(pid) != _namespace():
        return False
    if mark is not None:
        return name == _name_of(mark)
    started = start_time(int(found[1], 16))
    return started is None or _end_of(started) != found[2]


def _name_of(mark: str) -> str:
    _, runner, started, _ = mark.split(".")
    return f"graft{int(runner):06x}{_end_of(int(started))}"


def _end_of(started: int) -> str:
    return f"{started & 0xFFFF:04x}"


def _name(pid: int) -> str:
    try:
        return _told(f"/proc/{pid}/comm").decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _told(path: str) -> bytes:
    """Return what a file of /proc says.

    By system calls alone: `open` asks more of each file than its content, 2 ms for 140 processes instead of 0.9.

    Raises:
        OSError: the process is gone, or of another user.
    """
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        told = part = os.read(file, _PART)
        while len(part) == _PART:
            part = os.read(file, _PART)
            told += part
        return told
    finally:
        os.close(file)


def _rename(name: str) -> None:
    with contextlib.suppress(OSError), open("/proc/self/comm", "w", encoding="utf-8") as file:
        file.write(name)


def _namespace(pid: int | str = "self") -> int:
    """Return the number of a process's pid namespace; 0 where there are none, or where it may not be looked at."""
    try:
        return os.stat(f"/proc/{pid}/ns/pid").st_ino
    except OSError:
        return 0


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _parents() -> list[tuple[int, int]]:
    """Return (pid, parent) of every process."""
    if not _IS_LINUX:
        with os.popen("ps -axo pid=,ppid=") as listing:
            pairs = [line.split() for line in listing]
        return [(int(pid), int(parent)) for pid, parent in pairs]
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                # The command stands in parentheses and may hold any byte, so split after the last one.
                fields = _told(f"/proc/{name}/stat").rpartition(b")")[2].split()
                found.append((int(name), int(fields[1])))
            except OSError:
                continue
    return found
