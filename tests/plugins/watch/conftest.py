"""A small project, and watches of it that leave no process behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watches import PIPELINE, STEPS, Watched, settled, survivors


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    (made / "graftline.toml").write_text("")
    (made / "pipeline.py").write_text(PIPELINE)
    (made / "steps.py").write_text(STEPS)
    return made


@pytest.fixture
def watched(root: Path, tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    """Begin to watch the project; afterwards no process may be left."""
    begun: list[Watched] = []
    before = set(survivors())

    def begin(**options: object) -> Watched:
        begun.append(Watched(root, tmp_path / "store", **options))  # type: ignore[arg-type]
        begun[-1].__enter__()
        return begun[-1]

    yield begin
    for each in begun:
        each.leave()
        if each.problem is not None:
            raise each.problem
    assert settled(before), "processes of the watch live on"
