"""Reads the command lines that are right, without typer; for all others the answer is None, and typer reads them.

It never complains and is never wrong: a line that it reads means what typer takes it to mean (a law that
`tests/cli/test_reading.py` holds against every command). What it does not know for certain it leaves alone: help,
versions, completion, unknown words, missing or wrong values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from ..core.named import NamedTuple
from .choices import Options
from .declaring import REQUIRED, Argument, Option, Parameter, parameters_of
from .options import COMMON, NAMES

Function: TypeAlias = Callable[..., int | None]
"""Does what a command is for: `f(options, ...) -> exit code`."""
Verbs: TypeAlias = Mapping[str, Function]
"""The functions of a command that has commands of its own."""
Given: TypeAlias = Mapping[str, str]
"""Parameters that somebody typed -> what messages call them. A command that has a parameter `given` is told."""


class Line(NamedTuple):
    """A command line that was read."""

    function: Function
    options: Options
    values: dict[str, Any]

    def call(self) -> int | None:
        """Do it and return the exit code."""
        return self.function(self.options, **self.values)


class Read(NamedTuple):
    """What words say of parameters."""

    values: dict[str, Any]
    """Of every parameter, typed or not."""
    given: Given
    free: Sequence[str]
    """Words that are no options; of a group: the name of its command, and all words that are the command's own."""


class _UnsureError(Exception):
    """Typer is to read the line."""


def read_line(words: Sequence[str], find: Callable[[str], Function | Verbs | None]) -> Line | None:
    """Return what a command line asks for; None: typer is to read it.

    Args:
        words: without `graft`.
        find: returns the command of a name, or None.
    """
    options: Options | None = None
    found: Function | Verbs | None = None
    while not callable(found):
        group = read(words, COMMON, is_group=True)
        if group is None or not group.free:
            return None
        options = _over(group.values, options)
        found = find(group.free[0])
        if found is None:
            return None
        words = group.free[1:]
        if not callable(found):
            find = found.get
    asked = read(words, (*parameters_of(found), *COMMON))
    if asked is None:
        return None
    options = _over({name: asked.values.pop(name) for name in NAMES}, options)
    if "given" in found.__annotations__:
        asked.values["given"] = asked.given
    return Line(found, options, asked.values)


def _over(values: Mapping[str, Any], earlier: Options | None) -> Options:
    options = Options(**values)
    return options if earlier is None else options.over(earlier)


def read(words: Sequence[str], parameters: Sequence[Parameter], *, is_group: bool = False) -> Read | None:
    """Return what words say of parameters; None: not certain.

    Args:
        words: after the name of the command.
        parameters: all that it takes.
        is_group: the first word that is no option is the name of a command, and the options after it are that one's.
    """
    texts: dict[str, list[str]] = {}
    try:
        free = _take_options(spelled_out(words, parameters), parameters, texts, is_group=is_group)
        if not is_group:
            _take_arguments(free, parameters, texts)
        values = {each.name: _value(each, texts.get(each.name)) for each in parameters}
    except (_UnsureError, ValueError):
        return None
    return Read(values, {each.name: each.shown for each in parameters if each.name in texts}, free)


def spelled_out(words: Sequence[str], parameters: Sequence[Parameter]) -> list[str]:
    """Return words in which options without their value have the one that stands for it: `--guard` is `--guard=warn`.

    typer would take the next word for it: `graft run --guard pipeline.py`.
    """
    told = [each.told for each in parameters]
    meant = {each.names: f"{each.names}={each.alone}" for each in told if isinstance(each, Option) and each.alone}
    end = words.index("--") if meant and "--" in words else len(words)
    return [meant.get(word, word) if at < end else word for at, word in enumerate(words)]


def _take_options(
    words: list[str], parameters: Sequence[Parameter], texts: dict[str, list[str]], *, is_group: bool
) -> list[str]:
    """Put what options say into `texts`, and return the other words, of a group from the first of them on."""
    known = {name: each for each in parameters if isinstance(each.told, Option) for name in each.told.names.split()}
    free: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            return [*free, *rest]
        if len(word) < 2 or word[0] != "-":
            free.append(word)
            if is_group:
                return [*free, *rest]
        elif word[1] == "-":
            name, equals, value = word.partition("=")
            option = _known(known, name)
            if option.kind is bool and equals:
                raise _UnsureError
            _put(texts, option, value if equals or option.kind is bool else _next(rest))
        else:
            for at, letter in enumerate(word[1:], start=2):
                option = _known(known, f"-{letter}")
                if option.kind is not bool:
                    _put(texts, option, word[at:] or _next(rest))
                    break
                _put(texts, option, "")
    return free


def _take_arguments(words: list[str], parameters: Sequence[Parameter], texts: dict[str, list[str]]) -> None:
    """Put what arguments say into `texts`, from left to right; each word has to be one's."""
    for each in parameters:
        if isinstance(each.told, Argument) and words:
            texts[each.name], words = (words, []) if each.is_repeated else (words[:1], words[1:])
    if words:
        raise _UnsureError


def _known(known: Mapping[str, Parameter], name: str) -> Parameter:
    if name not in known:
        raise _UnsureError
    return known[name]


def _next(words: Iterator[str]) -> str:
    word = next(words, None)
    if word is None:
        raise _UnsureError
    return word


def _put(texts: dict[str, list[str]], option: Parameter, text: str) -> None:
    if option.is_repeated:
        texts.setdefault(option.name, []).append(text)
    else:
        texts[option.name] = [text]  # the last one counts


def _value(parameter: Parameter, texts: list[str] | None) -> Any:
    """Return what a parameter is, by what was typed for it.

    Raises:
        ValueError: it is no such number or word.
    """
    if texts is None:
        if parameter.default is REQUIRED:
            raise _UnsureError
        return parameter.default
    kind = parameter.kind
    if kind is bool:
        return True
    values: list[Any] = [text if kind is str else kind(text) for text in texts]
    least, most = (parameter.told.min, parameter.told.max) if isinstance(parameter.told, Option) else (None, None)
    for value in values:
        if (least is not None and value < least) or (most is not None and value > most):
            raise _UnsureError
    return values if parameter.is_repeated else values[0]
