"""The parameters a run is given, in layers, and which of them a step's argument gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .named import NamedTuple
from .records import dataclass, field, replace

ENVIRONMENT_PREFIX = "GRAFTLINE_PRM_"
"""An environment variable with this prefix gives the parameter named by the rest of it."""
RUNNABLE_PREFIX = "RUNNABLE_PRM_"
"""The same for pipelines that come from AstraZeneca's runnable; ours wins where both name one parameter."""


class Value(NamedTuple):
    """A parameter's value as it was given."""

    value: object
    origin: str
    """As in `supply.Constant.origin`."""
    key: str
    """How it was named: `name` or `STEP:name`."""
    is_text: bool
    """Typed by a person: it is read by the argument's type."""


class ParameterFile(NamedTuple):
    """The parameters of a file."""

    values: Mapping[str, Any]
    places: Mapping[str, str]
    """Key -> `params.yaml:3`, the file as it was named."""


NO_FILE = ParameterFile({}, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Parameters by where they come from, strongest first."""

    typed: Mapping[str, str] = field(default_factory=dict)
    """`-p` as typed: name or STEP:name -> text."""
    call: Mapping[str, object] = field(default_factory=dict)
    """`execute(params=)`: name or STEP:name -> value."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """`GRAFTLINE_PRM_*`, the prefix taken off."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Name of a parameter in `environ` -> the whole variable, where its prefix is not ours."""
    file: Mapping[str, object] = field(default_factory=dict)
    """A parameter file, or a recorded run."""
    pipeline: Mapping[str, object] = field(default_factory=dict)
    """`Pipeline(params=)`."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Key of `file` -> where a recorded run had it from; else it is "file"."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Key of `file` -> where it stands, as people are told: `params.yaml:3`."""
    is_asking: bool = False
    """A form is made: what has to be given and is not is no mistake yet."""

    def find(self, step: str, name: str) -> Value | None:
        """Return what an argument of a step gets; None when nothing is given."""
        return next(self.layers(step, name), None)

    def layers(self, step: str, name: str) -> Iterator[Value]:
        """Yield what each layer gives an argument of a step, the strongest first: the others are hidden by it."""
        keys = (f"{step}:{name}", name)
        for key in keys:
            if key in self.typed:
                yield Value(self.typed[key], "cli", key, True)
            if key in self.call:
                yield Value(self.call[key], "call", key, False)
        if name in self.environ:
            yield Value(self.environ[name], "env", name, True)
        for key in keys:
            if key in self.file:
                yield Value(self.file[key], self.origins.get(key, "file"), key, False)
        if name in self.pipeline:
            yield Value(self.pipeline[name], "pipeline", name, False)

    def place(self, value: Value) -> str:
        """Return where one of these values was given, as a person would look for it."""
        key = value.key
        if key in self.places and value.origin in ("file", *self.origins.values()):
            return self.places[key]
        if value.origin == "env" and key in self.variables:
            return f"environment {self.variables[key]}"
        return _PLACES[value.origin].format(key)

    def inside(self, params: Mapping[str, object]) -> Given:
        """Return it for the steps of a pipeline inside, whose own parameters are nearer than those around it."""
        return replace(self, pipeline={**self.pipeline, **params}) if params else self

    def names_for(self, step: str) -> list[str]:
        """Return every name `find` knows for a step, in a stable order."""
        mine = f"{step}:"
        keys = (*self.typed, *self.call, *sorted(self.environ), *self.file, *self.pipeline)
        names = [key.removeprefix(mine) if key.startswith(mine) else key for key in keys]
        return list(dict.fromkeys(name for name in names if ":" not in name))

    def demanded(self) -> Iterator[str]:
        """Yield the keys a person named for this run: one that no step takes is a mistake."""
        yield from self.typed
        yield from self.call


def from_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that environment variables give, by name."""
    return {name: environ[variable] for name, variable in variables(environ).items()}


def variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return name of a parameter -> the environment variable that gives it."""
    return {
        variable.removeprefix(prefix): variable
        for prefix in (RUNNABLE_PREFIX, ENVIRONMENT_PREFIX)
        for variable in environ
        if variable.startswith(prefix) and len(variable) > len(prefix)
    }


_PLACES = {
    "cli": "-p {}",
    "call": "execute() {}",
    "env": "environment " + ENVIRONMENT_PREFIX + "{}",
    "file": "parameter file",
    "pipeline": "pipeline",
}
"""By origin, how the place of a value is told."""
