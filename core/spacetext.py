"""What is searched as a person types it: `-S C=0.1,1,10`, `-S depth=2:6`, `-S lr=log(1e-4,1e-1,5)`."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence

from .errors import InvalidError, nearest
from .graph import Json
from .records import dataclass
from .spaces import Choice, Interval, Space, drawn, log, uniform, whole

_RANGE = re.compile(r"(-?\d+):(-?\d+)(?::(\d+))?")
_CALL = re.compile(r"([a-z]+)\((.*)\)")
_MAKERS = {"log": log, "uniform": uniform, "linear": uniform, "whole": whole}
_HINT = "write a list (0.1,1,10), whole numbers (2:6, 2:10:2) or a range with how many (log(1e-4,1e-1,5))"
LONGEST_RANGE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """Where one parameter is searched."""

    space: Space
    count: int | None = None
    """Values of it in a grid; None: all of a list; of a range nobody said."""


def read_spaces(texts: Sequence[str]) -> dict[str, Searched]:
    """Return what is searched, by parameter in the order typed.

    Raises:
        InvalidError: some of it cannot be read; all problems in one message.
    """
    found: dict[str, Searched] = {}
    problems: list[InvalidError] = []
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip()
        try:
            if not equals or not name:
                raise InvalidError(f"-S {text!r} names no parameter with values", "write -S C=0.1,1,10")
            if name in found:
                raise InvalidError(f"-S {name} is given twice", f"list all values at once: -S {name}=1,2,3")
            found[name] = read_space(name, values.strip())
        except InvalidError as problem:
            problems.append(problem)
    if problems:
        raise InvalidError.all_of(problems)
    return found


def read_space(name: str, text: str) -> Searched:
    """Return where a parameter is searched.

    Raises:
        InvalidError: it cannot be read.
    """
    call = _CALL.fullmatch(text)
    if call is not None and call[1] in _MAKERS:
        return _ranged(name, call[1], call[2])
    if call is not None and re.fullmatch(r"[-+.\deE,\s]*", call[2]):
        known = list(_MAKERS)
        raise InvalidError(f"-S {name}: there is no range '{call[1]}'{nearest(call[1], known)}", _HINT)
    values = [value for part in _parts(text) for value in _expanded(name, part)]
    if not values:
        raise InvalidError(f"-S {name} lists no values", _HINT)
    return Searched(space=Choice(tuple(dict.fromkeys(values))))


def grid_of(spaces: Mapping[str, Searched]) -> Iterator[dict[str, Json]]:
    """Yield every combination, the last parameter varying fastest.

    Raises:
        InvalidError: of a range it is not said how many values.
    """
    names = list(spaces)
    for values in itertools.product(*(_values(name, spaces[name]) for name in names)):
        yield dict(zip(names, values, strict=True))


def zipped(spaces: Mapping[str, Searched]) -> Iterator[dict[str, Json]]:
    """Yield the first values of all, the second ones, and so on.

    Raises:
        InvalidError: they are not as many of each; or as `grid_of`.
    """
    columns = {name: _values(name, each) for name, each in spaces.items()}
    if len({len(values) for values in columns.values()}) > 1:
        sizes = ", ".join(f"{name} has {len(values)}" for name, values in columns.items())
        raise InvalidError(f"--zip takes as many values of each parameter: {sizes}")
    for row in zip(*columns.values(), strict=True):
        yield dict(zip(columns, row, strict=True))


def drawn_of(spaces: Mapping[str, Searched], count: int, seed: int) -> Iterator[dict[str, Json]]:
    """Yield `count` combinations at random, none twice while there are others; the same for the same seed."""
    return drawn({name: each.space for name, each in spaces.items()}, count, seed)


def fresh_seed() -> int:
    """Return a seed nobody named."""
    return random.SystemRandom().randrange(2**31)


def _values(name: str, searched: Searched) -> list[Json]:
    if isinstance(searched.space, Interval) and searched.count is None:
        raise InvalidError(
            f"-S {name}: a grid takes some values of a range, and it is not said how many",
            f"write the number last: {name}=log(1e-4,1e-1,5); or draw: --random 20",
        )
    return searched.space.grid(searched.count or 1)


def _ranged(name: str, kind: str, inside: str) -> Searched:
    try:
        numbers = [float(each) for each in inside.split(",")]
    except ValueError:
        raise InvalidError(f"-S {name}: {kind}({inside}) takes numbers", _HINT) from None
    if len(numbers) not in (2, 3) or (len(numbers) == 3 and (numbers[2] < 1 or not numbers[2].is_integer())):
        raise InvalidError(f"-S {name}: {kind}({inside}) takes two ends, and how many values", _HINT)
    if kind == "whole" and not all(each.is_integer() for each in numbers):
        raise InvalidError(f"-S {name}: whole({inside}) takes whole numbers")
    try:
        space = _MAKERS[kind](numbers[0], numbers[1])  # type: ignore[operator]
    except InvalidError as problem:
        raise InvalidError(f"-S {name}: {problem.message}") from problem
    return Searched(space=space, count=int(numbers[2]) if len(numbers) == 3 else None)


def _expanded(name: str, text: str) -> list[str]:
    """Return one value, or those of a range of whole numbers; both ends belong to it."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return [text]
    first, last, step = int(found[1]), int(found[2]), int(found[3] or 1)
    if step < 1 or first > last or (last - first) // step >= LONGEST_RANGE:
        raise InvalidError(f"-S {name}: {text} is no range of whole numbers", "write the lesser one first: 2:6, 2:10:2")
    return [str(each) for each in range(first, last + 1, step)]


def _parts(text: str) -> list[str]:
    """Split at commas that stand in no bracket and no quotation."""
    parts, start, depth, quoted = [], 0, 0, False
    for at, each in enumerate(text):
        if each == '"' and text[max(0, at - 1)] != "\\":
            quoted = not quoted
        elif not quoted and each in "[{(":
            depth += 1
        elif not quoted and each in ")}]":
            depth -= 1
        elif not quoted and depth == 0 and each == ",":
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return [_unquoted(each.strip()) for each in parts if each.strip()]


def _unquoted(text: str) -> str:
    """Return what a quoted text says: it is quoted for the sake of a comma in it."""
    if text.startswith('"'):
        try:
            found = json.loads(text)
        except ValueError:
            return text
        return found if isinstance(found, str) else text
    return text
