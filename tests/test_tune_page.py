"""The page about searches: its programs are loaded, and its commands run, one after the other, in one project."""

from __future__ import annotations

import random
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
from command_line import call

pytestmark = pytest.mark.skipif(find_spec("sklearn") is None, reason="scikit-learn is not installed")
PAGE = (Path(__file__).parent.parent / "docs" / "tune.md").read_text()
COMMANDS = re.findall(r"^\$ graft (.*)$", PAGE, flags=re.MULTILINE)


def test_every_command_of_the_page_does_what_it_should(tmp_path: Path) -> None:
    first, second = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "graftline.toml").write_text('[project]\nname = "demo"\n')
    (tmp_path / "pipeline.py").write_text(first)
    (tmp_path / "learn.py").write_text("from graftline import Pipeline\n" + second)
    chance = random.Random(0)
    rows = [(chance.random(), chance.random()) for _ in range(40)]
    lines = [f"{a},{b},{int(a > b)}" for a, b in rows]
    (tmp_path / "customers.csv").write_text("\n".join(["a,b,churned", *lines]) + "\n")

    said = [call(tmp_path, *shlex.split(line)) for line in COMMANDS]

    assert [(line, each.err) for line, each in zip(COMMANDS, said, strict=True) if each.code] == []
    sweep, drawn, pairs, plan, shown, board, params, tuned, *others = [each.out for each in said]
    assert "best: trial 5 · C=1, depth=3 · auc 1" in sweep
    assert len(re.findall("trials/[0-9]+ .*ok|ok +trials/[0-9]+", drawn)) == 5
    assert "3 steps" in pairs, "two trials, and the best"
    assert "demo · 3 trials; nothing was started" in plan
    assert "best: trial 2" in shown
    assert "generation 1" in tuned
    assert "generation 2" in others[0]
    assert board
    assert params
