"""An alias moves when its gates hold, tells who moved it and why, and goes back the way it came."""

from __future__ import annotations

import pytest
from shelved import Shelved

from graftline.core.aliasing import GateRefused
from graftline.core.errors import ConflictError, InvalidError, MissingError
from graftline.core.lineages import Place
from graftline.core.registry import Registry

GATES = {"champion": ("auc >= champion.auc - 0.002", "auc > 0.5")}


@pytest.fixture
def shelved(registry: Registry) -> Shelved:
    """Return a release with three generations, the second worse than the first, and gates."""
    made = Shelved(registry, gates=GATES)
    made.release()
    for auc in (0.9, 0.8, 0.899):
        made.train("0.1.0", metrics={"auc": auc})
    return made


@pytest.fixture
def free(registry: Registry) -> Shelved:
    """Return a release with four generations, and no gates."""
    made = Shelved(registry)
    made.release()
    for _ in range(4):
        made.train("0.1.0")
    return made


def stands(shelved: Shelved) -> int | None:
    place = shelved.registry.aliases("churn").get("champion")
    return None if place is None else place.number


def test_the_first_champion_has_nobody_to_beat(shelved: Shelved) -> None:
    moved = shelved.lineages.aliasing.move(("churn/0.1.0/1",), "@champion")

    assert [(each.holds, each.told) for each in moved.outcomes] == [
        (True, "there is no champion yet"),
        (True, "0.9 > 0.5"),
    ]
    (move,) = shelved.registry.history("churn")
    assert (move.to, move.before, move.by) == (Place("0.1.0", 1), None, "ada@lab")
    assert move.why == "gate: auc >= champion.auc - 0.002; auc > 0.5"


def test_a_gate_that_does_not_hold_refuses_and_says_with_which_numbers(shelved: Shelved) -> None:
    shelved.places(["0.1.0/1"])

    with pytest.raises(GateRefused, match="does not become 'champion': a gate does not hold") as caught:
        shelved.places(["0.1.0/2"])
    assert [(each.holds, each.told) for each in caught.value.outcomes] == [
        (False, "0.8 >= 0.9 - 0.002"),
        (True, "0.8 > 0.5"),
    ]
    assert (caught.value.exit_code, stands(shelved)) == (5, 1)
    shelved.places(["0.1.0/3"])
    assert stands(shelved) == 3


def test_who_forces_a_gate_is_on_record(shelved: Shelved) -> None:
    shelved.places(["0.1.0/1"])

    shelved.lineages.aliasing.move(("churn/0.1.0/2",), "champion", is_forced=True)

    assert shelved.registry.history("churn")[-1].why == "forced, against auc >= champion.auc - 0.002"
    assert stands(shelved) == 2


def test_a_gate_on_what_was_not_measured_is_an_error_and_no_pass(shelved: Shelved) -> None:
    shelved.train("0.1.0", metrics={"rmse": 3.0})

    with pytest.raises(InvalidError, match="has no metric 'auc'"):
        shelved.lineages.aliasing.move(("churn/0.1.0/4",), "champion")
    assert stands(shelved) is None


def test_what_is_left_out_is_the_newest_not_the_champion_itself(free: Shelved) -> None:
    free.places(["0.1.0/1"])

    free.lineages.aliasing.move(("churn",), "champion")

    assert stands(free) == 4


def test_to_move_it_to_where_it_stands_writes_nothing(free: Shelved) -> None:
    free.places(["0.1.0/1"])

    assert free.lineages.aliasing.move(("churn/0.1.0/1",), "champion").is_news is False
    assert len(free.registry.history("churn")) == 1


@pytest.mark.parametrize("expect", ["0.1.0/1", "churn/0.1.0/1"])
def test_it_moves_only_from_where_it_was_expected(free: Shelved, expect: str) -> None:
    free.places(["0.1.0/1"])
    free.lineages.aliasing.move(("churn/0.1.0/2",), "champion", expect=expect)

    with pytest.raises(ConflictError, match=r"stands at 0\.1\.0/2, not at"):
        free.lineages.aliasing.move(("churn/0.1.0/3",), "champion", expect=expect)
    with pytest.raises(ConflictError, match="not at none"):
        free.lineages.aliasing.move(("churn/0.1.0/3",), "champion", expect="none")
    assert stands(free) == 2


def test_each_rollback_goes_one_further_back(free: Shelved) -> None:
    free.places(["0.1.0/1", "0.1.0/2", "0.1.0/3"])
    back = free.lineages.aliasing.roll_back

    assert [back("churn@champion").move.to for _ in range(2)] == [Place("0.1.0", 2), Place("0.1.0", 1)]
    with pytest.raises(MissingError, match="never stood anywhere else"):
        back("churn@champion")
    free.places(["0.1.0/4"])
    back("churn@champion")
    assert stands(free) == 1
    assert [move.why for move in free.registry.history("churn")] == ["set"] * 3 + ["rollback"] * 2 + ["set", "rollback"]


def test_a_rollback_may_name_where_to(free: Shelved) -> None:
    free.places(["0.1.0/1", "0.1.0/2", "0.1.0/3"])

    with pytest.raises(MissingError, match=r"never stood at 0\.1\.0/4") as caught:
        free.lineages.aliasing.roll_back("churn@champion", "0.1.0/4")
    assert caught.value.hint == "it stood at 0.1.0/2, 0.1.0/1"
    free.lineages.aliasing.roll_back("churn@champion", "churn/0.1.0/1")
    assert stands(free) == 1


def test_a_rollback_leaves_out_what_was_removed(free: Shelved) -> None:
    free.places(["0.1.0/1", "0.1.0/2", "0.1.0/3"])
    free.registry.remove("churn", "0.1.0", 2)

    free.lineages.aliasing.roll_back("churn@champion")

    assert stands(free) == 1


def test_a_rollback_asks_no_gates(shelved: Shelved) -> None:
    shelved.lineages.aliasing.move(("churn/0.1.0/2",), "champion")
    shelved.places(["0.1.0/1"])

    shelved.lineages.aliasing.roll_back("churn@champion")

    assert stands(shelved) == 2


def test_an_alias_that_is_taken_away_leaves_its_history(free: Shelved) -> None:
    free.places(["0.1.0/1"])
    free.lineages.aliasing.drop("churn@champion")

    assert stands(free) is None
    assert [move.to for move in free.registry.history("churn")] == [Place("0.1.0", 1), None]
    with pytest.raises(MissingError, match="no alias 'champion'"):
        free.lineages.aliasing.drop("churn@champion")


@pytest.mark.parametrize(
    ("address", "alias", "told"),
    [
        ("churn", "Best One", "did you mean 'best-one'"),
        ("churn/0.1.0/x", "champion", "no number"),
    ],
)
def test_what_is_no_name_is_refused(free: Shelved, address: str, alias: str, told: str) -> None:
    with pytest.raises(InvalidError, match=told):
        free.lineages.aliasing.move((address,), alias)


def test_a_rollback_of_no_alias_is_refused(free: Shelved) -> None:
    with pytest.raises(InvalidError, match="names no alias"):
        free.lineages.aliasing.roll_back("churn/0.1.0")
