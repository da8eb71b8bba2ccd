"""Programs of the shape that users of AstraZeneca's runnable have run as they stand, but for the import line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import completed
from loading import write

PARAMETERS = "count: 2\nratio : 2.5\nlabel : no\nshape:\n  width: 7\n  colour: red\nunused: [1, 2]\n"
PIPELINE = """
from runnable_steps import makes, takes_dict, takes_made, takes_model
from graftline import Pipeline, PythonTask, ShellTask, Stub, metric, pickled

def main():
    checks = '''
    if [ "$count" = 2 ] && [ "$ratio" = 2.5 ] && [ "$made" = '{"width": 7, "colour": "red"}' ] \\
        && [ "$shape" = '{"colour": "red", "width": 7}' -o "$shape" = '{"width": 7, "colour": "red"}' ]; then
        export seen="yes"
    else
        echo "count=$count ratio=$ratio made=$made shape=$shape"; exit 1
    fi
    '''
    pipeline = Pipeline(
        steps=[
            PythonTask(name="as model", function=takes_model, overrides={"argo": "smaller"}),
            PythonTask(name="as dict", function=takes_dict),
            Stub(name="skip me", what="is this", function=None),
            PythonTask(name="make", function=makes, returns=[pickled("bag"), "number", "made", metric("score")]),
            PythonTask(name="take", function=takes_made),
            ShellTask(name="in shell", command=checks, returns=["seen"], terminate_with_success=True),
        ],
        add_terminal_nodes=True,
    )
    _ = pipeline.execute(
        configuration_file="", run_id="my-run-0001", tag="mine", parameters_file="parameters.yaml", log_level="INFO"
    )
    return pipeline

if __name__ == "__main__":
    main()
"""
JOBS = """
from runnable_steps import fails, makes, write_files
from graftline import Catalog, PythonJob, PythonTask, ShellJob, StepFailed, load_run, metric, pickled
import json

def ran(job, **given):
    result = job.execute(**given)
    files = {each.name for step in result.steps for each in step.outputs if each.role == "file"}
    return result.state.value, sorted(result.values()), dict(result.metrics), sorted(files), list(result.record.tags)

found = [
    ran(PythonJob(function=makes, returns=[pickled("bag"), "number", "made", metric("score")]), job_id="job-7", tag=""),
    ran(PythonJob(function=write_files, catalog=Catalog(put=["df.csv", "data/*.txt"], store_copy=False))),
    ran(ShellJob(command="echo hello")),
    ran(PythonTask(name="hello there", function=write_files).as_pipeline()),
]
try:
    PythonTask(name="bad", function=fails).as_pipeline().execute()
except StepFailed as problem:
    found.append([str(problem).splitlines()[0], problem.step])
print(json.dumps(found))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    support = Path(__file__).parent / "support" / "runnable_steps.py"
    files = {"graftline.toml": "", "runnable_steps.py": support.read_text(encoding="utf-8"), "pipeline.py": PIPELINE}
    return write(tmp_path / "project", {**files, "jobs.py": JOBS, "parameters.yaml": PARAMETERS})


def python(folder: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def shown(folder: Path, *arguments: str) -> dict[str, object]:
    done = completed(folder, "--json", "show", *arguments)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_pipeline_runs_by_itself_and_is_found_by_the_id_it_gave(folder: Path) -> None:
    done = python(folder, "pipeline.py")
    assert done.returncode == 0, done.stderr

    run = shown(folder, "my-run-0001")
    assert (run["state"], run["tags"], run["metrics"]) == ("SUCCESS", ["mine", "my-run-0001"], {"score": 0.75})
    steps = {step["name"]: step for step in run["steps"]}  # type: ignore[attr-defined]  # the document's list
    assert {step["state"] for step in steps.values()} == {"SUCCESS"}
    assert steps["as model"]["provenance"]["shape"]["where"] == "parameters.yaml:4"
    assert steps["as model"]["policy"] == {"overrides": {"argo": "smaller"}}


def test_graft_runs_what_main_would_and_both_environments_win(folder: Path) -> None:
    done = python(folder, "-m", "graftline", "run", "pipeline.py", RUNNABLE_PRM_label="no", GRAFTLINE_PRM_count="2")
    assert done.returncode == 0, done.stdout + done.stderr
    steps = {step["name"]: step["provenance"] for step in shown(folder)["steps"]}  # type: ignore[attr-defined]
    assert steps["as model"]["label"]["where"] == "environment RUNNABLE_PRM_label"
    assert steps["as dict"]["count"]["where"] == "environment GRAFTLINE_PRM_count"
    assert steps["as dict"]["shape"]["where"] == "execute() of the file"


def test_the_environment_names_another_parameter_file(folder: Path) -> None:
    write(folder, {"other.yaml": PARAMETERS.replace("count: 2", "count: 3")})
    done = python(folder, "pipeline.py", RUNNABLE_PARAMETERS_FILE="other.yaml")
    assert "step 'as model' failed: AssertionError: (3, 2.5, 'no')" in done.stderr


def test_jobs_are_pipelines_of_one_task(folder: Path) -> None:
    done = python(folder, "jobs.py")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        ["SUCCESS", ["bag", "made", "number"], {"score": 0.75}, [], ["job-7"]],
        ["SUCCESS", [], {}, ["data/a.txt", "df.csv"], []],
        ["SUCCESS", [], {}, [], []],
        ["SUCCESS", [], {}, [], []],
        ["step 'bad' failed: RuntimeError: as it should", "bad"],
    ]


@pytest.mark.parametrize(
    ("configuration", "code", "told"),
    [
        ("pipeline-executor:\n  type: local\n  config:\n    enable_parallel: true\n", 0, []),
        (
            "pipeline_executor:\n  type: local\n  config:\n    docker_image: x\n    overrides: {}\n"
            "run-log-store:\n  type: chunked-fs\nsecrets:\n  type: env-secrets\nwhatever: {}\n",
            0,
            [
                "the executor's 'docker_image' has no effect",
                "'overrides' has no effect; write [runner.NAME.overrides.KEY]",
                "'run-log-store' has no effect: runs are kept in the store",
                "'whatever' has no effect: it is not known here",
            ],
        ),
        ("executor:\n  type: k8s-job\n", 1, ["there is no runner 'k8s-job'"]),
        ("executor:\n  type: retry\n", 1, ["graft retry RUN continues a failed run"]),
        ("executor: [\n", 1, ["it is not YAML"]),
    ],
)
def test_a_configuration_of_runnable_is_heeded_or_told_of(
    folder: Path, configuration: str, code: int, told: list[str]
) -> None:
    write(folder, {"configuration.yaml": configuration})
    done = python(folder, "pipeline.py", RUNNABLE_CONFIGURATION_FILE="configuration.yaml")
    assert done.returncode == code, done.stderr
    assert [each for each in told if each not in done.stderr] == []
    assert ("UserWarning" in done.stderr) is (code == 0 and bool(told))


def test_a_configuration_of_graftline_wins_over_the_project_s(folder: Path) -> None:
    write(folder, {"mine.toml": "[runner]\ndefault = 'nowhere'\n"})
    done = python(folder, "-c", "from pipeline import *; Pipeline([Stub('a')]).execute(configuration_file='mine.toml')")
    assert "there is no runner 'nowhere'" in done.stderr
