"""The port to this machine: its cores, its git, what is installed on it, and a place for recorded code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from .runs import CodeState, Snapshot


class Machine(Protocol):
    """What core must know of the machine and the work tree."""

    def cores(self) -> int:
        """Return how many cores this process may use, at least 1."""
        ...

    def code_state(self, root: str, key: str | None) -> CodeState:
        """Return git's view of a project root, with the digest of the code snapshot."""
        ...

    def requirements(self, packages: Mapping[str, str]) -> Mapping[str, str]:
        """Return distribution -> version of these and of all that they need, as installed here."""
        ...

    def uncommitted(self, root: str, files: Sequence[str]) -> list[str]:
        """Return those files, relative to a project root, that git has no commit of as they are; none outside git."""
        ...

    def materialise(self, snapshot: Snapshot, key: str) -> str:
        """Write recorded code into a directory of its own and return the absolute path; done once for each key."""
        ...

    def make_environment(self, folder: str, requirements: str, python: str) -> None:
        """Make a virtual environment with exactly what a file of requirements names.

        Args:
            folder: directory it is made in, which is not there.
            requirements: path of the file.
            python: version it is for.

        Raises:
            PluginError: this is another Python, or something cannot be installed; the end of what pip said.
        """
        ...
