"""The contract of `Marks`, for SQLite and for the fake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from memory_marks import MemoryMarks

from graftline.core.ids import RunId
from graftline.core.verification import Mark, Marks
from graftline.store.store import open_store

RUN = RunId("aaaabbbbccccdddd")


@pytest.fixture(params=["sqlite", "memory"])
def marks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Marks]:
    if request.param == "memory":
        yield MemoryMarks()
    else:
        with open_store(tmp_path / "store") as opened:
            yield opened.marks


def mark(path: str, *outputs: str, code: str | None = "c0de") -> Mark:
    return Mark(path=path, outputs=outputs or ("value",), code=code, run=RUN, at=5.0)


def test_nothing_is_marked_at_first(marks: Marks) -> None:
    marks.mark("demo", "demo", [])

    assert marks.marks("demo", "demo") == {}


def test_marks_come_back_by_path(marks: Marks) -> None:
    given = [mark("fit", "model", "größe"), mark("trials/*/fit", code=None)]

    marks.mark("demo", "demo", given)

    assert marks.marks("demo", "demo") == {"fit": given[0], "trials/*/fit": given[1]}
    assert marks.marks("demo", "other") == marks.marks("other", "demo") == {}


def test_a_later_mark_takes_the_place_of_the_earlier_one(marks: Marks) -> None:
    marks.mark("demo", "demo", [mark("fit", "model"), mark("load")])

    marks.mark("demo", "demo", [mark("fit", "score", code="0ther")])

    assert marks.marks("demo", "demo") == {"fit": mark("fit", "score", code="0ther"), "load": mark("load")}
