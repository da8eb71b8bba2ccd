"""samples/custom_runner installed beside graftline: found by its entry point, and held to its own tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from source_tree import ROOT

SAMPLE = ROOT / "samples" / "custom_runner"


def installed(site: Path) -> None:
    """Lay the sample out as an installer does, from what its pyproject.toml says; no network, no build tools."""
    about = tomllib.loads((SAMPLE / "pyproject.toml").read_text())
    project, modules = about["project"], about["tool"]["setuptools"]["py-modules"]
    records = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    records.mkdir(parents=True)
    name, version = project["name"], project["version"]
    (records / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in points.items())
        for group, points in project["entry-points"].items()
    ]
    (records / "entry_points.txt").write_text("\n".join(groups))
    for module in modules:
        shutil.copy(SAMPLE / f"{module}.py", site)


def test_the_runner_is_found_by_name_and_passes_the_tests_it_ships_with(tmp_path: Path) -> None:
    installed(tmp_path / "site")
    shutil.copy(SAMPLE / "test_threads.py", tmp_path)
    path = os.pathsep.join([str(tmp_path / "site"), *(each for each in sys.path if each)])

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_threads.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path, "PYTEST_ADDOPTS": "-o asyncio_default_fixture_loop_scope=function"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "20 passed" in done.stdout  # a suite that is not collected passes too
