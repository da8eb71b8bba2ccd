"""The project whose data `mutation_data` changes: each step reads something in its own way."""

from __future__ import annotations

import _ctypes
import gzip
import io
import pickle
import shutil
import sqlite3
import zipfile
from pathlib import Path

import numpy as np

DATA_STEPS = """
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
"""
DATA_PIPELINE = """
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
"""
HELPER = """
def table():
    with open("data/helper.txt") as file:
        return file.read()
"""


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
    (data / "object.pickle").write_bytes(pickled(1))
    (data / "array.npy").write_bytes(array(1))
    (data / "first.ini").write_text("[a]\nx = 1\n")
    (data / "many" / "a.csv").write_text("1")
    (data / "tree" / "deep" / "a.txt").write_text("1")
    (data / "declared" / "a.txt").write_text("1\n")
    (data / "link.txt").symlink_to("target.txt")
    (root / "settings.toml").write_text("depth = 1\n")
    (root.parent / "outside.txt").write_text("outside 1")
    shutil.copy(_ctypes.__file__, data / "library.so")
    zip_up(data / "archive.zip", "1")
    (data / "packed.gz").write_bytes(gzip.compress(b"1", mtime=0))
    for name in ("base.db", "logged.db"):
        sql(data / name, "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)")


def pickled(value: object) -> bytes:
    """Return a value as a pickle."""

    return pickle.dumps(value)


def array(value: int) -> bytes:
    """Return an array as numpy writes it."""

    made = io.BytesIO()
    np.save(made, np.array([value, 2]))
    return made.getvalue()


def zip_up(path: Path, text: str) -> None:
    """Write an archive with one file."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.txt", text)


def sql(path: Path, *statements: str) -> None:
    """Change a database."""
    base = sqlite3.connect(path)
    for statement in statements:
        base.execute(statement)
    base.commit()
    base.close()
