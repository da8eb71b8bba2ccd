"""The parameters a run is given, in layers, and which of them a step's argument gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

ENVIRONMENT_PREFIX = "GRAFTLINE_PRM_"
"""An environment variable with this prefix gives the parameter named by the rest of it."""


class Value(NamedTuple):
    """A parameter's value as it was given."""

    value: object
    origin: str
    """As in `graph.Constant.origin`."""
    key: str
    """How it was named: `name` or `STEP:name`."""
    is_text: bool
    """Typed by a person: it is read by the argument's type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Parameters by where they come from, strongest first."""

    typed: Mapping[str, str] = field(default_factory=dict)
    """`-p` as typed: name or STEP:name -> text."""
    call: Mapping[str, object] = field(default_factory=dict)
    """`execute(params=)`: name or STEP:name -> value."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """`GRAFTLINE_PRM_*`, the prefix taken off."""
    file: Mapping[str, object] = field(default_factory=dict)
    """A parameter file, or a recorded run."""
    pipeline: Mapping[str, object] = field(default_factory=dict)
    """`Pipeline(params=)`."""

    def find(self, step: str, name: str) -> Value | None:
        """Return what an argument of a step gets; None when nothing is given."""
        for key in (f"{step}:{name}", name):
            if key in self.typed:
                return Value(self.typed[key], "cli", key, True)
            if key in self.call:
                return Value(self.call[key], "call", key, False)
        if name in self.environ:
            return Value(self.environ[name], "env", name, True)
        for key in (f"{step}:{name}", name):
            if key in self.file:
                return Value(self.file[key], "file", key, False)
        if name in self.pipeline:
            return Value(self.pipeline[name], "pipeline", name, False)
        return None

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
    return {
        name.removeprefix(ENVIRONMENT_PREFIX): text
        for name, text in environ.items()
        if name.startswith(ENVIRONMENT_PREFIX) and len(name) > len(ENVIRONMENT_PREFIX)
    }
