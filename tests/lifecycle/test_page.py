"""docs/registry.md tells a story, and every command of it does what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from command_line import call
from shelf_project import LATER, git, registry_of, train_newest, write_project
from source_tree import ROOT

PAGE = (ROOT / "docs" / "registry.md").read_text(encoding="utf-8")
COMMANDS = [
    line.removeprefix("$ graft ")
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    root = tmp_path / "project"
    write_project(root)
    scores = iter((0.90, 0.91))

    for command in COMMANDS:
        if command.startswith("train "):
            train_newest(registry_of(root), next(scores))  # training has a page, and tests, of its own
            continue
        if command == "release --bump minor":
            (root / "lib/fits.py").write_text(LATER)
        said = call(root, *shlex.split(command))
        assert said.code == 0, f"{command}: {said.err}"

    assert call(root, "--json", "list", "churn@champion").document["lineage"] == "0.1.0", "it was rolled back"
    assert call(root, "-P", "./elsewhere", "--json", "list", "churn@champion").code == 0


def test_a_directory_may_be_committed_and_cloned(tmp_path: Path) -> None:
    root = tmp_path / "project"
    write_project(root)
    assert call(root, "-P", "./models", "release").code == 0
    train_newest(registry_of(root, "./models"), 0.9)
    assert call(root, "-P", "./models", "alias", "set", "churn/0.1.0/1", "champion").code == 0
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "a model")
    git(tmp_path, "clone", "-q", str(root), "elsewhere")

    here = call(root, "-P", "./models", "--json", "list", "churn@champion").document
    assert call(tmp_path / "elsewhere", "-P", "./models", "--json", "list", "churn@champion").document == here
    assert call(tmp_path / "elsewhere", "-P", "./models", "copy", "churn", "--to", "sqlite").code == 0
