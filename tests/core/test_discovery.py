"""Plugins: listed without importing them, loaded one at a time, and answered when they are broken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from graftline import InvalidError, PluginError
from graftline.core.discovery import load, plugins


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "toy_plugin-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-plugin\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(
        "[graftline.toys]\ngood = toy_good:Toy\nbroken = toy_broken:Toy\nempty = toy_good:Nothing\n"
    )
    (tmp_path / "toy_good.py").write_text("class Toy: pass\n")
    (tmp_path / "toy_broken.py").write_text("import toy_needs_this\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_plugins_are_listed_without_importing_them(distribution: Path) -> None:
    assert [(each.name, each.distribution) for each in plugins("graftline.toys")] == [
        ("broken", "toy-plugin"),
        ("empty", "toy-plugin"),
        ("good", "toy-plugin"),
    ]
    assert "toy_good" not in sys.modules


@pytest.mark.parametrize("name", ["good", "toy_good:Toy"])
def test_one_plugin_is_loaded_by_name_or_by_its_class(distribution: Path, name: str) -> None:
    assert getattr(load("graftline.toys", name), "__name__", None) == "Toy"


@pytest.mark.parametrize(("name", "cause"), [("broken", "No module named 'toy_needs_this'"), ("empty", "no attribute")])
def test_a_broken_plugin_names_its_package_and_the_cause(distribution: Path, name: str, cause: str) -> None:
    with pytest.raises(PluginError, match=f"'{name}' of the package 'toy-plugin'.*{cause}"):
        load("graftline.toys", name)


def test_an_unknown_plugin_lists_the_known_ones(distribution: Path) -> None:
    with pytest.raises(InvalidError, match="no toy 'godo'; did you mean 'good'") as caught:
        load("graftline.toys", "godo")
    assert "broken, empty, good" in str(caught.value.hint)


def test_an_unknown_registry_is_spoken_of_as_a_registry(distribution: Path) -> None:
    with pytest.raises(InvalidError, match="there is no registry 'nowhere'"):
        load("graftline.registries", "nowhere")
