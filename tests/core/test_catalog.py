"""Catalog globs: which may name the same file."""

from __future__ import annotations

import fnmatch
import glob
import os
from pathlib import Path

import pytest
from authoring import graph_of, needs_of
from hypothesis import given
from hypothesis import strategies as st

from graftline import Catalog, Pipeline, Stub
from graftline.core.catalog import matches, may_overlap


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("a.csv", "a.csv", True),
        ("a.csv", "b.csv", False),
        ("*.csv", "a.csv", True),
        ("*.csv", "a.txt", False),
        ("data/*.csv", "data/a.csv", True),
        ("data/*.csv", "other/a.csv", False),
        ("data/*", "*.csv", True),
        ("*.csv", "*.txt", False),
        ("day[0-9].csv", "day1.csv", True),
        ("data", "data/a.csv", True),
        ("data", "data/*.csv", True),
        ("data", "database/a.csv", False),
        ("data", "*/a.csv", True),
    ],
)
def test_globs_overlap_when_one_file_can_be_both(one: str, other: str, overlap: bool) -> None:
    assert may_overlap(one, other) is overlap
    assert may_overlap(other, one) is overlap


NAMES = st.text("ab./*?", min_size=1, max_size=8)


@given(NAMES, NAMES, st.text("ab./", min_size=1, max_size=8))
def test_two_globs_that_both_match_a_file_always_overlap(one: str, other: str, file: str) -> None:
    if fnmatch.fnmatchcase(file, one) and fnmatch.fnmatchcase(file, other):
        assert may_overlap(one, other)


def test_a_directory_that_is_put_or_wanted_means_the_files_in_it() -> None:
    steps = [
        Stub("folder", returns=["a"], catalog=Catalog(put="out")),
        Stub("file", returns=["b"], catalog=Catalog(put="logs/deep/1.txt")),
        Stub("one", returns=["c"], catalog=Catalog(get="out/model.bin")),
        Stub("all", returns=["d"], catalog=Catalog(get="logs")),
    ]
    needs = needs_of(graph_of(Pipeline(steps)))
    assert (needs["one"], needs["all"]) == (["folder"], ["file"])


FILES = ("a.csv", ".h", "x/a.csv", "x/.h/q", "x/y/z.csv", "x/y/w.txt", "x/[1].csv", "a]b", "x/^1.csv", "data.d/f")
GLOBS = ("*", "*.csv", "**", "**/*.csv", "x", "x/*", "x/**", "x/**/*", "[ab].csv", "[!a].csv", "x/[[]1].csv", "?.csv")
MORE = (".h", ".*", "x/y/*.txt", "a]b", "x/[^a]1.csv", "[]a]*", "**/y", "x/**/z.csv", "data*", "a[", "gone")


@pytest.mark.parametrize("pattern", GLOBS + MORE)
def test_a_file_is_got_by_the_glob_that_puts_it(tmp_path: Path, pattern: str) -> None:
    for file in FILES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    found = {
        Path(top, name).relative_to(tmp_path).as_posix()
        for each in glob.glob(pattern, root_dir=tmp_path, recursive=True)
        for top, _, names in ([*os.walk(tmp_path / each)] or [(str((tmp_path / each).parent), [], [Path(each).name])])
        for name in names
    }
    assert {file for file in FILES if matches(file, pattern)} == found
