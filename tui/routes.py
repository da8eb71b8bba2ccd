"""Which command lines the UI has a screen for. All others run as a process of their own, whose output is shown."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from ..core.errors import InvalidError
from ..core.logmatch import REGEX
from ..core.named import NamedTuple

LOOKING = frozenset(
    {
        "runs",
        "ls",
        "show",
        "why",
        "diff",
        "logs",
        "events",
        "plan",
        "graph",
        "check",
        "functions",
        "config",
        "plugins",
        "list",
    }
)
"""Commands that change nothing: all that `--read-only` lets through."""
LEAVING = ("q", "q!", "quit", "exit")


class Route(NamedTuple):
    """A screen, and what it is to show."""

    screen: str
    """`runs`, `run`, `logs`, `found`, `compare`, `events`, `functions`, `registry`, `watch`, `new`, `quit`, `help`."""
    words: tuple[str, ...] = ()
    """Runs and steps as typed; of `runs` the words of its filter; of `found` what is looked for, and such words."""
    is_everywhere: bool = False


def words_of(line: str) -> list[str]:
    """Return the words of a line, without `graft` before them.

    Raises:
        InvalidError: a quote is open.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise InvalidError(f"the line cannot be read: {error}", "close the quote") from error
    return words[1:] if words[:1] == ["graft"] else words


def route(words: Sequence[str]) -> Route | None:
    """Return the screen a command has here; None: it has none, or an option asks for its text."""
    command, rest = words[0], tuple(words[1:])
    if command in LEAVING:
        return Route("quit")
    found = _ROUTES.get(command)
    return None if found is None else found(rest)


def _runs(rest: tuple[str, ...]) -> Route | None:
    words: list[str] = []
    is_everywhere = False
    left = list(rest)
    while left:
        option, equals, value = left.pop(0).partition("=")
        if option == "--all-projects" and not equals:
            is_everywhere = True
            continue
        if option not in ("--state", "--pipeline", "--tag", "--since") or not (equals or left):
            return None
        words.append(f"{option[2:]}={value if equals else left.pop(0)}")
    return Route("runs", tuple(words), is_everywhere)


def _logs(rest: tuple[str, ...]) -> Route | None:
    """Return the log of a run; with `--grep` the search, unless it says more than its screen has."""
    text, left, is_regex = "", list(rest), "--re" in rest
    others: list[str] = []
    while left:
        word = left.pop(0)
        if word == "--grep" and left:
            text = left.pop(0)
        elif word.startswith("--grep="):
            text = word.removeprefix("--grep=")
        elif word != "--re":
            others.append(word)
    if not text:
        return _named("logs", 2, frozenset({"-f", "--follow"}))(rest)
    found = _runs(tuple(others))
    if found is None or (text.startswith(REGEX) and not is_regex):
        return None
    return Route("found", (f"{REGEX}{text}" if is_regex else text, *found.words), found.is_everywhere)


def _named(screen: str, most: int, flags: frozenset[str] = frozenset()) -> Callable[[tuple[str, ...]], Route | None]:
    def read(rest: tuple[str, ...]) -> Route | None:
        words = tuple(word for word in rest if word not in flags)
        is_plain = len(words) <= most and not any(word.startswith("-") for word in words)
        return Route(screen, words) if is_plain else None

    return read


def _address(rest: tuple[str, ...]) -> Route | None:
    is_plain = len(rest) <= 3 and not any(word.startswith("-") for word in rest)
    return Route("registry", ("/".join(rest),) if rest else ()) if is_plain else None


_ROUTES: dict[str, Callable[[tuple[str, ...]], Route | None]] = {
    "runs": _runs,
    "ls": _runs,
    "show": _named("run", 1),
    "attach": _named("run", 1),
    "logs": _logs,
    "diff": _named("compare", 2),
    "events": _named("events", 0, frozenset({"-f", "--follow"})),
    "functions": _named("functions", 0),
    "list": _address,
    "registry": _address,
    "watch": _named("watch", 1),
    "new": _named("new", 1),
    "help": _named("help", 0),
    "ui": _named("help", 0),
}
