"""Parameter files: three formats, one meaning, and the line of everything that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from graftline.core.errors import InvalidError
from graftline.worker.paramfiles import parameters_of, read_parameters

TOML = '# mine\nC = 0.5\n"fit:depth" = 3\n\n[options]\na = {b = [1, 2]}\n'
JSON = '{\n "C": 0.5, "fit:depth": 3,\n "options": {"a": {"b":\n [1, 2]}}\n}'
YAML = "# mine\nC: 5e-1\nfit:depth: 3\noptions:\n  a: {b: [1, 2]}\n"


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("p.toml", TOML, (2, 3, 5)),
        ("p.json", JSON, (2, 2, 3)),
        ("p.yaml", YAML, (2, 3, 4)),
        ("p.YML", YAML, (2, 3, 4)),
        ("p.conf", TOML, (2, 3, 5)),
    ],
)
def test_every_format_gives_the_same_parameters_and_their_lines(
    tmp_path: Path, name: str, text: str, lines: tuple[int, int, int]
) -> None:
    file = written(tmp_path, name, text)
    found = read_parameters(file)
    assert found.values == {"C": 0.5, "fit:depth": 3, "options": {"a": {"b": [1, 2]}}}
    assert found.places == {
        key: f"{file}:{line}" for key, line in zip(("C", "fit:depth", "options"), lines, strict=True)
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("1e5", 1e5),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-.inf", float("-inf")),
        ("True", True),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ("1.5.2", "1.5.2"),
        ("[1, two, 3.0]", [1, "two", 3.0]),
    ],
)
def test_words_of_yaml_mean_what_yaml_1_2_says(tmp_path: Path, text: str, value: object) -> None:
    found = read_parameters(written(tmp_path, "p.yaml", f"key: {text}\n")).values["key"]
    assert (found, type(found)) == (value, type(value))


def test_anchors_and_merges_of_yaml_work(tmp_path: Path) -> None:
    text = "base: &base {a: 1, b: 2}\nmine:\n  <<: *base\n  b: 3\n"
    assert read_parameters(written(tmp_path, "p.yaml", text)).values["mine"] == {"a": 1, "b": 3}


def test_no_file_and_a_file_of_comments_give_nothing(tmp_path: Path) -> None:
    assert read_parameters(None).values == {}
    for name in ("p.yaml", "p.toml"):
        assert read_parameters(written(tmp_path, name, "# nothing\n")).values == {}


@pytest.mark.parametrize(
    ("name", "text", "line", "message"),
    [
        ("p.yaml", "a: 1\nb: [1\nc: 2\n", 3, "it is not YAML"),
        ("p.yaml", "a: 1\na: 2\n", 2, "the parameter 'a' is given twice"),
        ("p.yaml", "a: 1\n2: x\n", 2, "the name 2 is no text"),
        ("p.yaml", "? [a, b]\n: 1\n", 1, "a name of a parameter is text"),
        ("p.yaml", "a: !!python/object/apply:os.system [id]\n", 1, "could not determine a constructor"),
        ("p.yaml", "a: &a [*a]\n", None, "an alias stands inside its own anchor"),
        ("p.yaml", "- 1\n", None, "it holds a list, not parameters by name"),
        ("p.yaml", "a: \x07\n", None, "it is not YAML"),
        ("p.json", '{"a": 1,\n "b": {"a": 1},\n "a": 2}', 3, "the parameter 'a' is given twice"),
        ("p.json", '{"a": 1,\n}', 2, "it is not JSON"),
        ("p.json", "[]", None, "it holds a list"),
        ("p.toml", "a = 1\nb\n", 2, "it is not TOML"),
        ("p.toml", '"" = 1\n', 1, "the name '' is no text"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, name: str, text: str, line: int | None, message: str
) -> None:
    file = written(tmp_path, name, text)
    with pytest.raises(InvalidError) as caught:
        read_parameters(file)
    assert message in caught.value.message
    assert (caught.value.file, caught.value.line) == (file, line)


def test_a_small_file_that_stands_for_a_billion_values_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(InvalidError, match="more than 10,000,000 values"):
        read_parameters(written(tmp_path, "p.yaml", "\n".join(lines)))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    for name, message in [("gone.yaml", "No such file"), ("bytes.yaml", "UTF-8"), ("", "Is a directory")]:
        with pytest.raises(InvalidError, match=message):
            read_parameters(str(tmp_path / name))


def test_the_environment_names_the_file_of_an_execute_call_as_in_runnable(tmp_path: Path) -> None:
    mine, other = written(tmp_path, "mine.yaml", "a: 1"), written(tmp_path, "other.yaml", "a: 2")
    assert parameters_of(mine, {}).values == {"a": 1}
    assert parameters_of(mine, {"RUNNABLE_PARAMETERS_FILE": other}).values == {"a": 2}
    assert parameters_of("", {}).values == {}
