"""A volume that pods share, and how tests have a pipeline written down for Argo."""

from __future__ import annotations

from pathlib import Path

import pytest
from argo_cluster import Write
from command_line import Said, call


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Return the directory that stands for the mounted volume."""
    made = tmp_path / "volume"
    made.mkdir()
    return made


@pytest.fixture
def write(tmp_path: Path, volume: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return what runs a command with the argo runner: the project, the command, then lines of its configuration."""
    monkeypatch.setenv("GRAFTLINE_HOME", str(tmp_path / "store"))

    def run(root: Path, *words: str, settings: str = "") -> Said:
        told = f'[runner.argo]\nimage = "registry/steps:1"\nartifacts = "{volume}"\nclaim = "graftline"\n{settings}\n'
        (tmp_path / "argo.toml").write_text(told)
        return call(root, *words, "-R", "argo", "-C", str(tmp_path / "argo.toml"))

    return run
