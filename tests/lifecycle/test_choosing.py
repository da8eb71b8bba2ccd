"""Which registry is meant: a name of the configuration, a directory, a provider or a class of one's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from registries import CONTENT, draft_lineage

from graftline import wiring
from graftline.core.errors import InvalidError, PluginError
from graftline.core.parts import Parts
from graftline.plugins.registry.filesystem import FilesystemRegistry
from graftline.plugins.registry.virtual import VirtualRegistry
from graftline.store.registry import StoredRegistry

CONFIG = """
[registry.shared]
provider = "filesystem"
path = "models"
[registry.other]
provider = "sqlite"
path = "other-store"
[registry.mine]
provider = "shelf_plugin:MyRegistry"
path = "mine"
colour = "red"
[registry.odd]
provider = "shelf_plugin:NoRegistry"
"""
Open = Callable[..., Parts]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return a function that opens the workspace of a project with `-P` and a configuration."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def parts(registry: str | None = None, config: str = CONFIG) -> Parts:
        (folder / "graftline.toml").write_text(config)
        given = wiring.Given(store=str(tmp_path / "store"), project=str(folder), registry=registry)
        return wiring.open_workspace(given).parts

    return parts


def test_without_a_word_it_is_the_one_in_the_store(opened: Open) -> None:
    parts = opened()

    assert isinstance(parts.registry(), StoredRegistry)
    assert parts.registry_place() == "sqlite"


def test_it_is_opened_once(opened: Open) -> None:
    for name in (None, "virtual", "./models"):
        parts = opened(name)
        assert parts.registry() is parts.registry() is parts.registry_at(None)


@pytest.mark.parametrize("text", ["./models", "models/", "shared", "../project/models"])
def test_a_directory_is_a_filesystem_registry(opened: Open, tmp_path: Path, text: str) -> None:
    parts = opened(text)
    registry = parts.registry()

    assert isinstance(registry, FilesystemRegistry)
    assert registry.root == str(tmp_path / "project" / "models")
    assert opened(parts.registry_place()).registry().location == registry.root


def test_the_configuration_names_the_default(opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parts = opened(config=f"[registry]\ndefault = './kept'\n{CONFIG}")

    assert parts.registry_place() == str(tmp_path / "project" / "kept"), "of the project, wherever one stands"
    assert isinstance(opened("sqlite", f"[registry]\ndefault = './kept'\n{CONFIG}").registry(), StoredRegistry)


def test_another_store_has_a_registry_too(opened: Open) -> None:
    parts = opened("other")
    parts.registry().publish(draft_lineage("0.1.0"), CONTENT.__getitem__)

    assert [each.name for each in opened("other").registry().projects()] == ["churn"]
    assert opened().registry().projects() == []


def test_a_virtual_one_is_found_by_other_processes_once_it_is_open(opened: Open) -> None:
    parts = opened("virtual")
    registry = parts.registry()
    assert isinstance(registry, VirtualRegistry)
    registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)

    place = parts.registry_place()
    assert [each.name for each in opened(place).registry().projects()] == ["churn"]
    registry.close()
    assert not Path(place).exists()


def test_a_class_of_ones_own_gets_its_options(opened: Open) -> None:
    registry = opened("mine").registry()

    assert (registry.name, registry.options) == ("mine", {"colour": "red"})


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("shred", InvalidError, "no registry 'shred'; did you mean 'shared'"),
        ("virtul", InvalidError, "did you mean 'virtual'"),
        ("filesystem", InvalidError, "needs a directory"),
        ("odd", PluginError, "no subclass of graftline.Registry"),
        ("no.module:X", PluginError, "does not load"),
        ("./graftline.toml", InvalidError, "is no directory"),
        (".", InvalidError, "is no registry, and not empty"),
    ],
)
def test_what_is_none_is_told(opened: Open, text: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        opened(text).registry()


def test_a_wrong_setting_is_told_with_its_line(opened: Open) -> None:
    with pytest.raises(InvalidError, match=r"graftline\.toml:2: 'registry\.shared\.path' is text"):
        opened(config="[registry.shared]\npath = 3\n")


def test_a_process_that_hosts_a_run_opens_the_same(opened: Open, tmp_path: Path) -> None:
    launched: list[tuple[str, ...]] = []
    for text in (None, "./models", "shared"):
        host = opened(text).host
        launched.append(host._arguments())  # type: ignore[attr-defined]

    assert [given[2:] for given in launched] == [
        (),
        ("-P", str(tmp_path / "project" / "models")),
        ("-P", "shared"),
    ]
