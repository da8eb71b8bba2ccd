"""What packages need in turn is found, in the versions that are installed."""

from __future__ import annotations

from importlib.metadata import version

from graftline.worker.closure import with_needs


def test_what_a_package_needs_is_found_and_what_that_needs() -> None:
    found = with_needs({"pytest-xdist": "0"})

    assert found["pytest-xdist"] == "0", "what was recorded stays"
    assert found["pytest"] == version("pytest")
    assert found["packaging"] == version("packaging"), "pytest needs it"
    assert "psutil" not in found, "that is for an extra"


def test_names_are_one_however_they_are_written() -> None:
    assert [name for name in with_needs({"pytest_xdist": "3"}) if "xdist" in name] == ["pytest_xdist"]


def test_what_is_not_installed_stays() -> None:
    assert with_needs({"of-somebody-else": "1.0"}) == {"of-somebody-else": "1.0"}
