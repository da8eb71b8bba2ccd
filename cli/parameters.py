"""Parameters as typed (`-p`); those of a file (`--params`) are read by `worker.paramfiles`."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import InvalidError


def typed_params(texts: Sequence[str] | None) -> dict[str, str]:
    """Return `name` or `STEP:name` -> text.

    Raises:
        InvalidError: a text without `=`, without a name, or a name given twice.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise InvalidError(f"-p {text!r} is no parameter", "write -p NAME=VALUE or -p STEP:NAME=VALUE")
        if name in found:
            raise InvalidError(f"the parameter '{name}' is given twice: {found[name]!r} and {value!r}")
        found[name] = value
    return found
