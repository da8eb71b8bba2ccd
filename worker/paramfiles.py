"""Parameter files: TOML, JSON or YAML by their ending, with the line each parameter stands at.

A file is one table of parameters by name, or by `STEP:name`. A table in it is a parameter whose value is a dict: no
name of a table means a step, so that a file reads alike for every pipeline.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..core.config import line_of
from ..core.errors import InvalidError
from ..core.given import NO_FILE, ParameterFile

LARGEST_BYTES = 64 * 1024 * 1024
"""A parameter file above this is a mistake: data belong in feeds and catalogs."""
LARGEST_COUNT = 10_000_000
"""Values in a file when its aliases are written out: nine lines of YAML can stand for a billion."""
_SPACE = re.compile(r"[\s,:]*")


def read_parameters(file: str | None) -> ParameterFile:
    """Return the parameters of a file; none for None.

    Raises:
        InvalidError: it cannot be read, or does not hold parameters by name; with the line where it can be told.
    """
    if file is None:
        return NO_FILE
    text = _text(file)
    kind, read = _READERS.get(os.path.splitext(file)[1].lower(), ("TOML", _toml))
    try:
        found, lines = read(text)
    except RecursionError:
        raise InvalidError("it is nested too deeply", file=file) from None
    except _Twice as twice:
        raise InvalidError(f"the parameter '{twice.key}' is given twice", file=file, line=twice.line) from None
    except ValueError as error:
        hint = "its ending says how it is read: .json, .yaml or .yml, else TOML" if kind == "TOML" else None
        raise InvalidError(f"it is not {kind}: {error}", hint, file=file, line=_line(error)) from error
    if found is None and kind == "YAML":  # an empty file, or one of comments
        return NO_FILE
    if not isinstance(found, dict):
        raise InvalidError(f"it holds a {type(found).__name__}, not parameters by name", file=file)
    for key in found:
        if not isinstance(key, str) or not key:
            raise InvalidError(f"the name {key!r} is no text", "put it in quotes", file=file, line=lines.get(key))
    places = {key: f"{file}:{lines[key]}" if lines.get(key) else file for key in found}
    return ParameterFile(found, places)


def parameters_of(file: str | None, environ: Mapping[str, str]) -> ParameterFile:
    """Return the parameters of the file an `execute()` call names, or the environment in its place.

    `RUNNABLE_PARAMETERS_FILE` wins, as in runnable, whose programs name a default in their code.

    Raises:
        InvalidError: as `read_parameters`.
    """
    return read_parameters(environ.get("RUNNABLE_PARAMETERS_FILE") or file or None)


class _Twice(Exception):
    def __init__(self, key: object, line: int):
        super().__init__()
        self.key = key
        self.line = line


class _Wrong(ValueError):
    """What a YAML parser says, in one line, and where."""

    def __init__(self, text: str, line: int | None):
        super().__init__(text)
        self.line = line


_Lines = dict[Any, int | None]


def _toml(text: str) -> tuple[object, _Lines]:
    import tomllib  # 4 ms, as most parameters stand in no file of their own

    found = tomllib.loads(text)
    return found, {key: line_of(text, (key,)) for key in found}


def _json(text: str) -> tuple[object, _Lines]:
    found = json.loads(text)
    return found, _json_lines(text) if isinstance(found, dict) else {}


def _json_lines(text: str) -> _Lines:
    """Return the line of each key of the outermost object of a text that is known to be sound JSON."""
    decoder = json.JSONDecoder()
    lines: _Lines = {}
    at = _after_space(text, text.index("{") + 1)
    while text[at] != "}":
        line = text.count("\n", 0, at) + 1
        key, at = decoder.raw_decode(text, at)
        if key in lines:
            raise _Twice(key, line)
        lines[key] = line
        _, at = decoder.raw_decode(text, _after_space(text, at))
        at = _after_space(text, at)
    return lines


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _yaml(text: str) -> tuple[object, _Lines]:
    import yaml  # 12 ms, for those who write their parameters in it

    loader = None
    try:
        loader = _yaml_loader()(text)
        node = loader.get_single_node()
        if node is None:
            return None, {}
        if not isinstance(node, yaml.MappingNode):
            return loader.construct_document(node), {}
        lines: _Lines = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise _Wrong("a name of a parameter is text", line)
            if key.value in lines:
                raise _Twice(key.value, line)
            lines[key.value] = line
        found = loader.construct_document(node)
        _weigh(found, {})
        return found, {key: lines.get(key, lines.get(str(key))) for key in found}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(filter(None, (error.context, error.problem)))
        raise _Wrong(said, None if mark is None else mark.line + 1) from error
    except yaml.YAMLError as error:  # a character YAML forbids
        raise _Wrong(str(error).partition("\n")[0], None) from error
    finally:
        if loader is not None:
            loader.dispose()


def _weigh(value: object, weights: dict[int, int | None]) -> int:
    """Return how many values this is when every alias is written out.

    Raises:
        _Wrong: an alias is inside what it stands for, or there are more than `LARGEST_COUNT`.
    """
    if not isinstance(value, list | dict):
        return 1
    if id(value) in weights:
        known = weights[id(value)]
        if known is None:
            raise _Wrong("an alias stands inside its own anchor", None)
        return known
    weights[id(value)] = None
    weight = 1 + sum(_weigh(each, weights) for each in (value.values() if isinstance(value, dict) else value))
    if weight > LARGEST_COUNT:
        raise _Wrong(f"its aliases make more than {LARGEST_COUNT:,} values of it", None)
    weights[id(value)] = weight
    return weight


def _yaml_loader() -> Any:
    """Return a safe loader with the words of YAML 1.2.

    PyYAML reads YAML 1.1, where `no` is False, 1e5 is text, 1:30 is 90 and a date is an object JSON cannot hold.
    Source: YAML 1.2.2, 10.3 Core Schema.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """A safe loader of the core schema."""

        yaml_implicit_resolvers = {}  # noqa: RUF012  what PyYAML calls it

    for tag, pattern, starts in _CORE_SCHEMA:
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern, re.VERBOSE), starts)
    Loader.add_constructor("tag:yaml.org,2002:int", _yaml_int)
    return Loader


_CORE_SCHEMA: Iterable[tuple[str, str, list[str | None]]] = (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", "", None]),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        list("-+.0123456789"),
    ),
    ("merge", r"^(?:<<)$", ["<"]),
)


def _yaml_int(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node)
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


_READERS: Mapping[str, tuple[str, Callable[[str], tuple[object, _Lines]]]] = {
    ".json": ("JSON", _json),
    ".yaml": ("YAML", _yaml),
    ".yml": ("YAML", _yaml),
}


def _text(file: str) -> str:
    try:
        if os.stat(file).st_size > LARGEST_BYTES:
            raise InvalidError(f"a parameter file has at most {LARGEST_BYTES // 1024**2} MB", file=file)
        with open(file, encoding="utf-8-sig") as source:
            return source.read()
    except UnicodeDecodeError as error:
        raise InvalidError("it is not UTF-8 text", file=file) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InvalidError(f"the parameter file cannot be read: {reason}", file=file) from error


def _line(error: ValueError) -> int | None:
    if isinstance(error, json.JSONDecodeError):
        return error.lineno
    if isinstance(error, _Wrong):
        return error.line
    found = re.search(r"at line (\d+)", str(error))
    return int(found.group(1)) if found else None
