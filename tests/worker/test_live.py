"""Pipelines of `python script.py`: compiled where they are, functions of `__main__` by value."""

from __future__ import annotations

import json
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
    }))
"""


def _run(folder: Path, *command: str) -> Any:
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, timeout=30)
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
