"""What starting costs, proved on real processes: heavy libraries are loaded only by those who use them.

sqlmodel costs 340 ms at import, textual 170 ms, pydantic 40 ms; `graft --help` is to answer within 150 ms.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from source_tree import ROOT

from graftline.__main__ import _face
from graftline.cli import opening

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

REPORT = """
import json
print("loaded:" + json.dumps(sorted(sys.modules)))
"""

RERUN = """
import runpy, sys
started = []
sys.addaudithook(lambda event, _: started.append(event) if event in STARTS else None)
STARTS = {"subprocess.Popen", "os.posix_spawn", "os.fork", "os.exec"}
sys.argv = ["graft", *ARGUMENTS]
try:
    runpy.run_module("graftline", run_name="__main__", alter_sys=True)
except SystemExit as left:
    assert not left.code, left.code
assert started == ["os.fork" if sys.platform == "linux" else "subprocess.Popen"], started
"""

STEPS = """
from graftline import Pipeline, PythonTask

def one(): return 1
def two(a): return a + 1

steps = Pipeline([PythonTask(function=one, returns=["a"]), PythonTask(function=two, returns=["b"])])
"""

FOR_LOADING = """
import gc, sys
gc.disable()
import graftline.plugins.local.launcher
import graftline.plugins.local.guardian
import graftline.plugins.local.forkserver
import graftline.plugins.local.loader_entry
"""


def modules_of(code: str) -> set[str]:
    """Run code in a fresh interpreter and return the modules it has loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-c", code + REPORT], capture_output=True, text=True, timeout=60, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    loaded: list[str] = json.loads(done.stdout.rpartition("loaded:")[2])
    return set(loaded)


def loaded_by(code: str) -> set[str]:
    """Return the top-level modules that code loads."""
    return {name.partition(".")[0] for name in modules_of(code)}


def ours(modules: set[str]) -> set[str]:
    return {name.removeprefix("graftline.") for name in modules if name.startswith("graftline.")}


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
    is_read_by_us = not {"--help", "--version"} & set(arguments)
    assert ("typer" not in loaded) is is_read_by_us  # 17 to 25 ms: only help, completion and complaints are worth it
    if is_read_by_us:  # they cost 15 ms more, and a list of runs has no use for them
        seldom = {"dataclasses", "inspect", "shutil", "subprocess", "tempfile", "textwrap", "traceback"}
        assert loaded & seldom <= loaded_by("import runpy, sys")


LOOKING = """
import sys
from graftline.cli.main import main
for arguments in {lines!r}:
    assert main([*arguments, "--plain", "--store", {store!r}]) == 0
"""


def test_commands_that_are_typed_right_do_without_typer(tmp_path: Path) -> None:
    (tmp_path / "graftline.toml").touch()
    steps = tmp_path / "steps.py"
    steps.write_text(STEPS)
    lines = [["run", "-j1", str(steps)], ["show", "@last"], ["logs", "--tail=3"], ["plan", str(steps)], ["job"]]

    loaded = loaded_by(LOOKING.format(lines=lines[:-1], store=str(tmp_path / "store")))

    assert "typer" not in loaded
    assert "typer" in loaded_by(LOOKING.format(lines=lines[-1:], store=str(tmp_path / "store")))


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
    assert loaded_by(COMMAND.format(arguments=arguments)) & (DATABASE | SCREEN) == set()


def test_a_run_in_which_nothing_runs_starts_one_process_and_imports_nothing_that_executes(tmp_path: Path) -> None:
    (tmp_path / "graftline.toml").touch()
    (tmp_path / "steps.py").write_text(STEPS)
    arguments = ["run", str(tmp_path / "steps.py"), "--plain", "--store", str(tmp_path / "store")]
    modules_of(COMMAND.format(arguments=arguments))

    loaded = modules_of(RERUN.replace("ARGUMENTS", repr(arguments)))

    executing = {f"plugins.local.{name}" for name in ("executor", "crew", "pool", "worker", "pump", "wire")}
    seldom = {f"core.{name}" for name in ("lifecycle", "engines", "committing", "loading", "registry", "trusting")}
    seldom |= {"store.registry", "core.lineages", "worker.naming", "cli.steptable", "core.replay", "core.definitions"}
    assert ours(loaded) & (executing | seldom) == set()
    assert "packaging" not in loaded
    # Each costs 0.25 ms of a re-run, which is to cost 300 for 1,000 steps: 172 when this was written. 186 now, of which
    # `seed` saves an interpreter and `userdirs` five modules of platformdirs; 188 with `routes` and `dispatching`;
    # 190 with `edge`, `choices` and others that are apart so that the UI does without what was beside them.
    assert len(ours(loaded)) <= 190, sorted(ours(loaded))


def test_the_process_that_loads_a_pipeline_imports_little() -> None:
    loaded = modules_of(FOR_LOADING)

    seldom = {"tomllib", "decimal", "fractions", "uuid", "subprocess", "shutil", "difflib", "secrets", "traceback"}
    assert loaded & seldom == set()
    assert ours(loaded) & {"worker.attempt", "plugins.local.pump", "worker.commandcode", "core.definitions"} == set()
    assert len(ours(loaded)) <= 130, sorted(ours(loaded))  # 117 when this was written


OPENING = """
import sys
import graftline.cli.opening, graftline.tui.app
from graftline.cli import context
from graftline.cli.choices import Options
from graftline.cli.outside import outside_of
from graftline.core.ports import RunQuery
options = Options(store={store!r})
space = context.workspace(options, warn=print)
outside_of(options, space, [])
assert space.runs(RunQuery(limit=1)) == []
"""


def test_until_the_ui_has_its_first_rows_nothing_is_imported_that_starts_runs(tmp_path: Path) -> None:
    loaded = modules_of(OPENING.format(store=str(tmp_path / "store")))

    assert "typer" not in loaded
    assert ours(loaded) & {"cli.main", "core.engine", "core.hosting", "core.launching", "plugins.local.warm"} == set()
    # Each costs 0.3 ms of a first paint that has 400; 154 when this was written.
    assert len(ours(loaded)) <= 157, sorted(ours(loaded))


def test_graft_alone_opens_the_ui_without_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    def are_terminals(answer: bool) -> None:
        for stream in (sys.stdin, sys.stdout):
            monkeypatch.setattr(stream, "isatty", lambda: answer, raising=False)

    are_terminals(False)
    assert _face(["ui"]) is opening.main
    assert _face([]) is not opening.main  # nobody could use it: help is printed

    are_terminals(True)
    assert _face([]) is opening.main
    assert _face(["ls"]) is not opening.main
