"""Where every value of a run came from: what a compile notes of it, and what is read from that note afterwards.

The graph keeps the layer of a constant (`Constant.origin`). The rest (the key and place of the value, what it hides,
the defaults of functions) is the same for all steps that take a name, so it is noted once for each key, in
`RunSpec.environment["given"]`: a run of 10,000 steps and three parameters notes three.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .constants import is_json
from .given import Given, Value
from .graph import Call, CallKind, Graph, Json, Node
from .options import Wire
from .records import dataclass
from .supply import Blob, Constant, Source, Stored, Upstream

if TYPE_CHECKING:
    from .steps import Step
    from .takes import Take, Takes

NOTE = "given"
"""Key of the note in `RunSpec.environment`."""
LONGEST = 80
"""Characters of a value that a note shows."""
_LAYERS = ("typed", "call", "environ", "file", "pipeline")
_PLACES = ("variables", "origins", "places")
_SIMPLE = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A value that a stronger one kept from a step."""

    origin: str
    """As in `Constant.origin`."""
    where: str
    """As in `Provenance.where`."""
    value: str
    """As it was given; of a long one the length alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where one argument's value came from."""

    origin: str
    """As in `Constant.origin`, or `upstream`, `list` (gathered from several steps), `default`."""
    where: str
    """In words: `-p C`, `environment GRAFTLINE_PRM_C`, `params.yaml:3`, `pipeline`, `load_data.X`, `default`."""
    value: str
    """As text; of a long one the length alone; empty when it is an earlier step's."""
    key: str | None = None
    """`name` or `STEP:name` it was given under; None when nobody gave it under a name."""
    step: str | None = None
    """Path of the step that made it; None when no step did."""
    output: str | None = None
    hidden: tuple[Hidden, ...] = ()
    """Weaker values for the same argument, the strongest first."""

    def to_json(self) -> dict[str, Any]:
        """Return it as an entry of the document of a run; the value itself is under `params`."""
        entry: dict[str, Any] = {"origin": self.origin, "where": self.where}
        entry |= {name: found for name in ("key", "step", "output") if (found := getattr(self, name)) is not None}
        if self.origin == "default":
            entry["value"] = self.value
        entry["hidden"] = [{"origin": each.origin, "where": each.where, "value": each.value} for each in self.hidden]
        return entry


class Note:
    """What a compile notes, step by step; `to_json` is what a run keeps of it."""

    def __init__(self, given: Given, body: Mapping[str, object] | None = None):
        """Begin with what was given, and the values the body of a `@pipeline` was run with."""
        self._given = given
        layers = [getattr(given, each) for each in (*_LAYERS, *_PLACES)]
        self._known = {key.rpartition(":")[2] for layer in layers for key in layer}
        """Names that something is given under."""
        self._body = {name: shown(value) for name, value in (body or {}).items()}
        self._names: set[str] = set(self._body)
        self._wired: dict[str, dict[str, str | None]] = {}
        self._defaults: dict[str, dict[str, str]] = {}

    def add(self, path: str, step: Step, takes: Takes, rest: Iterable[str]) -> None:
        """Note what a step takes, by name and otherwise, and how it is wired; its path without numbers.

        Wires count where something is given under their name or their argument's: else they lead to no parameter.
        """
        self._names |= takes.names
        self._names.update(rest)
        for argument, wire in step.inputs.items() if self._known else ():
            name = _wired(wire)
            if name in self._known or argument in self._known:
                self._wired.setdefault(path, {})[argument] = name
            if name is not None:
                self._names.add(name)

    def add_defaults(self, call: Call, takes: Iterable[Take]) -> None:
        """Note the defaults of a function; of ten thousand steps of one function once."""
        function = _function_of(call)
        if function is not None and function not in self._defaults:
            from inspect import Parameter  # 4 ms, of commands that compile nothing

            self._defaults[function] = {
                each.name: shown(each.default) for each in takes if each.default is not Parameter.empty
            }

    def to_json(self) -> dict[str, Json]:
        """Return the note: of everything that was given, what some step takes."""
        note: dict[str, Json] = {}
        for layer in _LAYERS:
            given: Mapping[str, object] = getattr(self._given, layer)
            note[layer] = {key: shown(value) for key, value in given.items() if self._is_taken(key)}
        for places in _PLACES:
            told: Mapping[str, str] = getattr(self._given, places)
            note[places] = {key: text for key, text in told.items() if self._is_taken(key)}
        note["wired"] = dict(self._wired)
        note["body"] = dict(self._body)
        note["defaults"] = {function: found for function, found in self._defaults.items() if found}
        return {name: value for name, value in note.items() if value}

    def _is_taken(self, key: str) -> bool:
        return key.rpartition(":")[2] in self._names


class Origins:
    """Reads a run's note."""

    def __init__(self, graph: Graph, environment: Mapping[str, Json]):
        note = environment.get(NOTE)
        told: dict[str, Any] = note if isinstance(note, dict) else {}
        self._graph = graph
        self._given = _given(told)
        self._wired: Mapping[str, Mapping[str, str | None]] = told.get("wired", {})
        self._defaults: Mapping[str, Mapping[str, str]] = told.get("defaults", {})
        self._body: Mapping[str, str] = told.get("body", {})
        self._scoped = {
            key.rpartition(":")[0] for layer in (*_LAYERS,) for key in getattr(self._given, layer) if ":" in key
        }

    def of(self, path: str) -> dict[str, Provenance]:
        """Return by argument where its value came from, defaults last; empty for a step the graph does not hold."""
        position = self._graph.index.get(path)
        if position is None:
            return {}
        node = self._graph.nodes[position]
        found = {each.name: self._found(node, each.name, each.source) for each in node.arguments}
        function = _function_of(self._graph.operations[node.operation].call)
        for name, text in self._defaults.get(function or "", {}).items():
            if name not in found:
                found[name] = Provenance(origin="default", where="default", value=text)
        return found

    def _found(self, node: Node, argument: str, source: Source) -> Provenance:
        path = "/".join(part for part in node.path.split("/") if not part.isdecimal())
        name = self._wired.get(path, {}).get(argument, argument)
        called = path if path in self._scoped else node.name
        layers = [] if name is None else list(self._given.layers(called, name))
        if isinstance(source, Upstream):
            return Provenance(
                origin="upstream",
                where=f"{source.node}.{source.output}",
                value="",
                step=source.node,
                output=source.output,
                hidden=self._hidden(layers),
            )
        if not isinstance(source, Constant | Blob | Stored):
            return Provenance(origin="list", where="several", value="")
        kept = "(stored)" if isinstance(source, Stored) else "(pickled)"
        value = shown(source.value) if isinstance(source, Constant) else kept
        is_of_body = source.origin == "fixed" and self._body.get(argument) == value
        if is_of_body and layers:  # the body of a @pipeline handed it on
            found, hidden = layers[0], self._hidden(layers[1:])
            place = self._given.place(found)
            return Provenance(origin=found.origin, where=place, value=value, key=found.key, hidden=hidden)
        if source.origin == "fixed":
            return Provenance(origin="fixed", where="params= of the step", value=value, hidden=self._hidden(layers))
        if not layers or layers[0].origin != source.origin:  # a run that an earlier version recorded
            return Provenance(origin=source.origin, where=source.origin, value=value)
        place = self._given.place(layers[0])
        return Provenance(
            origin=source.origin, where=place, value=value, key=layers[0].key, hidden=self._hidden(layers[1:])
        )

    def _hidden(self, layers: Iterable[Value]) -> tuple[Hidden, ...]:
        return tuple(
            Hidden(origin=each.origin, where=self._given.place(each), value=str(each.value)) for each in layers
        )


def recorded(environment: Mapping[str, Json], params: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return where a recorded run had its parameters from: origin and place by key.

    Args:
        environment: of the run's spec.
        params: keys of its parameters.
    """
    note = environment.get(NOTE)
    told: dict[str, Any] = note if isinstance(note, dict) else {}
    given = _given(told)
    origins, places = {}, {}
    for key in params:
        step, _, name = key.rpartition(":")
        found = [each for each in given.layers(step, name) if each.key == key]
        if found:
            origins[key], places[key] = found[0].origin, given.place(found[0])
    return origins, places


def _given(told: Mapping[str, Any]) -> Given:
    layers: dict[str, Any] = {name: _texts(told.get(name)) for name in (*_LAYERS, *_PLACES)}
    return Given(**layers)


def shown(value: object) -> str:
    """Return a value as a line of text: itself when it is text, as JSON when that can hold it, else its type.

    Of a long one only its length is told, never a part: a part of a secret would pass for something else.
    """
    kind = type(value).__name__
    if isinstance(value, str):
        text = value
    elif is_json(value):
        text = json.dumps(value, ensure_ascii=False)
    elif type(value) in _SIMPLE:
        text = repr(value)
    else:
        return f"({kind})"  # its repr is the user's code
    return text if len(text) <= LONGEST else f"({kind} of {len(text)} characters)"


def _wired(wire: Wire) -> str | None:
    return wire if isinstance(wire, str) else None


def _function_of(call: Call) -> str | None:
    if call.kind is not CallKind.PYTHON:
        return None
    return call.blob or f"{call.module}:{call.qualname}"


def _texts(found: object) -> dict[str, str]:
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
