"""Pipelines written by calls as people run them: from the command line, as programs, in real workers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from command_line import completed
from loading import load, loaded, write

from graftline.core.graph import CallKind

MODULE = """
import asyncio
from graftline import pipeline, task

@task
def double(x: int): return 2 * x

@task(returns=["low", "high"])
async def bounds(values: list[int]):
    await asyncio.sleep(0)
    return min(values), max(values)

@task
def factorial(n: int): return 1 if n < 2 else n * factorial(n - 1)

@task
def total(*parts, start=0): return sum(parts, start) + double(1)

@pipeline
def flow(count: int = 3, bias: int = 0):
    if count > 100:
        raise ValueError("too many")

    @task
    def shift(x): return x + bias

    low, high = bounds([double(each) for each in range(count)])
    return {"result": total(low, shift(high), factorial(5), start=1000)}
"""
PROGRAM = (
    MODULE
    + """
if __name__ == "__main__":
    run = flow.execute(count=4, bias=50)
    print(run.value("result"), factorial(5), total(1, 2))
"""
)
EXPECTED = 0 + (6 + 50) + 120 + 1000 + 2
DEADLINE_S = 60.0


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )


def test_a_file_with_a_pipeline_runs_in_workers(tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": MODULE})

    done = completed(tmp_path, "--json", "run", "flow.py", "-p", "count=4", "-p", "bias=50")

    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    assert (run["pipeline"], run["state"]) == ("flow", "SUCCESS")
    assert [step["name"] for step in run["steps"]] == [
        "double", "double-2", "double-3", "double-4", "bounds", "shift", "factorial", "total"
    ]  # fmt: skip
    assert completed(tmp_path, "output", "@last", "result").stdout.strip() == str(EXPECTED)


def test_a_program_runs_its_own_pipeline_and_calls_its_tasks(tmp_path: Path) -> None:
    """Its tasks are of `__main__`, so they go by value, with the tasks they call in turn."""
    write(tmp_path, {"program.py": PROGRAM})

    done = python(tmp_path, "-W", "error", "program.py")

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(EXPECTED), "120", "5"]


def test_the_body_is_run_where_the_file_is_imported_and_its_error_told_at_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": MODULE})

    done = completed(tmp_path, "check", "flow.py:flow", "-p", "count=101")

    line = MODULE.splitlines().index('        raise ValueError("too many")') + 1
    assert done.returncode == 2
    assert f"flow.py:{line}: ValueError: too many" in done.stderr


def test_one_of_several_is_named(tmp_path: Path) -> None:
    other = "\n@pipeline\ndef other():\n    double(1)\n"
    write(tmp_path, {"flow.py": MODULE + other})

    assert "it holds 2 pipelines: flow, other" in str(load(tmp_path, "flow.py"))
    assert [node.path for node in loaded(tmp_path, "flow.py:other").graph.nodes] == ["double"]


def test_parameters_of_the_environment_and_of_a_file_reach_the_body(tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": MODULE})

    of_environment = loaded(tmp_path, "flow.py", environ={"GRAFTLINE_PRM_count": "1"})
    of_file = loaded(tmp_path, "flow.py", values={"count": 2})

    assert (of_environment.params, of_file.params) == ({"count": 1}, {"count": 2})
    assert (len(of_environment.graph.nodes), len(of_file.graph.nodes)) == (5, 6)


SHAPES = """
from graftline import pipeline, task, when

@task
def rates(count: int): return [each + 1 for each in range(count)]

@task(returns=["model", "score"])
def fit(rate: int, bias: int = 0): return f"m{rate}", rate + bias

@task
def best(models: list[str], scores: list[int]): return models[scores.index(max(scores))]

@task
def is_many(models: list[str]): return len(models) > 2

@task
def shout(text: str): return text.upper()

@task
def tell(text): print("told", text)

@pipeline
def search(count: int, bias: int = 0):
    models, scores = fit.map(rate=rates(count), bias=bias)
    return models, best(models, scores)

@pipeline
def shapes(count: int = 3):
    models, winner = search(count, bias=10)
    said = when(is_many(models), lambda: shout(winner), lambda: winner)
    pairs, sums = fit.map("rate", "bias", rate=[1, 2], bias=[5, 6])
    when(is_many(pairs), lambda: tell(said))
    return {"said": said, "sums": sums}
"""


def test_maps_branches_and_pipelines_inside_run_in_workers(tmp_path: Path) -> None:
    write(tmp_path, {"shapes.py": SHAPES})

    done = completed(tmp_path, "--json", "run", "shapes.py:shapes")

    assert done.returncode == 0, done.stderr
    states = {step["path"]: step["state"] for step in json.loads(done.stdout)["steps"]}
    assert states["search/fit/2/fit"] == states["when/True/shout"] == "SUCCESS"
    assert states["when/default/same"] == states["when-2/True/tell"] == "SKIPPED"
    assert {name: _output(tmp_path, name) for name in ("said", "sums")} == {"said": "M3", "sums": [6, 8]}


def test_the_same_pipeline_takes_the_other_branch_and_runs_as_a_plain_program(tmp_path: Path) -> None:
    end = (
        "\nif __name__ == '__main__':\n    print(shapes.execute(count=2).value('said'), shapes(2)['said'], shapes(3))\n"
    )
    write(tmp_path, {"shapes.py": SHAPES + end})

    done = python(tmp_path, "shapes.py")

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "m2 m2 {'said': 'M3', 'sums': [6, 8]}"


def _output(folder: Path, name: str) -> object:
    found: object = json.loads(completed(folder, "--json", "output", "@last", name).stdout)["value"]
    return found


def test_a_script_that_merely_has_a_variable_of_that_name_stays_a_script(tmp_path: Path) -> None:
    script = "from graftline import log_metric\npipeline = [1, 2]\nlog_metric('n', len(pipeline))\n"
    write(tmp_path, {"script.py": script})

    graph = loaded(tmp_path, "script.py").graph

    assert [operation.call.kind for operation in graph.operations] == [CallKind.SCRIPT]
