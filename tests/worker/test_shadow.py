"""A directory that looks like another one: what is a link, what is a copy, what is as it was recorded."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from graftline.worker.catalog import CatalogError
from graftline.worker.shadow import differing, make_shadow


def recorded(path: str, data: bytes) -> tuple[str, Any]:
    """Return a catalog file of an order whose content travels inline."""
    return path, ("v", "file", data)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    made = tmp_path / "place"
    for name, text in {"data/a.csv": "a", "data/b.csv": "b", "plots/old.png": "old", "own.txt": "own"}.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text)
    return made


def shadow(place: Path, files: list[tuple[str, Any]], *made: str) -> Path:
    at = place.parent / "shadow"
    make_shadow(str(place), str(at), files=files, made=made, objects=str(place.parent / "objects"))
    return at


def test_files_that_are_as_recorded_are_told_from_others(place: Path) -> None:
    files = [recorded("data/a.csv", b"a"), recorded("data/b.csv", b"older"), recorded("gone.txt", b"x")]

    assert differing(str(place), files) == ["data/b.csv", "gone.txt"]


def test_recorded_files_are_there_as_recorded_and_the_rest_are_links(place: Path) -> None:
    at = shadow(place, [recorded("data/b.csv", b"older"), recorded("new/c.csv", b"c")])

    assert (at / "data/b.csv").read_text() == "older"
    assert (at / "new/c.csv").read_text() == "c"
    assert (at / "data/a.csv").is_symlink()
    assert (at / "plots").is_symlink()
    assert (place / "data/b.csv").read_text() == "b"


@pytest.mark.parametrize("glob", ["plots/*.png", "plots", "**/*.png", "plots/**"])
def test_what_the_step_makes_does_not_reach_the_directory(place: Path, glob: str) -> None:
    at = shadow(place, [], glob)

    (at / "plots/old.png").write_text("new")
    (at / "plots/more.png").write_text("more")

    assert sorted(os.listdir(place / "plots")) == ["old.png"]
    assert (place / "plots/old.png").read_text() == "old"


def test_any_other_file_is_the_real_one(place: Path) -> None:
    at = shadow(place, [], "plots/*.png")

    (at / "own.txt").write_text("changed")

    assert (place / "own.txt").read_text() == "changed"


def test_a_file_of_which_only_the_digest_was_kept_is_told_of(place: Path) -> None:
    digest = hashlib.sha256(b"older").hexdigest()

    with pytest.raises(CatalogError, match="only its digest was kept"):
        shadow(place, [("data/b.csv", ("f", "file", digest, 5))])
