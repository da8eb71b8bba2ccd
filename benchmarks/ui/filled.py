"""A store of many runs: some are really run, and copied row by row until there are enough."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
SPACING_S = 60.0
"""Between two runs that are copied."""
NAMES = ("train", "score", "features", "backfill", "report")
PIPELINE = """
import time

from graftline import Map, Pipeline, PythonTask


def fetch(rows: int) -> list[int]:
    print("fetching", rows)
    return list(range(rows))


def clean(rows):
    return [row * 2 for row in rows]


def fit(rows, broken: bool):
    print("fitting")
    if broken:
        raise KeyError("lang")
    return 0.9


def rest(item: int) -> int:
    print("item", item)
    time.sleep({nap})
    return item


def report(score: float) -> str:
    return f"score {{score}}"


STEPS = [
    PythonTask(fetch, returns=["rows"]),
    PythonTask(clean, returns=["rows"]),
    PythonTask(fit, returns=["score"]),
    PythonTask(report, returns=["text"]),
]
{named}
long = Pipeline(
    [
        PythonTask(fetch, returns=["rows"]),
        Map(PythonTask(rest, returns=["done"]), iterate_on="rows", iterate_as="item", name="rests"),
    ],
    params={{"rows": {steps}}},
    name="long",
)
"""


def make_project(folder: Path, *, steps: int, nap_s: float) -> None:
    """Write a project: five pipelines of four steps, and `long` with one step for each of many items."""
    named = "\n".join(
        f'{name} = Pipeline(STEPS, params={{"rows": 3, "broken": False}}, name="{name}")' for name in NAMES
    )
    (folder / "graftline.toml").write_text('[project]\nname = "churn-model"\n', encoding="utf-8")
    (folder / "pipeline.py").write_text(PIPELINE.format(named=named, steps=steps, nap=nap_s), encoding="utf-8")


def graft(folder: Path, *arguments: str, code: int | None = 0) -> str:
    """Run a command and return what it prints.

    Raises:
        RuntimeError: it ended with another code than `code`; None: any will do.
    """
    done = subprocess.run(
        [sys.executable, "-m", "graftline", *arguments],
        cwd=folder,
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if code is not None and done.returncode != code:
        raise RuntimeError(f"graft {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def fill(folder: Path, database: Path, runs: int) -> None:
    """Run each pipeline once, one of them also with a failure, and copy those runs until there are enough."""
    for name in NAMES:
        graft(folder, "run", f"pipeline.py:{name}")
    graft(folder, "run", "pipeline.py:train", "-p", "broken=true", code=None)
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        made = connection.execute("SELECT seq, created FROM run ORDER BY seq").fetchall()
        _copy(connection, made, runs - len(made))
    connection.close()
    _checkpoint(database)


def _copy(connection: sqlite3.Connection, made: Sequence[tuple[int, float]], count: int) -> None:
    chosen = random.Random(20)
    first = made[-1][0] + 1
    connection.execute("CREATE TEMP TABLE copied (source INTEGER, seq INTEGER, id TEXT, created REAL)")
    connection.executemany(
        "INSERT INTO copied VALUES (?, ?, ?, ?)",
        (
            (
                chosen.choice(made)[0],
                first + number,
                "".join(chosen.choices(LETTERS, k=16)),
                made[0][1] - SPACING_S * (count - number),
            )
            for number in range(count)
        ),
    )
    moved = {"created": "copied.created"}
    moved |= {name: f"copied.created + (t.{name} - t.created)" for name in ("started", "finished")}
    _insert(connection, "run", {"seq": "copied.seq", "id": "copied.id", **moved}, "t.seq = copied.source")
    for table in ("step", "attempt"):
        _insert(connection, table, {"run": "copied.seq"}, "t.run = copied.source")


def _insert(connection: sqlite3.Connection, table: str, given: dict[str, str], condition: str) -> None:
    names = [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
    values: Iterable[str] = (given.get(name, f"t.{name}") for name in names)
    connection.execute(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} "
        f"FROM copied JOIN {table} AS t ON {condition}"
    )


def _checkpoint(database: Path) -> None:
    """Bring what was written into the main file, so that the first reader does not."""
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
