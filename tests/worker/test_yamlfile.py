"""YAML in and out: YAML 1.2, lines of keys, and nothing that could surprise or hurt."""

from __future__ import annotations

from typing import Any

import pytest

from graftline.core.errors import InvalidError
from graftline.worker.yamlfile import read_yaml, write_yaml


def data(text: str) -> Any:
    return read_yaml(text, "f.yaml")[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("012", "012"),
        ("12", 12),
        ("-3", -3),
        ("0x1F", 31),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("2026-01-01", "2026-01-01"),
        ("'5'", "5"),
        ("= ", "="),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    found = data(f"a: {text}")["a"]

    assert (found, type(found)) == (value, type(value))


def test_lines_of_keys_and_items_are_known() -> None:
    marks = read_yaml("a: 1\nsteps:\n  - x\n  - y:\n      z: 1\n", "f.yaml")[1]

    places = [("a",), ("steps",), ("steps", 0), ("steps", 1), ("steps", 1, "y", "z"), ("steps", 1, "nope")]
    assert [marks.place(path).line for path in places] == [1, 2, 3, 4, 5, 4]


def test_anchors_and_merges_work_and_own_keys_win() -> None:
    assert data("base: &b {x: 1, y: 2}\nc:\n  <<: *b\n  y: 3\n")["c"] == {"x": 1, "y": 3}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\na: 2\n", 2, "the key 'a' stands there twice"),
        ("a: 1\nb: [1\n", 3, "it is no YAML"),
        ("a: !!python/object:os.system x\n", 1, "the tag"),
        ("a: 1\nb: !mine 2\n", 2, "the tag !mine"),
        ("a: .inf\n", 1, "no finite number"),
        ("? [1]\n: 2\n", 1, "a key is text"),
        ("a: 1\n---\nb: 2\n", 2, "it is no YAML"),
        ("a: &a [*a]\n", 1, "too deep"),
        ("a:\n  <<: 5\n", 2, "'<<' takes a mapping"),
        ("a: *gone\n", 1, "undefined alias"),
    ],
)
def test_what_is_wrong_is_told_at_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(InvalidError, match=said.replace("<<", "<<")) as caught:
        data(text)

    assert (caught.value.file, caught.value.line) == ("f.yaml", line)


def test_a_few_lines_cannot_stand_for_a_billion_values() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]

    with pytest.raises(InvalidError, match="too large"):
        data("\n".join(lines))


def test_control_characters_are_refused() -> None:
    with pytest.raises(InvalidError, match="it is no YAML"):
        data("a: \x00")


def test_a_command_of_several_lines_is_written_as_a_block() -> None:
    text = write_yaml({"shell": "a\nb\n", "name": "x"})

    assert text == "shell: |\n  a\n  b\nname: x\n"
    assert data(text) == {"shell": "a\nb\n", "name": "x"}
