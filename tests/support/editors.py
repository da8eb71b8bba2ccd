"""How editors save: each in its own handful of system calls."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path


def in_place(file: Path, data: bytes) -> None:
    """Write into the file as it is."""
    file.write_bytes(data)


def vim(file: Path, data: bytes) -> None:
    """Probe the directory, set the old file aside, write a new one."""
    (probe := file.with_name("4913")).touch()
    probe.unlink()
    swap = file.with_name(f".{file.name}.swp")
    swap.write_bytes(b"vim")
    backup = file.with_name(f"{file.name}~")
    file.rename(backup)
    file.write_bytes(data)
    backup.unlink()
    swap.unlink()


def vs_code(file: Path, data: bytes) -> None:
    """Truncate, then write: the file is empty for a moment."""
    with open(file, "r+b") as opened:  # truncates first, then writes
        opened.truncate()
        time.sleep(0.002)
        opened.write(data)


def pycharm(file: Path, data: bytes) -> None:
    """Write a new file, set the old one aside, rename."""
    new, old = file.with_name(f"{file.name}___jb_tmp___"), file.with_name(f"{file.name}___jb_old___")
    new.write_bytes(data)
    file.rename(old)
    new.rename(file)
    old.unlink()


def emacs(file: Path, data: bytes) -> None:
    """Lock, copy a backup, write into the file."""
    lock = file.with_name(f".#{file.name}")
    lock.symlink_to("person@machine.1")
    shutil.copy2(file, file.with_name(f"{file.name}~"))
    file.write_bytes(data)
    lock.unlink()


def replaced(file: Path, data: bytes) -> None:
    """Rename a new file over it, as `sed -i` and most programs do."""
    new = file.with_name("sedAbC123")
    new.write_bytes(data)
    os.replace(new, file)


EDITORS = [in_place, vim, vs_code, pycharm, emacs, replaced]
