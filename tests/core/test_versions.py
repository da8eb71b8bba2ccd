"""Versions are PEP 440, raised by a part, and development versions come before the next release."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graftline.core.errors import InvalidError
from graftline.core.versions import Bump, bumped, canonical_version, dev_version, is_dev, newest, parsed

_versions = st.builds(
    lambda numbers, suffix: ".".join(map(str, numbers)) + suffix,
    st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.sampled_from(["", "a1", "rc2", ".post1", "+local.1"]),
)


@pytest.mark.parametrize(("text", "canonical"), [("v1.0", "1.0"), ("1.0-RC1", "1.0rc1"), ("1.0.0", "1.0.0")])
def test_a_version_has_one_text(text: str, canonical: str) -> None:
    assert canonical_version(text) == canonical


@pytest.mark.parametrize("text", ["", "one", "1..0", "1.0/2", "latest"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="is no version"):
        parsed(text)


@pytest.mark.parametrize(
    ("version", "part", "after"),
    [
        (None, Bump.PATCH, "0.1.0"),
        ("0.1.0", Bump.PATCH, "0.1.1"),
        ("0.1", Bump.PATCH, "0.1.1"),
        ("0.1.9", Bump.MINOR, "0.2.0"),
        ("1.4.2", Bump.MAJOR, "2.0.0"),
        ("1.0.0rc1", Bump.PATCH, "1.0.0"),
        ("1.0.0.post1", Bump.PATCH, "1.0.1"),
        ("2!1.0", Bump.PATCH, "2!1.0.1"),
    ],
)
def test_a_release_raises_one_part(version: str | None, part: Bump, after: str) -> None:
    assert bumped(version, part) == after


@given(_versions, st.sampled_from(list(Bump)))
def test_the_next_version_is_greater(version: str, part: Bump) -> None:
    assert parsed(bumped(version, part)) > parsed(version).__class__(parsed(version).public)


@given(_versions)
def test_a_working_copy_comes_between_two_releases(version: str) -> None:
    development = dev_version(version, 3, "ab12cd34ef")

    assert is_dev(development)
    assert parsed(development) < parsed(bumped(version))
    assert development.endswith(".dev3+ab12cd")


def test_the_newest_is_by_number_and_never_a_working_copy() -> None:
    assert newest(["0.9.0", "0.10.0", "0.11.0.dev1+ab"]) == "0.10.0"
    assert newest(["0.1.0.dev1+ab"]) is None
