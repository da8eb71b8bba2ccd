"""A project for Argo: a map with a choice inside, a step that fails once, values of all sizes, text that YAML minds."""

from __future__ import annotations

from pathlib import Path

FUNCTIONS = """\
import os
from pathlib import Path


def grid(Cs: list[float]):
    return [{"C": C, "name": f"trial {n}"} for n, C in enumerate(Cs)]


def score(C, name, offset: int):
    return C * 2 + offset, "large" if C > 1 else "small"


def double(points):
    return points * 2


def keep(points):
    return points


def best(records):
    return max(records, key=lambda each: each["points"])


def fails_once():
    mark = Path(os.environ["MARK_DIR"], "tried")
    if not mark.exists():
        mark.touch()
        raise ValueError("not yet")
    return b"\\x00graft" * 4000


def tell(title: str, data: bytes, winner, token_length: int):
    return f"{title}|{len(data)}|{winner['name']}|{token_length}"


def token():
    return len(os.environ["TOKEN"])
"""
PIPELINE = """\
from functions import best, double, fails_once, grid, keep, score, tell, token

from graftline import Conditional, Map, Pipeline, PythonTask, metric

chosen = Conditional(
    name="size",
    parameter="kind",
    branches={
        "large": Pipeline([PythonTask(double, returns=["points"])], name="large"),
        "small": Pipeline([PythonTask(keep, returns=["points"])], name="small"),
    },
)
item = Pipeline([PythonTask(score, returns=["points", "kind"]), chosen], name="item")
hard = Pipeline(
    name="Hard names, 100% of it",
    params={"Cs": [0.5, 1.5], "offset": 1, "title": TITLE},
    steps=[
        PythonTask(grid, returns=["trials"]),
        Map(item, name="Trials (all)", iterate_on="trials", iterate_as=["C", "name"], collect="winner", reducer=best),
        PythonTask(fails_once, returns=["data"], retries=1, timeout=30, resources={"cpus": 2, "memory": "1GB"}),
        PythonTask(token, name="$(HOME) it's a token", returns=["token_length"], secrets=["TOKEN"]),
        PythonTask(tell, returns=["told"], labels=["big"]),
    ],
)
"""
SETTINGS = """\
[project]
name = "hard"
pipeline = "pipeline.py:hard"
[runner.local.labels]
big = 1
"""
TITLE = 'yes: "no", 1e3 # it\'s\n- ünïcode & {b: [c]} \\ %TAG'


def write(root: Path) -> None:
    """Write the project into a directory."""
    root.mkdir(parents=True)
    (root / "graftline.toml").write_text(SETTINGS)
    (root / "functions.py").write_text(FUNCTIONS)
    (root / "pipeline.py").write_text(PIPELINE.replace("TITLE", repr(TITLE)))
