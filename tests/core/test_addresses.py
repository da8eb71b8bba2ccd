"""Addresses name what is in a registry; what is left out is the latest; a miss names the nearest."""

from __future__ import annotations

from pathlib import Path

import pytest
from registries import CONTENT, draft_generation, draft_lineage

from graftline.core.addresses import Address, address_of, find_generation, find_lineage, is_address
from graftline.core.errors import InvalidError, MissingError
from graftline.core.lineages import Move, Place
from graftline.core.registry import Registry
from graftline.plugins.registry.filesystem import FilesystemRegistry


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Return a registry with two releases, the older one trained twice, and an untrained working copy."""
    made = FilesystemRegistry(str(tmp_path / "models"))
    for version in ("0.1.0", "0.2.0", "0.2.1.dev1+ab12"):
        made.publish(draft_lineage(version), CONTENT.__getitem__)
    for state in (b"one", b"two"):
        made.commit(draft_generation(state=state), CONTENT.__getitem__)
    return made


@pytest.mark.parametrize(
    ("words", "address"),
    [
        (("churn",), Address("churn")),
        (("churn/0.2.0",), Address("churn", "0.2.0")),
        (("churn/v0.2/3",), Address("churn", "0.2", 3)),
        (("churn", "0.2.0", "3"), Address("churn", "0.2.0", 3)),
        (("churn@champion",), Address("churn", alias="champion")),
    ],
)
def test_an_address_is_taken_apart(words: tuple[str, ...], address: Address) -> None:
    assert address_of(*words) == address
    assert address_of(str(address)) == address


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("Churn",), "did you mean 'churn'"),
        (("churn/one",), "is no version"),
        (("churn/0.1.0/0",), "no number"),
        (("churn/0.1.0/1/2",), "4 parts"),
        (("churn@",), "is empty"),
        (("churn@Best One",), "no name of an alias"),
        (("../churn",), "no name of a project"),
    ],
)
def test_what_is_no_address_is_refused(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(InvalidError, match=told):
        address_of(*words)


@pytest.mark.parametrize("text", ["churn", "churn/0.2.0", "churn/0.2.0/3", "churn@champion"])
def test_a_target_may_be_an_address(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize("text", [".", "pipeline.py", "pipeline.py:churn", "steps/train.py", "pkg.mod:name", "./x", ""])
def test_a_file_or_module_is_no_address(text: str) -> None:
    assert not is_address(text)


def test_the_latest_lineage_is_the_newest_release(registry: Registry) -> None:
    assert find_lineage(registry, Address("churn")).version == "0.2.0"
    assert find_lineage(registry, address_of("churn/0.2.1.dev1+ab12")).is_dev


def test_the_latest_generation_is_of_the_newest_lineage_that_was_trained(registry: Registry) -> None:
    lineage, generation = find_generation(registry, Address("churn"))

    assert (lineage.version, generation.number) == ("0.1.0", 2)
    assert find_generation(registry, address_of("churn/0.1.0/1"))[1].number == 1


def test_the_champion_goes_before_the_latest(registry: Registry) -> None:
    registry.move("churn", Move(alias="champion", to=Place("0.1.0", 1), before=None, at=1.0, by="me", why="set"))

    assert find_generation(registry, Address("churn"))[1].number == 1
    assert find_generation(registry, address_of("churn@champion"))[1].number == 1
    assert find_generation(registry, address_of("churn/0.1.0"))[1].number == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("chrun", "did you mean 'churn'"),
        ("churn/0.3.0", "has no lineage 0.3.0; did you mean '0.2.0'"),
        ("churn/0.2.0", "lineage churn/0.2.0 has no generation"),
        ("churn/0.1.0/7", "has no generation 7"),
        ("churn@champoin", "no alias 'champoin'"),
    ],
)
def test_a_miss_names_what_there_is(registry: Registry, text: str, told: str) -> None:
    with pytest.raises(MissingError) as caught:
        find_generation(registry, address_of(text))
    assert told in str(caught.value)
    assert caught.value.hint


def test_an_empty_registry_says_what_fills_it(tmp_path: Path) -> None:
    empty = FilesystemRegistry(str(tmp_path / "none"))

    with pytest.raises(MissingError) as caught:
        find_lineage(empty, Address("churn"))
    assert "graft release" in str(caught.value.hint)
