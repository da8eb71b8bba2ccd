"""The arguments of a call by parameter, and what is wrong with them, before anything is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from inspect import Parameter

from .errors import nearest
from .futures import CallError
from .place import Place

_VARIADIC = Parameter.VAR_POSITIONAL


def named_arguments(
    function: Callable[..., object],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    *,
    fixed: Mapping[str, object],
    who: str,
    place: Place,
) -> dict[str, object]:
    """Return the arguments of a call by parameter; those for `*args` are a list under its name.

    Args:
        function: What is called.
        args: Arguments by position.
        kwargs: Arguments by name.
        fixed: Arguments that are set already, and may not be given.
        who: The step or pipeline, for messages.
        place: Where it is called.

    Raises:
        CallError: an argument is missing, unknown, given twice or fixed; every problem in one message.
    """
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):  # a builtin that tells nothing: what it gets by position is its `*args`
        return {**({"args": list(args)} if args else {}), **kwargs}
    problems = list(_call_problems(signature, args, kwargs, fixed))
    if not problems:
        try:
            bound = signature.bind_partial(*args, **kwargs)
        except TypeError as error:
            problems = [str(error)]
    if problems:
        takes = ", ".join(str(each).partition(":")[0] for each in signature.parameters.values()) or "nothing"
        raise CallError.all_of(
            [CallError(f"{who} {each}", f"it takes {takes}", file=place.file, line=place.line) for each in problems]
        )
    given: dict[str, object] = {}
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        given |= value if kind is Parameter.VAR_KEYWORD else {name: list(value) if kind is _VARIADIC else value}
    return given


def _call_problems(
    signature: inspect.Signature, args: tuple[object, ...], kwargs: Mapping[str, object], fixed: Mapping[str, object]
) -> list[str]:
    parameters = signature.parameters
    by_name = [
        name for name, each in parameters.items() if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
    ]
    by_position = [
        name for name, each in parameters.items() if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    kinds = {each.kind for each in parameters.values()}
    given = {*by_position[: len(args)], *kwargs}
    problems = [f"takes no argument '{name}'{nearest(name, by_name)}" for name in kwargs if name not in by_name]
    if Parameter.VAR_KEYWORD in kinds:
        problems = []
    if len(args) > len(by_position) and _VARIADIC not in kinds:
        problems.append(f"takes {len(by_position)} arguments by position, not {len(args)}")
    problems += [f"has '{name}' fixed by params=, and is given it again" for name in fixed if name in given]
    missing = [
        name
        for name, each in parameters.items()
        if each.default is each.empty
        and each.kind not in (_VARIADIC, each.VAR_KEYWORD)
        and name not in {*given, *fixed}
    ]
    if missing:
        problems.append(f"needs {', '.join(map(repr, missing))}, which the call does not give")
    return problems
