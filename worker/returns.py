"""From what a step returned to named outputs: how many, of which kind, and those it left in files."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence

from ..core.artifacts import ArtifactRef, MetricPoint, Output
from ..core.graph import Return, ReturnKind
from ..core.named import NamedTuple
from .blobs import store, store_file
from .catalog import inside
from .logbook import metric_value
from .outflow import refuse_file, refuse_name, refuse_secrets
from .scalars import text_value
from .serializers import CannotSerialize, Dumped, dump


class WrongReturns(Exception):
    """The step returned another number of values than it declares, or a declared one is nowhere to be found."""


class FileReturn(NamedTuple):
    """A return that is the content of a file the step wrote."""

    path: str


class KeptReturn(NamedTuple):
    """A return that another process of the step has stored."""

    output: Output


class Returns:
    """The declared returns of one operation."""

    __slots__ = ("_cwd", "_objects", "_secrets", "direct", "in_files", "patterns")

    def __init__(
        self, returns: Sequence[Return], cwd: str, objects: str, secrets: Mapping[str, str] | None = None
    ) -> None:
        self._cwd = cwd
        self._objects = objects
        self._secrets = secrets or {}
        self.direct = tuple(each for each in returns if each.file is None and each.pattern is None)
        """Those the function returns itself."""
        self.in_files = tuple(each for each in returns if each.file is not None)
        self.patterns = tuple(each for each in returns if each.pattern is not None)

    def split(self, result: object) -> Sequence[object]:
        """Return one value for each direct return: the result itself for one, its items for several, nothing for none.

        Raises:
            WrongReturns: with both numbers.
        """
        count = len(self.direct)
        if count == 1:
            return (result,)
        if count == 0:
            return ()
        names = ", ".join(each.name for each in self.direct)
        if not isinstance(result, tuple | list):
            raise WrongReturns(f"declares {count} returns ({names}), but returned 1 value of type {_name(result)}")
        if len(result) != count:
            raise WrongReturns(f"declares {count} returns ({names}), but returned {len(result)}")
        return result

    def marks(self) -> list[object]:
        """Return what identifies the files of returns now, to tell afterwards whether the step wrote them."""
        return [_mark(os.path.join(self._cwd, each.file or "")) for each in self.in_files]

    def read_files(self, before: Sequence[object]) -> list[tuple[Return, object]]:
        """Return the returns that are in files, each with its value.

        Args:
            before: `marks()` from before the step.

        Raises:
            WrongReturns: a file is not there, was not written by this attempt, or does not hold the name.
        """
        return [(each, self._read(each, mark)) for each, mark in zip(self.in_files, before, strict=True)]

    def keep(self, declared: Return, value: object, metrics: list[MetricPoint]) -> Output:
        """Store one value and return the output; a metric is also added to `metrics`.

        Raises:
            CannotSerialize: the value cannot be written.
            SecretKept: it holds a secret.
            StoreError: the store cannot be written.
        """
        kind = declared.kind
        if type(value) is KeptReturn:
            return value.output
        if kind is ReturnKind.METRIC:
            return Output(declared.name, "metric", self._metric(declared.name, value, metrics))
        role = "state" if kind is ReturnKind.STATE else "value"
        if type(value) is FileReturn:
            if self._secrets:
                refuse_file(f"return {declared.name!r}", value.path, self._secrets)
            return Output(declared.name, role, store_file(value.path, self._objects))
        try:
            dumped = dump(value, kind)
            if self._secrets:
                refuse_secrets(f"return {declared.name!r}", dumped.parts, self._secrets)
            return Output(declared.name, role, store(dumped, self._objects))
        except CannotSerialize as problem:
            raise CannotSerialize(f"return {declared.name!r}: {problem}") from problem.__cause__

    def _metric(self, name: str, value: object, metrics: list[MetricPoint]) -> ArtifactRef:
        try:
            number = metric_value(value, name)
        except TypeError as problem:
            raise CannotSerialize(str(problem)) from problem
        # NaN and Infinity are written as Python's json does: a diverged loss is a result, not a failure.
        data = json.dumps(number, ensure_ascii=False).encode()
        if self._secrets:
            refuse_secrets(f"metric {name!r}", [data], self._secrets)
        metrics.append(MetricPoint(name, number, None, time.time()))
        return store(Dumped("json", [data]), self._objects)

    def _read(self, declared: Return, before: object) -> object:
        file = declared.file or ""
        path = inside(file, self._cwd)
        after = _mark(path)
        if after is None:
            raise WrongReturns(f"return {declared.name!r}: the step wrote no file {file!r}")
        if after == before:
            raise WrongReturns(f"return {declared.name!r}: {file!r} is from before this step; it did not write it")
        wants_json = declared.kind in (ReturnKind.METRIC, ReturnKind.JSON)
        if not wants_json and (declared.kind is ReturnKind.STATE or not file.endswith(".json")):
            return FileReturn(path)
        try:
            with open(path, "rb") as source:
                found = json.load(source)
        except ValueError as problem:
            raise WrongReturns(f"return {declared.name!r}: {file!r} is no JSON: {problem}") from problem
        return _named(declared, file, found)


def logged_output(
    path_or_value: object, name: str | None, cwd: str, objects: str, secrets: Mapping[str, str] | None = None
) -> Output:
    """Keep a file, or a value under a name, as `log_artifact` takes it.

    Raises:
        TypeError: it is no path of a file and has no name.
        SecretKept: it, or its name, holds a secret.
        CannotSerialize: the value cannot be written.
        StoreError: the store cannot be written.
    """
    if isinstance(path_or_value, str | os.PathLike) and os.path.isfile(path_or_value):
        path = os.path.relpath(path_or_value, cwd)
        given = name or (os.path.basename(path) if path.startswith("..") else path)
        if secrets:
            refuse_name("an artifact's name", given, secrets)
            refuse_file(f"artifact {given!r}", os.fspath(path_or_value), secrets)
        return Output(given, "file", store_file(os.fspath(path_or_value), objects))
    if name is None:
        raise TypeError(f"log_artifact: {type(path_or_value).__name__} is no path of a file, so it needs a name")
    dumped = dump(path_or_value)
    if secrets:
        refuse_name("an artifact's name", name, secrets)
        refuse_secrets(f"artifact {name!r}", dumped.parts, secrets)
    return Output(name, "value", store(dumped, objects))


def value_of_text(text: str) -> object:
    """Return the value of a text that a shell variable or a pattern gave: JSON if it parses, else the text."""
    return text_value(text)


def _named(declared: Return, file: str, found: object) -> object:
    """Return the entry of the return's name in an object; a plain value, or an object without it, is the value."""
    if not isinstance(found, dict):
        return found
    if declared.name not in found and declared.kind is ReturnKind.METRIC:
        keys = ", ".join(map(str, found)) or "nothing"
        raise WrongReturns(f"return {declared.name!r}: {file!r} holds {keys}, but not that name")
    return found.get(declared.name, found)


def _mark(path: str) -> object:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _name(value: object) -> str:
    return type(value).__name__
