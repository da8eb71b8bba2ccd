"""Secrets in the output of steps: every form in which one may appear is replaced, also across chunk borders."""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..core.masked import SHORTEST

if TYPE_CHECKING:
    import mmap

MIN_LENGTH = SHORTEST
_MASK = b"***"


def too_short(secrets: Mapping[str, str]) -> list[str]:
    """Return the names whose values are too short to be masked; the caller warns about them."""
    return sorted(name for name, value in secrets.items() if len(value) < MIN_LENGTH)


def mask(data: bytes, secrets: Mapping[str, str]) -> bytes:
    """Return the bytes with every form of every secret replaced by `***`."""
    if not secrets:
        return data
    pattern = _pattern(tuple(sorted(secrets.values())))
    return pattern.sub(_MASK, data) if pattern else data


def mask_text(text: str, secrets: Mapping[str, str]) -> str:
    """Return the text with every form of every secret replaced by `***`."""
    if not secrets:
        return text
    return mask(text.encode("utf-8", "surrogatepass"), secrets).decode("utf-8", "surrogatepass")


def find(data: bytes | memoryview | mmap.mmap, secrets: Mapping[str, str]) -> str | None:
    """Return the name of a secret that stands in data which are about to be stored; None when none does.

    It looks for the value as it is and as JSON writes it, not for encodings: of large data each form is another pass.
    """
    for name, value in secrets.items():
        if len(value) >= MIN_LENGTH and any(form.search(data) for form in _plain_forms(value)):
            return name
    return None


class Masker:
    """Masks a stream that comes in chunks: holds back an end that may be the beginning of a secret."""

    __slots__ = ("_forms", "_held", "_longest", "_pattern", "_starts")

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._forms = _forms(tuple(sorted(secrets.values())))
        self._pattern = _pattern(tuple(sorted(secrets.values())))
        self._longest = max(map(len, self._forms), default=0)
        self._starts = frozenset(form[0] for form in self._forms)
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """Return what can be shown after this chunk, masked."""
        if self._pattern is None:
            return chunk
        data = self._held + chunk
        cut = self._safe_length(data, 0)
        for found in self._pattern.finditer(data):
            if found.start() >= cut:
                break
            if found.end() > cut:  # the cut would split a whole secret: take it, and look again behind it
                cut = self._safe_length(data, found.end())
                break
        self._held = data[cut:]
        return self._pattern.sub(_MASK, data[:cut])

    def flush(self) -> bytes:
        """Return what was held back, masked; at the end of an attempt or of the stream."""
        held, self._held = self._held, b""
        return self._pattern.sub(_MASK, held) if self._pattern else held

    def _safe_length(self, data: bytes, least: int) -> int:
        """Return where the end that may still grow into a secret begins; `len(data)` when nothing may."""
        for at in range(max(least, len(data) - self._longest + 1), len(data)):
            if data[at] in self._starts:
                end = data[at:]
                if any(len(form) > len(end) and form.startswith(end) for form in self._forms):
                    return at
        return len(data)


@functools.lru_cache(maxsize=16)
def _pattern(values: tuple[str, ...]) -> re.Pattern[bytes] | None:
    forms = _forms(values)
    return re.compile(b"|".join(map(re.escape, forms))) if forms else None


@functools.lru_cache(maxsize=16)
def _forms(values: tuple[str, ...]) -> tuple[bytes, ...]:
    """Return every byte string to look for, longest first so that a secret inside another is no trap."""
    found = {form for value in values if len(value) >= MIN_LENGTH for form in _forms_of(value)}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


@functools.lru_cache(maxsize=64)
def _plain_forms(value: str) -> tuple[re.Pattern[bytes], ...]:
    forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return tuple(re.compile(re.escape(form.encode("utf-8", "surrogatepass"))) for form in sorted(forms))


def _forms_of(value: str) -> Iterable[bytes]:
    import urllib.parse  # with ipaddress 2 ms, in each guardian; most runs have no secrets

    raw = value.encode("utf-8", "surrogatepass")
    texts = [value, *(line for line in value.splitlines() if len(line) >= MIN_LENGTH)]
    for text in texts:
        yield text.encode("utf-8", "surrogatepass")
        for escaped in (json.dumps(text), json.dumps(text, ensure_ascii=False), repr(text), ascii(text)):
            yield escaped[1:-1].encode("utf-8", "surrogatepass")
    for quoted in (urllib.parse.quote(raw, safe=""), urllib.parse.quote(raw), urllib.parse.quote_plus(raw)):
        yield quoted.encode()
        yield re.sub(r"%[0-9A-F]{2}", lambda escape: escape.group().lower(), quoted).encode()
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield from _base64_forms(raw)


def _base64_forms(raw: bytes) -> Iterable[bytes]:
    """Yield the base64 of the secret at each of the three places it can have inside a longer text ("user:secret")."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        first = (before * 8 + 5) // 6  # digits that also hold bits of what stands before
        whole = (before + len(raw)) * 8 // 6  # digits that hold nothing of what comes after
        inner = encoded[first:whole]
        if len(inner) >= MIN_LENGTH:
            yield inner
            yield inner.replace(b"+", b"-").replace(b"/", b"_")
