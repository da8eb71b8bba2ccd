"""Run ids and names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graftline.core.ids import is_run_id, is_strict_name, name_problem, new_run_id, strict_name


def test_run_ids_are_distinct_and_well_formed() -> None:
    made = {new_run_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(is_run_id(each) for each in made)


@pytest.mark.parametrize("name", ["fit", "model fit", "é", "a.b-c", "x" * 128])
def test_ordinary_names_are_good(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a:b", "a[0]", "a\nb", "\x1b[31m", "x" * 129, 3, None])
def test_names_that_would_break_paths_or_terminals_are_refused(name: object) -> None:
    assert name_problem(name) is not None


@given(st.text())
def test_any_text_becomes_a_strict_name(text: str) -> None:
    assert is_strict_name(strict_name(text))


@pytest.mark.parametrize(
    ("text", "name"),
    [("My Project", "my-project"), ("Große Übung", "grosse-ubung"), ("café_2", "cafe_2"), ("日本", "project")],
)
def test_a_strict_name_keeps_the_letters_of_the_text(text: str, name: str) -> None:
    assert strict_name(text) == name
