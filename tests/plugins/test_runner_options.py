"""What `[runner.NAME]` says is looked at before a run is made: a mistake leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import call

from graftline.core.runner import Runner
from graftline.plugins.celery.runner import CeleryRunner
from graftline.plugins.container.runner import ContainerRunner
from graftline.plugins.dask.runner import DaskRunner
from graftline.plugins.ssh.runner import SshRunner

WRONG = {
    "argo": ('imag = "x"', "has no option 'imag'; did you mean 'image'?"),
    "celery": ('brokr = "redis://127.0.0.1"', "has no option 'brokr'; did you mean 'broker'?"),
    "container": ('image = "team/image"\ncpus = 0', "'cpus' cannot be 0"),
    "dask": ('workers = "two"', "'workers' is a number, not 'two'"),
    "graphviz": ('formt = "svg"', "has no option 'formt'; did you mean 'format'?"),
    "ssh": ('address = "-oProxyCommand=x"', "'-oProxyCommand=x' is no address"),
}
PIPELINE = """
from graftline import Pipeline, PythonTask

def one():
    return 1

flow = Pipeline(name="flow", steps=[PythonTask(one, returns=["value"], labels=LABELS)])
"""


def project(root: Path, text: str, *, labels: tuple[str, ...] = ()) -> Path:
    (root / "graftline.toml").write_text(f'[project]\nname = "shop"\n{text}')
    (root / "pipeline.py").write_text(PIPELINE.replace("LABELS", repr(list(labels))))
    return root


@pytest.mark.parametrize(
    ("command", "provider"),
    [*(("run", name) for name in sorted(WRONG)), *(("plan", name) for name in ("celery", "dask", "ssh"))],
)
def test_a_wrong_option_of_a_runner_is_told_at_its_place_and_no_run_is_made(
    tmp_path: Path, command: str, provider: str
) -> None:
    option, message = WRONG[provider]
    root = project(tmp_path, f'[runner.far]\nprovider = "{provider}"\n{option}\n')

    said = call(root, command, "-R", "far")

    assert said.code == 2
    assert "graftline.toml:3: " in said.err
    assert message in said.err
    assert call(root, "--json", "runs").document["runs"] == []


def test_a_wrong_option_of_a_runner_that_steps_are_routed_to_is_found_before_the_run(tmp_path: Path) -> None:
    root = project(
        tmp_path, '[route]\nfar = "cluster"\n[runner.cluster]\nprovider = "dask"\nadress = "tcp://x"\n', labels=("far",)
    )

    said = call(root, "run")

    assert said.code == 2
    assert "graftline.toml:5: the runner 'dask' has no option 'adress'; did you mean 'address'?" in said.err
    assert call(root, "--json", "runs").document["runs"] == []


@pytest.mark.parametrize(
    ("runner", "instance"),
    [
        (DaskRunner, "tcp://10.0.0.1:8786"),
        (CeleryRunner, "redis://10.0.0.1/0"),
        (SshRunner, "me@box"),
        (ContainerRunner, "team/image"),
    ],
)
def test_what_a_program_gives_first_is_the_place_a_runner_runs_on(runner: type[Runner], instance: str) -> None:
    runner.check({runner.instance_option: instance})
