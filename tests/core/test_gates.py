"""Gates compare metrics with numbers and with those of the alias; nothing in them is executed."""

from __future__ import annotations

import pytest

from graftline.core.errors import InvalidError
from graftline.core.gates import Gate


@pytest.mark.parametrize(
    ("text", "holds", "told"),
    [
        ("auc >= champion.auc - 0.002", True, "0.91 >= 0.911 - 0.002"),
        ("auc > champion.auc", False, "0.91 > 0.911"),
        ("auc >= 0.9 and loss < 0.5", True, "0.91 >= 0.9 and 0.3 < 0.5"),
        ("auc >= 0.99 or loss < 0.5", True, "0.91 >= 0.99 or 0.3 < 0.5"),
        ("0.5 < auc < 1", True, "0.5 < 0.91 < 1"),
        ("abs(auc - champion.auc) <= 0.01", True, "0.001 <= 0.01"),
        ("max(auc, loss) >= 0.9", True, "0.91 >= 0.9"),
        ("-loss > -1", True, "-0.3 > -1"),
        ("auc / 0 > 1", False, "0.91 / 0 > 1"),
    ],
)
def test_a_gate_holds_or_not_and_says_the_numbers(text: str, holds: bool, told: str) -> None:
    outcome = Gate(text, "champion").outcome({"auc": 0.91, "loss": 0.3}, {"auc": 0.911})

    assert (outcome.holds, outcome.told) == (holds, told)


def test_what_compares_with_a_champion_holds_when_there_is_none() -> None:
    outcome = Gate("auc >= champion.auc - 0.002", "champion").outcome({"auc": 0.1}, None)

    assert outcome.holds
    assert outcome.told == "there is no champion yet"
    assert not Gate("auc >= 0.5", "champion").outcome({"auc": 0.1}, None).holds


def test_the_alias_is_named_as_it_is_called() -> None:
    assert Gate("auc >= blue.auc", "blue").outcome({"auc": 2}, {"auc": 1}).holds
    with pytest.raises(InvalidError, match="names 'champion', which is not 'blue'"):
        Gate("auc >= champion.auc", "blue")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "auc",
        "auc >=",
        "auc >= 'high'",
        "__import__('os').system('true') > 0",
        "auc.__class__ > 1",
        "auc if auc else 1",
        "auc >= champion.auc.real",
        "[auc] > [1]",
        "lambda: 1",
        "auc is 1",
        "auc ** 9999999 > 1",
        "max(*auc) > 1",
        "True > auc",
    ],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="gate"):
        Gate(text, "champion")


def test_a_metric_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(InvalidError, match="the generation has no metric 'acu'; did you mean 'auc'"):
        Gate("acu > 0.5", "champion").outcome({"auc": 0.9}, None)
    with pytest.raises(InvalidError, match="champion has no metric 'auc'"):
        Gate("auc > champion.auc", "champion").outcome({"auc": 0.9}, {})
