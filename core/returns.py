"""What a step keeps of what it returns: `pickled("model")`, `metric("auc")`, or a plain name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TypeAlias

from .errors import InvalidError
from .graph import Return, ReturnKind
from .ids import name_problem

Returns: TypeAlias = "str | Return | Sequence[str | Return] | None"
"""What `returns=` takes: names and declared returns, one or several; None keeps nothing."""


def pickled(name: str) -> Return:
    """Keep a value as a pickle, whatever its type.

    Raises:
        InvalidError: the name is no name.
    """
    return _declared(name, ReturnKind.PICKLE)


def json(name: str) -> Return:
    """Keep a value as JSON; a value that JSON cannot hold fails the step."""
    return _declared(name, ReturnKind.JSON)


def arrow(name: str) -> Return:
    """Keep a table in the Arrow IPC format."""
    return _declared(name, ReturnKind.ARROW)


def metric(name: str, *, file: str | None = None, pattern: str | None = None) -> Return:
    """Keep a number among the run's metrics. It is no output for the fence rule.

    Args:
        name: The metric, also the name later steps may take it by.
        file: JSON file the step writes, relative to its working directory; the metric is the key `name` of it.
        pattern: Regular expression; the metric is its first group's last match in what the step prints.

    Raises:
        InvalidError: both are given, or the pattern is no regular expression with a group.
    """
    if file is not None and pattern is not None:
        raise InvalidError(f"metric '{name}' is read from a file or by a pattern, not both")
    if pattern is not None:
        _check_pattern(name, pattern)
    return _declared(name, ReturnKind.METRIC, file=file, pattern=pattern)


class _State:
    """The maker of trained state; a class because it is called (`state("m")`) and has a form of its own (`.file`)."""

    __slots__ = ()

    def __call__(self, name: str) -> Return:
        """Keep a value as trained state: what a generation is made of."""
        return _declared(name, ReturnKind.STATE)

    def file(self, path: str, name: str | None = None) -> Return:
        """Keep a file the step writes as trained state, named after the file's stem unless `name` is given."""
        if not isinstance(path, str) or not path.strip():
            raise InvalidError(f"state.file() takes the path of a file, not {path!r}")
        return _declared(PurePosixPath(path).stem if name is None else name, ReturnKind.STATE, file=path)


state = _State()
"""`state("model")` or `state.file("model.pt")`."""


def declare(returns: object) -> tuple[Return, ...]:
    """Return the declared returns of what `returns=` was given.

    Raises:
        InvalidError: something in it is neither a name nor a declared return, or a name occurs twice.
    """
    if returns is None:
        return ()
    if isinstance(returns, _SINGLE):
        return (_one(returns),)
    if type(returns) is not list and (isinstance(returns, dict) or not isinstance(returns, Sequence)):
        raise InvalidError(f"returns= takes a list of names, not {type(returns).__name__}")
    declared = tuple([_one(each) for each in returns])
    names = [each.name for each in declared]
    if len(names) > 1 and (twice := sorted({name for name in names if names.count(name) > 1})):
        raise InvalidError(f"returns= names '{twice[0]}' twice")
    return declared


_SINGLE = (str, Return)
"""Not their union, which would be made anew for each of ten thousand steps."""


def _one(item: object) -> Return:
    if isinstance(item, Return):
        return item
    if isinstance(item, str):
        return _declared(item, ReturnKind.AUTO)
    hint = f"write {item.__name__}('name')" if callable(item) and hasattr(item, "__name__") else None
    raise InvalidError(f"returns= takes names, pickled(), json(), arrow(), metric() or state(), not {item!r}", hint)


def _declared(name: str, kind: ReturnKind, *, file: str | None = None, pattern: str | None = None) -> Return:
    if problem := name_problem(name):
        raise InvalidError(f"the return {name!r} is no name: {problem}")
    return Return(name=name, kind=kind, file=file, pattern=pattern)


def _check_pattern(name: str, pattern: str) -> None:
    try:
        groups = re.compile(pattern).groups
    except (re.error, TypeError) as error:
        raise InvalidError(f"the pattern of metric '{name}' is no regular expression: {error}") from error
    if groups == 0:
        raise InvalidError(f"the pattern of metric '{name}' has no group", r"write one: r'auc=([\d.]+)'")
