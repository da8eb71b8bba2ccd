"""Prints as JSON: exactly back, and once for all operations that share one."""

from __future__ import annotations

from graftline.core.prints import Print, prints_from_json, prints_to_json

ONE = Print(parts={"a.py:f": "1" * 64}, packages={"python": "3.11"}, variables=("HOME",), reads=("*.csv",))
OTHER = Print(source="it calls requests.get", unknown="a.py:3 calls exec")


def test_they_come_back() -> None:
    prints = {0: ONE, 2: OTHER, 11: ONE, 3: Print()}

    assert prints_from_json(prints_to_json(prints)) == prints


def test_what_operations_share_is_written_once() -> None:
    assert len(prints_to_json({0: ONE, 1: OTHER, 2: ONE})) == 2


def test_what_was_one_print_is_one_again() -> None:
    found = prints_from_json(prints_to_json(dict.fromkeys(range(20), ONE)))

    assert len({id(each) for each in found.values()}) == 1


def test_a_newer_version_may_say_more() -> None:
    assert prints_from_json({"0": {"parts": {"a": "1"}, "mood": "good"}}) == {0: Print(parts={"a": "1"})}
