"""Named tuples made without compiling annotations or constructors: what they are is what the standard library makes."""

from __future__ import annotations

import inspect
import pickle
import typing
from typing import Any

import pytest

from graftline.core.named import NamedTuple


class Ours(NamedTuple):
    """A line."""

    file: str
    line: int = 1
    """1-based."""

    @property
    def text(self) -> str:
        """Return it as editors take it."""
        return f"{self.file}:{self.line}"

    @classmethod
    def at(cls, line: int) -> Ours:
        """Return a line of nowhere."""
        return cls("?", line)

    def __str__(self) -> str:
        return self.text


class Theirs(typing.NamedTuple):
    """A line."""

    file: str
    line: int = 1


def test_it_is_made_and_read_as_a_named_tuple_of_the_standard_library() -> None:
    for kind in (Ours, Theirs):
        made: Any = kind("a.py")
        assert made == ("a.py", 1) == kind(file="a.py", line=1)
        assert made._replace(line=2) == ("a.py", 2)
        assert made._asdict() == {"file": "a.py", "line": 1}
        assert kind._field_defaults == {"line": 1}
        assert kind._fields == kind.__match_args__ == ("file", "line")
        assert kind.__doc__ == "A line."
        assert repr(made) == f"{kind.__name__}(file='a.py', line=1)"
        assert list(inspect.signature(kind).parameters) == ["file", "line"]
        assert set(kind.__annotations__) == {"file", "line"}
        assert kind.__module__ == __name__
        assert type(pickle.loads(pickle.dumps(made))) is kind


def test_what_else_is_written_in_its_body_is_there() -> None:
    line = Ours.at(3)

    assert (line.text, str(line)) == ("?:3", "?:3")
    assert type(line) is Ours
    match line:
        case Ours(file, number):
            assert (file, number) == ("?", 3)


def test_its_annotations_need_not_mean_anything_when_it_is_made() -> None:
    class Late(NamedTuple):
        what: NotThereYet  # type: ignore[name-defined]  # noqa: F821
        """Nobody looks."""

    assert Late("x").what == "x"
    assert Late.__qualname__.endswith("<locals>.Late")


def test_a_field_without_a_default_behind_one_with_some_is_refused() -> None:
    with pytest.raises(TypeError, match="Wrong: a field without a default follows one that has some"):

        class Wrong(NamedTuple):
            first: int = 1
            second: int  # type: ignore[misc]


@pytest.mark.parametrize("kind", [Ours, Theirs])
def test_a_change_of_no_field_and_a_wrong_number_of_values_are_refused(kind: Any) -> None:
    with pytest.raises(ValueError, match="Got unexpected field names: \\['colour'\\]"):
        kind("a.py")._replace(colour="red")
    with pytest.raises(TypeError, match="Expected 2 arguments, got 1"):
        kind._make(["a.py"])
    with pytest.raises(AttributeError):
        kind("a.py").line = 2
    assert not hasattr(kind("a.py"), "__dict__")


@pytest.mark.parametrize("values", [(), ("a", 1, 2)])
def test_too_few_or_too_many_values_are_refused(values: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        Ours(*values)
