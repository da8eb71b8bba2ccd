"""Fingerprints of a graph's operations: of each what its code reaches, in the process that has the code imported."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..core.callables import plain
from ..core.canonical import canonical
from ..core.fingerprints.places import Places
from ..core.fingerprints.readers import source_reason
from ..core.fingerprints.trace import CodePrint, DynamicUse, Tracer
from ..core.functions import Function, functions_in
from ..core.graph import Call, CallKind, Graph, Operation
from ..core.inheriting import inherited
from ..core.kinds import BUNDLED_KINDS
from ..core.pipeline import Pipeline
from ..core.prints import Print
from ..core.records import replace
from ..core.supply import Blob
from ..core.tasks import PythonTask, ScriptTask, ShellTask
from .installed import COMPILED, beyond, distributions_of, own_path, versions_of
from .prints import Prints, merged, part_of, parts_digest
from .recorded import PREFIX
from .sourcetext import SourceText

if TYPE_CHECKING:
    from .commandcode import ShellCode

_WITHOUT_CODE = frozenset({CallKind.SPLIT, CallKind.CHOOSE, CallKind.UNTIL, CallKind.JOIN, CallKind.LOAD})
_READERS = ("pandas", "pyarrow", "duckdb")
"""Packages that our feeds read by: with another version what they read may be something else."""
_TOLD = 3
"""Places of unknown code a sentence names."""


def prints_of(graph: Graph, pipeline: Pipeline, *, root: str, cwd: str, carried: Mapping[str, Any]) -> dict[int, Print]:
    """Return the fingerprint of each operation that has code of its own, by its index.

    Args:
        graph: compiled from the pipeline; its functions are imported here.
        pipeline: what registered functions of other kinds are looked for in.
        root: absolute project root.
        cwd: absolute working directory of steps.
        carried: functions and constants that go by value, by the sha256 of their bytes.

    Raises:
        InvalidError: a file that a script or shell command reaches is no Python, at file:line.
    """
    names: dict[int, set[str]] = {
        index: set() for index, operation in enumerate(graph.operations) if operation.call.kind is CallKind.SHELL
    }
    blobs: dict[int, set[str]] = {}
    for node in (*graph.nodes, *(node for body in graph.bodies for node in body.nodes)):
        if node.operation in names:
            names[node.operation].update([name for name, _, _ in node.arguments])
        for _, source, _ in node.arguments:
            if type(source) is Blob:
                blobs.setdefault(node.operation, set()).add(source.sha256)
    printer = _Printer(root, cwd, carried, _kept_by_kinds(pipeline))
    found: dict[int, Print] = {}
    classes: dict[int, frozenset[tuple[str, str]]] = {}
    for index, operation in enumerate(graph.operations):
        made = printer.of(operation, names.get(index, frozenset()), tuple(sorted(blobs.get(index, ()))))
        if made is not None:
            found[index], classes[index] = made
    for index, taken in inherited(graph, classes).items():
        if index in found:
            found[index] = printer.inheriting(found[index], taken)
    used = {id(each): _used(each) for each in {id(each): each for each in found.values()}.values()}
    packages = {index: used[id(each)] for index, each in found.items()}
    for index, taken in inherited(graph, packages).items():
        if index in found and (more := taken - packages[index]):
            found[index] = printer.using(found[index], more)
    return found


class _Printer:
    """Makes the prints of one graph; what operations have in common is traced once."""

    def __init__(self, root: str, cwd: str, carried: Mapping[str, Any], kept: Mapping[object, str]) -> None:
        self._root = root
        self._cwd = cwd
        self._carried = carried
        self._kept = kept
        self._read = SourceText()
        self._search = own_path()
        self._tracers: dict[tuple[str, str], Tracer] = {}
        self._known: dict[tuple[object, ...], CodePrint] = {}
        self._made: dict[tuple[object, ...], tuple[Print, frozenset[tuple[str, str]]]] = {}
        """Thousands of steps may call one function, and what is one object crosses to the caller once."""
        self._near: dict[tuple[int, int, tuple[str, ...]], tuple[Print, frozenset[tuple[str, str]]]] = {}
        """The same by identity of call and policy."""
        self._held: list[Print] = []
        self._digests: dict[frozenset[tuple[str, str]], str] = {}
        self._versions: dict[frozenset[str], dict[str, str]] = {}

    def inheriting(self, one: Print, classes: frozenset[tuple[str, str]]) -> Print:
        """Return a print whose step may get values of these classes."""
        key = (id(one), classes)
        if key not in self._made:
            digest = self._digests.get(classes)
            if digest is None:
                digest = self._digests[classes] = parts_digest(classes, self._tracer(self._root).trace)
            self._made[key] = replace(one, inherits=digest), classes
        return self._made[key][0]

    def using(self, one: Print, packages: frozenset[tuple[str, str]]) -> Print:
        """Return a print whose step may get values of these packages, which it does not use itself."""
        key = (id(one), packages, "packages")
        if key not in self._made:
            digest = hashlib.sha256(canonical(sorted(packages)).encode()).hexdigest()
            self._made[key] = replace(one, libraries=digest), packages
            self._held.append(one)  # so that no other one gets its id
        return self._made[key][0]

    def of(
        self, operation: Operation, arguments: Collection[str], blobs: tuple[str, ...] = ()
    ) -> tuple[Print, frozenset[tuple[str, str]]] | None:
        """Return the fingerprint of an operation and the classes its code reaches; None: it has no code of its own.

        Args:
            operation: of the graph.
            arguments: of a command: names of all arguments its nodes have.
            blobs: digests of constants among them that go by value.
        """
        call, policy = operation.call, operation.policy
        if call.kind in _WITHOUT_CODE or (call.kind is CallKind.REDUCE and call.qualname is None):
            return None
        if call.kind is CallKind.SINK:
            return Print(), frozenset()
        if call.kind is CallKind.FEED:
            return _feed_print(call), frozenset()
        if call.kind is CallKind.SHELL:
            return self._new(operation, arguments, blobs)
        # Ten thousand steps of a few functions mostly share their prints: 26 us each are 2 then, and with call and
        # policy, which the graph keeps alive, 0.6.
        near = (id(call), id(policy), blobs)
        made = self._near.get(near)
        if made is not None:
            return made
        key = (*_code_key(call), policy.secrets, bool(policy.reads), policy.cache != "auto", blobs)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._new(operation, arguments, blobs)
        self._near[near] = made
        return made

    def _new(
        self, operation: Operation, arguments: Collection[str], blobs: tuple[str, ...]
    ) -> tuple[Print, frozenset[tuple[str, str]]]:
        call, policy = operation.call, operation.policy
        declares = bool(policy.reads) or policy.cache != "auto"
        shell = self._command(operation) if call.kind is CallKind.SHELL else None
        code = self._code(call) if shell is None else shell.code
        if blobs:
            values = Prints(self._root, self._tracer(self._root))
            code = merged([code, *(values.value(self._carried[each]) for each in blobs)])
        takes = bool(arguments) or bool(policy.get)
        source = source_reason(code.uses, is_command=shell is not None, takes=takes, declares=declares)
        if source is None and not declares:
            source = _unseen(call, shell)
        if code.packages not in self._versions:
            self._versions[code.packages] = versions_of(code.packages)
        # A command has its arguments as variables, and whose value is a secret is no part of a key.
        aside = {*policy.secrets, *(arguments if shell is not None else ())}
        made = Print(
            parts=code.parts,
            packages=self._versions[code.packages],
            variables=tuple(sorted(code.variables - aside)),
            reads=() if shell is None else shell.reads,
            source=source,
            unknown=_unknown(code.dynamics),
        )
        return made, code.classes

    def _code(self, call: Call) -> CodePrint:
        key = _code_key(call)
        if key not in self._known:
            found = self._new_code(call)
            kept = self._kept.get(call.script if call.script is not None else self._identity(call))
            if kept is not None:
                found = merged([found, part_of("<function>:<kind>", kept)])
            self._known[key] = found
        return self._known[key]

    def _new_code(self, call: Call) -> CodePrint:
        if call.kind in (CallKind.STUB, CallKind.LEARN, CallKind.LOAD):
            return merged([])  # what a model runs is in its arguments, which count with the code they name
        if call.kind is CallKind.NOTEBOOK:
            from .notebookcode import notebook_print  # for notebooks

            file = os.path.join(self._root, call.script or "")
            return notebook_print(self._beside(file), self._read.plain(file), file, self._root)
        if call.kind is CallKind.SCRIPT:
            file = os.path.join(self._root, call.script or "")
            tracer = self._beside(file)
            return tracer.trace_script(file) if call.qualname is None else tracer.trace(file, call.qualname)
        function = self._function(call)
        # Recorded code has its modules to itself; its parts are named as they were below its own root.
        home = sys.modules.get(str(getattr(function, "__module__", "")).partition(".")[0])
        if home is not None and home.__name__.startswith(PREFIX):
            folder = home.__path__[0]
            return Prints(folder, self._tracer(folder, folder)).of(function)
        return Prints(self._root, self._tracer(self._root)).of(function)

    def _function(self, call: Call) -> Callable[..., Any]:
        if call.blob is not None:
            carried: Callable[..., Any] = self._carried[call.blob]
            return carried
        found: Any = sys.modules[call.module or ""]
        for part in (call.qualname or "").split("."):
            found = getattr(found, part)
        function: Callable[..., Any] = plain(found)
        return function

    def _identity(self, call: Call) -> object:
        return None if call.kind is not CallKind.PYTHON else id(self._function(call))

    def _command(self, operation: Operation) -> ShellCode:
        from .commandcode import ShellCode  # 1 ms, for commands

        call = operation.call
        made = [each.file for each in operation.returns if each.file is not None]
        found = ShellCode(self._root, self._cwd, self._read, self._beside, {*made, *operation.policy.put})
        found.add(call.command or "")
        kept = self._kept.get(call.command)
        if kept is not None:
            found.add_part("<function>:<kind>", kept)
        return found

    def _beside(self, file: str) -> Tracer:
        """Return a tracer for a file that is run: its own directory comes first on sys.path."""
        return self._tracer(self._root, os.path.dirname(file))

    def _tracer(self, root: str, first: str = "") -> Tracer:
        if (root, first) not in self._tracers:
            search = [*([first] if first else []), *self._search, self._root]
            places = Places(search, self._read, compiled=COMPILED, beyond=beyond)
            self._tracers[root, first] = Tracer(root, search, self._read, places)
        return self._tracers[root, first]


def _feed_print(call: Call) -> Print:
    """Return the print of what asks a feed; `core/engines.py` adds what is to be known of the feeds themselves."""
    if call.module is not None or call.blob is not None:
        return Print(unknown="it asks by an expression, whose tables may have changed")
    return Print(packages={**versions_of(_READERS), **distributions_of("graftline")})


def _used(one: Print) -> frozenset[tuple[str, str]]:
    return frozenset((name, version) for name, version in one.packages.items() if name != "python")


def _code_key(call: Call) -> tuple[object, ...]:
    return (call.kind, call.module, call.qualname, call.blob, call.script)


def _unseen(call: Call, shell: ShellCode | None) -> str | None:
    """Say why nobody sees what a step reads: another process does it."""
    if shell is not None:
        return shell.source
    if call.kind is CallKind.NOTEBOOK:
        return "runs in a kernel of its own, where what it reads is not seen"
    return None


def _unknown(dynamics: tuple[DynamicUse, ...]) -> str | None:
    """Say which code only execution would tell."""
    if not dynamics:
        return None
    told = [f"{use.what} at {use.file}:{use.line}" if use.line else f"{use.what} ({use.file})" for use in dynamics]
    more = f" and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    return f"chooses code while it runs: {', '.join(told[:_TOLD])}{more}"


def _kept_by_kinds(pipeline: Pipeline) -> dict[object, str]:
    """Return the key of each registered function whose kind is a plugin's, by what its step calls.

    What such a step does may come from the spec as well as from code, and only the plugin knows.
    """
    found: dict[object, str] = {}
    for step in _registered(pipeline):
        if step.found is None or step.found.kind in BUNDLED_KINDS:
            continue
        task = step.step
        if isinstance(task, PythonTask):
            found[id(task.function)] = step.found.key
        elif isinstance(task, ShellTask):
            found[task.command] = step.found.key
        elif isinstance(task, ScriptTask):
            found[task.script] = step.found.key
    return found


def _registered(pipeline: Pipeline) -> Iterator[Function]:
    for step in functions_in(pipeline.steps):
        yield step
        inside = getattr(step.step, "pipelines", {}) if step.found is not None else {}
        for each in inside.values():
            yield from _registered(each)
