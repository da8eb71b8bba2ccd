"""A watch and the data files of its steps: what they read, what they write. Real files and workers."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from watches import Watched

from graftline.core.states import Status

SILENCE_S = 0.7
"""Longer than a save takes to be told, and than the grace after a wave."""
WRITING = """\
from graftline import Catalog, Pipeline, PythonTask
from writing import make, use

main = Pipeline([
    PythonTask(make, returns=["made"], catalog=Catalog(put=["out/table.csv"])),
    PythonTask(use, returns=["used"]),
])
"""
WRITES = """\
import os, time
from pathlib import Path

LINES = 3

def make():
    os.makedirs("out", exist_ok=True)
    Path("out/table.csv").write_text("a\\n" * LINES)
    Path("plain.txt").write_text(str(time.time()))
    return LINES

def use(made):
    return len(Path("out/table.csv").read_text()) + len(Path("plain.txt").read_text())
"""


def test_what_steps_write_and_read_inside_the_project_starts_no_wave(
    root: Path, watched: Callable[..., Watched]
) -> None:
    (root / "pipeline.py").write_text(WRITING)
    (root / "writing.py").write_text(WRITES)
    watch = watched()
    watch.until_waiting()
    first_is_all = watch.is_silent(SILENCE_S)

    watch.replace("writing.py", "LINES = 3", "LINES = 4")
    watch.until_waiting()

    assert first_is_all
    assert watch.is_silent(SILENCE_S)
    assert len(watch.waves()) == 2


READING = """\
from graftline import Pipeline, PythonTask
from reading import count, other

main = Pipeline([PythonTask(count, returns=["lines"]), PythonTask(other, returns=["more"])])
"""
READS = """\
from pathlib import Path

def count():
    return len(Path("data/in.csv").read_text().splitlines())

def other():
    return 1
"""


def test_a_data_file_that_a_step_was_seen_to_read_runs_that_step(root: Path, watched: Callable[..., Watched]) -> None:
    (root / "pipeline.py").write_text(READING)
    (root / "reading.py").write_text(READS)
    (root / "data").mkdir()
    (root / "data" / "in.csv").write_text("1\n2\n")
    first = watched()
    first.until_waiting()
    first.leave()

    watch = watched()  # everything is reused: what was read is known from the run before
    watch.until_waiting()
    watch.save("data/in.csv", "1\n2\n3\n")
    planned = watch.until_planned()
    ended = watch.until_ended()
    watch.save("data/unread.csv", "1\n")

    assert planned.files == ("data/in.csv",)
    assert watch.states(ended.run.id) == {"count": Status.SUCCESS, "other": Status.CACHED}
    watch.until_waiting()
    assert watch.is_silent(SILENCE_S)


ENDLESS = """
def other():
    import time

    Path("data/in.csv").write_text(str(time.time()))
    return 1
"""


def test_a_data_file_that_changes_with_each_wave_does_not_loop(root: Path, watched: Callable[..., Watched]) -> None:
    (root / "pipeline.py").write_text(READING)
    (root / "reading.py").write_text(READS + ENDLESS)
    (root / "data").mkdir()
    (root / "data" / "in.csv").write_text("1\n2\n")
    watch = watched()

    watch.until_waiting()
    while not watch.is_silent(1.5):
        watch.until_waiting()

    assert len(watch.waves()) <= 3


def test_a_failed_step_is_tried_again_when_a_file_was_saved(root: Path, watched: Callable[..., Watched]) -> None:
    (root / "pipeline.py").write_text(READING)
    (root / "reading.py").write_text(READS)
    watch = watched()
    failed = watch.until_ended()
    watch.until_waiting()
    time.sleep(0.6)  # what is saved right after a wave may be its own

    watch.save("data/in.csv", "1\n")

    assert failed.run.state is Status.FAILURE
    assert watch.until_ended().run.state is Status.SUCCESS
