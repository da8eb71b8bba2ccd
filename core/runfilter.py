"""What a person types to see fewer runs: words of states, `pipeline=NAME`, `tag=NAME`, `since=2d`, any other text.

The words are those of `graft ls`.
"""

from __future__ import annotations

from .errors import InvalidError, nearest
from .moments import since
from .ports import RunQuery
from .records import replace
from .signs import WORDS
from .states import Status

FIELDS = ("state", "pipeline", "tag", "since", "project", "text")
"""What may stand before `=` or `:`."""


def run_query(text: str, query: RunQuery, now: float) -> RunQuery:
    """Return a query narrowed by what was typed.

    Several states widen each other; everything else narrows. `failed` is a state, as is `!ok` for all but that one.

    Raises:
        InvalidError: a field or a state that does not exist, or a time that is none.
    """
    states: list[Status] = []
    words: list[str] = []
    for word in text.split():
        name, sign, value = _parted(word)
        if sign and name not in FIELDS:
            raise InvalidError(f"there is no '{name}' to filter by{nearest(name, list(FIELDS))}", _HINT)
        if name == "text" or (not sign and not (found := _states(word))):
            words.append(value if sign else word)
        elif not sign:
            states += found
        elif name == "state":
            states += _states_or_complain(value)
        elif name == "since":
            query = replace(query, since=since(value, now))
        else:
            query = replace(query, **{name: value})  # type: ignore[arg-type] # pipeline, tag and project are texts
    if states:
        query = replace(query, states=tuple(dict.fromkeys(states)))
    return replace(query, text=" ".join(words)) if words else query


_HINT = "failed, running, pipeline=NAME, tag=NAME, since=2d, or any text"


def _parted(word: str) -> tuple[str, str, str]:
    at = min((found for found in (word.find("="), word.find(":")) if found > 0), default=-1)
    return (word[:at].lower(), word[at], word[at + 1 :]) if at > 0 else ("", "", word)


def _states(word: str) -> list[Status]:
    """Return the states a word means: one, or with `!` all others; none when it is no state."""
    wanted = word.removeprefix("!")
    name = wanted.upper()
    found = Status[name] if name in Status.__members__ else WORDS.get(wanted.lower())
    if found is None:
        return []
    return [status for status in Status if status is not found] if word.startswith("!") else [found]


def _states_or_complain(texts: str) -> list[Status]:
    found = []
    for text in texts.split(","):
        states = _states(text)
        if not states:
            raise InvalidError(f"there is no state '{text}'{nearest(text.lower(), list(WORDS))}", _HINT)
        found += states
    return found
