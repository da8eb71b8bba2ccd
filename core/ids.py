"""Identifiers and the grammar of names."""

from __future__ import annotations

import re
from typing import NewType

RunId = NewType("RunId", str)
"""16 random lowercase base32 characters: 80 bits, so a million runs collide with probability below 1e-12."""

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_STRICT = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_FORBIDDEN = re.compile(r"[/:\[\]\x00-\x1f\x7f-\x9f]")
MAX_NAME = 128
"""Characters of a step, pipeline or value name."""


def new_run_id() -> RunId:
    """Return a fresh random run id."""
    from random import SystemRandom  # 1 ms of a command that needs one; `uuid` takes 2.4, `secrets` 3

    bits = SystemRandom().getrandbits(80)
    return RunId("".join([_ALPHABET[bits >> 5 * place & 31] for place in range(16)]))


def is_run_id(text: str) -> bool:
    """Tell whether the text is a whole run id."""
    return len(text) == 16 and set(text) <= set(_ALPHABET)


def is_strict_name(text: str) -> bool:
    """Tell whether the text may name a project, lineage or alias (`^[a-z0-9][a-z0-9._-]{0,63}$`)."""
    return _STRICT.fullmatch(text) is not None


def name_problem(name: object) -> str | None:
    """Say what is wrong with the name of a step, pipeline or value; None when it is good."""
    if not isinstance(name, str):
        return f"a name is text, not {type(name).__name__}"
    if not name.strip():
        return "a name may not be empty"
    if len(name) > MAX_NAME:
        return f"a name has at most {MAX_NAME} characters, this one has {len(name)}"
    bad = _FORBIDDEN.search(name)
    if bad:
        return f"a name may not contain {bad.group()!r} (nor any of / : [ ] and control characters)"
    return None


def strict_name(text: str) -> str:
    """Return the text turned into a strict name ("Große Übung" -> "grosse-ubung"); "project" when nothing is left."""
    plain = text.lower()
    if not plain.isascii():
        import unicodedata  # for the few names that need it

        apart = unicodedata.normalize("NFKD", text.casefold())
        plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
    cleaned = re.sub(r"[^a-z0-9._-]+", "-", plain).strip("-._")[:64]
    return cleaned or "project"
