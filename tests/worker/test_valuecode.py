"""Of which code stored values are."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from loading import write

from graftline.core.artifacts import ArtifactRef
from graftline.core.contents import BroughtCode
from graftline.core.runs import Target
from graftline.worker.picklenames import Named, names_in
from graftline.worker.serializers import dump
from graftline.worker.valuecode import code_of_values


class Loud:
    """Its pickle writes a file when it is loaded."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (self.path,)


def test_a_pickle_is_read_for_its_names_and_nothing_of_it_runs(tmp_path: Path) -> None:
    dumped = dump(Loud(str(tmp_path / "made")), "pickle")

    named = names_in(io.BytesIO(b"".join(bytes(part) for part in dumped.parts)), is_apart=True)

    assert named == {Named("posix", "mkdir")}
    assert list(tmp_path.iterdir()) == []


def test_arrays_apart_from_a_pickle_are_not_needed() -> None:
    numpy = pytest.importorskip("numpy")

    named = _named({"rows": numpy.zeros(100_000), "by": [numpy.float64(1.0)]})

    assert {each.module.partition(".")[0] for each in named} == {"numpy"}


def test_what_dill_sends_by_value_names_the_modules_it_uses() -> None:
    assert Named("json", "") in _named(lambda text: json.loads(text)) | _named({"f": lambda text: json.loads(text)})


def test_plain_data_is_of_no_code(tmp_path: Path) -> None:
    assert _code(tmp_path, [1, {"a": "text"}], {1, 2}) == BroughtCode()


def test_what_is_no_pickle_says_that_nobody_can_tell(tmp_path: Path) -> None:
    ref = ArtifactRef("0" * 64, 4, "pickle", b"none")

    assert "cannot be looked at: too short" in str(code_of_values("/none", [ref], _target(tmp_path)))


def test_an_array_counts_with_its_library(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")

    found = _code(tmp_path, numpy.zeros(3))

    assert isinstance(found, BroughtCode)
    assert (found.classes, found.packages is None) == (None, False)


def test_a_record_counts_with_what_its_class_reaches(tmp_path: Path) -> None:
    span = "from helper import width\n\nclass Span:\n    def wide(self):\n        return width(self)\n"
    write(tmp_path, {"spans.py": span, "helper.py": "def width(x):\n    return 1\n"})
    ref = ArtifactRef("1" * 64, 2, "json:spans:Span", b"{}")
    before = code_of_values("/none", [ref], _target(tmp_path))

    write(tmp_path, {"helper.py": "def width(x):\n    return 2\n"})

    assert isinstance(before, BroughtCode)
    assert before.classes is not None
    assert code_of_values("/none", [ref], _target(tmp_path)) != before


def test_a_class_that_chooses_code_while_it_runs_cannot_be_known(tmp_path: Path) -> None:
    write(tmp_path, {"spans.py": "class Span:\n    def wide(self, name):\n        return eval(name)\n"})

    found = code_of_values("/none", [ArtifactRef("1" * 64, 2, "json:spans:Span", b"{}")], _target(tmp_path))

    assert "chooses code while it runs" in str(found)


def _named(value: object) -> frozenset[Named]:
    dumped = dump(value)
    return names_in(io.BytesIO(b"".join(bytes(part) for part in dumped.parts)), is_apart=dumped.serializer == "pickle")


def _code(root: Path, *values: object) -> BroughtCode | str:
    refs = []
    for value in values:
        dumped = dump(value)
        data = b"".join(bytes(part) for part in dumped.parts)
        refs.append(ArtifactRef(hashlib.sha256(data).hexdigest(), len(data), dumped.serializer, data))
    return code_of_values("/none", refs, _target(root))


def _target(root: Path) -> Target:
    return Target(text="pipeline.py", root=str(root), cwd=str(root))
