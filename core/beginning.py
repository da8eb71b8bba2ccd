"""Projects that are begun: what a template is, and what was written."""

from __future__ import annotations

from .records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A small project that runs and passes its own test, to begin from."""

    name: str
    about: str
    project: str
    """The project's name in it, in whose place the new one comes."""
    files: tuple[str, ...]
    """Relative paths."""
    packages: tuple[str, ...] = ()
    """What it imports beside graftline and the standard library, as imported."""
    install: str | None = None
    """Arguments of `pip install` for these; None: nothing is needed."""
    commands: tuple[tuple[str, str], ...] = ()
    """What to do next: a command line, and what it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A project that was written, or would be."""

    project: str
    root: str
    """Absolute."""
    template: Template
    missing: tuple[str, ...]
    """Packages that it imports and that are not installed here."""
    has_git: bool = False
    """Whether a git repository was made."""
