"""Writing a pipeline down for something else to carry: a picture, a manifest. Nothing is executed, no run is recorded.

A runner with `executes = False` gets a `Sheet` and returns a `Translation`; whoever asked writes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from .artifacts import Output
from .graph import Argument, BodyKind, CallKind, Graph, Json, Node
from .growth import Plot
from .hosting import target_of
from .launching import Launching
from .loading import load_states
from .named import NamedTuple
from .orders import RunContext
from .ports import Loaded
from .provenance import Origins
from .records import dataclass, field, replace
from .requests import RunRequest
from .runs import TRANSLATION, RunSpec
from .supply import Constant

if TYPE_CHECKING:
    from .lifecycle import Prepared
    from .parts import Parts  # the bundle of ports, as elsewhere

_STEPS = frozenset({CallKind.PYTHON, CallKind.SHELL, CallKind.SCRIPT, CallKind.NOTEBOOK, CallKind.STUB})
"""Calls of what people wrote: their arguments are noted under the names that parameters are given by."""


class Place(NamedTuple):
    """Where a parameter goes."""

    path: str
    """Of a node, as the graph or one of its bodies has it: `trials/[]/fit`."""
    argument: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter whose value may still be another one when the graph is carried: no shape depends on it."""

    text: str
    """Its value as it would be typed."""
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A compiled graph, and what whoever writes it down must know of the run it would have been."""

    graph: Graph
    context: RunContext
    """Without directories for logs and slots, and without secrets."""
    folder: str
    """Absolute directory that relative paths of the configuration are meant from: the project's root."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    """By key, as `-p` has it: `C`, `fit:C`."""
    selected: frozenset[str] | None = None
    """Paths of the selection; None: everything."""
    fail_fast: bool = False
    timeout_s: float | None = None
    given: Callable[[], Mapping[str, tuple[Output, ...]]] = dict
    """Brings outputs by path of nodes that nobody executes: the states of a generation."""
    keep: Callable[[], None] = lambda: None
    """Puts functions that are pickled by value among the objects, where a bundle takes them from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """What a graph became."""

    form: str
    """`svg`, `dot`, `yaml`, ..."""
    data: bytes
    file: str | None
    """Absolute path it is to be written to; None: to the terminal."""
    notes: tuple[str, ...] = ()
    """What a person should know of it, a sentence each."""
    details: Mapping[str, Json] = field(default_factory=dict)
    """Further entries of the document."""
    lay_out: Callable[[], None] = lambda: None
    """Writes what it needs beside itself; called before `data` is written."""

    def __repr__(self) -> str:
        """Return what it is, without its bytes."""
        return f"Translation(form={self.form!r}, file={self.file!r}, bytes={len(self.data)}, notes={self.notes!r})"

    def _repr_svg_(self) -> str | None:
        """Return a picture, for notebooks; None: it is none they can show so."""
        return self.data.decode() if self.form == "svg" else None


class Translating:
    """Has runners write pipelines down: a use-case of its own beside the workspace, on the same ports."""

    def __init__(self, parts: Parts):
        self._parts = parts
        self._launching = Launching(parts)

    def run(self, request: RunRequest, *, is_dry: bool = False) -> Translation:
        """Return what a pipeline becomes; nothing is executed, recorded or written yet.

        Args:
            request: what would be run.
            is_dry: only its text is wanted, to be looked at.

        Raises:
            InvalidError: the code is wrong, or the runner cannot say it or has a wrong option.
        """
        return self._written(*self._launching.prepare(replace(request, origin=TRANSLATION)), is_dry=is_dry)

    def prepared(self, prepared: Prepared, *, is_dry: bool = False) -> Translation:
        """Do the same with what is trained, applied or evaluated, prepared with the origin TRANSLATION."""
        return self._written(prepared.spec, prepared.loaded, is_dry=is_dry)

    def _written(self, spec: RunSpec, loaded: Loaded, *, is_dry: bool) -> Translation:
        choice = self._parts.runner(spec.runner)
        return choice.runner.translate(sheet_of(self._parts, spec, loaded), is_dry=is_dry, **choice.options)


def sheet_of(parts: Parts, spec: RunSpec, loaded: Loaded) -> Sheet:
    """Return a spec that is not, and will not be, recorded as what a runner translates."""
    imports = spec.environment.get("imports")
    target = target_of(parts, spec, loaded.snapshot)

    def keep() -> None:
        for data in loaded.blobs.values():
            parts.outputs.keep(data)

    context = RunContext(
        run=spec.id,
        operations=spec.graph.operations,
        root=target.root,
        cwd=target.cwd,
        sys_path=target.sys_path,
        objects=parts.objects,
        logs="",
        slots="",
        jobs=spec.jobs,
        preload=tuple(str(name) for name in imports) if isinstance(imports, list) else (),
        planned_files=loaded.snapshot.files,
        contents=loaded.snapshot.contents,
        code=spec.code.key,
        params=spec.params,
        guard=spec.guard,
    )
    return Sheet(
        graph=spec.graph,
        context=context,
        folder=spec.target.root,
        parameters=parameters_of(spec.graph, spec.environment, spec.params),
        selected=None if spec.selected is None else frozenset(spec.selected),
        fail_fast=spec.fail_fast,
        timeout_s=spec.timeout_s,
        given=lambda: load_states(parts, spec),
        keep=keep,
    )


def parameters_of(graph: Graph, environment: Mapping[str, Json], params: Mapping[str, Json]) -> dict[str, Parameter]:
    """Return the parameters that only steps take, and take as they were given.

    What a map, a conditional or a call is made of is left out: with another value the graph would be another one.
    """
    plot = Plot(graph)
    pairs = list(_with_bodies(graph, plot))
    origins = Origins(plot.graph(), environment)
    places: dict[str, list[Place]] = {}
    values: dict[str, Json] = dict(params)
    fixed: list[Json] = []
    for written, node in pairs:
        is_step = graph.operations[node.operation].call.kind in _STEPS
        told = origins.of(node.path) if is_step else {}
        for name, value in _constants(node.arguments):
            found = told.get(name)
            if not is_step:
                fixed.append(value)
            elif found is not None and found.key is not None and found.origin != "fixed":
                places.setdefault(found.key, []).append(Place(written, name))
                values.setdefault(found.key, value)
    return {
        key: Parameter(text=text_of(values[key]), places=tuple(found))
        for key, found in places.items()
        if values[key] not in fixed
    }


def text_of(value: Json) -> str:
    """Return a value as it would be typed: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _with_bodies(graph: Graph, plot: Plot) -> Iterator[tuple[str, Node]]:
    """Yield each node and the path it is written with; of a body, the node of one item."""
    waiting = [(node.path, node) for node in graph.nodes]
    while waiting:
        written, node = waiting.pop(0)
        yield written, node
        if node.grows is not None and graph.bodies[node.grows].kind is BodyKind.MAP:
            body = graph.bodies[node.grows]
            added, _ = plot.grow(node.path, 1)
            waiting += [(inner.path, each) for inner, each in zip(body.nodes, added, strict=True)]


def _constants(arguments: tuple[Argument, ...]) -> Iterator[tuple[str, Json]]:
    for name, source, _ in arguments:
        if isinstance(source, Constant):
            yield name, source.value
