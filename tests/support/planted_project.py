"""A project in which each kind of cause can be planted, and what `why` says of the run after each."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from command_line import Said, call

from graftline.core.inquiry import Inquiry
from graftline.core.keys import CauseKind
from graftline.core.whys import RunWhy
from graftline.wiring import Given, open_workspace

HELPERS = '''\
import functools
import gadget

LIMIT = 30


def clean(rows):
    """Leave out what is too large."""
    return [row for row in rows if row <= LIMIT]


class Base:
    def scale(self, value):
        return value * 2


class Scaler(Base):
    pass


def logged(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)

    return inner


def measured(value):
    return gadget.measure(value)
'''
STEPS = """\
import os

from helpers import Scaler, clean, logged, measured


def load():
    with open("data.csv") as file:
        return [int(word) for word in file.read().split()]


def notes():
    with open("notes.txt") as file:
        return file.read().strip()


def features(rows):
    # A comment.
    return clean(rows)


def scaled(chosen, factor=2):
    return [Scaler().scale(value) * factor for value in chosen]


@logged
def fit(values, C=1.0):
    return {"weight": sum(values) * C}


def zone(weight):
    return [weight["weight"], os.environ.get("PLANTED_ZONE", "none")]


def size(weight):
    return measured(weight["weight"])


def large(words):
    return words * 5000
"""
PIPELINE = """\
from graftline import Pipeline, PythonTask

from steps import features, fit, large, load, notes, scaled, size, zone

pipe = Pipeline(
    [
        PythonTask(function=load, returns=["rows"], reads=["data.csv"]),
        PythonTask(function=notes, returns=["words"]),
        PythonTask(function=features, returns=["chosen"]),
        PythonTask(function=scaled, returns=["values"]),
        PythonTask(function=fit, returns=["weight"]),
        PythonTask(function=zone, returns=["zoned"]),
        PythonTask(function=size, returns=["measure"]),
        PythonTask(function=large, returns=["volume"]),
    ],
    name="planted",
)
"""


class PlantedProject:
    """The project, its store and the environment it runs in."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "planted"
        self.root.mkdir()
        self.store = folder / "store"
        self._site = folder / "site-packages"
        self._site.mkdir()
        self.environ = {**os.environ, "GRAFTLINE_HOME": str(self.store), "PLANTED_ZONE": "west"}
        self.write("helpers.py", HELPERS)
        self.write("steps.py", STEPS)
        self.write("pipeline.py", PIPELINE)
        self.write("data.csv", "1 2 3 40")
        self.write("notes.txt", "a few words")
        self.install("1.0")

    def write(self, file: str, text: str) -> None:
        (self.root / file).write_text(text)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that occurs once."""
        text = (self.root / file).read_text()
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
        self.write(file, text.replace(old, new))

    def install(self, version: str) -> None:
        """Install the distribution `gadget-kit` with its module `gadget` in this version."""
        for old in self._site.glob("*.dist-info"):
            for file in old.iterdir():
                file.unlink()
            old.rmdir()
        info = self._site / f"gadget_kit-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: gadget-kit\nVersion: {version}\n")
        (info / "top_level.txt").write_text("gadget\n")
        (info / "RECORD").write_text("gadget.py,,\n")
        (self._site / "gadget.py").write_text("def measure(value):\n    return value\n")

    def damage(self) -> None:
        """Change a byte of every stored object."""
        for file in self.store.glob("v*/objects/*/*"):
            data = bytearray(file.read_bytes())
            data[len(data) // 2] ^= 1
            file.chmod(0o600)
            file.write_bytes(data)

    def graft(self, *arguments: str) -> Said:
        """Call `graft` in the project, in this process; its workers are processes."""
        return call(self.root, *arguments, environ=self.environ, path=(str(self._site),))

    def run(self, *arguments: str) -> RunWhy:
        """Run the pipeline and ask why its steps ran."""
        done = self.graft("run", "--plain", *arguments)
        assert done.code == 0, done.out + done.err
        return self.reasons()

    def reasons(self) -> RunWhy:
        space = open_workspace(Given(store=str(self.store), project=str(self.root)))
        return Inquiry(space.parts).reasons(space.find("@last"))


def told(why: RunWhy) -> dict[str, list[str]]:
    """Return by step what `why` says of it: the verdict unless it is CHANGED, then each cause."""
    found: dict[str, list[str]] = {}
    for group in why.groups:
        verdict = group.why.verdict
        said = [] if verdict in (None, "CHANGED") else [str(verdict)]
        for each in group.why.causes:
            cause = each.cause
            if cause.kind in (CauseKind.PARAMETER, CauseKind.PACKAGE):
                said.append(f"{cause.kind} {cause.name} {cause.old} -> {cause.new}")
            elif cause.kind is CauseKind.INPUT:
                said.append(f"input {cause.name} of {', '.join(made.step for made in each.made)}")
            else:
                said.append(f"{cause.kind} {cause.name}")
        for path in group.paths:
            found[path] = said
    return found


Plant = Callable[[PlantedProject], tuple[str, ...] | None]
"""Plants a cause; what it returns is given to `graft run`."""
