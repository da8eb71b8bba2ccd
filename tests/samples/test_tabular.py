"""samples/tabular as its README tells it: every command, in its order, and what it leaves."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from command_line import Said, call
from source_tree import ROOT

PAGE = (ROOT / "samples" / "tabular" / "README.md").read_text(encoding="utf-8")
SEVEN, SECOND, ELSEWHERE = (
    [line.removeprefix("$ ") for line in block.splitlines()]
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
)


class Story(NamedTuple):
    """The project that the README makes, after its commands."""

    root: Path
    said: dict[str, Said]
    """By command line."""
    environ: dict[str, str]

    def json(self, *words: str) -> Any:
        return call(self.root, "--json", *words, environ=self.environ).document


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Return the project after all commands of the README."""
    folder = tmp_path_factory.mktemp("tabular")
    told = Story(folder / "screening", {}, os.environ | {"GRAFTLINE_HOME": str(folder / "store")})
    for line in (*SEVEN, *SECOND, *ELSEWHERE):
        if line == "cd screening":
            continue
        command, _, remark = line.partition("#")
        words = shlex.split(command)
        where = folder if words[:2] == ["graft", "init"] else told.root
        if words[0] != "graft":
            subprocess.run(words, cwd=where, check=True, timeout=30)
            continue
        said = told.said[command.strip()] = call(where, *words[1:], environ=told.environ)
        assert said.code == (5 if "refused" in remark else 0), line + said.out + said.err
    return told


def test_it_takes_seven_commands_from_nothing_to_predictions() -> None:
    assert [line.split()[:2] for line in SEVEN if line.startswith("graft ")] == [
        ["graft", "init"],
        ["graft", "release"],
        ["graft", "train"],
        ["graft", "alias"],
        ["graft", "tune"],
        ["graft", "alias"],
        ["graft", "apply"],
    ]


def test_there_are_two_lineages_and_three_generations_one_of_them_tuned(story: Story) -> None:
    lineages = story.json("list", "screening")["lineages"]

    generations = {
        (each["lineage"], one["generation"]): one
        for each in lineages
        for one in story.json("list", "screening", each["lineage"])["generations"]
    }
    assert sorted(generations) == [("0.1.0", 1), ("0.1.0", 2), ("0.2.0", 1)]
    assert generations["0.1.0", 2]["params"]["C"] == 0.1
    assert [generations[key]["upper"] for key in sorted(generations)] == [400, 569, 569]


def test_the_champion_was_moved_by_its_gate_and_rolled_back(story: Story) -> None:
    champion = story.json("list", "screening@champion")

    refused = story.said["graft alias set screening/0.1.0/1 champion"]
    assert "accuracy >= champion.accuracy - 0.002" in refused.out
    assert (champion["lineage"], champion["generation"]) == ("0.1.0", 2)


def test_a_generation_is_applied_with_the_code_it_was_trained_with(story: Story) -> None:
    assert "concavity" in (story.root / "functions.py").read_text().partition("FEATURES")[2].splitlines()[0]

    said = story.said["graft apply screening -o scores.csv"]

    assert "code: screening 0.1.0 (registry)" in said.err
    assert "working copy differs in 1 file" in said.err


def test_every_way_predicts_the_same(story: Story) -> None:
    # By the local runner; by pyfunc from a copied registry; from that directory, copied elsewhere.
    scores = {(story.root / file).read_text() for file in ("scores.csv", "copied.csv", "moved.csv")}

    (text,) = scores
    labels = [line.rpartition(",")[2] for line in (story.root / "data/biopsies.csv").read_text().split()]
    right = sum(one == other for one, other in zip(text.split()[1:], labels[1:], strict=True))
    assert right > 500


def test_training_and_applying_in_processes_of_their_own(tmp_path: Path) -> None:
    lines = [line for line in SEVEN if "tune" not in line and "0.1.0/2" not in line]  # the search: `make demo`
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "graft").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m graftline "$@"\n')
    (bin_ / "graft").chmod(0o755)
    path = os.pathsep.join(each for each in sys.path if each)
    environ = {
        "HOME": str(tmp_path),
        "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": path,
        "GRAFTLINE_HOME": str(tmp_path / "store"),
    }

    script = "set -e\n" + "\n".join(lines)
    done = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=110, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(lines) == 6
    scores = (tmp_path / "screening" / "scores.csv").read_text().splitlines()
    assert (scores[0], len(scores)) == ("prediction", 570)
