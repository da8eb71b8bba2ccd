"""What fits at a place, by cores and by name."""

from __future__ import annotations

import pytest

from graftline.plugins.pipe.load import Load, lacking

OFFERED = {"gpu": 2.0, "big": float("inf")}


@pytest.mark.parametrize(
    ("demand", "name"),
    [
        ({}, None),
        ({"cpus": 64.0, "memory": 1e12}, None),  # what nobody declares is there
        ({"gpu": 2.0, "big": 1.0}, None),
        ({"gpu": 3.0}, "gpu"),
        ({"tpu": 1.0}, "tpu"),
    ],
)
def test_what_is_not_offered_is_lacking(demand: dict[str, float], name: str | None) -> None:
    assert lacking(demand, OFFERED) == name


def test_memory_counts_where_it_is_declared() -> None:
    assert lacking({"memory": 9.0}, {"memory": 8.0}) == "memory"


def test_what_is_taken_by_name_is_not_free_until_it_is_given_back() -> None:
    load = Load()
    load.take({"gpu": 1.0, "big": 1.0})

    assert load.has({"gpu": 1.0, "big": 1.0}, OFFERED)
    assert not load.has({"gpu": 2.0}, OFFERED)
    load.give({"gpu": 1.0, "big": 1.0})
    assert load.has({"gpu": 2.0}, OFFERED)


def test_steps_of_one_core_queue_there_and_a_wide_one_waits_until_its_cores_are_free() -> None:
    load = Load()
    for _ in range(5):
        assert load.has_cores({}, 4)
        load.take({})
    assert not load.has_cores({"cpus": 2.0}, 4)

    for _ in range(3):
        load.give({})
    assert load.has_cores({"cpus": 2.0}, 4)
    load.take({"cpus": 2.0})

    assert load.busy == 4
    assert not load.has_cores({}, 4)  # else it would share the cores of the wide one


def test_a_step_wider_than_the_place_runs_alone() -> None:
    load = Load()
    assert load.has_cores({"cpus": 16.0}, 4)
    load.take({})
    assert not load.has_cores({"cpus": 16.0}, 4)
