"""Names that Kubernetes takes: DNS labels of at most 63 characters, whatever steps are called."""

from __future__ import annotations

import hashlib
import re

LONGEST = 63
"""Characters of a DNS label. Source: RFC 1123, section 2.1; Kubernetes, "Object Names and IDs"."""
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_PARAMETER = re.compile(r"[A-Za-z0-9_-]+")
_DIGITS = 8


class Names:
    """Gives every text a name of its own; the same text always gets the same one."""

    def __init__(self, *, longest: int = LONGEST) -> None:
        self._longest = longest
        self._by_text: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, text: str, like: str | None = None) -> str:
        """Return the name for a text: as like it, or what it is to be like, as may be, and of no other text."""
        if text not in self._by_text:
            name = label(text if like is None else like, longest=self._longest)
            if name in self._taken:
                name = _digested(text, name, self._longest)
            self._taken.add(name)
            self._by_text[text] = name
        return self._by_text[text]


def label(text: str, *, longest: int = LONGEST) -> str:
    """Return a text as a DNS label that begins with a letter: `trials/3/fit` as `trials-3-fit`.

    Underscores, dots, blanks and slashes become hyphens without more ado; whatever else is lost is told by a digest.
    """
    plain = re.sub(r"[_/. ]", "-", text).lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not name[:1].isalpha():
        name = f"n-{name}".rstrip("-")
    has_lost = re.search(r"[^a-z0-9-]", plain) is not None or plain.strip("-") == ""
    return _digested(text, name, longest) if has_lost or len(name) > longest else name


def is_label(text: str) -> bool:
    """Tell whether a text is a DNS label."""
    return len(text) <= LONGEST and _LABEL.fullmatch(text) is not None


def parameter_name(key: str) -> str:
    """Return the key of a parameter as Argo takes it: letters, digits, `-` and `_`."""
    if _PARAMETER.fullmatch(key):
        return key
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '-', key).strip('-')}-{_digest(key)}"


def _digested(text: str, name: str, longest: int) -> str:
    return f"{name[: longest - _DIGITS - 1].rstrip('-')}-{_digest(text)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
