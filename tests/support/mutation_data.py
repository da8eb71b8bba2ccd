"""Data, databases, environment variables and code under whole runs: the edit of each comes on top of those before."""

from __future__ import annotations

import _ctypes
import gzip
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

DATA_STEPS = '''
import configparser
import contextlib
import csv
import functools
import glob
import gzip
import io
import json
import mmap
import os
import pathlib
import pickle
import sqlite3
import tempfile
import threading
import tomllib
import zipfile

import numpy as np

import helper

HERE = pathlib.Path(__file__).parent
with open(HERE / "settings.toml", "rb") as _file:
    SETTINGS = tomllib.load(_file)


def opened():
    with open("data/plain.txt") as file:
        return file.read()


def after_opened(opened):
    return len(opened)


def by_path():
    return pathlib.Path("data/path.txt").read_bytes().decode()


def as_json():
    with open("data/table.json") as file:
        return json.load(file)["x"]


def as_csv():
    with open("data/table.csv", newline="") as file:
        return [row["b"] for row in csv.DictReader(file)]


def as_array():
    return np.load("data/array.npy").tolist()


def as_text_array():
    return np.loadtxt("data/numbers.txt").tolist()


def raw_array():
    return np.fromfile("data/raw.bin", dtype=np.uint8).tolist()


def zipped():
    with zipfile.ZipFile("data/archive.zip") as archive:
        return archive.read("inner.txt").decode()


def gzipped():
    with gzip.open("data/packed.gz", "rt") as file:
        return file.read()


def pickled():
    with open("data/object.pickle", "rb") as file:
        return pickle.load(file)


def mapped():
    with open("data/mapped.bin", "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        return bytes(view).decode()


def ini():
    parser = configparser.ConfigParser()
    parser.read(["data/first.ini", "data/second.ini"])
    return {name: dict(parser[name]) for name in parser.sections()}


def database():
    with contextlib.closing(sqlite3.connect("data/base.db")) as base:
        return base.execute("SELECT sum(x) FROM t").fetchone()[0]


def read_only_database():
    with contextlib.closing(sqlite3.connect("file:data/logged.db?mode=ro", uri=True)) as base:
        return base.execute("SELECT sum(x) FROM t").fetchone()[0]


def listed():
    return sorted(os.listdir("data/many"))


def globbed():
    found = {}
    for name in sorted(glob.glob("data/many/*.csv")):
        with open(name) as file:
            found[name] = file.read()
    return found


def tree():
    return {str(path): path.read_text() for path in sorted(pathlib.Path("data/tree").rglob("*.txt"))}


def missing():
    try:
        with open("data/override.json") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def on_import():
    return SETTINGS["depth"]


def elsewhere():
    return (HERE.parent / "outside.txt").read_text()


def linked():
    with open("data/link.txt") as file:
        return file.read()


def threaded():
    found = []
    thread = threading.Thread(target=lambda: found.append(open("data/thread.txt").read()))
    thread.start()
    thread.join()
    return found


def by_descriptor():
    handle = os.open("data/descriptor.txt", os.O_RDONLY)
    try:
        return os.read(handle, 100).decode()
    finally:
        os.close(handle)


def in_helper():
    return helper.table()


def first_word():
    with open("data/words.txt") as file:
        return file.readline()


def after_first_word(first_word):
    return first_word.upper()


def variable():
    return os.environ.get("MODE", "none")


def other_variable():
    return os.getenv("LEVEL")


def indexed_variable():
    return os.environ["ALWAYS"]


def declared_variable(name="DECLARED"):
    return os.environ.get(name)


def secret_variable():
    return len(os.environ.get("TOKEN", ""))


def declared_files():
    import subprocess

    names = sorted(glob.glob("data/declared/*.txt"))
    return subprocess.run(["cat", *names], capture_output=True, text=True, check=True).stdout


def put_file():
    with open("data/given.txt") as file:
        text = file.read()
    with open("made.txt", "w") as file:
        file.write(text.upper())
    return 1


def get_file():
    with open("made.txt") as file:
        return file.read()


def by_ctypes():
    import ctypes

    library = HERE / "data" / "library.so"
    ctypes.CDLL(str(library))
    return library.stat().st_size


def scratch():
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder) / "made.txt"
        made.write_text("made")
        return [made.read_text(), os.listdir(folder)]


def beside():
    return 0
'''
DATA_PIPELINE = '''
import steps

from graftline import Catalog, Pipeline, PythonTask, ShellTask

OPTIONS = {
    "declared_variable": {"env": ["DECLARED"]},
    "secret_variable": {"env": []},
    "declared_files": {"reads": ["data/declared/*.txt"]},
    "put_file": {"catalog": Catalog(put=["made.txt"])},
    "get_file": {"catalog": Catalog(get=["made.txt"])},
}
NAMES = [name for name, each in vars(steps).items() if getattr(each, "__module__", "") == "steps"]
main = Pipeline(
    name="main",
    order="data",
    steps=[
        *(PythonTask(getattr(steps, name), name=name, returns=[name], **OPTIONS.get(name, {})) for name in NAMES),
        ShellTask("lines=$(wc -l < data/counted.txt); echo $n > /dev/null; export lines", name="shell", takes=["n"],
                  returns=["lines"]),
    ],
    params={"n": 1},
)
'''
HELPER = '''
def table():
    with open("data/helper.txt") as file:
        return file.read()
'''


def make(root: Path) -> None:
    """Write the data of the project."""
    data = root / "data"
    for folder in ("many", "tree/deep", "declared"):
        (data / folder).mkdir(parents=True)
    for name in ("plain", "path", "thread", "descriptor", "helper", "target", "counted", "given"):
        (data / f"{name}.txt").write_text(f"{name} 1\n")
    (data / "words.txt").write_text("one\ntwo\n")
    (data / "table.json").write_text('{"x": 1}')
    (data / "table.csv").write_text("a,b\n1,2\n")
    (data / "numbers.txt").write_text("1 2\n3 4\n")
    (data / "raw.bin").write_bytes(b"\x01\x02")
    (data / "mapped.bin").write_bytes(b"mapped 1")
    (data / "object.pickle").write_bytes(_pickled(1))
    (data / "array.npy").write_bytes(_array(1))
    (data / "first.ini").write_text("[a]\nx = 1\n")
    (data / "many" / "a.csv").write_text("1")
    (data / "tree" / "deep" / "a.txt").write_text("1")
    (data / "declared" / "a.txt").write_text("1\n")
    (data / "link.txt").symlink_to("target.txt")
    (root / "settings.toml").write_text("depth = 1\n")
    (root.parent / "outside.txt").write_text("outside 1")
    shutil.copy(_ctypes.__file__, data / "library.so")
    _zip(data / "archive.zip", "1")
    (data / "packed.gz").write_bytes(gzip.compress(b"1", mtime=0))
    for name in ("base.db", "logged.db"):
        _sql(data / name, "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)")


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


def _pickled(value: object) -> bytes:
    import pickle

    return pickle.dumps(value)


def _array(value: int) -> bytes:
    import io

    import numpy as np

    made = io.BytesIO()
    np.save(made, np.array([value, 2]))
    return made.getvalue()


def _zip(path: Path, text: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.txt", text)


def _sql(path: Path, *statements: str) -> None:
    base = sqlite3.connect(path)
    for statement in statements:
        base.execute(statement)
    base.commit()
    base.close()


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
    DataEdit(name="content of the same size", do=_same_time("data/plain.txt", "plain six\n"), reruns="opened after_opened"),
    DataEdit(name="a touched file", do=lambda root: os.utime(root / "data/plain.txt"), about="opened after_opened"),
    DataEdit(name="a file written as it was", do=_written("data/plain.txt", "plain six\n"), about="opened after_opened"),
    DataEdit(name="a file put back as it was first", do=_written("data/plain.txt", "plain 1\n"), about="opened after_opened"),
    DataEdit(name="a file replaced by a rename", do=_replaced("data/path.txt", "path 2\n"), reruns="by_path"),
    DataEdit(name="json of the same size and time", do=_same_time("data/table.json", '{"x": 2}'), reruns="as_json"),
    DataEdit(name="a cell of a table", do=_written("data/table.csv", "a,b\n1,3\n"), reruns="as_csv"),
    DataEdit(
        name="an array", do=lambda root: (root / "data/array.npy").write_bytes(_array(3)), reruns="as_array"
    ),
    DataEdit(name="a text array", do=_written("data/numbers.txt", "1 2\n3 5\n"), reruns="as_text_array"),
    DataEdit(
        name="a raw array", do=lambda root: (root / "data/raw.bin").write_bytes(b"\x01\x03"), reruns="raw_array"
    ),
    DataEdit(name="an archive", do=lambda root: _zip(root / "data/archive.zip", "2"), reruns="zipped"),
    DataEdit(
        name="a packed file",
        do=lambda root: (root / "data/packed.gz").write_bytes(gzip.compress(b"2", mtime=0)),
        reruns="gzipped",
    ),
    DataEdit(
        name="a pickle", do=lambda root: (root / "data/object.pickle").write_bytes(_pickled(2)), reruns="pickled"
    ),
    DataEdit(name="a mapped file", do=_same_time("data/mapped.bin", "mapped 2"), reruns="mapped"),
    DataEdit(name="an ini file", do=_written("data/first.ini", "[a]\nx = 2\n"), reruns="ini"),
    DataEdit(name="a second ini file appears", do=_written("data/second.ini", "[b]\ny = 2\n"), reruns="ini"),
    DataEdit(name="a row", do=lambda root: _sql(root / "data/base.db", "INSERT INTO t VALUES (2)"), reruns="database"),
    DataEdit(
        name="a row rewritten", do=lambda root: _sql(root / "data/base.db", "UPDATE t SET x = x + 1"), reruns="database"
    ),
    DataEdit(name="a row in a write-ahead log", do=lambda root: _log(root / "data/logged.db"), reruns="read_only_database"),
    DataEdit(name="the log written back", do=_close, harmless="read_only_database"),
    DataEdit(name="a new file in a folder", do=_written("data/many/b.csv", "2"), reruns="listed globbed"),
    DataEdit(name="a file in a folder", do=_written("data/many/a.csv", "10"), reruns="globbed"),
    DataEdit(
        name="a file renamed in a folder",
        do=lambda root: (root / "data/many/b.csv").rename(root / "data/many/c.csv"),
        reruns="listed globbed",
    ),
    DataEdit(name="a file of another ending", do=_written("data/many/notes.md", "x"), reruns="listed", harmless="globbed"),
    DataEdit(name="a file removed", do=lambda root: (root / "data/many/c.csv").unlink(), reruns="listed globbed"),
    DataEdit(name="a file deep in a tree", do=_written("data/tree/deep/a.txt", "2"), reruns="tree"),
    DataEdit(name="a new file deep in a tree", do=_written("data/tree/deep/b.txt", "2"), reruns="tree"),
    DataEdit(name="a missing file appears", do=_written("data/override.json", "[1]"), reruns="missing"),
    DataEdit(name="it goes again", do=lambda root: (root / "data/override.json").unlink(), about="missing"),
    DataEdit(name="a file read on import", do=_written("settings.toml", "depth = 2\n"), reruns="on_import", harmless=ALL),
    DataEdit(
        name="a file outside of the project",
        do=lambda root: (root.parent / "outside.txt").write_text("outside 2"),
        reruns="elsewhere",
    ),
    DataEdit(name="the target of a link", do=_written("data/target.txt", "target 2\n"), reruns="linked"),
    DataEdit(name="a file read in a thread", do=_written("data/thread.txt", "thread 2\n"), reruns="threaded"),
    DataEdit(name="a file read by its number", do=_written("data/descriptor.txt", "other 2\n"), reruns="by_descriptor"),
    DataEdit(name="a file a helper reads", do=_written("data/helper.txt", "helper 2\n"), reruns="in_helper"),
    DataEdit(name="the rest of a file", do=_written("data/words.txt", "one\nthree\n"), harmless="first_word", about="after_first_word"),
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
    DataEdit(name="a helper's code", do=_written("helper.py", HELPER.replace(".read()", ".read() * 2")), reruns="in_helper"),
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
