"""What of the project a shell command runs and reads: the files it names, and what those name in turn."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Sequence

from ..core.fingerprints.trace import CodePrint, Tracer
from ..core.place import relative_to
from .notebookcode import notebook_print
from .ownership import is_installed
from .prints import file_part, merged, part_of
from .sourcetext import SourceText

SCRIPTS = frozenset({".sh", ".bash", ".R", ".r", ".jl", ".pl", ".rb", ".js", ".sql", ".awk", ".sed"})
"""Endings of code that is counted by content, and looked through for further names."""
_WORDS = re.compile(r"(?P<into>>>?\s*)?(?P<word>[^\s'\"`=;|&<>()]+)")
_MODULE = re.compile(r"python[\d.]*\s+(?:-\w\s+)*-m\s+([\w.]+)")
_MADE = re.compile(r"\b(?:mkdir|rmdir|rm|cd|pushd|touch|chmod|chown)\b[^;&|\n]*")
"""What a command makes, removes or enters is no input."""
_ENTERED = re.compile(r"\b(?:cd|pushd)\s+([^\s;&|]+)")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_OF_THE_SHELL = frozenset({"PWD", "OLDPWD", "SHLVL", "RANDOM", "SECONDS", "LINENO", "PPID", "UID", "EUID", "OPTARG"})
_PATH = re.compile(r"[\w.][\w./+@%,*?~-]*(?:/[\w.*?-]+|\.[A-Za-z*?]\w*)")
"""A word that looks like a file, or a glob of some: with a slash or an ending."""


class ShellCode:
    """The files of one command line.

    Args:
        root: absolute project root.
        cwd: where the command runs.
        read: reads sources.
        tracer: returns the tracer for a Python file that is run.
        made: files the command makes, as it declares them: they are no input.
    """

    def __init__(
        self, root: str, cwd: str, read: SourceText, tracer: Callable[[str], Tracer], made: Collection[str] = ()
    ) -> None:
        self._root = root
        self._cwd = cwd
        self._read = read
        self._tracer = tracer
        self._made = made
        self._codes: list[CodePrint] = []
        self._seen: set[str] = set()
        self._data: dict[str, None] = {}
        self._variables: dict[str, None] = {}
        self.source: str | None = None
        """Why it reads what nobody sees although it takes something; None: it does not, for what we know."""

    @property
    def code(self) -> CodePrint:
        """What it runs."""
        variables = frozenset(each for each in self._variables if not each.startswith("GRAFT_"))
        return merged([*self._codes, CodePrint(parts={}, packages=frozenset(), variables=variables, dynamics=())])

    @property
    def reads(self) -> tuple[str, ...]:
        """Data files, folders and globs it names, relative to the root where they are below it; sorted."""
        return tuple(sorted(self._data))

    def add(self, text: str, folder: str | None = None) -> None:
        """Look a command through, or the text of a shell script in a folder."""
        self._variables |= dict.fromkeys(each for each in _VARIABLE.findall(text) if each not in _OF_THE_SHELL)
        folders = [os.path.join(self._cwd, each) for each in _ENTERED.findall(text)]
        for match in _WORDS.finditer(_MADE.sub(" ", text)):
            if not match["into"]:
                self._word(match["word"].rstrip(","), [*folders, *([folder] if folder else [])])
        for module in _MODULE.findall(text):
            self._module(module)

    def add_part(self, name: str, content: str) -> None:
        """Add something that counts by its content."""
        self._codes.append(part_of(name, content))

    def _word(self, word: str, folders: Sequence[str]) -> None:
        for base in dict.fromkeys((self._cwd, self._root, *folders)):
            path = os.path.normpath(os.path.join(base, word))
            if path in self._seen or relative_to(self._root, path) in self._made or not self._is_own(path):
                continue
            if os.path.isfile(path):
                self._seen.add(path)
                self._file(path)
            elif os.path.isdir(path):
                self._data[relative_to(self._root, path)] = None  # all that is below it
            elif _PATH.fullmatch(word):  # what an earlier step makes is not there yet
                self._data.setdefault(relative_to(self._root, path))

    def _is_own(self, path: str) -> bool:
        """Tell whether a path may be the project's: a command is not, nor `.` and what is above the root."""
        if f"{self._root}/".startswith(f"{path}/"):
            return False
        return relative_to(self._root, path) != path and not is_installed(path)

    def _file(self, path: str) -> None:
        shown = relative_to(self._root, path)
        ending = os.path.splitext(path)[1]
        if ending == ".py":
            self._python(path)
        elif ending == ".ipynb":
            self._codes.append(notebook_print(self._tracer(path), self._read.plain(path), path, self._root))
            self.source = self.source or f"runs {shown} in a process of its own, where what it reads is not seen"
        elif ending in SCRIPTS or _is_script(path):
            self._codes.append(file_part(path, shown))
            self.add(self._read.plain(path), os.path.dirname(path))
        else:
            self._data[shown] = None

    def _python(self, path: str) -> None:
        self._codes.append(self._tracer(path).trace_script(path))
        shown = relative_to(self._root, path)
        self.source = self.source or f"runs {shown} in a process of its own, where what it reads is not seen"

    def _module(self, module: str) -> None:
        stem = os.path.join(*module.split("."))
        for base in dict.fromkeys((self._cwd, self._root)):
            for file in (f"{stem}.py", os.path.join(stem, "__main__.py")):
                path = os.path.join(base, file)
                if os.path.isfile(path) and path not in self._seen:
                    self._seen.add(path)
                    self._python(path)


def _is_script(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False
