"""Secrets of a project, looked up when first asked for; apart, so that who has none does not load the vault."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence


class Lookup:
    """Values of secrets by name. Each is looked up once, and warned of once when it is too short to be masked."""

    def __init__(self, root: str, environ: Mapping[str, str], warn: Callable[[str], None]):
        """Look in the project at `root`, for the user of this process; `warn` is told a sentence at a time."""
        self._root = root
        self._environ = environ
        self._warn = warn
        self._known: dict[str, str] = {}

    def __call__(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return secrets by name.

        Raises:
            InvalidError: some are nowhere, or a file of secrets is not sound.
        """
        new = [name for name in names if name not in self._known]
        if new:
            from .secrets import MIN_LENGTH, too_short  # with the vault, 5 ms
            from .vault import open_vault

            found = open_vault(self._root, self._environ).values(new)
            for name in too_short(found):
                self._warn(f"the secret {name} is shorter than {MIN_LENGTH} characters and is not masked in logs")
            self._known |= found
        return {name: self._known[name] for name in names}
