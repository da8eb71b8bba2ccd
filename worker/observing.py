"""What an attempt touches beyond its arguments, as Python's audit events tell: files, sockets, children.

A hint, not a proof: libraries that open files in C or C++ (pyarrow, duckdb, polars) and child processes raise no
events. Children are named, so that one knows; known readers are told apart statically (core/fingerprints/readers.py).

Source: "Audit events table", Python library reference; PEP 578.
"""

from __future__ import annotations

import linecache
import os
import sys
import tokenize
from collections.abc import Callable, Collection, Iterable, Mapping
from types import FrameType
from typing import Any

from ..core.records import dataclass
from .touched import Sorter

MAX_FILES = 10_000
"""Files and directories noted in one attempt; an attempt that touches more is told to have read `ANYTHING`."""
ANYTHING = "*"
"""Among what was read: more than could be noted."""

_HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_OURS = tuple(f"{_HOME}{room}{os.sep}" for room in ("core", "worker", "store", "plugins", "tui", "cli"))
"""Room by room: in a checkout the package is the root of the repository, samples and all."""
_IMPORTS = frozenset({"<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>", "<frozen zipimport>"})
_SILENT = _IMPORTS | {linecache.__file__, tokenize.__file__}
"""Who reads sources: the import system, and whoever shows lines of a traceback."""
_SPAWNERS = frozenset({"popen_spawn_posix.py", "popen_forkserver.py"})
"""Modules of multiprocessing that start processes without an event, but open the pipe to them as a file."""
_ACCESS, _READ = os.O_ACCMODE, os.O_RDONLY
_IMPORTING: dict[str, object] = getattr(sys.modules.get("_frozen_importlib"), "_module_locks", {})
"""Not empty while any thread imports: saves looking through the stack for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What one attempt touched. Paths are relative to the project root, absolute outside of it; all sorted."""

    reads: tuple[str, ...] = ()
    """Files below the project root or the working directory it opened to read, also such as were not there. Without
    those it had written before, without sources that Python imports, and without the store's."""
    writes: tuple[str, ...] = ()
    """Files there that it opened to write, or renamed to."""
    listed: tuple[str, ...] = ()
    """Directories there whose names it listed; the root itself is `.`."""
    outside: tuple[str, ...] = ()
    """Files elsewhere it opened to read, those of Python and of the system aside."""
    sockets: tuple[str, ...] = ()
    """Where it connected to: `tcp://HOST:PORT`, `unix://PATH`."""
    children: tuple[str, ...] = ()
    """Processes it started, by the name of the program, `fork` or `multiprocessing`: what they read was not seen."""
    is_cut: bool = False
    """There was more than `MAX_FILES`, or an event that could not be understood: the rest is incomplete."""

    def told(self) -> tuple[str, ...]:
        """Return what its result may depend on, as `AttemptSucceeded.reads` has it."""
        if self.is_cut:
            return (ANYTHING,)
        return (*self.reads, *self.outside, *(f"{path}/" for path in self.listed), *self.sockets)


NOTHING = Observed()


def note_reads(paths: Iterable[str] | None) -> None:
    """Note files that graftline itself reads for a step: absolute paths, directories with a slash at their end.

    Unlike those that an event names they are told wherever they lie. None: what was read cannot be told.
    """
    notes = _current
    if notes is None:
        return
    notes.is_touched = True
    if paths is None:
        notes.is_cut = True
    for path in paths or ():
        notes.note(notes.named, path)


class Observer:
    """Notes what attempts touch; one for each worker process, as attempts there follow one another.

    What a module reads while it is imported it reads once for all attempts of the worker: it is told for each of them.
    """

    __slots__ = ("_at_import", "_notes", "_of_imports", "_sorter")

    def __init__(self, root: str, cwd: str, objects: str) -> None:
        """Install the hook.

        Args:
            root: absolute project root.
            cwd: where attempts start.
            objects: the store's directory of object files.
        """
        self._sorter = Sorter(root, cwd, objects)
        self._at_import = _Notes()
        self._of_imports = NOTHING
        self._notes = _Notes(self._at_import)
        _install()

    def begin(self) -> None:
        """Begin to note, whatever was noted before is dropped."""
        global _current, _cwd
        _cwd = None
        if self._notes.is_touched:
            self._notes = _Notes(self._at_import)
        _current = self._notes

    def end(self) -> Observed:
        """Return what was noted since `begin`, and stop."""
        global _current
        _current = None
        notes, imports = self._notes, self._at_import
        if imports.is_touched:
            imports.is_touched = False
            self._of_imports = self._sorted(imports, imports)
        if not notes.is_touched:  # most attempts: 0.2 us
            return self._of_imports
        return self._sorted(notes, imports)

    def stop(self) -> None:
        """Stop to note; nothing happens when it has stopped."""
        global _current
        _current = None

    def _sorted(self, notes: _Notes, imports: _Notes) -> Observed:
        """Return what counts of two notes; `NOTHING` itself when nothing does."""
        reads, outside = self._sorter.files(_not_below(imports.reads | notes.reads, notes.made))
        named = self._sorter.told(notes.named)
        found = Observed(
            reads=reads,
            writes=self._sorter.files(notes.writes)[0],
            listed=self._sorter.folders(_not_below(imports.listed | notes.listed, notes.made)),
            outside=tuple(sorted({*outside, *named}.difference(reads))) if named else outside,
            sockets=tuple(sorted(imports.sockets | notes.sockets)),
            children=tuple(sorted(notes.children)),
            is_cut=notes.is_cut or imports.is_cut,
        )
        return NOTHING if found == NOTHING else found


class _Notes:
    """What one attempt, or the imports of a worker, touched so far. Dicts keep the order and are safe with threads."""

    def __init__(self, at_import: _Notes | None = None) -> None:
        self.at_import = at_import
        """Where to note what happens during imports; None: these are they."""
        self.reads: dict[str, None] = {}
        self.named: dict[str, None] = {}
        """Files that `note_reads` was told of."""
        self.writes: dict[str, None] = {}
        self.listed: dict[str, None] = {}
        self.made: dict[str, None] = {}
        """Directories it made: their names are its own."""
        self.sockets: dict[str, None] = {}
        self.looked_up: dict[object, None] = {}
        """Ports of names that were looked up: the connection that follows is to one of their addresses."""
        self.children: dict[str, None] = {}
        self.is_cut = False
        self.is_touched = False

    def path(self, given: Any) -> str | None:
        """Return the absolute path an event names; None: a descriptor."""
        if type(given) is int:
            return None
        path = given if type(given) is str else os.fsdecode(given)
        if path[:1] != "/":
            path = f"{_cwd or _working_directory()}/{path}"
        return os.path.normpath(path) if "/." in path or "//" in path else path

    def note(self, where: dict[str, None], path: str) -> None:
        """Note something unless there is too much of it."""
        self.is_touched = True
        if len(where) < MAX_FILES:
            where[path] = None
        else:
            self.is_cut = True


def _not_below(paths: Mapping[str, None], made: Collection[str]) -> Iterable[str]:
    """Return the paths without those in directories that the attempt made: whatever is in there is its own."""
    if not made:
        return paths
    own = tuple(f"{folder}/" for folder in made)
    return [path for path in paths if not f"{path}/".startswith(own)]


_current: _Notes | None = None
_cwd: str | None = None
"""None: to be asked for again. The system call is 1.1 us, a third of what an opened file costs here."""
_is_installed = False


def _working_directory() -> str:
    global _cwd
    if _cwd is None:
        _cwd = os.getcwd()
    return _cwd


def _install() -> None:
    global _is_installed
    if not _is_installed:
        _is_installed = True
        sys.addaudithook(_hook)  # for the life of the process: no hook can be taken out again


def _hook(event: str, args: tuple[Any, ...]) -> None:
    notes = _current
    if notes is None:
        return
    take = _TAKERS.get(event)
    if take is None:
        return
    try:
        frame = sys._getframe(1)
        if _IMPORTING and _is_import(frame) and notes.at_import is not None:
            notes = notes.at_import
        take(notes, args, frame)
    except Exception:  # noqa: BLE001  what a hook raises would end what the step does
        notes.is_touched = notes.is_cut = True


def _is_import(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename in _IMPORTS:
            return True
        frame = frame.f_back
    return False


_verdicts: dict[str, bool] = {}


def _is_silent(frame: FrameType) -> bool:
    """Tell whether the caller reads for Python's or for graftline's own sake."""
    file = frame.f_code.co_filename
    is_silent = _verdicts.get(file)
    if is_silent is None:
        is_silent = _verdicts[file] = file in _SILENT or file.startswith(_OURS)
    return is_silent


def _opened(notes: _Notes, args: tuple[Any, ...], frame: FrameType) -> None:
    given, _, flags = args
    if _is_silent(frame):
        return
    path = notes.path(given)
    if path is None:
        if os.path.basename(frame.f_code.co_filename) in _SPAWNERS:
            notes.note(notes.children, "multiprocessing")
        return
    if path[-1] == ">" and os.path.basename(path)[0] == "<":  # `<unknown>`: Python looks for the line of a syntax error
        return
    access = flags & _ACCESS
    if access == _READ:  # thousands of them: the shortest way
        if path not in notes.writes:
            notes.note(notes.reads, path)
        return
    if access != os.O_WRONLY and not flags & (os.O_TRUNC | os.O_EXCL) and path not in notes.writes:
        notes.note(notes.reads, path)
    notes.note(notes.writes, path)


def _connected_file(notes: _Notes, args: tuple[Any, ...], frame: FrameType) -> None:
    """SQLite opens its file in C, but says so before; what was written last may be in the log beside it."""
    name = os.fsdecode(args[0]).removeprefix("file:").partition("?")[0]
    path = notes.path(name) if name and name != ":memory:" else None
    if path is not None and path not in notes.writes:
        notes.note(notes.reads, path)
        notes.note(notes.reads, f"{path}-wal")


def _loaded_library(notes: _Notes, args: tuple[Any, ...], frame: FrameType) -> None:
    """A library that ctypes loads is mapped in C; one without a slash is the system's."""
    name = args[0]
    if isinstance(name, str | bytes) and "/" in os.fsdecode(name) and not _is_silent(frame):
        path = notes.path(name)
        if path is not None and path not in notes.writes:
            notes.note(notes.reads, path)


def _listed(notes: _Notes, args: tuple[Any, ...], frame: FrameType) -> None:
    path = None if _is_silent(frame) else notes.path("." if args[0] is None else args[0])
    if path is not None and path not in notes.made:
        notes.note(notes.listed, path)


def _made(notes: _Notes, args: tuple[Any, ...], frame: FrameType) -> None:
    path = notes.path(args[0])
    if path is not None and not os.path.isdir(path):
        notes.note(notes.made, path)


def _moved(notes: _Notes, args: tuple[Any, ...], frame: FrameType) -> None:
    """A rename or a link: the new name has the content of the old one."""
    source, target = notes.path(args[0]), notes.path(args[1])
    if _is_silent(frame) or source is None or target is None:
        return
    if source in notes.made:
        notes.note(notes.made, target)
    elif source not in notes.writes:
        notes.note(notes.reads, source)
    notes.note(notes.writes, target)


def _changed_directory(notes: _Notes, args: tuple[Any, ...], frame: FrameType) -> None:
    global _cwd
    _cwd = None  # the event comes before the change


def _looked_up(notes: _Notes, args: tuple[Any, ...], frame: FrameType) -> None:
    host, port = args[0], args[1]
    if host:
        notes.looked_up[port] = None
        notes.note(notes.sockets, f"tcp://{_text(host)}:{_text(port)}")


def _connected(notes: _Notes, args: tuple[Any, ...], frame: FrameType) -> None:
    address = args[1]
    if isinstance(address, tuple):
        if address[1] not in notes.looked_up:
            notes.note(notes.sockets, f"tcp://{address[0]}:{address[1]}")
    else:
        notes.note(notes.sockets, f"unix://{_text(address)}")


def _started(notes: _Notes, args: tuple[Any, ...], frame: FrameType) -> None:
    program = args[0]
    if isinstance(program, (list, tuple)):
        program = program[0]
    notes.note(notes.children, os.path.basename(_text(program).split(" ")[0]))


def _spawned(notes: _Notes, args: tuple[Any, ...], frame: FrameType) -> None:
    notes.note(notes.children, os.path.basename(_text(args[1])))


def _forked(notes: _Notes, args: tuple[Any, ...], frame: FrameType) -> None:
    notes.note(notes.children, "fork")


def _text(value: object) -> str:
    return os.fsdecode(value) if isinstance(value, (str, bytes, os.PathLike)) else str(value)


_TAKERS: dict[str, Callable[[_Notes, tuple[Any, ...], FrameType], None]] = {
    "open": _opened,
    "sqlite3.connect": _connected_file,
    "ctypes.dlopen": _loaded_library,
    "os.listdir": _listed,
    "os.scandir": _listed,
    "os.mkdir": _made,
    "os.rename": _moved,
    "os.link": _moved,
    "os.chdir": _changed_directory,
    "socket.getaddrinfo": _looked_up,
    "socket.connect": _connected,
    "socket.sendto": _connected,
    "subprocess.Popen": _started,
    "os.system": _started,
    "os.posix_spawn": _started,
    "os.exec": _started,
    "os.spawn": _spawned,
    "os.fork": _forked,
    "os.forkpty": _forked,
}
