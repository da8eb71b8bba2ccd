"""A single word in place of RUN may be a step or an output of the run at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Graft = Callable[..., Any]


@pytest.mark.parametrize("command", ["logs", "output"])
def test_a_word_that_is_no_run_is_of_the_last_one(graft: Graft, command: str) -> None:
    word = "load_data" if command == "logs" else "X"

    assert graft(command, word) == graft(command, "@last", word)
    assert graft(command, word).code == 0


@pytest.mark.parametrize("command", ["logs", "output", "debug"])
def test_a_word_that_is_nothing_of_the_last_run_is_a_run_that_is_missing(graft: Graft, command: str) -> None:
    ended = graft(command, "nothing")

    assert (ended.code, ended.out) == (3, "")
    assert "run fits 'nothing'" in ended.err
