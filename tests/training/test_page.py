"""The page about training and applying is true: its files, commands and programs are run in its order."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from command_line import call

PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.md"


def test_the_page_about_the_lifecycle_runs_as_written(tmp_path: Path) -> None:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (table,) = [text for kind, text in blocks if kind == "csv"]
    steps, pipeline, *programs = [text for kind, text in blocks if kind == "python"]
    root = tmp_path / "customers"
    (root / "data").mkdir(parents=True)
    (root / "data/customers.csv").write_text(table)
    (root / "steps.py").write_text(steps)
    (root / "pipeline.py").write_text(pipeline)
    (root / "graftline.toml").write_text(next(text for kind, text in blocks if kind == "toml"))
    address = None

    for kind, text in blocks:
        for line in text.splitlines() if kind == "console" else ():
            words = shlex.split(line.removeprefix("$ graft "))
            said = call(root, *(_real(word, address) for word in words))
            assert said.code == 0, line + said.out + said.err
            address = address or _address(said.out)

    assert (root / "scores.csv").read_text().splitlines() == ["prediction", *["1.0", "0.0"] * 3]
    for program, printed in zip(programs, ["[1.0]\n", "1 "], strict=True):
        code = program.replace("customers/0.1.0.dev1", str(address))
        ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.startswith(printed)


def _address(out: str) -> str:
    """Return the lineage that the last line names; the page leaves out the part that is of the code."""
    found = re.search(r"customers (\S+) generation", out)
    assert found, out
    return f"customers/{found.group(1)}"


def _real(word: str, address: str | None) -> str:
    return address if word == "customers/0.1.0.dev1" and address is not None else word
