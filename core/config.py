"""Settings: what the configuration says, merged from layers, and which layer said it. Pure: it is handed the data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .errors import InvalidError, nearest
from .named import NamedTuple
from .options import choose, resource
from .quantities import size_bytes
from .records import dataclass, field
from .undeclared import guard_mode

ENVIRONMENT_PREFIX = "GRAFTLINE_"
NOTIFY = ("away", "always", "off")
"""When the terminal UI rings as a run ends: while the terminal has not the focus, each time, never."""
LOCK_FILE = "graftline.lock"
"""Beside the configuration; what stands in it: `core/locks.py`."""
OVERRIDABLE = ("resources", "timeout", "retries", "backoff", "labels", "isolation")
"""Options of a step that `[runner.NAME.overrides.KEY]` may say: how it is attempted there, not what it computes."""


class Origin(NamedTuple):
    """One layer's word on a key."""

    layer: str
    """`default`, a file's path, `environment GRAFTLINE_X`, or `option`."""
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One source of settings."""

    name: str
    """What `config --explain` calls it: `default`, `user`, `project`, `-C FILE`, `environment`, `option`."""
    data: Mapping[str, Any]
    file: str | None = None
    """Path of the TOML file; None when it is no file."""
    text: str = ""
    """The TOML itself, to find the line of a wrong key."""
    prefix: tuple[str, ...] = ()
    """Table the settings stand in: ("tool", "graftline") in pyproject.toml."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Merged settings, by dotted key."""

    values: Mapping[str, object]
    origins: Mapping[str, Sequence[Origin]] = field(default_factory=dict)
    layers: Sequence[Layer] = ()
    """What they were merged from, the strongest last."""

    def text(self, key: str) -> str | None:
        """Return a text; None when nothing sets it."""
        value = self.values.get(key)
        return None if value is None else str(value)

    def number(self, key: str) -> int | None:
        """Return a whole number (sizes are in bytes); None when nothing sets it."""
        value = self.values.get(key)
        return value if isinstance(value, int) else None

    def table(self, key: str) -> dict[str, Any]:
        """Return all settings below a key as nested dicts; empty when there are none."""
        found: dict[str, Any] = {}
        for path, value in self.values.items():
            if path.startswith(key + "."):
                *parents, last = split(path[len(key) + 1 :])
                inner = found
                for parent in parents:
                    inner = inner.setdefault(parent, {})
                inner[last] = value
        return found

    def written(self, *path: str) -> tuple[str | None, int | None]:
        """Return the file and line that set a key; None where it was no file, or the line is not told from its text."""
        for layer in reversed(self.layers):
            inner: Any = layer.data
            for part in path:
                inner = inner.get(part) if isinstance(inner, Mapping) else None
            if inner is not None:
                return layer.file, line_of(layer.text, (*layer.prefix, *path)) if layer.file else None
        return None, None

    def explain(self, key: str) -> list[Origin]:
        """Return what each layer said of a key, the one that won last.

        Raises:
            InvalidError: there is no such key.
        """
        if key in self.origins:
            return list(self.origins[key])
        if _rule(split(key)) is not None:
            return []
        raise InvalidError(f"there is no setting '{key}'{nearest(key, sorted({*self.origins, *_EXACT}))}")


def merge(layers: Sequence[Layer]) -> Settings:
    """Return the settings of all layers; the later layer wins, key by key.

    Raises:
        InvalidError: unknown keys or wrong types, all of them, each with its file and line.
    """
    values: dict[str, object] = {}
    origins: dict[str, list[Origin]] = {}
    problems: list[InvalidError] = []
    for layer in layers:
        for path, value in _leaves(layer.data, ()):
            key = join(path)
            try:
                checked = _checked(path, value)
            except InvalidError as problem:
                problems.append(_placed(problem, layer, path))
                continue
            # `resources = "big"` and `resources.gpu = 1` of two layers are one setting: the later one holds.
            for other in [each for each in values if each.startswith(f"{key}.") or key.startswith(f"{each}.")]:
                del values[other]
            values[key] = checked
            origins.setdefault(key, []).append(Origin(layer.file or layer.name, values[key]))
    if problems:
        raise InvalidError.all_of(problems)
    return Settings(values, origins, tuple(layers))


def from_environ(environ: Mapping[str, str]) -> list[Layer]:
    """Return a layer for each `GRAFTLINE_*` variable: `GRAFTLINE_STORE_MAX_BYTES` is `store.max_bytes`.

    `GRAFTLINE_HOME` is `store.home`; `GRAFTLINE_PRM_*` are parameters, `GRAFTLINE_GLYPHS` is the terminal's.

    Raises:
        InvalidError: variables that are no setting.
    """
    layers: list[Layer] = []
    problems: list[InvalidError] = []
    for name in sorted(environ):
        if (
            not name.startswith(ENVIRONMENT_PREFIX)
            or name.startswith(f"{ENVIRONMENT_PREFIX}PRM_")
            or name in _OF_TERMINALS
        ):
            continue
        key = _VARIABLES.get(name)
        if key is None:
            known = sorted(_VARIABLES)
            problems.append(InvalidError(f"the environment variable {name} is no setting{nearest(name, known)}"))
            continue
        table, _, last = key.partition(".")
        layers.append(Layer(name=f"environment {name}", data={table: {last: environ[name]}}))
    if problems:
        raise InvalidError.all_of(problems)
    return layers


def options(given: Mapping[str, object], name: str = "option") -> Layer:
    """Return the layer of command-line options: dotted key -> value; None means not given."""
    data: dict[str, Any] = {}
    for key, value in given.items():
        if value is not None:
            *parents, last = split(key)
            inner = data
            for parent in parents:
                inner = inner.setdefault(parent, {})
            inner[last] = value
    return Layer(name=name, data=data)


def split(key: str) -> tuple[str, ...]:
    """Return the parts of a dotted key; a part with a dot in it is quoted: `runner."a.b".address`."""
    return tuple(quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|([^."]+)', key))


def join(path: Sequence[str]) -> str:
    """Return the dotted key of its parts."""
    return ".".join(f'"{part}"' if "." in part or not part else part for part in path)


def _leaves(data: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and (value or not path):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _text(value: object) -> object:
    if isinstance(value, str) and value:
        return value
    raise InvalidError(f"is text, not {value!r}")


def _count(value: object) -> object:
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if isinstance(number, int) and not isinstance(number, bool) and number > 0:
        return number
    raise InvalidError(f"is a whole number above 0, not {value!r}")


def _size(value: object) -> object:
    if isinstance(value, str | int | float):
        return size_bytes(value)
    raise InvalidError(f"is a size such as '20GB', not {value!r}")


def _texts(value: object) -> object:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    raise InvalidError(f"is a list of texts, not {value!r}")


def _names(value: object) -> object:
    return [value] if isinstance(value, str) else _texts(value)


def _any(value: object) -> object:
    return value


def _guard(value: object) -> object:
    return guard_mode(value) if isinstance(value, str) else guard_mode(repr(value))


def _notify(value: object) -> object:
    if isinstance(value, str) and value in NOTIFY:
        return value
    raise InvalidError(f"is one of {', '.join(NOTIFY)}, not {value!r}")


_Check = Callable[[object], object]
_EXACT: Mapping[str, _Check] = {
    "project.name": _text,
    "project.version": _text,
    "project.pipeline": _text,
    "project.python": _text,
    "project.include": _texts,
    "registry.default": _text,
    "runner.default": _text,
    "runner.local.jobs": _count,
    "runner.local.guard": _guard,
    "store.home": _text,
    "store.max_bytes": _size,
    "ui.notify": _notify,
}
"""Settings with a fixed name."""

_SHAPES: Sequence[tuple[tuple[str, ...], _Check]] = (
    (("runner", "local", "labels", "*"), _count),
    (("runner", "local", "limits", "*"), _count),
    (("route", "*"), _text),
    (("feed", "*", "provider"), _text),
    (("sink", "*", "provider"), _text),
    (("runner", "*", "provider"), _text),
    (("registry", "*", "provider"), _text),
    (("registry", "*", "path"), _text),
    (("engine", "*", "feed"), _names),
    (("engine", "*", "sink"), _names),
    (("alias", "*", "gates"), _texts),
    # Ids of keys have a dot, which TOML reads as a table where they are not quoted.
    (("ui", "keys", "*"), _text),
    (("ui", "keys", "*", "*"), _text),
    (("profile", "*"), _any),
    (("profile", "*", "*"), _any),
    (("runner", "*", "overrides", "*"), _any),
    (("runner", "*", "overrides", "*", "resources", "*"), _any),
    *((("runner", "*", "overrides", "*", name), _any) for name in OVERRIDABLE),
)
"""Settings below a name the user picks (`*`)."""

_OPEN = ("runner", "registry", "feed", "sink")
"""Tables whose entries also hold whatever their provider takes: `[runner.cluster] address = ...`."""

_TABLES = ("project", "runner", "registry", "route", "feed", "sink", "engine", "alias", "store", "profile", "ui")

_OF_TERMINALS = frozenset({f"{ENVIRONMENT_PREFIX}GLYPHS"})
"""What a terminal can show; no setting, for it is another for each."""
_VARIABLES = {ENVIRONMENT_PREFIX + key.replace(".", "_").upper(): key for key in _EXACT if key.count(".") == 1}
_VARIABLES[f"{ENVIRONMENT_PREFIX}HOME"] = "store.home"


def _rule(path: Sequence[str]) -> _Check | None:
    exact = _EXACT.get(join(path))
    if exact is not None:
        return exact
    for shape, check in _SHAPES:
        if len(shape) == len(path) and all(want in ("*", part) for want, part in zip(shape, path, strict=True)):
            return check
    if path[2:3] == ("overrides",):
        return None
    is_open = len(path) >= 3 and path[0] in _OPEN and tuple(path[:2]) != ("runner", "local")
    return _any if is_open else None


def _checked(path: tuple[str, ...], value: object) -> object:
    check = _rule(path)
    key = join(path)
    if check is None:
        known = [*_TABLES] if len(path) == 1 else sorted({*_EXACT, *(join(shape) for shape, _ in _SHAPES)})
        if path[0] in _TABLES and len(path) == 1:
            raise InvalidError(f"'{key}' is a table, not {value!r}", f"write [{key}]")
        if path[2:3] == ("overrides",) and len(path) > 4:
            hint = f"an override has {', '.join(OVERRIDABLE)}"
            raise InvalidError(f"there is no setting '{key}'{nearest(path[4], OVERRIDABLE)}", hint)
        raise InvalidError(f"there is no setting '{key}'{nearest(key, known)}")
    try:
        return _resource_checked(path, value) if path[0] == "profile" or "overrides" in path[2:3] else check(value)
    except InvalidError as problem:
        raise InvalidError(f"'{key}' {problem.message}", problem.hint) from problem


def _resource_checked(path: tuple[str, ...], value: object) -> object:
    """Read an entry of a profile or an override as the options of a step are read."""
    *_, name = path
    if value == {}:
        return {}
    if path[0] == "profile" and len(path) == 2:
        raise InvalidError(f"is a table, not {value!r}", f"write [profile.{name}]")
    if path[0] == "runner" and name == "profile":
        return _text(value)
    if path[0] == "profile" or len(path) == 6:
        return resource(name, value)
    if len(path) == 4:
        raise InvalidError(f"is a table, not {value!r}", f"write [{join(path)}]")
    problems = choose("an override", {name: value})[1]
    if problems:
        raise InvalidError(problems[0].message.removeprefix(f"{name}= "), problems[0].hint)
    return value


def _placed(problem: InvalidError, layer: Layer, path: tuple[str, ...]) -> InvalidError:
    if layer.file is None:
        return InvalidError(f"{layer.name}: {problem.message}", problem.hint)
    line = line_of(layer.text, (*layer.prefix, *path))
    return InvalidError(problem.message, problem.hint, file=layer.file, line=line)


def line_of(text: str, path: tuple[str, ...]) -> int | None:
    """Return the 1-based line of a TOML text that sets a key.

    None when it is written in a way this does not read (inline tables).
    """
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if header := re.fullmatch(r"\[+\s*([^\]]+?)\s*\]+\s*(?:#.*)?", bare):
            table = split(re.sub(r"\s*\.\s*", ".", header.group(1)))
            if table == path:
                return number
        elif (key := re.match(r'((?:"[^"]*"|[\w.\s-])+?)\s*=', bare)) and (*table, *split(key.group(1))) == path:
            return number
    return None
