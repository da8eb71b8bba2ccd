"""Versions of packages by import name, and packages that no directory of sys.path holds."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path

import pytest

from graftline.worker import installed
from graftline.worker.ownership import is_installed, is_own


def test_a_package_counts_by_the_version_of_its_distribution() -> None:
    found = installed.versions_of(["pytest", "yaml", "os", "graftline"])

    assert found["pytest"] == pytest.__version__
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert "os" not in found
    assert "graftline" not in found


def test_a_package_of_another_name_is_found_in_the_list_of_files() -> None:
    assert list(installed.distributions_of("_pytest")) == ["pytest"]


def test_a_package_of_no_distribution_counts_by_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "loose_package.py").write_text("X = 1\n")
    before = installed.versions_of(["loose_package"])["loose_package"]

    (tmp_path / "loose_package.py").write_text("X = 2\n")

    assert before.startswith("sha256:")
    assert installed.versions_of(["loose_package"])["loose_package"] != before


def test_a_package_that_is_nowhere_says_so() -> None:
    assert installed.versions_of(["no_such_package"])["no_such_package"] == "?"


def test_a_package_that_an_import_hook_finds_lies_beyond_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "src" / "edited_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")

    class Finder:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
            if name != "edited_package":
                return None
            return spec_from_file_location(name, package / "__init__.py", submodule_search_locations=[str(package)])

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])

    assert installed.beyond("edited_package") == str(tmp_path / "src")
    assert installed.beyond("pytest") is None
    assert installed.beyond("json") is None
    assert installed.beyond("no_such_package") is None


def test_what_is_installed_is_not_ones_own() -> None:
    assert is_installed(pytest.__file__)
    assert is_installed("/project/.venv/lib/python3.11/site-packages")
    assert is_own("/project/steps.py")
    assert not is_own(installed.__file__)
