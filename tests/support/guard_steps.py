"""Sources of a project whose steps use what they do not declare; written to files, as guards look below a root."""

STEPS = """
import glob
import os
import pathlib
import socket
import subprocess
import time

COUNT = {}
ZONE = os.environ.get("GUARD_ZONE", "UTC")


def clean(x=1):
    return x


def files():
    names = sorted(glob.glob("data/*.csv"))
    return sum(len(open(name).read()) for name in names)


def variable():
    return os.getenv("GUARD_ONE", "")


def remembers():
    COUNT["calls"] = COUNT.get("calls", 0) + 1
    return COUNT["calls"]


def connects():
    with socket.socket() as client:
        client.settimeout(1)
        client.connect_ex(("127.0.0.1", 9))
    return 1


def starts():
    subprocess.run(["true"], check=True)
    return 1


def copies():
    subprocess.run(["true"], check=True, env={**os.environ, "A": "1"})
    return 1


def fails():
    pathlib.Path("settings.ini").read_text()
    raise ValueError("after reading")


def secret():
    return len(os.environ["GUARD_TOKEN"])


def puts():
    pathlib.Path("made.txt").write_text("made")


def gets():
    return pathlib.Path("made.txt").read_text()
"""
PIPELINE = """
from graftline import Catalog, Map, NotebookTask, Pipeline, PythonTask, ScriptTask, ShellTask
from steps import clean, connects, copies, fails, files, gets, puts, remembers, secret, starts, variable

used = Pipeline(
    [
        PythonTask(files, returns=["size"]),
        PythonTask(variable, returns=["text"]),
        PythonTask(remembers, returns=["calls"]),
        PythonTask(connects, returns=["connected"]),
        PythonTask(starts, returns=["started"]),
        PythonTask(copies, returns=["copied"]),
        PythonTask(fails),
    ],
    name="used",
    order="data",
)
declared = Pipeline(
    [
        PythonTask(clean, returns=["x"], env=["GUARD_ZONE"]),
        PythonTask(files, returns=["size"], reads=["data/*.csv"], env=["GUARD_ZONE"]),
        PythonTask(variable, returns=["text"], env=["GUARD_ONE", "GUARD_ZONE"]),
        PythonTask(connects, returns=["connected"], cache=False, env=["GUARD_ZONE"]),
        PythonTask(puts, catalog=Catalog(put=["made.txt"]), env=["GUARD_ZONE"]),
        PythonTask(gets, returns=["made"], catalog=Catalog(get=["made.txt"]), env=["GUARD_ZONE"]),
    ],
    name="declared",
)
strict = Pipeline([PythonTask(files, returns=["size"])], name="strict")
"""
