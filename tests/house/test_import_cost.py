"""What starting costs, proved on real processes: heavy libraries are loaded only by those who use them.

sqlmodel costs 340 ms at import, textual 170 ms, pydantic 40 ms; `graft --help` is to answer within 150 ms.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from source_tree import ROOT

DATABASE = {"sqlmodel", "sqlalchemy", "pydantic"}
SCREEN = {"textual"}
COMMANDS = {"typer", "rich", "click"}
PROCESSES = {"multiprocess", "dill"}
SCIENCE = {"numpy", "pandas", "sklearn", "matplotlib"}
WATCH = {"watchfiles", "graphviz"}
REGISTRY = {"packaging"}

LIGHT = """
import sys
import graftline
"""

WORKER = """
import importlib, pkgutil, sys
import graftline.worker as room
for module in pkgutil.walk_packages(room.__path__, "graftline.worker."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""

COMMAND = """
import runpy, sys
sys.argv = ["graft", *{arguments!r}]
try:
    runpy.run_module("graftline", run_name="__main__", alter_sys=True)
except SystemExit as left:
    assert not left.code, left.code
"""

WITHOUT_LIFECYCLE = """
of_lifecycle = [f"graftline.core.{name}" for name in ("lifecycle", "engines", "committing", "loading", "registry")]
assert not set(of_lifecycle) & set(sys.modules), sorted(set(of_lifecycle) & set(sys.modules))
"""

REPORT = """
import json
print("loaded:" + json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded_by(code: str) -> set[str]:
    """Run code in a fresh interpreter and return the top-level modules it has loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-c", code + REPORT], capture_output=True, text=True, timeout=60, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    loaded: list[str] = json.loads(done.stdout.rpartition("loaded:")[2])
    return set(loaded)


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = DATABASE | SCREEN | COMMANDS | PROCESSES | SCIENCE | WATCH | {"sqlite3"}

    assert loaded_by(LIGHT) & heavy == set()


def test_a_worker_pays_for_the_standard_library_alone() -> None:
    heavy = DATABASE | SCREEN | COMMANDS | SCIENCE | WATCH | {"sqlite3"}

    assert loaded_by(WORKER) & heavy == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["ls"], ["runs", "--json"], ["ls", "--help"]])
def test_a_command_loads_no_model_and_no_screen(arguments: list[str]) -> None:
    loaded = loaded_by(COMMAND.format(arguments=arguments))

    assert loaded & (DATABASE | SCREEN | SCIENCE | REGISTRY) == set()


SCREENS = """
import importlib, pkgutil, sys
import graftline.tui as room
for module in pkgutil.walk_packages(room.__path__, "graftline.tui."):
    importlib.import_module(module.name)
"""


def test_the_screens_load_no_database_and_nothing_of_users() -> None:
    # The first paint has 400 ms, of which the library of the screens takes 220.
    assert loaded_by(SCREENS) & (DATABASE | SCIENCE | PROCESSES | WATCH | {"sqlite3"}) == set()


def test_help_opens_no_database() -> None:
    assert "sqlite3" not in loaded_by(COMMAND.format(arguments=["--help"]))


def test_running_a_pipeline_loads_no_model_and_no_screen_here() -> None:
    arguments = ["run", str(ROOT / "samples" / "wide.py"), "--json"]

    # The user's libraries belong to the loader and the workers, ours for tables and screens to nobody here.
    loaded = loaded_by(COMMAND.format(arguments=arguments) + WITHOUT_LIFECYCLE)
    assert loaded & (DATABASE | SCREEN | REGISTRY) == set()
