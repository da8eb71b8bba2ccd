"""Fit named values to a function's parameters: which go by position, which by name, and which are cast."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

from .casts import CastError, cast, is_structured
from .records import is_record, plain

__all__ = ["Binder", "CastError", "cast", "signature_of"]

_ANY_CALL = inspect.Signature(
    [
        inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
        inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
    ]
)


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Return the signature with string annotations evaluated where they can be.

    Follows partials, callable objects, classes and decorators that set `__wrapped__`. A builtin that tells nothing
    about itself has `(*args, **kwargs)`. An annotation that does not evaluate (a name imported for type checkers
    only) stays a string, which a cast reads as no annotation; it does not spoil the others.
    """
    try:
        return inspect.signature(function, eval_str=True)
    except (ValueError, TypeError):
        return _plain_signature(function)
    except Exception:  # noqa: BLE001  eval_str runs whatever the annotations say
        return _evaluated(_plain_signature(function), function)


def _plain_signature(function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        return _ANY_CALL


def _evaluated(signature: inspect.Signature, function: Callable[..., Any]) -> inspect.Signature:
    """Evaluate each string annotation on its own, so that one broken name spoils only its parameter."""
    inner = inspect.unwrap(function)
    while hasattr(inner, "func"):
        inner = inner.func
    names = getattr(inner, "__globals__", None) or getattr(type(inner).__call__, "__globals__", {})
    parameters = [
        parameter.replace(annotation=_evaluate(parameter.annotation, names))
        for parameter in signature.parameters.values()
    ]
    return signature.replace(parameters=parameters)


def _evaluate(annotation: object, names: dict[str, Any]) -> object:
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, names)
    except Exception:  # noqa: BLE001  an annotation may raise anything
        return annotation


class Binder:
    """The parameters of one function, looked at once and used for every attempt."""

    __slots__ = ("_annotations", "_by_name", "_has_rest", "_positional", "_structured", "_variadic")

    def __init__(self, function: Callable[..., Any]) -> None:
        parameters = signature_of(function).parameters.values()
        kinds = inspect.Parameter
        self._annotations = {p.name: p.annotation for p in parameters}
        self._structured = frozenset(p.name for p in parameters if is_structured(p.annotation))
        self._variadic = next((p.name for p in parameters if p.kind is kinds.VAR_POSITIONAL), None)
        self._has_rest = any(p.kind is kinds.VAR_KEYWORD for p in parameters)
        only_positional = [p.name for p in parameters if p.kind is kinds.POSITIONAL_ONLY]
        either = [p.name for p in parameters if p.kind is kinds.POSITIONAL_OR_KEYWORD]
        self._positional = tuple(only_positional)
        self._by_name = tuple(only_positional + either)

    @property
    def is_by_name(self) -> bool:
        """Tell whether every argument can be given by its name."""
        return not self._positional and self._variadic is None

    def constant(self, name: str, value: object, *, is_text: bool) -> object:
        """Return a constant cast to the parameter's annotation; what goes to `**kwargs` has no annotation of its own.

        Raises:
            CastError: it does not fit; the message names the argument.
        """
        annotation = self._annotations.get(name, inspect.Parameter.empty)
        if type(value) is annotation and not is_text:
            return value
        try:
            return cast(value, annotation, is_text=is_text)
        except CastError as problem:
            raise CastError(f"argument {name!r}: {problem.message}", problem.hint) from problem

    def upstream(self, name: str, value: object) -> object:
        """Return an upstream value: as it is, unless the parameter is a dataclass or a model and it is a dict.

        A record of another class becomes the parameter's where its fields fit.

        Raises:
            CastError: the dict does not fit; the message names the argument.
        """
        if name not in self._structured:
            return value
        if isinstance(value, dict):
            return self.constant(name, value, is_text=False)
        return self._converted(name, value) if is_record(type(value)) else value

    def _converted(self, name: str, value: object) -> object:
        try:
            if cast(value, self._annotations[name], is_text=False) is value:
                return value
        except CastError:
            pass
        try:
            return self.constant(name, plain(value), is_text=False)
        except Exception:  # noqa: BLE001  a model's own code; what does not fit is handed on, as any other value
            return value

    def call_arguments(self, values: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return (args, kwargs) of the call. Nothing is checked: Python's own TypeError names what is missing.

        A value under the name of `*args` is its list of values.
        """
        if not self._positional and (self._variadic is None or self._variadic not in values):
            return (), dict(values)
        rest = dict(values)
        # Before *args every parameter has to go by position, up to the first that was left to its default.
        names = self._by_name if self._variadic in rest else self._positional
        args: list[Any] = []
        for name in names:
            if name not in rest:
                break
            args.append(rest.pop(name))
        if self._variadic is not None and self._variadic in rest:
            args.extend(_as_items(rest.pop(self._variadic)))
        return tuple(args), rest


def _as_items(value: object) -> typing.Iterable[Any]:
    return value if isinstance(value, list | tuple) else (value,)
