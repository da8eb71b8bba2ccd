"""04-catalog: files that steps hand on."""

from __future__ import annotations

from pathlib import Path

import pytest
from shop_runs import Shop

FILES = {"orders.csv", "archive/notes.txt"}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return a shop in which no other test left files."""
    return Shop(tmp_path)


def test_steps_of_every_kind_find_the_files_again(shop: Shop) -> None:
    run = shop.run("catalogs.py:every_kind")

    assert set(run.states.values()) == {"SUCCESS"}
    assert run.files() >= FILES
    assert run.value("rows") == 3
    assert run.logs("read in shell") == "both are there\n"
    assert not (shop.root / "orders.csv").exists()


def test_files_that_were_deleted_are_there_again_for_who_asks(shop: Shop) -> None:
    run = shop.run("catalogs.py:restored")

    assert run.states == {"write": "SUCCESS", "clear": "SUCCESS", "read": "SUCCESS"}
    assert run.outputs("write")["orders.csv"] == (shop.root / "orders.csv").read_bytes()
    assert run.value("rows") == 3


def test_files_that_are_still_there_stay_as_they_are(shop: Shop) -> None:
    run = shop.run("catalogs.py:still_there")

    assert run.states == {"write": "SUCCESS", "read": "SUCCESS"}
    assert run.files() == FILES


def test_without_a_copy_the_digest_is_kept_alone(shop: Shop) -> None:
    run = shop.run("catalogs.py:digest_alone")

    assert set(run.states.values()) == {"SUCCESS"}
    kept = run.steps["write"]["outputs"]
    assert set(kept) == FILES
    assert all(len(output["sha256"]) == 64 for output in kept.values())
    assert not (shop.root / "orders.csv").exists()


def test_a_step_that_fails_keeps_the_files_it_has_made(shop: Shop) -> None:
    run = shop.run("catalogs.py:put_on_failure")

    assert run.state == "SUCCESS"
    assert run.states["fails"] == "FAILURE"
    assert run.states["fails/on_failure/go on"] == "SUCCESS"
    assert run.outputs("fails") == {"orders.csv": b"article,price\n"}
