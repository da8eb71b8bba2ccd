"""Pipelines of `python script.py`: compiled where they are, functions of `__main__` by value."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from loading import write

SCRIPT = """
import json, os, sys
from graftline import Pipeline, PythonTask
from graftline.worker.load import load_live
from helpers import double

def mine(C: int = 1):
    return double(C)

flow = Pipeline([mine, PythonTask(double, params={"x": 2}, returns=["y"])])

if __name__ == "__main__":
    target, loaded = load_live(flow, {"C": "3"})
    print(json.dumps({
        "target": [target.text, target.root, target.cwd, list(target.sys_path), target.is_loadable],
        "name": loaded.graph.name,
        "calls": [[o.call.module, o.call.qualname, o.call.blob] for o in loaded.graph.operations],
        "files": sorted(loaded.snapshot.files),
        "blobs": {sha: len(data) for sha, data in loaded.blobs.items()},
        "params": dict(loaded.params),
        "packages": list(loaded.preload),
    }))
"""


def _run(folder: Path, *command: str, **environ: str) -> Any:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_main_goes_by_value_and_modules_by_import(tmp_path: Path) -> None:
    write(tmp_path, {"graftline.toml": "", "flows/x.py": SCRIPT, "flows/helpers.py": "def double(x): return 2 * x\n"})
    (tmp_path / "elsewhere").mkdir()
    told = _run(tmp_path / "elsewhere", "../flows/x.py")
    text, root, cwd, sys_path, is_loadable = told["target"]
    assert (text, root, cwd, is_loadable) == ("flows/x.py:flow", str(tmp_path), str(tmp_path / "elsewhere"), True)
    assert sys_path[0] == str(tmp_path / "flows")
    assert not any("site-packages" in entry or "lib/python" in entry for entry in sys_path)
    assert all(Path(entry).exists() for entry in sys_path)  # the marks of import hooks are no places
    assert told["name"] == "flow"
    assert told["calls"][0][0] is None
    assert told["calls"][0][2] in told["blobs"]
    assert told["calls"][1] == ["helpers", "double", None]
    assert told["files"] == ["flows/helpers.py", "flows/x.py"]
    assert told["params"] == {"C": 3}


def test_code_without_a_file_is_not_loadable_again(tmp_path: Path) -> None:
    code = SCRIPT.replace("from helpers import double", "def double(x): return 2 * x")
    told = _run(tmp_path, "-c", code)
    assert told["target"][4] is False
    assert all(module is None for module, _, _ in told["calls"])
    assert told["files"] == []


def test_packages_installed_elsewhere_are_no_code_of_the_project(tmp_path: Path) -> None:
    """A person's own site-packages and those of another environment are on sys.path, and below no prefix of Python."""
    script = "import site, sys; sys.path.append(site.getusersitepackages())\nimport mine, shared\n" + SCRIPT
    write(tmp_path, {"x.py": script, "helpers.py": "def double(x): return 2 * x\n"})
    write(tmp_path / "venv/site-packages", {"shared/__init__.py": "from . import deep\n", "shared/deep.py": ""})
    where = [sys.executable, "-c", "import site; print(site.getusersitepackages())"]
    environ = {"PYTHONUSERBASE": str(tmp_path / "base")}
    user = subprocess.run(where, env={**os.environ, **environ}, capture_output=True, text=True, check=True).stdout
    write(Path(user.strip()), {"mine.py": ""})

    told = _run(tmp_path, "x.py", **environ, PYTHONPATH=f"{tmp_path}/venv/site-packages")

    assert told["files"] == ["helpers.py", "x.py"]
    assert told["packages"] == ["mine", "shared"]
    assert user.strip() not in told["target"][3]
