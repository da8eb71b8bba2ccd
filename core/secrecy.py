"""What a run would store is looked through for the values of its secrets before it is stored. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from .errors import InvalidError
from .graph import Json
from .masked import is_masked
from .ports import Loaded
from .provenance import NOTE
from .runs import RunSpec
from .supply import Carried, Constant, Either, Gather, Source


def leaks(spec: RunSpec, secrets: Mapping[str, str]) -> list[InvalidError]:
    """Return a problem for each parameter, constant or tag of a run that holds a secret."""
    wanted = {name: value for name, value in secrets.items() if is_masked(value)}
    if not wanted:
        return []
    told: dict[str, InvalidError] = {}
    for what, value in _stored(spec):
        name = holds(value, wanted)
        if name is not None:
            hint = f"let the step take it by secrets=['{name}'] and read it from its environment"
            told.setdefault(what, InvalidError(f"{what} holds the secret {name}, which would be stored", hint))
    return list(told.values())


def leaks_in_code(loaded: Loaded, secrets: Mapping[str, str]) -> list[str]:
    """Return a warning for each project file, or function pickled by value, that holds a secret."""
    wanted = {name: value.encode() for name, value in secrets.items() if is_masked(value)}
    stored = [
        (f"{file} holds the secret {{}}, and is recorded with the run", loaded.snapshot.contents.get(sha256, b""))
        for file, sha256 in loaded.snapshot.files.items()
    ]
    pickled = "a function or value that is pickled holds the secret {}, and is stored"
    stored += [(pickled, data) for data in loaded.blobs.values()]
    return [told.format(name) for told, data in stored for name in wanted if wanted[name] in data]


def holds(value: Json, secrets: Mapping[str, str]) -> str | None:
    """Return the name of the first secret that a value holds somewhere; None when it holds none."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    for name, secret in secrets.items():
        if secret in text or (text is not value and json.dumps(secret, ensure_ascii=False)[1:-1] in text):
            return name
    return None


def _stored(spec: RunSpec) -> Iterator[tuple[str, Json]]:
    for key, value in spec.params.items():
        yield f"the parameter '{key}'", value
    bodies = (node for body in spec.graph.bodies for node in body.nodes)
    for node in (*spec.graph.nodes, *bodies):
        for argument in node.arguments:
            for constant in _constants(argument.source):
                yield f"the value of '{argument.name}' of step '{node.path}'", constant.value
    for operation in spec.graph.operations:
        for text in (operation.call.command, *operation.call.args):
            if text:
                yield f"the command at {operation.call.file}:{operation.call.line}", text
    for tag in spec.tags:
        yield "a tag", tag
    yield "a parameter that others hide", spec.environment.get(NOTE)


def _constants(source: Source) -> Iterator[Constant]:
    if isinstance(source, Constant):
        yield source
    elif isinstance(source, Gather | Either):
        for item in source.items:
            yield from _constants(item)
    elif isinstance(source, Carried) and source.first is not None:
        yield from _constants(source.first)
