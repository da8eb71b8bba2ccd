"""What a form asks before a run starts: each parameter a pipeline takes, with its type, choices and default as text.

Apart from the compile, which collects them: faces show these where no code of the user is at hand.
"""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Iterable
from inspect import Parameter

from .given import Given
from .provenance import shown
from .records import dataclass, replace
from .supply import Blob, Constant, Source
from .takes import Take

ASKED = "asked"
"""Origin of the constant that stands for a parameter nobody has given yet: a graph with one is never run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One parameter, as a person is asked for it."""

    key: str
    """As in `-p KEY=...`."""
    kind: str
    """Its type in a word or two: `float`, `bool`, `list[int]`; empty: anything."""
    choices: tuple[str, ...] = ()
    """All it may be, as one would type it; empty: that is not known, or is more than a list."""
    default: str | None = None
    """What it is when nobody gives it; None: it has to be given."""
    where: str = ""
    """Where the default is from: `default` of the function, `pipeline`, `environment GRAFTLINE_PRM_C`, a file."""
    steps: tuple[str, ...] = ()
    """Paths of steps that take it, at most a few."""


STEPS_NAMED = 4
"""Steps that a field names."""


def field_of(take: Take, key: str, source: Source | None, given: Given, step: str = "") -> FormField | None:
    """Return the field of one name a step takes; None when it is no parameter: a step makes it, or the code fixes it.

    Args:
        take: the name, its annotation and default.
        key: what a person gives it under.
        source: what it is bound to; None: nothing, so its own default holds.
        given: what was given already.
        step: path of who takes it.
    """
    if source is not None and not isinstance(source, Constant | Blob):
        return None
    kind, choices = kind_of(take.annotation)
    found = FormField(key=key, kind=kind, choices=choices, steps=(step,) if step else ())
    if source is None:
        has_default = take.default is not Parameter.empty
        return replace(found, default=shown(take.default) if has_default else "", where="default")
    if source.origin == "fixed":
        return None
    if source.origin == ASKED:
        return found
    layer = given.find("", key)
    where = given.place(layer) if layer is not None and layer.origin == source.origin else source.origin
    return replace(found, default=shown(source.value) if isinstance(source, Constant) else "(pickled)", where=where)


def merged(fields: Iterable[FormField]) -> tuple[FormField, ...]:
    """Return one field for each key: the first says what it is, one that has to be given wins, all say who takes it."""
    found: dict[str, FormField] = {}
    for each in fields:
        known = found.get(each.key)
        if known is None:
            found[each.key] = each
            continue
        steps = tuple(dict.fromkeys((*known.steps, *each.steps)))[:STEPS_NAMED]
        first = each if each.default is None and known.default is not None else known
        found[each.key] = replace(first, steps=steps, kind=known.kind or each.kind)
    return tuple(found.values())


def kind_of(annotation: object) -> tuple[str, tuple[str, ...]]:
    """Return a type in words, and all its values where they are few."""
    if annotation is Parameter.empty or annotation is typing.Any or annotation is object:
        return "", ()
    if isinstance(annotation, str | typing.ForwardRef | typing.TypeVar):
        return "", ()
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return kind_of(inner[0])
    if origin is typing.Literal:
        return "choice", tuple(str(each.value if isinstance(each, enum.Enum) else each) for each in inner)
    if origin in (typing.Union, types.UnionType):
        return _union(inner)
    if annotation is bool:
        return "bool", ("true", "false")
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return annotation.__name__, tuple(str(each.value) for each in annotation)
    if isinstance(annotation, type) and origin is None:
        return annotation.__name__, ()
    return str(annotation).replace("typing.", "").replace("collections.abc.", ""), ()


def _union(members: tuple[object, ...]) -> tuple[str, tuple[str, ...]]:
    kinds = [kind_of(each) for each in members if each is not type(None)]
    names = " or ".join(dict.fromkeys(kind for kind, _ in kinds if kind))
    choices = [choice for _, each in kinds for choice in each] if all(each for _, each in kinds) else []
    if type(None) in members:
        names = f"{names} or none" if names else ""
        choices += ["none"] if choices else []
    return names, tuple(choices)
