"""Pipelines written by calls as people run them: from the command line, as programs, in real workers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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

    done = python(tmp_path, "-m", "graftline", "--json", "run", "flow.py", "-p", "count=4", "-p", "bias=50")

    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    assert (run["pipeline"], run["state"]) == ("flow", "SUCCESS")
    assert [step["name"] for step in run["steps"]] == [
        "double", "double-2", "double-3", "double-4", "bounds", "shift", "factorial", "total"
    ]  # fmt: skip
    assert python(tmp_path, "-m", "graftline", "output", "@last", "result").stdout.strip() == str(EXPECTED)


def test_a_program_runs_its_own_pipeline_and_calls_its_tasks(tmp_path: Path) -> None:
    """Its tasks are of `__main__`, so they go by value, with the tasks they call in turn."""
    write(tmp_path, {"program.py": PROGRAM})

    done = python(tmp_path, "-W", "error", "program.py")

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(EXPECTED), "120", "5"]


def test_the_body_is_run_where_the_file_is_imported_and_its_error_told_at_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"flow.py": MODULE})

    done = python(tmp_path, "-m", "graftline", "check", "flow.py:flow", "-p", "count=101")

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


def test_a_script_that_merely_has_a_variable_of_that_name_stays_a_script(tmp_path: Path) -> None:
    script = "from graftline import log_metric\npipeline = [1, 2]\nlog_metric('n', len(pipeline))\n"
    write(tmp_path, {"script.py": script})

    graph = loaded(tmp_path, "script.py").graph

    assert [operation.call.kind for operation in graph.operations] == [CallKind.SCRIPT]
