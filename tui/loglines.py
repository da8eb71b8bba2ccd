"""What a line of a log is about: how grave it is, and what a line of JSON says to people."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..core.logmatch import Sought
from ..core.text import clean
from .tones import Line, Span, Tone

LOOKED_AT = 160
"""Characters of a line in which the word of its level is looked for: messages that quote levels are longer."""
LONGEST_JSON = 32 * 1024
"""Characters up to which a line is read as JSON: drawing one screen of longer ones would take 50 ms."""
_LEVELS = (
    (re.compile(r"\b(?:CRITICAL|FATAL|ERROR|Traceback|PANIC)\b|^\w*(?:Error|Exception)\b"), Tone.RED),
    (re.compile(r"\bWARN(?:ING)?\b"), Tone.YELLOW),
    (re.compile(r"\b(?:DEBUG|TRACE)\b"), Tone.DIM),
)
ERRORS = re.compile(rb"(?i)\b(?:critical|fatal|error|traceback|panic)\b|\b\w+(?:error|exception)\b")
"""What a jump to the next problem looks for."""
_TONES = {
    "critical": Tone.RED,
    "fatal": Tone.RED,
    "error": Tone.RED,
    "err": Tone.RED,
    "warning": Tone.YELLOW,
    "warn": Tone.YELLOW,
    "info": Tone.GREEN,
    "debug": Tone.DIM,
    "trace": Tone.DIM,
}
_LEVEL_KEYS = ("level", "severity", "levelname", "lvl", "log.level")
_TEXT_KEYS = ("message", "msg", "event", "text")
_TIME_KEYS = ("timestamp", "time", "ts", "@timestamp", "asctime", "date")


def level_tone(text: str) -> Tone | None:
    """Return the tone of a line's level; None: it names none, or one that needs no colour."""
    head = text[:LOOKED_AT]
    return next((tone for pattern, tone in _LEVELS if pattern.search(head)), None)


def highlighted(line: Line, sought: Sought) -> list[Span]:
    """Return a line with every place that was sought marked, each piece of it for itself."""
    found: list[Span] = []
    for text, tone in line:
        done = 0
        for start, end in sought.spans(text):
            found += [(text[done:start], tone), (text[start:end], Tone.HIT)]
            done = end
        found.append((text[done:], tone))
    return found


def structured(text: str) -> list[Span] | None:
    """Return a line of JSON as level, message and the rest by name; None: it is no object in JSON."""
    if not text.startswith("{") or not text.rstrip().endswith("}") or len(text) > LONGEST_JSON:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _spans(found) if isinstance(found, dict) and found else None


def _spans(found: Mapping[str, Any]) -> list[Span]:
    left = dict(found)
    line: list[Span] = []
    at, level, said = (_taken(left, keys) for keys in (_TIME_KEYS, _LEVEL_KEYS, _TEXT_KEYS))
    if at is not None:
        line.append((f"{_value(at)} ", Tone.DIM))
    tone = Tone.TEXT
    if level is not None:
        word = _value(level)
        tone = _TONES.get(word.lower(), Tone.TEXT)
        line.append((f"{word.upper():<7} ", tone))
    if said is not None:
        line.append((_value(said), tone if tone in (Tone.RED, Tone.YELLOW, Tone.DIM) else Tone.TEXT))
    for name, value in left.items():
        line += [("  " if line else "", Tone.DIM), (f"{clean(name)}=", Tone.DIM), (_value(value), Tone.CYAN)]
    return line


def _taken(left: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((left.pop(key) for key in keys if key in left and not isinstance(left[key], dict | list)), None)


def _value(value: Any) -> str:
    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
