"""What `[runner.NAME]` says: wrong options are found before a run is made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ...core.errors import InvalidError, nearest

NUMBER = (int, float)
_WORDS: Mapping[type, str] = {str: "text", int: "a number", float: "a number", list: "a list", dict: "a table"}


def check_options(runner: str, given: Mapping[str, Any], kinds: Mapping[str, tuple[type, ...]]) -> None:
    """Refuse options a runner does not have, or of another type than it takes.

    Args:
        runner: its name.
        given: options of `[runner.NAME]`.
        kinds: option -> types it may have.

    Raises:
        InvalidError: with the nearest name, or the type.
    """
    for name, value in given.items():
        if name not in kinds:
            hint = f"options: {', '.join(kinds)}"
            raise InvalidError(f"the runner '{runner}' has no option '{name}'{nearest(name, list(kinds))}", hint)
        if not isinstance(value, kinds[name]) or (isinstance(value, bool) and bool not in kinds[name]):
            wanted = " or ".join(_WORDS[kind] for kind in kinds[name])
            raise InvalidError(f"the runner '{runner}': '{name}' is {wanted}, not {value!r}")
    artifacts = given.get("artifacts")
    if artifacts is not None and not os.path.isabs(artifacts):
        raise InvalidError(f"the runner '{runner}': 'artifacts' is an absolute directory, not {artifacts!r}")
    for name in ("jobs", "patience", "limit"):
        if name in given and given[name] < (1 if name == "jobs" else 0):
            raise InvalidError(f"the runner '{runner}': '{name}' cannot be {given[name]!r}")
