"""The use-cases of functions: register, list, show, remove. What runs one is a target like any other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .errors import InvalidError
from .graph import Json
from .kinds import BUNDLED_KINDS, kind_names, load_kind
from .options import choose
from .records import dataclass, field
from .registered import FunctionVersion, NewFunction, function_name_problem, parse_address, pick
from .stepdata import returns_from

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports; workspace builds Library, so a real import would be a circle


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRequest:
    """A function a person wants to register."""

    name: str
    source: str | None
    """`module:name`, `file.py:name`, `git+URL@REF#path.py:name`, `bundle.zip#path.py:name`. None: `code` is given."""
    code: str | None = None
    """The code itself."""
    kind: str | None = None
    """None: by the ending of the source; Python for code."""
    returns: Json = None
    """As a YAML file has it; None: nothing is said."""
    options: Mapping[str, Json] = field(default_factory=dict)
    """Options of its step, as a YAML file has them."""
    extra: Mapping[str, Json] = field(default_factory=dict)
    """What is its kind's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """Code that was fetched from its source."""

    source: Mapping[str, Json]
    """`type` (module, file, inline, git, zip), `path` and `name` in it, `code`: digest of all its files."""
    code: Mapping[str, bytes] = field(default_factory=dict)
    """sha256 -> bytes, the list of files among them."""
    origin: str
    """The source as the person wrote it; nothing secret."""


class Library:
    """The functions of a workspace's project."""

    def __init__(self, parts: Parts):
        self._parts = parts

    def add(self, request: FunctionRequest) -> tuple[FunctionVersion, bool]:
        """Register a function; return its newest version, and whether that is a new one.

        Raises:
            InvalidError: the name, the source, the kind or an option is wrong; nothing was registered.
            PluginError: its kind does not load.
        """
        if trouble := function_name_problem(request.name):
            raise InvalidError(f"the name {request.name!r} is no name: {trouble}")
        if (request.source is None) == (request.code is None):
            raise InvalidError("a function is a source or --code, one of them", "FILE.py:NAME is a source")
        name = request.kind or _kind_of(request)
        kind = load_kind(name)
        fetched = self._parts.fetch(request, kind.name)
        spec: dict[str, Json] = {"source": dict(fetched.source), **request.extra}
        if request.returns is not None:
            returns_from(request.returns)
            spec["returns"] = request.returns
        if request.options:
            for problem in choose(kind.name, request.options)[1]:
                raise problem
            spec["options"] = dict(request.options)
        kind.validate(spec)
        new = NewFunction(
            name=request.name,
            kind=name,
            spec=spec,
            project=self._parts.project,
            origin=fetched.origin,
            code=fetched.code,
        )
        return self._parts.functions.add(new)

    def versions(self, name: str | None = None) -> list[FunctionVersion]:
        """Return every version of the project's functions, or of one, by name, oldest first.

        Raises:
            MissingError: there is no function of this name.
        """
        known = self._parts.functions.versions(self._parts.project)
        if name is None:
            return known
        pick(known, name, None)
        return [each for each in known if each.name == name]

    def find(self, text: str) -> FunctionVersion:
        """Return one version by `name` (the newest) or `name@version`.

        Raises:
            InvalidError: the text is no name.
            MissingError: there is no such function, or not this version; with the nearest.
        """
        name, version = parse_address(text)
        return pick(self._parts.functions.versions(self._parts.project), name, version)

    def actions(self, found: FunctionVersion) -> Sequence[str]:
        """Return what can be done with a function: what its kind says."""
        return load_kind(found.kind).actions

    def remove(self, text: str) -> int:
        """Take a function, or one version as `name@version`, out of the list; return how many versions there were.

        Raises:
            MissingError: there is none.
        """
        self.find(text)
        return self._parts.functions.remove(self._parts.project, *parse_address(text))


def _kind_of(request: FunctionRequest) -> str:
    if request.source is None:
        return "python"
    path = re.sub(r":[^/:]*$", "", request.source.rpartition("#")[2])
    for name in BUNDLED_KINDS:
        if path.endswith(load_kind(name).endings):
            return name
    if ":" in request.source and "/" not in path:
        return "python"
    raise InvalidError(f"'{request.source}' does not say its kind", f"say it: --kind {', '.join(kind_names())}")
