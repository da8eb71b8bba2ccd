"""The contract of `FunctionStore`, for SQLite and for the fake."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from memory_functions import MemoryFunctions

from graftline.core.graph import Json
from graftline.core.registered import FunctionStore, NewFunction
from graftline.store.store import open_store

Bytes = Callable[[str], bytes | None]


@pytest.fixture(params=["sqlite", "memory"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[FunctionStore, Bytes]]:
    """A store of functions, and how to read the code it keeps."""
    if request.param == "memory":
        memory = MemoryFunctions()
        yield memory, memory.code.get
    else:
        with open_store(tmp_path / "store") as opened:
            yield opened.functions, opened.objects.read


def new(name: str = "fit", project: str = "demo", **spec: Json) -> NewFunction:
    return NewFunction(name=name, kind="python", spec=spec, project=project, origin="here")


class TestVersions:
    def test_the_first_is_1(self, shelf: tuple[FunctionStore, Bytes]) -> None:
        made, is_new = shelf[0].add(new(a=1))

        assert (made.version, is_new, made.address, made.spec) == (1, True, "fit@1", {"a": 1})

    def test_the_same_spec_again_is_the_same_version(self, shelf: tuple[FunctionStore, Bytes]) -> None:
        first, _ = shelf[0].add(new(a=1, b=[1, {"c": None}]))

        again, is_new = shelf[0].add(new(b=[1, {"c": None}], a=1))

        assert (again, is_new) == (first, False)

    def test_another_spec_or_kind_is_the_next_version(self, shelf: tuple[FunctionStore, Bytes]) -> None:
        shelf[0].add(new(a=1))
        shelf[0].add(new(a=2))

        other = NewFunction(name="fit", kind="shell", spec={"a": 2}, project="demo", origin="here")
        made, is_new = shelf[0].add(other)

        assert (made.version, is_new) == (3, True)
        assert [each.version for each in shelf[0].versions("demo", "fit")] == [1, 2, 3]

    def test_going_back_to_an_earlier_spec_is_a_version_with_its_key(self, shelf: tuple[FunctionStore, Bytes]) -> None:
        first, _ = shelf[0].add(new(a=1))
        shelf[0].add(new(a=2))

        third, _ = shelf[0].add(new(a=1))

        assert (third.version, third.key) == (3, first.key)

    def test_where_it_is_from_makes_no_version(self, shelf: tuple[FunctionStore, Bytes]) -> None:
        shelf[0].add(new(a=1))
        moved = NewFunction(name="fit", kind="python", spec={"a": 1}, project="demo", origin="elsewhere")

        found, is_new = shelf[0].add(moved)

        assert (found.version, found.origin, is_new) == (1, "here", False)


class TestLists:
    def test_they_are_by_name_oldest_first_and_of_one_project(self, shelf: tuple[FunctionStore, Bytes]) -> None:
        for each in (new("b", a=1), new("a", a=1), new("b", a=2), new("a", project="other", a=1)):
            shelf[0].add(each)

        assert [each.address for each in shelf[0].versions("demo")] == ["a@1", "b@1", "b@2"]
        assert [each.project for each in shelf[0].versions("other")] == ["other"]
        assert shelf[0].versions("demo", "nope") == []

    def test_a_removed_version_is_gone_and_its_number_is_not_given_again(
        self, shelf: tuple[FunctionStore, Bytes]
    ) -> None:
        shelf[0].add(new(a=1))
        shelf[0].add(new(a=2))

        assert shelf[0].remove("demo", "fit", 2) == 1
        assert shelf[0].remove("demo", "fit", 2) == 0
        assert [each.version for each in shelf[0].versions("demo")] == [1]
        assert shelf[0].add(new(a=2))[0].version == 3

    def test_all_versions_go_together_and_other_functions_stay(self, shelf: tuple[FunctionStore, Bytes]) -> None:
        for each in (new(a=1), new(a=2), new("other", a=1)):
            shelf[0].add(each)

        assert shelf[0].remove("demo", "fit", None) == 2
        assert [each.name for each in shelf[0].versions("demo")] == ["other"]
        assert shelf[0].add(new(a=2))[0].version == 3


def test_code_is_kept_by_its_digest(shelf: tuple[FunctionStore, Bytes]) -> None:
    data = b"def fit(): ...\n"
    digest = hashlib.sha256(data).hexdigest()

    shelf[0].add(NewFunction(name="fit", kind="python", spec={}, project="demo", origin="x", code={digest: data}))

    assert shelf[1](digest) == data
