"""How the options and arguments of commands are declared: once, for our own reader and for typer.

With typer's own declarations each command would import typer, 17 to 25 ms (docs/decisions/0025).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeAlias, get_args, get_origin, get_type_hints

from ..core.named import NamedTuple

if TYPE_CHECKING:
    from .completion import Unfinished

Complete: TypeAlias = "Callable[[Unfinished, str], Sequence[str | tuple[str, str]]]"
"""What was typed before, and the beginning of a word -> words, or words with what they are."""

REQUIRED: Any = ...
"""The default of what has to be said."""


class Option(NamedTuple):
    """What is told of an option. Its type and default are those of the parameter."""

    names: str
    """As it is typed, with blanks between: `-j --jobs`. Messages use the last."""
    metavar: str | None = None
    """What stands for the value in its help; None: the name of the type."""
    help: str | None = None
    min: int | None = None
    """The least number that is taken; None: any. `max` likewise."""
    max: int | None = None
    alone: str | None = None
    """Its value where it is written without one; then one stands only after `=`, and the option has one name, a long
    one. None: its value has to be written."""
    show_default: bool = True
    """Whether its help tells the default."""
    complete: Complete | None = None


class Argument(NamedTuple):
    """What is told of an argument: a word that has its place."""

    metavar: str | None = None
    help: str | None = None
    show_default: bool = True
    complete: Complete | None = None


class Parameter(NamedTuple):
    """One parameter of a command."""

    name: str
    annotation: Any
    """Its type: `list[str] | None`."""
    default: Any
    """REQUIRED: there is none."""
    told: Option | Argument

    @property
    def shown(self) -> str:
        """What messages call it: the last name of an option."""
        return self.told.names.split()[-1] if isinstance(self.told, Option) else self.name

    @property
    def is_repeated(self) -> bool:
        """Whether it takes as many values as there are."""
        return get_origin(_said(self.annotation)) is list

    @property
    def kind(self) -> Any:
        """Type of one value: str, int, float, bool (a flag), or an Enum of the words it may be."""
        said = _said(self.annotation)
        return get_args(said)[0] if get_origin(said) is list else said


def parameters_of(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Return what a command takes: its keyword-only parameters that are annotated with an Option or an Argument."""
    made: tuple[Parameter, ...] | None = getattr(function, "parameters", None)  # put together, as `starting` does
    if made is not None:
        return made
    defaults = function.__kwdefaults__ or {}
    hints = get_type_hints(function, include_extras=True)
    return tuple(
        Parameter(name, hint.__origin__, defaults.get(name, REQUIRED), hint.__metadata__[0])
        for name, hint in hints.items()
        if hasattr(hint, "__metadata__")
    )


def _said(annotation: Any) -> Any:
    """Return a type without `| None`."""
    if get_origin(annotation) is UnionType:
        return next(each for each in get_args(annotation) if each is not NoneType)
    return annotation
