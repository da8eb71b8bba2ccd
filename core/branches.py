"""How arguments of composites are read: branches, names of values, keys. Problems are collected, not raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any, TypeAlias

from .errors import InvalidError
from .nesting import branch_problem
from .pipeline import Pipeline
from .steps import OutputOf, Unit
from .tasks import Stub

Branch: TypeAlias = "Unit | Callable[..., object] | Sequence[Unit | Callable[..., object]]"
"""A pipeline, a step, a function, or a list of steps and functions."""
Key: TypeAlias = "str | int | float | bool | Enum | None"
"""What a conditional's parameter is compared with."""


def pipeline_of(branch: object) -> Pipeline:
    """Return what may be written for a branch as a pipeline.

    Raises:
        InvalidError: it is no pipeline, step, function, or list of steps and functions; or one of them is wrong.
    """
    if isinstance(branch, Pipeline):
        return branch
    steps: list[Any] = list(branch) if isinstance(branch, list | tuple) else [branch]
    if not all(isinstance(step, Unit) or (callable(step) and not isinstance(step, type)) for step in steps):
        raise InvalidError(f"takes a pipeline, a step, a function or a list of steps, not {branch!r}")
    return Pipeline(steps)


_STAND_IN = Pipeline([Stub("?")])
"""For a branch that is wrong, so that the rest can be checked."""


def branch_of(where: str, given: object, problems: list[InvalidError]) -> Pipeline:
    """Return a branch as a pipeline."""
    try:
        return pipeline_of(given)
    except InvalidError as problem:
        problems.append(InvalidError(f"{where} {problem.message}", problem.hint))
        return _STAND_IN


def branches_of(
    branches: object, problems: list[InvalidError], *reserved: str, may_be_empty: bool = False
) -> dict[str, Pipeline]:
    """Return branches as pipelines by name; reserved names are refused."""
    if not isinstance(branches, Mapping):
        problems.append(InvalidError(f"branches= takes a dict of pipelines by name, not {branches!r}"))
        return {}
    if not branches and not may_be_empty:
        problems.append(InvalidError("branches= is empty"))
    for word in branches:
        if trouble := branch_problem(word, *reserved):
            problems.append(InvalidError(f"branches= has the name {word!r}: {trouble}"))
    return {str(word): branch_of(f"branch '{word}'", given, problems) for word, given in branches.items()}


def worded(branches: object, problems: list[InvalidError]) -> Mapping[str, object]:
    """Return branches by the text of the value they are for."""
    if not isinstance(branches, Mapping):
        return branches  # type: ignore[return-value]  # told by whoever reads it next
    found: dict[str, object] = {}
    keys: dict[str, object] = {}
    for key, given in branches.items():
        value = key.value if isinstance(key, Enum) else key
        if value is not None and not isinstance(value, str | int | float):
            problems.append(InvalidError(f"branches= has the key {key!r}: a key is text, a number, a truth or None"))
            continue
        word = str(value)
        if word in found:
            problems.append(InvalidError(f"branches= has the keys {keys[word]!r} and {key!r}, which read the same"))
        found[word], keys[word] = given, key
    return found


def name_of(option: str, given: object, problems: list[InvalidError]) -> str | OutputOf:
    """Return the name of a value, or the output of a step."""
    if (isinstance(given, str) and given) or isinstance(given, OutputOf):
        return given
    hint = None
    if isinstance(given, list | tuple | range | set):
        hint = "name it, and give the list itself to the pipeline: Pipeline(..., params={'items': [...]})"
    elif isinstance(given, Unit):
        hint = "say which of its outputs: step['name']"
    problems.append(InvalidError(f"{option}= takes the name of a value or step['output'], not {given!r}", hint))
    return "?"


def names(option: str, given: object, problems: list[InvalidError]) -> tuple[str, ...]:
    """Return a name, or several."""
    found = [given] if isinstance(given, str) else given
    if not isinstance(found, Sequence) or not all(isinstance(each, str) and each for each in found):
        problems.append(InvalidError(f"{option}= takes a name or a list of names, not {given!r}"))
        return ()
    return tuple(dict.fromkeys(found))


def identifiers(option: str, given: object, problems: list[InvalidError]) -> tuple[str, ...]:
    """Return names of arguments: at least one, each once."""
    found = names(option, given, problems)
    for each in found:
        if not each.isidentifier():
            problems.append(InvalidError(f"{option}= takes names of arguments, not {each!r}"))
    if isinstance(given, list | tuple) and not given:
        problems.append(InvalidError(f"{option}= is empty"))
    elif isinstance(given, list | tuple) and len(found) < len(given):
        problems.append(InvalidError(f"{option}= names one twice: {', '.join(map(str, given))}"))
    return found


def check_clash(option: str, given: Sequence[str], inside: Pipeline, problems: list[InvalidError]) -> None:
    """Note names that mean something else inside already."""
    for each in given:
        for step in inside.steps:
            if each in step.outputs:
                text = f"{option}= '{each}' is also the name of what '{step.name}' returns inside"
                problems.append(InvalidError(text, "call one of them otherwise"))


def listed(known: Sequence[str]) -> str:
    """Say what is returned."""
    return f"it returns {', '.join(known)}" if known else "it returns nothing"


@contextmanager
def noted(problems: list[InvalidError]) -> Iterator[None]:
    """Note the problem that is raised inside, and go on."""
    try:
        yield
    except InvalidError as problem:
        problems.append(problem)
