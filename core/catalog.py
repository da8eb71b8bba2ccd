"""The files a step makes and wants: `Catalog(put=["plot.png"], get=["model.bin"])`."""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence

from .errors import InvalidError

_WILD = re.compile(r"[*?\[]")


class Catalog:
    """Files that belong to a step, by glob, relative to its working directory."""

    __slots__ = ("get", "put", "store_copy")

    def __init__(
        self,
        put: str | Sequence[str] | None = None,
        get: str | Sequence[str] | None = None,
        store_copy: bool = True,
    ):
        """Name the files.

        Args:
            put: Globs of files the step makes; each is kept with the run.
            get: Globs of files earlier steps put, restored before the step starts; it waits for their makers.
            store_copy: False keeps only the digests of what is put.

        Raises:
            InvalidError: a glob is no text, is empty, absolute, or leaves the working directory.
        """
        self.put = _globs("put", put)
        self.get = _globs("get", get)
        if not isinstance(store_copy, bool):
            raise InvalidError(f"Catalog(store_copy=) is True or False, not {store_copy!r}")
        self.store_copy = store_copy

    def __repr__(self) -> str:
        return f"Catalog(put={list(self.put)}, get={list(self.get)}, store_copy={self.store_copy})"


def is_glob(pattern: str) -> bool:
    """Tell whether the text has a wildcard; without one it names a single file."""
    return _WILD.search(pattern) is not None


def may_overlap(one: str, other: str) -> bool:
    """Tell whether two globs can name the same file; a directory names all files in it. May say yes too often.

    It compares what stands before the first wildcard and after the last: a step then waits for a file it might not
    get, which costs time, and never misses one.
    """
    head, tail = _ends(one)
    other_head, other_tail = _ends(other)
    if _is_above(one, other) or _is_above(other, one):
        return True
    if not is_glob(one) and not is_glob(other):
        return one == other
    heads = head.startswith(other_head) or other_head.startswith(head)
    return heads and (tail.endswith(other_tail) or other_tail.endswith(tail))


def matches(path: str, pattern: str) -> bool:
    """Tell whether a file is meant by a glob: it matches, or a directory above it does.

    As for the files a step puts: `*` stays within one directory, `**` does not, neither stands for a leading dot.
    """
    compiled = _compiled(pattern)
    return any(compiled.fullmatch(each) for each in (path, *folders_of(path)))


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = pattern.removesuffix("/**").split("/")  # of a directory, itself among what it matches: all files below it
    text = "".join(
        (r"(?:(?!\.)[^/]+/)*" if at < len(parts) - 1 else r"(?!\.)[^/]+(?:/(?!\.)[^/]+)*")
        if part == "**"
        else _part(part) + ("/" if at < len(parts) - 1 else "")
        for at, part in enumerate(parts)
    )
    return re.compile(text, re.DOTALL)


def _part(part: str) -> str:
    """Return the regular expression of a glob within one directory."""
    text = "".join(_PIECES.get(piece[0], _literal)(piece) for piece in re.findall(r"\*+|\?|\[!?\]?[^\]]*\]|.", part))
    return rf"(?!\.){text}" if part[:1] in ("*", "?", "[") else text


def _class(piece: str) -> str:
    if len(piece) == 1:  # a bracket that does not end
        return re.escape(piece)
    inner = piece[1:-1].replace("\\", r"\\").replace("[", r"\[")
    return f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner.replace('^', chr(92) + '^')}]"


def _literal(piece: str) -> str:
    return re.escape(piece)


_PIECES: Mapping[str, Callable[[str], str]] = {"*": lambda _: "[^/]*", "?": lambda _: "[^/]", "[": _class}
"""First character of a piece of a glob -> how it becomes a regular expression."""


def folders_of(path: str) -> list[str]:
    """Return the directories a relative path lies in, the nearest first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _is_above(folder: str, pattern: str) -> bool:
    """Tell whether a plain path may be a directory that files of the pattern lie in."""
    if is_glob(folder):
        return False
    head = _ends(pattern)[0]
    if head.startswith(f"{folder}/"):
        return True
    # `*` stays within one directory, `**` does not.
    is_deeper = "**" in pattern or pattern.count("/") > folder.count("/")
    return is_glob(pattern) and is_deeper and f"{folder}/".startswith(head)


def _ends(pattern: str) -> tuple[str, str]:
    first = _WILD.search(pattern)
    if first is None:
        return pattern, pattern
    # A bracket's end is its `]`: "data[0-9].csv" ends in ".csv".
    return pattern[: first.start()], re.split(r"[*?\]]", pattern)[-1]


def _globs(side: str, given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    items = [given] if isinstance(given, str) else given
    if not isinstance(items, Sequence):
        raise InvalidError(f"Catalog({side}=) takes a list of globs, not {type(given).__name__}")
    return tuple(dict.fromkeys(_glob(side, item) for item in items))


def _glob(side: str, item: object) -> str:
    if not isinstance(item, str) or not item.strip():
        raise InvalidError(f"Catalog({side}=) takes globs as text, not {item!r}")
    path = posixpath.normpath(item)
    if path == ".." or path.startswith(("/", "../")):
        hint = "name it relative to the directory the step runs in"
        raise InvalidError(f"Catalog({side}=) has '{item}', which is outside the working directory", hint)
    return path
