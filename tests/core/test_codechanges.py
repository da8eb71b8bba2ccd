"""Changed lines of a definition are found; what only looks different is none."""

from __future__ import annotations

import json

import pytest

from graftline.core.codechanges import Hunk, part_changes, text_changes

OLD = '''\
import os

LIMIT = 3


def clean(rows):
    """Doc."""
    # a comment
    return [row for row in rows if row > LIMIT]


class Base:
    def scale(self, x):
        return x * 2


def outer():
    def inner(x):
        return x + 1

    return inner


os.environ["A"] = "1"
'''


def lines(part: str, old: str | None, new: str | None) -> list[str]:
    return [line for hunk in part_changes(part, old, new) for line in hunk.lines]


@pytest.mark.parametrize(
    ("part", "before", "after"),
    [
        ("clean", "row > LIMIT", "row >= LIMIT"),
        ("LIMIT", "LIMIT = 3", "LIMIT = 4"),
        ("Base", "x * 2", "x * 3"),
        ("inner", "x + 1", "x + 2"),
        ("<import>", '= "1"', '= "2"'),
        ("<module>", "row > LIMIT", "row >= LIMIT"),
    ],
)
def test_a_change_is_shown_at_the_part_it_is_in(part: str, before: str, after: str) -> None:
    changed = [line for line in lines(f"h.py:{part}", OLD, OLD.replace(before, after)) if line[0] != " "]
    assert [line[0] for line in changed] == ["-", "+"]
    assert before in changed[0]
    assert after in changed[1]


def test_comments_blank_lines_docstrings_and_blanks_are_no_change() -> None:
    new = OLD.replace("# a comment", "# another").replace("row > LIMIT", "row>LIMIT")
    new = new.replace('"""Doc."""', '"""Other."""')
    new = new.replace("    return [row", "\n\n    return [row")
    assert part_changes("h.py:<module>", OLD, new.replace('"""Other."""', '"""Doc."""')) == ()
    assert text_changes(OLD, new, file="h.py") == ()
    assert [line[0] for line in lines("h.py:clean", OLD, new) if "Doc" in line or "Other" in line] == ["-", "+"]


def test_line_numbers_are_those_of_the_files() -> None:
    (hunk,) = part_changes("h.py:Base", OLD, "# moved\n\n" + OLD.replace("x * 2", "x * 3"))
    assert (hunk.old, hunk.new) == (12, 14)


def test_what_is_new_or_gone_is_shown_as_a_whole() -> None:
    assert lines("h.py:LIMIT", None, OLD) == ["+LIMIT = 3"]
    assert lines("h.py:LIMIT", OLD, None) == ["-LIMIT = 3"]
    assert part_changes("h.py:LIMIT", None, OLD) == (Hunk(old=0, new=3, lines=("+LIMIT = 3",)),)


def test_values_in_closures_have_no_lines() -> None:
    assert part_changes("<held>:fit.C", OLD, OLD) == ()


def test_a_file_that_is_no_python_is_compared_line_by_line() -> None:
    assert lines("run.sh", "echo 1\n\nls\n", "echo 2\n\nls\n") == ["-echo 1", "+echo 2", " ", " ls"]


def test_of_a_notebook_the_code_cells_are_compared() -> None:
    def notebook(source: str, count: int) -> str:
        cells = [{"cell_type": "code", "source": source, "execution_count": count}, {"cell_type": "markdown"}]
        return json.dumps({"cells": cells})

    assert lines("n.ipynb", notebook("x = 1", 1), notebook("x = 1", 2)) == []
    assert lines("n.ipynb", notebook("x = 1", 1), notebook("x = 2", 1)) == ["-x = 1", "+x = 2"]


def test_what_does_not_parse_is_compared_as_text() -> None:
    assert lines("h.py:<module>", "def f(:\n", "def g(:\n") == ["-def f(:", "+def g(:"]


def test_all_lines_of_a_text_count_where_nothing_is_left_aside() -> None:
    changed = [line for hunk in text_changes("a = 1  # x\n", "a = 1  # y\n", is_code=False) for line in hunk.lines]
    assert changed == ["-a = 1  # x", "+a = 1  # y"]
