"""A pipeline proposed of scripts: what was read in them, what was made of it, and what could not be told."""

from __future__ import annotations

from enum import StrEnum

from .graph import Json
from .records import dataclass


class SourceKind(StrEnum):
    """What a file is."""

    SCRIPT = "script"
    NOTEBOOK = "notebook"
    SHELL = "shell"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptText:
    """A file that a person named."""

    path: str
    """Relative to the project root, with slashes."""
    kind: SourceKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Something that could not be told without running it."""

    file: str
    line: int | None
    """Of the file; of a notebook, of its code cells put together. None: of the whole file."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUse:
    """A file that code reads or writes."""

    path: str
    """Relative to the project root."""
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOption:
    """An argument of a command line."""

    name: str
    flag: str | None
    """`--name` as it is written; None: positional."""
    default: Json
    """None: it has none."""
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCall:
    """A call of a module's own function from its main part."""

    function: str
    line: int
    returns: tuple[str, ...]
    """Names that what it returns is given; empty: it is given none."""
    inputs: tuple[tuple[str, str], ...]
    """Argument -> name it is given, where they differ."""
    params: tuple[tuple[str, Json], ...]
    """Argument -> literal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptFacts:
    """What is known of one file, or of one function of it."""

    reads: tuple[FileUse, ...] = ()
    writes: tuple[FileUse, ...] = ()
    options: tuple[CommandOption, ...] = ()
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedStep:
    """One step of the proposal."""

    name: str
    kind: str
    """Class of its task: `ScriptTask`, ..."""
    source: ScriptText
    line: int
    """Of the source, which it is from."""
    facts: ScriptFacts
    call: FunctionCall | None = None
    """Of a PythonTask."""
    gets: tuple[str, ...] = ()
    """Files that an earlier step writes."""
    reads: tuple[str, ...] = ()
    """Files that no step writes."""
    needs: tuple[str, ...] = ()
    """Names of steps it waits for."""

    @property
    def puts(self) -> tuple[str, ...]:
        """Files that it writes, each once."""
        return tuple(dict.fromkeys(use.path for use in self.facts.writes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A pipeline, as it was guessed."""

    name: str
    steps: tuple[ProposedStep, ...]
    params: tuple[tuple[str, Json, str], ...]
    """Parameter, value, and where it is from (`train.py:12`)."""
    arguments: tuple[tuple[str, tuple[str, ...]], ...]
    """Step -> command line of its script."""
    doubts: tuple[Doubt, ...]
