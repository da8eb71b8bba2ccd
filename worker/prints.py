"""The fingerprint of a function as it stands in this process: its code, and the values it was made with.

What a file says is traced statically (`core/fingerprints`). A function made while a program ran also holds values: a
closure's variables, the defaults of an inner function, the arguments of a partial, the object of a bound method. They
count by their content.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from ..core.callables import imported
from ..core.callables import plain as plain_function
from ..core.canonical import canonical, plain
from ..core.constants import is_json
from ..core.fingerprints.trace import CodePrint, DynamicUse, Tracer
from ..core.place import relative_to
from ..core.prints import WHOLE
from .ownership import is_own
from .sourcetext import digest_of

_DEEPEST = 20
"""Functions inside closures inside functions that are followed; a cycle ends here."""


class Prints:
    """Fingerprints of the functions of one project.

    Args:
        root: absolute project root.
        tracer: of the same project.
    """

    def __init__(self, root: str, tracer: Tracer):
        self._root = root
        self._tracer = tracer
        self._seen: set[int] = set()
        """Functions without source that are being looked at: they may call each other."""

    def of(self, function: Callable[..., Any]) -> CodePrint:
        """Return the fingerprint of a function, method, partial, class or callable object."""
        self._seen.clear()
        return merged(list(self._prints(function, "", 0)))

    def _prints(self, value: Any, label: str, depth: int) -> Iterator[CodePrint]:
        if depth > _DEEPEST:
            yield dynamic(f"<held>:{label}", "functions inside functions without end")
        elif isinstance(value, functools.partial):
            yield from self._prints(value.func, label, depth + 1)
            for name, each in [*enumerate(value.args), *sorted(value.keywords.items())]:
                yield from self._value(each, f"{label}partial {name}", depth + 1)
        elif isinstance(value, MethodType):
            yield from self._prints(value.__func__, label, depth + 1)
            yield from self._value(value.__self__, f"{label}self", depth + 1)
        elif isinstance(value, FunctionType):
            yield from self._function(value, label, depth)
        elif isinstance(value, type) or _is_importable(value):
            yield self._named(value, label)
        else:
            yield self._named(type(value), label)
            yield from self._content(f"{label}object", value, depth)

    def _function(self, function: FunctionType, label: str, depth: int) -> Iterator[CodePrint]:
        named = imported(function)
        if named is not None:
            yield self._named(function, label)
            return
        file = os.path.abspath(function.__code__.co_filename)
        found = None
        if is_own(file):
            found = self._tracer.trace_function(file, function.__code__.co_firstlineno, function.__name__)
        if found is not None:
            yield found
        else:
            yield from self._compiled(function, f"{label}{function.__qualname__}", depth)
        for name, value in _held(function):
            yield from self._value(value, f"{label}{function.__name__}.{name}", depth + 1)

    def _compiled(self, function: FunctionType, label: str, depth: int) -> Iterator[CodePrint]:
        """Return what a function is whose source is nowhere (a cell of a notebook, a REPL): code, and global values."""
        if id(function) in self._seen:
            return
        self._seen.add(id(function))
        yield part_of(f"<held>:{label}", repr(_plain_code(function.__code__)))
        for name in sorted(_global_names(function.__code__)):
            if name in function.__globals__:
                yield from self._value(function.__globals__[name], f"{label} {name}", depth + 1)

    def _value(self, value: Any, label: str, depth: int) -> Iterator[CodePrint]:
        """Return what a held value adds: the code of a function, else its content."""
        value = plain_function(value)
        if isinstance(value, FunctionType | MethodType | functools.partial | type):
            yield from self._prints(value, f"{label} ", depth)
        elif isinstance(value, ModuleType):
            yield self._module(value)
        else:
            yield from self._content(label, value, depth)

    def value(self, value: Any) -> CodePrint:
        """Return the fingerprint of the code a value brings: of its classes, and of functions anywhere in it."""
        self._seen.clear()
        from ..core.actors import Actor  # of values in a graph that are no JSON
        from .pickles import named_in

        things = value.functions if isinstance(value, Actor) else named_in(value)
        return merged([each for thing in things for each in self._prints(thing, "", 0)])

    def _content(self, label: str, value: Any, depth: int) -> Iterator[CodePrint]:
        """Return a value's bytes, and the code of what it names: a pickle has only the names of its classes."""
        yield _of_bytes(label, value)
        if is_json(value):
            return
        from .pickles import named_in  # as above

        for thing in named_in(value):
            if id(thing) not in self._seen:
                self._seen.add(id(thing))
                yield from self._prints(thing, f"{label} ", depth + 1)

    def _named(self, thing: Any, label: str) -> CodePrint:
        """Return the fingerprint of what is importable by its module and name."""
        module = sys.modules.get(thing.__module__ or "")
        file = _file_of(module)
        if file is not None and file.endswith(".py") and is_own(file):
            return self._tracer.trace(file, thing.__qualname__.partition(".")[0])
        if module is not None and thing.__module__ != "__main__":
            return self._module(module)
        return _of_bytes(f"{label}{thing.__qualname__}", thing)

    def _module(self, module: ModuleType) -> CodePrint:
        file = _file_of(module)
        if file is not None and is_own(file):
            if file.endswith(".py"):
                return self._tracer.trace_module(file)
            return file_part(file, relative_to(self._root, file))
        return _print(packages=frozenset({module.__name__.partition(".")[0]}))


def merged(prints: list[CodePrint]) -> CodePrint:
    """Return several fingerprints as one."""
    parts: dict[str, str] = {}
    for each in prints:
        parts |= each.parts
    return CodePrint(
        parts=dict(sorted(parts.items())),
        packages=frozenset().union(*(each.packages for each in prints)),
        variables=frozenset().union(*(each.variables for each in prints)),
        dynamics=tuple(sorted({use for each in prints for use in each.dynamics})),
        uses=frozenset().union(*(each.uses for each in prints)),
        classes=frozenset().union(*(each.classes for each in prints)),
    )


def part_of(name: str, content: str) -> CodePrint:
    """Return the fingerprint of something that counts by its content."""
    return _print(parts={name: hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()})


def file_part(file: str, shown: str) -> CodePrint:
    """Return the fingerprint of a whole file that is no Python: its content."""
    return _print(parts={f"{shown}:{WHOLE}": digest_of(file)})


def dynamic(where: str, what: str, line: int = 0) -> CodePrint:
    """Return the fingerprint of what cannot be known before it runs."""
    return CodePrint(parts={}, packages=frozenset(), variables=frozenset(), dynamics=(DynamicUse(where, line, what),))


def parts_digest(classes: Iterable[tuple[str, str]], trace: Callable[[str, str], CodePrint]) -> str:
    """Return the digest of what classes, each by file and name, are made of."""
    parts: dict[str, str] = {}
    for file, name in sorted(classes):
        parts |= trace(file, name).parts
    return hashlib.sha256(canonical(parts).encode()).hexdigest()


def _file_of(module: ModuleType | None) -> str | None:
    file = getattr(module, "__file__", None)
    return os.path.abspath(file) if isinstance(file, str) else None


def _plain_code(code: CodeType) -> tuple[object, ...]:
    """Return what a code object does, without where it was written."""
    constants = tuple(_plain_code(each) if isinstance(each, CodeType) else _constant(each) for each in code.co_consts)
    return (code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars, code.co_argcount, code.co_flags)


def _constant(value: object) -> object:
    """Return a constant such that its repr is the same in every process: the order of a set is not."""
    return ("set", sorted(map(repr, value))) if isinstance(value, frozenset) else value


def _global_names(code: CodeType) -> set[str]:
    names = set(code.co_names)
    for each in code.co_consts:
        if isinstance(each, CodeType):
            names |= _global_names(each)
    return names


def _is_importable(value: Any) -> bool:
    """Tell whether a callable that is neither function nor class is one of a module: builtins, compiled functions."""
    names = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    return all(isinstance(name, str) for name in names) and imported(value) is not None


def _held(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield the values a function was made with: of its closure, and the defaults of its arguments."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            content = cell.cell_contents
        except ValueError:  # not bound yet: a function that calls itself before it is assigned
            continue
        if content is not function:
            yield name, content
    for position, value in enumerate(function.__defaults__ or ()):
        yield f"default {position}", value
    yield from sorted((function.__kwdefaults__ or {}).items())


def _of_bytes(label: str, value: Any) -> CodePrint:
    """Return the fingerprint of a value by its content: as JSON where it is that, else as pickled."""
    if is_json(value):
        data = canonical(plain(value)).encode()
    else:
        from .pickles import dump_by_value  # as above

        try:
            data = dump_by_value(value)
        except Exception as problem:  # noqa: BLE001  pickling runs the code of the value's classes
            return dynamic(f"<held>:{label}", f"a value that cannot be pickled: {problem}")
    return _print(parts={f"<held>:{label}": hashlib.sha256(data).hexdigest()})


def _print(*, parts: dict[str, str] | None = None, packages: frozenset[str] = frozenset()) -> CodePrint:
    return CodePrint(parts=parts or {}, packages=packages, variables=frozenset(), dynamics=())
