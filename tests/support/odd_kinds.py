"""Kinds of functions as somebody else would bring them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graftline import Kind, PythonTask, ShellTask
from graftline.core.errors import InvalidError
from graftline.core.graph import Json
from graftline.core.kinds import Material
from graftline.core.steps import Step


def shouted(word: str, times: int = 1) -> str:
    """Return a word in capitals."""
    return " ".join([word.upper()] * times)


class ShoutKind(Kind):
    """A text file whose words are shouted. It needs no step class of its own."""

    name = "shout"
    actions = ("job", "serve")
    endings = (".shout",)
    keys = ("times",)

    def validate(self, spec: Mapping[str, Json]) -> None:
        """Refuse a number of times that is none."""
        super().validate(spec)
        if not isinstance(spec.get("times", 1), int):
            raise InvalidError(f"'times' is a whole number, not {spec['times']!r}")

    def step(self, spec: Mapping[str, Json], material: Material, **options: Any) -> Step:
        """Return a step that shouts what the file holds."""
        with open(material.path, encoding="utf-8") as file:
            params = {"word": file.read().strip(), "times": spec.get("times", 1)}
        return PythonTask(shouted, params=params, **{**options, "returns": options.get("returns") or "said"})


class BrokenKind(Kind):
    """Makes no step."""

    name = "broken"

    def step(self, spec: Mapping[str, Json], material: Material, **options: Any) -> Any:
        """Return something else."""
        return "no step"


class UnmakeableKind(Kind):
    """Cannot be made without arguments."""

    name = "unmakeable"

    def __init__(self, needed: str) -> None:
        self.needed = needed

    def step(self, spec: Mapping[str, Json], material: Material, **options: Any) -> Step:
        """Never called."""
        return ShellTask("true", **options)
