"""What comes of a fork of the command is what comes of an interpreter, and where it might not be, there is no fork."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from local_runs import is_alive, own_environment, until

TELLING = r"""
import gc, json, os, re, signal, sys, threading
import __main__
from graftline import Pipeline, PythonTask

def told():
    return {
        "modules": sorted(name for name in sys.modules if name not in ("told", "__mp_main__")),
        "argv": sys.argv,
        "main": sorted(name for name in vars(__main__) if name.startswith("__") and vars(__main__)[name]),
        "path": sys.path,
        "environ": {name: os.environ[name] for name in os.environ if name not in ("GRAFT_BELOW", "GRAFT_RUN")},
        "collector": (gc.isenabled(), gc.get_freeze_count() > 0),
        "signals": [
            getattr(handler, "__qualname__", str(handler))
            for handler in map(signal.getsignal, (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE))
        ],
        "streams": [
            (type(each.buffer).__name__, each.name, each.encoding, each.errors, each.write_through)
            for each in (sys.stdout, sys.stderr)
        ],
        "input": sys.stdin.read(),
        "threads": threading.active_count(),
        "files": sorted(re.sub(r"\d+", "", os.readlink(f"/proc/self/fd/{each}")) for each in (0, 1, 2)),
        "others": len(os.listdir("/proc/self/fd")),
        "session": os.getsid(0) == os.getppid(),
        "umask": os.umask(0o22),
    }

def step() -> int:
    with open("step.json", "w") as file:
        json.dump(told(), file)
    return 1

if not os.path.exists("load.json"):  # the worker imports it as well
    with open("load.json", "w") as file:
        json.dump(told(), file)
pipeline = Pipeline([PythonTask(step, returns=["n"])])
"""
COMMAND = "import sys; sys.argv[0] = 'graft'; {before}; from graftline.__main__ import main; main()"
WATCHED = "sys.setprofile(lambda *_: None)"
"""A process that is watched is not forked."""
UNUSED = """
import os, sys
from graftline.plugins.local import seed
seed.plant()
print(seed._planted.pid, flush=True)
{change}
print(seed.grow("1.2.3.4", ()), flush=True)
"""


def command(folder: Path, before: str, *arguments: str) -> None:
    """Run graft in a folder of a pipeline."""
    environ = {name: value for name, value in own_environment().items() if name != "PYTHONUNBUFFERED"}
    subprocess.run(
        [sys.executable, "-c", COMMAND.format(before=before), *arguments],
        cwd=folder,
        env={**environ, "GRAFTLINE_HOME": str(folder / "home"), "PYTHONSAFEPATH": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=True,
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, object]]]:
    """What a module and a step see of their processes, below a seed and below an interpreter."""
    found: dict[str, dict[str, dict[str, object]]] = {}
    folder = tmp_path_factory.mktemp("told")
    (folder / "graftline.toml").write_text("[project]\nname = 'told'\n")
    (folder / "told.py").write_text(TELLING)
    for name, before in (("interpreter", WATCHED), ("seed", "pass")):
        command(folder, before, "run", "told.py", "--force", "-j", "1")
        found[name] = {each: json.loads((folder / f"{each}.json").read_text()) for each in ("load", "step")}
        (folder / "load.json").unlink()
    return found


@pytest.mark.parametrize("where", ["load", "step"])
def test_user_code_finds_the_same_process_below_a_seed(
    told: dict[str, dict[str, dict[str, object]]], where: str
) -> None:
    seed, interpreter = told["seed"][where], told["interpreter"][where]

    modules = set(seed.pop("modules")), set(interpreter.pop("modules"))  # type: ignore[call-overload]

    assert seed == interpreter
    assert modules[0] - modules[1] <= {"graftline.__main__", "graftline.plugins.local.seed"}
    assert not [each for each in modules[0] if each.partition(".")[0] in ("typer", "sqlite3", "platformdirs")]


@pytest.mark.parametrize("change", ["os.environ['LATER'] = '1'", "os.chdir('/')"])
def test_a_seed_of_another_environment_or_directory_is_left_to_end(change: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", UNUSED.format(change=change)], stdout=subprocess.PIPE, text=True, env=own_environment()
    ) as process:
        said, _ = process.communicate(timeout=20)
    pid, grown = said.split()

    assert grown == "None"
    assert until(lambda: not is_alive(int(pid)), within_s=2)


def test_a_seed_holds_nothing_of_the_command_open(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", UNUSED.format(change="sys.stdin.read()")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=own_environment(),
        pass_fds=(writer,),
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        os.close(writer)

        # Its socket, and three times nothing.
        assert until(lambda: len(os.listdir(f"/proc/{pid}/fd")) == 4, within_s=2)
        assert {os.readlink(f"/proc/{pid}/fd/{each}") for each in range(3)} == {os.devnull}
        process.communicate("", timeout=20)
    os.close(reader)
