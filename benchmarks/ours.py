"""graftline through its public door: every start, end and output digest is committed to the store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import again
import steps
from cold import starts
from saves import saves
from work import Outcome
from works.no_change import WIDTH, depth_of

NAME = "graftline"
HELLO = """
from graftline import Pipeline, PythonTask

def one():
    return 1

def two(a):
    return a + 1

def three(b):
    print("hello", b)

hello = Pipeline(name="hello", steps=[
    PythonTask(function=one, returns=["a"]), PythonTask(function=two, returns=["b"]), PythonTask(function=three),
])
"""
SHOP_STEPS = """
def fit(X, y):
    return 3

def clean(X):
    return X.spend + 1.0

def scale(spend, model):
    return spend * model

def decide(scaled):
    return scaled / 2
"""
SHOP = """
from graftline import Pipeline, PythonTask, Source, state
from shop_steps import clean, decide, fit, scale

shop = Pipeline([
    PythonTask(fit, returns=[state("model")]),
    PythonTask(clean, returns=["spend"], modes=["apply"]),
    PythonTask(scale, returns=["scaled"], modes=["apply"]),
    PythonTask(decide, returns=["prediction"], modes=["apply"]),
], source=Source("rows.csv", labels={"left": "y"}))
"""
NO_CHANGE = """
from graftline import Pipeline, PythonTask
from mixing import load, mix, neighbours

def tasks():
    for column in range(20):
        name = f"in_{column:02d}.txt"
        yield PythonTask(function=load, name=f"n0_{column}", params={"name": name}, reads=[name],
                         returns=[f"v0_{column}"])
    for layer in range(1, DEPTH):
        for column in range(20):
            needs = [f"v{layer - 1}_{other}" for other in neighbours(column, 20)]
            yield PythonTask(function=mix, name=f"n{layer}_{column}", inputs=dict(zip("abc", needs)),
                             returns=[f"v{layer}_{column}"])

flow = Pipeline(name="flow", steps=list(tasks()))
"""
MIXING = """
from pathlib import Path

def note():
    with open("executed", "a") as book:
        book.write(".")

def load(name: str):
    note()
    return int(Path(name).read_text())

def mix(a, b, c):
    note()
    return (3 * a + 5 * b + 7 * c + 1) % 1_000_003

def neighbours(column, width):
    return column, (column + 1) % width, (column + 7) % width
"""


def missing() -> str | None:
    """Never missing."""
    return None


def independent(count: int) -> Outcome:
    """Run steps that need nothing."""
    from graftline import PythonTask

    tasks = [
        PythonTask(function=steps.noop, name=f"noop_{index:05d}", params={"index": index}, returns=[f"v{index:05d}"])
        for index in range(count)
    ]
    result, note = _execute("throughput", tasks)
    return Outcome(_warm_s(result), len(result.values()), note)


def chain(count: int) -> Outcome:
    """Run steps that each take the value of the one before."""
    from graftline import PythonTask

    tasks = [PythonTask(function=steps.add, name="add_0000", params={"value": 0}, returns=["v0000"])]
    tasks += [
        PythonTask(function=steps.add, name=f"add_{at:04d}", inputs={"value": f"v{at - 1:04d}"}, returns=[f"v{at:04d}"])
        for at in range(1, count)
    ]
    result, note = _execute("chain", tasks)
    return Outcome(_warm_s(result), result.value(f"v{count - 1:04d}"), note)


def layered(depth: int, width: int = 20) -> Outcome:
    """Run a layered graph."""
    from graftline import PythonTask

    def value(layer: int, column: int) -> str:
        return f"v{layer:02d}_{column:02d}"

    tasks = [
        PythonTask(function=steps.noop, name=f"n00_{column:02d}", params={"index": column}, returns=[value(0, column)])
        for column in range(width)
    ]
    for layer in range(1, depth):
        for column in range(width):
            needs = [value(layer - 1, other) for other in steps.neighbours(column, width)]
            tasks.append(
                PythonTask(
                    function=steps.mix,
                    name=f"n{layer:02d}_{column:02d}",
                    inputs=dict(zip("abc", needs, strict=True)),
                    returns=[value(layer, column)],
                )
            )
    result, note = _execute("layered", tasks)
    total = sum(result.value(value(depth - 1, column)) for column in range(width)) % steps.MODULUS
    return Outcome(_warm_s(result), total, note)


def big_array(size_mb: int) -> Outcome:
    """Pass an array; a worker of its own for the second step makes sure that it crosses processes."""
    from graftline import PythonTask

    tasks = [
        PythonTask(function=steps.make_array, params={"size_bytes": size_mb * 1_000_000}, returns=["array"]),
        PythonTask(function=steps.total, returns=["sum"], isolation="process"),
    ]
    result, note = _execute("array", tasks)
    return Outcome(_warm_s(result), result.value("sum"), note)


def no_change(size: int) -> Outcome:
    """Start `graft run` on a graph whose results are all there."""
    depth = depth_of(size)
    Path("graftline.toml").write_text("[project]\nname = 'again'\n")
    Path("mixing.py").write_text(MIXING)
    Path("flow.py").write_text(NO_CHANGE.replace("DEPTH", str(depth)))

    def total() -> int:
        from graftline import load_run

        last = load_run()
        values = [int(last.value(f"v{depth - 1}_{column}")) for column in range(WIDTH)]
        return sum(values) % steps.MODULUS

    return again.no_change([*_graft(), "run", "flow.py", "--plain"], again.executed, total)


class Row(NamedTuple):
    """A row as steps may take it: what is no table and no dict is handed on as it is."""

    spend: float


def cold_help(count: int) -> Outcome:
    """Start `graft --help`."""
    return starts([*_graft(), "--help"], count, Path.cwd())


def cold_list(count: int) -> Outcome:
    """Start `graft ls` on a store with runs in it."""
    _write_hello()
    starts([*_graft(), "run", "hello.py"], 1, Path.cwd())
    return starts([*_graft(), "ls"], count, Path.cwd())


def cold_hello(count: int) -> Outcome:
    """Start `graft run` on three steps."""
    _write_hello()
    return starts([*_graft(), "run", "hello.py"], count, Path.cwd())


def save(count: int) -> Outcome:
    """Save a file of a watched project."""
    return saves(count)


def one_row(count: int) -> Outcome:
    """Call a generation as a function, a row at a time; the clock starts when it is loaded."""
    import time

    Path("graftline.toml").write_text("[project]\nname = 'shop'\n")
    Path("rows.csv").write_text("spend,left\n1,0\n")
    Path("shop_steps.py").write_text(SHOP_STEPS)
    Path("shop.py").write_text(SHOP)
    starts([*_graft(), "train", "shop.py"], 1, Path.cwd())

    import graftline

    trained = graftline.load_run().record
    predict = graftline.pyfunc(f"shop/{trained.lineage}/{trained.generation}")
    rows = [Row(float(row)) for row in range(count)]
    before = time.perf_counter()
    total = sum(predict(row) for row in rows)
    return Outcome(time.perf_counter() - before, total)


def _execute(name: str, tasks: list[Any]) -> tuple[Any, str]:
    import time

    from graftline import Pipeline

    before = time.perf_counter()
    result = Pipeline(name=name, steps=tasks).execute(jobs=2)
    return result, f"{time.perf_counter() - before:.2f} s for the whole call, compile and start of workers included"


def _warm_s(result: Any) -> float:
    """Return seconds from the first step's start to the commit of the run's end.

    Peers' clocks also hold their submission; ours leaves compile and creation of the run out. The note has the whole.
    """
    seconds: float = result.record.finished - min(step.started for step in result.steps)
    return seconds


def _graft() -> list[str]:
    script = Path(sys.executable).with_name("graft")
    return [str(script)] if script.exists() else [sys.executable, "-m", "graftline"]


def _write_hello() -> None:
    Path("hello.py").write_text(HELLO)
