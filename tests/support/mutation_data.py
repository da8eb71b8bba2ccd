"""Data, databases, environment variables and code under whole runs: the edit of each comes on top of those before."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mutation_project import HELPER, array, pickled, sql, zip_up

ALL = "ALL"
"""Of `harmless`: every other step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataEdit:
    """One change of the world outside of the code."""

    name: str
    do: Callable[[Path], object] = lambda root: None
    """Given the project's folder."""
    reruns: str = ""
    environ: Mapping[str, str | None] = field(default_factory=dict)
    """Variables that are set from then on; None: not set any more."""
    harmless: str = ""
    """Steps that run again although their results are the same: known, and counted as false re-runs."""
    about: str = ""
    """Steps that are to be kept, and that the edit is about."""

    @property
    def concerned(self) -> set[str]:
        """Steps that no other edit of the same round may be about."""
        return {*self.reruns.split(), *self.harmless.split(), *self.about.split()}


_open: list[sqlite3.Connection] = []


def _log(path: Path) -> None:
    """Write to a database in write-ahead mode and keep it open: its file stays as it is."""
    base = sqlite3.connect(path)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("INSERT INTO t VALUES (20)")
    base.commit()
    _open.append(base)


def _close(root: Path) -> None:
    while _open:
        base = _open.pop()
        base.execute("PRAGMA journal_mode=DELETE")
        base.close()


def _written(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text(text)


def _longer(name: str) -> Callable[[Path], object]:
    def do(root: Path) -> None:
        with open(root / name, "ab") as file:
            file.write(b"more")

    return do


def _same_time(name: str, text: str) -> Callable[[Path], object]:
    """Write as many bytes and put the time of the file back."""

    def do(root: Path) -> None:
        path = root / name
        before = path.stat()
        assert len(text.encode()) == before.st_size, (name, before.st_size)
        path.write_text(text)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    return do


def _replaced(name: str, text: str) -> Callable[[Path], object]:
    """Put another file in its place by a rename, as editors do."""

    def do(root: Path) -> None:
        (root / "new.tmp").write_text(text)
        (root / "new.tmp").rename(root / name)

    return do


EDITS: list[DataEdit] = [
    DataEdit(name="nothing"),
    DataEdit(name="a file's content", do=_written("data/plain.txt", "plain two\n"), reruns="opened after_opened"),
    DataEdit(
        name="content of the same size", do=_same_time("data/plain.txt", "plain six\n"), reruns="opened after_opened"
    ),
    DataEdit(name="a touched file", do=lambda root: os.utime(root / "data/plain.txt"), about="opened after_opened"),
    DataEdit(
        name="a file written as it was", do=_written("data/plain.txt", "plain six\n"), about="opened after_opened"
    ),
    DataEdit(
        name="a file put back as it was first", do=_written("data/plain.txt", "plain 1\n"), about="opened after_opened"
    ),
    DataEdit(name="a file replaced by a rename", do=_replaced("data/path.txt", "path 2\n"), reruns="by_path"),
    DataEdit(name="json of the same size and time", do=_same_time("data/table.json", '{"x": 2}'), reruns="as_json"),
    DataEdit(name="a cell of a table", do=_written("data/table.csv", "a,b\n1,3\n"), reruns="as_csv"),
    DataEdit(name="an array", do=lambda root: (root / "data/array.npy").write_bytes(array(3)), reruns="as_array"),
    DataEdit(name="a text array", do=_written("data/numbers.txt", "1 2\n3 5\n"), reruns="as_text_array"),
    DataEdit(name="a raw array", do=lambda root: (root / "data/raw.bin").write_bytes(b"\x01\x03"), reruns="raw_array"),
    DataEdit(name="an archive", do=lambda root: zip_up(root / "data/archive.zip", "2"), reruns="zipped"),
    DataEdit(
        name="a packed file",
        do=lambda root: (root / "data/packed.gz").write_bytes(gzip.compress(b"2", mtime=0)),
        reruns="gzipped",
    ),
    DataEdit(name="a pickle", do=lambda root: (root / "data/object.pickle").write_bytes(pickled(2)), reruns="pickled"),
    DataEdit(name="a mapped file", do=_same_time("data/mapped.bin", "mapped 2"), reruns="mapped"),
    DataEdit(name="an ini file", do=_written("data/first.ini", "[a]\nx = 2\n"), reruns="ini"),
    DataEdit(name="a second ini file appears", do=_written("data/second.ini", "[b]\ny = 2\n"), reruns="ini"),
    DataEdit(name="a row", do=lambda root: sql(root / "data/base.db", "INSERT INTO t VALUES (2)"), reruns="database"),
    DataEdit(
        name="a row rewritten", do=lambda root: sql(root / "data/base.db", "UPDATE t SET x = x + 1"), reruns="database"
    ),
    DataEdit(
        name="a row in a write-ahead log", do=lambda root: _log(root / "data/logged.db"), reruns="read_only_database"
    ),
    DataEdit(name="the log written back", do=_close, harmless="read_only_database"),
    DataEdit(name="a new file in a folder", do=_written("data/many/b.csv", "2"), reruns="listed globbed"),
    DataEdit(name="a file in a folder", do=_written("data/many/a.csv", "10"), reruns="globbed"),
    DataEdit(
        name="a file renamed in a folder",
        do=lambda root: (root / "data/many/b.csv").rename(root / "data/many/c.csv"),
        reruns="listed globbed",
    ),
    DataEdit(
        name="a file of another ending", do=_written("data/many/notes.md", "x"), reruns="listed", harmless="globbed"
    ),
    DataEdit(name="a file removed", do=lambda root: (root / "data/many/c.csv").unlink(), reruns="listed globbed"),
    DataEdit(name="a file deep in a tree", do=_written("data/tree/deep/a.txt", "2"), reruns="tree"),
    DataEdit(name="a new file deep in a tree", do=_written("data/tree/deep/b.txt", "2"), reruns="tree"),
    DataEdit(name="a missing file appears", do=_written("data/override.json", "[1]"), reruns="missing"),
    DataEdit(name="it goes again", do=lambda root: (root / "data/override.json").unlink(), about="missing"),
    DataEdit(
        name="a file read on import", do=_written("settings.toml", "depth = 2\n"), reruns="on_import", harmless=ALL
    ),
    DataEdit(
        name="a file outside of the project",
        do=lambda root: (root.parent / "outside.txt").write_text("outside 2"),
        reruns="elsewhere",
    ),
    DataEdit(name="the target of a link", do=_written("data/target.txt", "target 2\n"), reruns="linked"),
    DataEdit(name="a file read in a thread", do=_written("data/thread.txt", "thread 2\n"), reruns="threaded"),
    DataEdit(name="a file read by its number", do=_written("data/descriptor.txt", "other 2\n"), reruns="by_descriptor"),
    DataEdit(name="a file a helper reads", do=_written("data/helper.txt", "helper 2\n"), reruns="in_helper"),
    DataEdit(
        name="the rest of a file",
        do=_written("data/words.txt", "one\nthree\n"),
        harmless="first_word",
        about="after_first_word",
    ),
    DataEdit(name="its first line", do=_written("data/words.txt", "four\n"), reruns="first_word after_first_word"),
    DataEdit(name="a variable set", environ={"MODE": "fast"}, reruns="variable"),
    DataEdit(name="a variable changed", environ={"MODE": "slow"}, reruns="variable"),
    DataEdit(name="a variable unset again", environ={"MODE": None}, about="variable"),
    DataEdit(name="a variable by getenv", environ={"LEVEL": "3"}, reruns="other_variable"),
    DataEdit(name="a variable by index", environ={"ALWAYS": "b"}, reruns="indexed_variable"),
    DataEdit(name="a variable declared in env=", environ={"DECLARED": "1"}, reruns="declared_variable"),
    DataEdit(name="a variable nobody reads", environ={"UNRELATED": "1"}),
    DataEdit(name="a file declared in reads=", do=_written("data/declared/a.txt", "2\n"), reruns="declared_files"),
    DataEdit(name="another that fits", do=_written("data/declared/b.txt", "3\n"), reruns="declared_files"),
    DataEdit(name="one that does not fit", do=_written("data/declared/b.md", "3\n"), harmless="declared_files"),
    DataEdit(name="data a command names", do=_written("data/counted.txt", "1\n2\n"), reruns="shell"),
    DataEdit(
        name="what a catalog file is made of", do=_written("data/given.txt", "given 2\n"), reruns="put_file get_file"
    ),
    DataEdit(name="a catalog file removed", do=lambda root: (root / "made.txt").unlink(), about="put_file get_file"),
    DataEdit(name="a library of C", do=_longer("data/library.so"), reruns="by_ctypes"),
    DataEdit(
        name="a helper's code", do=_written("helper.py", HELPER.replace(".read()", ".read() * 2")), reruns="in_helper"
    ),
    DataEdit(
        name="the cache of bytecode removed", do=lambda root: shutil.rmtree(root / "__pycache__", ignore_errors=True)
    ),
]


def rounds() -> list[list[DataEdit]]:
    """Return the edits in their order, as many in one round as concern different steps: a run judges each round."""
    found: list[list[DataEdit]] = []
    for edit in EDITS:
        # Into the first round after the last one that is about the same steps.
        at = max((n + 1 for n, one in enumerate(found) if any(_clash(edit, each) for each in one)), default=0)
        if at == len(found):
            found.append([])
        found[at].append(edit)
    return found


def _clash(one: DataEdit, other: DataEdit) -> bool:
    return ALL in (one.harmless, other.harmless) or bool(one.concerned & other.concerned)
