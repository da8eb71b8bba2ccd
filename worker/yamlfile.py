"""YAML in and out: plain data with the line of each key. YAML 1.2 as people expect it: `on`, `no` and dates are text.

Apart from `core.definitions`, which knows what the data mean and nothing of YAML. The library is imported here alone,
when a file is read or written (12 ms).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..core.errors import InvalidError
from ..core.graph import Json
from ..core.marks import Marks, Path

LARGEST_BYTES = 16 * 1024 * 1024
MOST_VALUES = 500_000
"""Values of one file, those that `*aliases` repeat counted each time: nine lines can stand for a billion."""
DEEPEST = 100
_WIDTH = 110


def read_yaml(text: str, file: str) -> tuple[Any, Marks]:
    """Return the data of a YAML text, and the line of each key and item.

    Raises:
        InvalidError: it is no YAML, holds several documents, a key twice, or what plain data have no form for.
    """
    import yaml

    if len(text) > LARGEST_BYTES:
        raise InvalidError(f"a pipeline file has at most {LARGEST_BYTES // 1024**2} MB", file=file)
    loader = _plain_class(yaml, "CSafeLoader", "SafeLoader")(text)
    try:
        node = loader.get_single_node()
        plain = _Plain(yaml, loader, file)
        data = None if node is None else plain.value(node, (), 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        raise InvalidError(f"it is no YAML: {error.problem or error.context}", file=file, line=line) from error
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidError(f"it is no YAML: {error}", file=file) from error
    finally:
        loader.dispose()
    return data, Marks(file=file, lines=plain.lines)


def write_yaml(data: Mapping[str, Json]) -> str:
    """Return plain data as YAML: keys in their order, short lists on one line, texts of several lines as blocks."""
    import yaml

    dumper = _plain_class(yaml, "SafeDumper", "SafeDumper")  # the C one cannot be told about blocks
    dumper.add_representer(str, _represent_text)
    dumper.add_representer(list, _represent_list)
    dumper.add_representer(dict, _represent_mapping)
    dumper.ignore_aliases = lambda self, value: True
    text: str = yaml.dump(data, Dumper=dumper, sort_keys=False, width=_WIDTH, allow_unicode=True)
    return text


class _Plain:
    """Turns nodes into plain data and notes their lines."""

    def __init__(self, yaml: Any, loader: Any, file: str) -> None:
        self._yaml = yaml
        self._loader = loader
        self._file = file
        self._count = 0
        self.lines: dict[Path, int] = {}

    def value(self, node: Any, path: Path, depth: int) -> Any:
        """Return the data of a node."""
        self._count += 1
        self.lines.setdefault(path, node.start_mark.line + 1)
        if self._count > MOST_VALUES or depth > DEEPEST:
            raise self._wrong(node, "it is too large or too deep; do its *aliases repeat each other?")
        if isinstance(node, self._yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, self._yaml.SequenceNode):
            return [self.value(each, (*path, at), depth + 1) for at, each in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: Any, path: Path, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if key.value == "<<" and not key.style:  # not in quotes
                parts = value.value if isinstance(value, self._yaml.SequenceNode) else [value]
                for part in parts:
                    if not isinstance(part, self._yaml.MappingNode):
                        raise self._wrong(key, "'<<' takes a mapping")
                    merged = {**self._mapping(part, path, depth + 1), **merged}
                continue
            name = self._scalar(key) if isinstance(key, self._yaml.ScalarNode) else None
            if isinstance(name, bool | int | float):
                name = key.value  # the branch of a condition on a number, say
            if not isinstance(name, str):
                raise self._wrong(key, "a key is text")
            if name in found:
                raise self._wrong(key, f"the key '{name}' stands there twice")
            self.lines[(*path, name)] = key.start_mark.line + 1
            found[name] = self.value(value, (*path, name), depth + 1)
        return {**merged, **found}

    def _scalar(self, node: Any) -> Any:
        if node.tag not in _TAGS:
            raise self._wrong(node, f"it has the tag {node.tag}; plain data have none")
        value = self._loader.construct_object(node)
        if isinstance(value, float) and not abs(value) < float("inf"):
            raise self._wrong(node, f"{node.value} is no finite number")
        return value

    def _wrong(self, node: Any, message: str) -> InvalidError:
        return InvalidError(message, file=self._file, line=node.start_mark.line + 1)


_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "null", "bool", "int", "float")}
# Source: YAML 1.2.2, section 10.3.2 (core schema); 1.1 reads `no` as false and 1:30 as 90. A number with a leading
# zero, 12 to one and 10 to the other, is text here: a postal code, mostly.
_RESOLVERS = (
    ("null", r"null|Null|NULL|~|", ["n", "N", "~", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)\.[0-9]*)(?:[eE][-+]?[0-9]+)?", list("-+0123456789.")),
    ("float", r"[-+]?(?:0|[1-9][0-9]*)[eE][-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", list("-+.")),
)


def _plain_class(yaml: Any, fast: str, slow: str) -> Any:
    """Return a loader or dumper of the library with the scalars of YAML 1.2."""
    parent = getattr(yaml, fast, None) or getattr(yaml, slow)
    plain: Any = type("Plain", (parent,), {"yaml_implicit_resolvers": {}})
    for kind, pattern, first in _RESOLVERS:
        plain.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(rf"^(?:{pattern})$"), first)
    return plain


def _represent_text(dumper: Any, text: str) -> Any:
    has_lines = "\n" in text and all(line == line.rstrip() for line in text.split("\n"))
    # Words that another YAML would take for something else are quoted: `no`, `2026-01-01`, `012`.
    style = "|" if has_lines else "'" if _IS_ELSEWHERE.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_IS_ELSEWHERE = re.compile(r"(?i:yes|no|on|off|y|n)|[-+]?[0-9][0-9_:.,TZ -]*|0[xo].*|<<|=")


def _represent_list(dumper: Any, items: list[Any]) -> Any:
    is_short = all(not isinstance(item, dict | list) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=is_short)


def _represent_mapping(dumper: Any, items: dict[str, Any]) -> Any:
    is_small = len(items) <= 2 and set(items) <= _SMALL
    return dumper.represent_mapping("tag:yaml.org,2002:map", items.items(), flow_style=is_small and bool(items))


_SMALL = frozenset({"step", "output", "metric", "pickle", "json", "arrow", "state", "file"})
"""Keys of mappings that stand on one line: a wire, a return."""
