"""The garbage collector is held back and put back."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

import pytest

from graftline.core.collector import rare_collections


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_it_is_put_back_even_when_the_block_fails() -> None:
    gc.set_threshold(700, 10, 10)

    inside = None
    with contextlib.suppress(ValueError), rare_collections():
        inside = gc.get_threshold()
        raise ValueError

    assert inside is not None
    assert inside[0] > 10_000
    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("threshold", [0, 1_000_000])
def test_a_collector_that_is_off_or_rarer_already_is_left_alone(threshold: int) -> None:
    gc.set_threshold(threshold, 10, 10)

    with rare_collections():
        assert gc.get_threshold()[0] == threshold


def test_blocks_inside_each_other_end_as_it_began() -> None:
    gc.set_threshold(700, 10, 10)

    with rare_collections(), rare_collections():
        pass

    assert gc.get_threshold() == (700, 10, 10)
