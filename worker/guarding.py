"""What `--guard` looks at beyond the audit events: environment variables a step reads, module globals it changes.

It costs too much for every run: each read of the environment looks at the stack, each attempt walks through the globals
of the project's modules. No code of the user is called to compare values, so of objects that hide what they hold only
their identity is known; they are told as such.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from struct import calcsize
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from ..core.records import dataclass

_SKIPPED = (FunctionType, BuiltinFunctionType, MethodType, ModuleType, type)
_ATOMS = (type(None), bool, int, float, complex, str, bytes, range)
_MOST = 20_000
"""Values looked at in one global; of a larger one only its length and identity are compared."""
_MOST_BYTES = 8 << 20
_POINTER = calcsize("P")
"""Bytes of each slot of an object."""
_DOORS = frozenset(
    function.__code__.co_filename for function in (os.getenv, os.path.expanduser, os.path.expandvars, Mapping.get)
)
"""Modules that read the environment on behalf of who calls them; what else of the standard library reads is its own:
subprocess asks for PATH, tempfile for TMPDIR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """What one attempt did behind its arguments. All sorted."""

    variables: tuple[str, ...] = ()
    """Environment variables that the project's own code asked for, whether they are set or not. Of those that a
    library asks for nothing is said: there are too many, and their names are not the author's."""
    globals: tuple[str, ...] = ()
    """`module.name` of globals of the project's modules that are different, new or gone."""
    unseen: tuple[str, ...] = ()
    """Globals it may have changed inside, which cannot be seen without running their code, or are too large."""


class Guard:
    """Looks at one attempt after the other.

    Args:
        root: absolute project root: modules below it are looked at, and who stands in it is asked about.
    """

    __slots__ = ("_before", "_imports", "_original", "_root", "_variables")

    def __init__(self, root: str) -> None:
        self._root = os.path.join(root, "")
        self._before: dict[str, _Seen] = {}
        self._variables: dict[str, None] = {}
        self._imports: dict[str, None] = {}
        self._original: tuple[Callable[..., Any], ...] | None = None

    def begin(self) -> None:
        """Remember how the globals are, and listen to who reads the environment."""
        self.listen()
        self.settle()

    def listen(self) -> None:
        """Listen to who reads the environment: before the step's code is imported, which may read it as well."""
        self._variables = {}
        environ = type(os.environ)
        if self._original is None:
            self._original = environ.__getitem__, environ.__contains__
            environ.__getitem__ = self._listening(environ.__getitem__)  # type: ignore[method-assign]
            environ.__contains__ = self._listening(environ.__contains__)  # type: ignore[method-assign]

    def settle(self) -> None:
        """Remember how the globals are, now that the step's code is imported.

        What was asked for by then holds for every later attempt too, as modules are imported once.
        """
        self._imports |= self._variables
        self._before = dict(self._globals())

    def end(self) -> Guarded:
        """Return what was done since `begin`, and put the environment back as it was. Modules that were imported in
        between are not compared: their globals are what the import made them.
        """
        self.stop()
        after = dict(self._globals())
        modules = {name.rpartition(".")[0] for name in self._before}
        changed = [
            name
            for name in self._before.keys() | after.keys()
            if name.rpartition(".")[0] in modules and self._before.get(name) != after.get(name)
        ]
        unseen = [name for name, seen in after.items() if not seen.is_whole and self._before.get(name) == seen]
        return Guarded(
            variables=tuple(sorted(self._imports | self._variables)),
            globals=tuple(sorted(changed)),
            unseen=tuple(sorted(unseen)),
        )

    def stop(self) -> None:
        """Put the environment back as it was; nothing happens when it is."""
        if self._original is not None:
            environ = type(os.environ)
            environ.__getitem__, environ.__contains__ = self._original  # type: ignore[method-assign]
            self._original = None

    def _listening(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def listen(environ: object, name: object) -> Any:
            if isinstance(name, str) and self._is_asked_by_project():
                self._variables[name] = None
            return original(environ, name)

        return listen

    def _is_asked_by_project(self) -> bool:
        """Tell whether the project's own code asks."""
        frame = sys._getframe(2)
        while frame.f_back is not None and frame.f_code.co_filename in _DOORS:
            frame = frame.f_back
        return self._is_project(frame.f_code.co_filename)

    def _is_project(self, file: str) -> bool:
        return file.startswith(self._root) and f"{os.sep}site-packages{os.sep}" not in file

    def _globals(self) -> Iterator[tuple[str, _Seen]]:
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            if not isinstance(file, str) or not self._is_project(file):
                continue
            for name, value in list(vars(module).items()):
                if not name.startswith("__") and not isinstance(value, _SKIPPED):
                    yield f"{module.__name__}.{name}", _seen(value)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A value as it was: equal when nothing can be told to have changed."""

    identity: int
    """0 for what its content tells."""
    digest: str
    is_whole: bool
    """All of it was looked at."""


def _seen(value: Any) -> _Seen:
    walk = _Walk()
    walk.visit(value)
    is_atom = isinstance(value, _ATOMS)
    return _Seen(0 if is_atom else id(value), walk.digest.hexdigest(), walk.is_whole)


class _Walk:
    """Goes through a value without calling any code of its class."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.is_whole = True
        self._left = _MOST
        self._numbers: dict[int, int] = {}

    def visit(self, value: Any) -> None:
        """Add a value to the digest."""
        stack = [value]
        while stack:
            each = stack.pop()
            self._left -= 1
            if self._left < 0:
                self.is_whole = False
                self._say("more", len(stack))
                return
            if not self._atom(each) and self._is_new(each):
                stack += self._inner(each)

    def _say(self, *words: object) -> None:
        self.digest.update(repr(words).encode("utf-8", "surrogatepass"))

    def _atom(self, value: Any) -> bool:
        kind = type(value)
        if kind in _ATOMS:
            self._say(kind.__name__, value)
        elif kind is bytearray or _is_array(value):
            self._bytes(value)
        elif isinstance(value, _SKIPPED):
            self._say("code", id(value))
        else:
            return False
        return True

    def _is_new(self, value: Any) -> bool:
        number = self._numbers.setdefault(id(value), len(self._numbers))
        self._say(type(value).__name__, number)
        return number == len(self._numbers) - 1

    def _inner(self, value: Any) -> list[Any]:
        kind = type(value)
        if kind in (list, tuple):
            self._say(len(value))
            return list(value)
        if kind in (set, frozenset):
            # In no order that lasts: by the identity of what is in it, which an unchanged set keeps.
            self._say(sorted(map(id, value)))
            return []
        if kind is dict:
            self._say(len(value))
            return [each for pair in list(value.items()) for each in pair]
        held = _held(value)
        if held is None:
            self.is_whole = False
            self._say("hidden", id(value))
            return []
        return [held]

    def _bytes(self, value: Any) -> None:
        try:
            view = memoryview(value)
            is_small = view.nbytes <= _MOST_BYTES and view.contiguous
        except (TypeError, ValueError, BufferError):
            is_small = False
        if is_small:
            self._say(view.shape, view.format)
            self.digest.update(view.cast("B") if view.nbytes else b"")
        else:
            self.is_whole = False
            self._say("large", id(value))


def _is_array(value: Any) -> bool:
    return type(value).__module__ == "numpy" and type(value).__name__ == "ndarray" and value.dtype.kind != "O"


def _held(value: Any) -> dict[str, Any] | None:
    """Return the attributes of an object of a class written in Python with nothing else in it; None: it may hide more.

    `object.__getattribute__` and the slots' descriptors are no code of the user.
    """
    if type(value).__flags__ & (1 << 9) == 0:  # Py_TPFLAGS_HEAPTYPE: others are written in C
        return None
    found: dict[str, Any] = {}
    for kind in type(value).__mro__[:-1]:
        if kind.__flags__ & (1 << 9) == 0:  # a list, a dict or the like is inside
            return None
        slots = kind.__dict__.get("__slots__", ())
        slots = (slots,) if isinstance(slots, str) else slots
        if _is_larger(kind, len(slots)):
            return None
        for name in slots:
            try:
                found[name] = object.__getattribute__(value, name)
            except AttributeError:
                continue
    try:
        inside = object.__getattribute__(value, "__dict__")
    except AttributeError:
        inside = {}
    return found | dict(inside) if isinstance(inside, dict) else None


def _is_larger(kind: type, slots: int) -> bool:
    """Tell whether objects of a class hold more than its slots and attributes: it is written in C and looks as if not.

    `functools.partial` does, and from 3.12 on `collections.deque` and others.
    """
    own = slots + sum(name in kind.__dict__ for name in ("__dict__", "__weakref__"))
    return kind.__base__ is not None and kind.__basicsize__ > kind.__base__.__basicsize__ + own * _POINTER
