"""Mutations of projects: an edit, and which steps it must and must not make run again."""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from graftline.core.keys import call_digest
from graftline.core.ports import Loaded, LoadRequest
from graftline.plugins.local.loader import LocalLoader
from graftline.worker.workplace import open_workplace, target_of

Edit: TypeAlias = "tuple[str, str, str] | tuple[str, None, str] | tuple[str, None, None]"
"""(file, old text, new text); (file, None, whole text); (file, None, None) removes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One edit of one project."""

    name: str
    row: str
    """Of the table of figures it belongs to."""
    files: Mapping[str, str]
    """Of the project before the edit."""
    edits: tuple[Edit, ...]
    reruns: frozenset[str]
    """Steps whose result does not hold any more; all others must be kept."""
    harmless: frozenset[str] = frozenset()
    """Steps that run again although nothing of theirs has changed: known, and counted as false re-runs."""
    keeps_time: bool = False
    """The edited files get their old modification time back."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of the second run that differ."""
    path: tuple[str, ...] = ()
    """Entries of sys.path beside the project's root, relative to it."""
    target: str = "pipeline.py"


def project(text: str) -> dict[str, str]:
    """Return the files of a project written as one text: `=== name` begins each. Without one it is steps.py.

    A pipeline.py is added that has each function of steps.py without an underscore as a step.
    """
    files: dict[str, str] = {}
    name = "steps.py"
    for line in f"{text.strip()}\n".splitlines(keepends=True):
        if line.startswith("=== "):
            name = line[4:].strip()
            files[name] = ""
        else:
            files[name] = files.get(name, "") + line
    if "pipeline.py" not in files and "pipeline.yaml" not in files:
        files["pipeline.py"] = pipeline_of(steps_in(files["steps.py"]))
    return files


def steps_in(text: str) -> list[str]:
    """Return the names a module binds to functions that are steps: defined at its top, without an underscore."""
    found = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            found.append(node.name)
    return found


def pipeline_of(steps: Sequence[str]) -> str:
    """Return the text of a pipeline with these functions of steps.py, each with one return value."""
    tasks = "\n".join(f'        PythonTask(steps.{each}, name="{each}", returns=["{each}"]),' for each in steps)
    head = "import steps\n\nfrom graftline import Pipeline, PythonTask\n\n"
    return f'{head}main = Pipeline(\n    name="main",\n    steps=[\n{tasks}\n    ],\n)\n'


def mutation(name: str, row: str, text: str | Mapping[str, str], *edits: Edit, **said: object) -> Mutation:
    """Return a mutation; `reruns` and `harmless` are names with spaces between them."""
    files = project(text) if isinstance(text, str) else text
    for file, old, _ in edits:
        assert old is None or files[file].count(old) == 1, (name, file, old, files[file].count(old))
    sets = {key: frozenset(str(said.pop(key, "")).split()) for key in ("reruns", "harmless")}
    return Mutation(name=name, row=row, files=files, edits=edits, **sets, **said)  # type: ignore[arg-type]  # by key


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files of a project."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def apply(folder: Path, case: Mutation) -> None:
    """Edit the files of a project."""
    for file, old, new in case.edits:
        path = folder / file
        before = path.stat() if path.exists() else None
        if new is None:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(new if old is None else path.read_text().replace(old, new))
        if case.keeps_time and before is not None:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def restore(folder: Path, case: Mutation) -> None:
    """Undo the edits."""
    for file, _, _ in case.edits:
        if file in case.files:
            write(folder, {file: case.files[file]})
        else:
            (folder / file).unlink()
            if not any((folder / file).parent.iterdir()):
                (folder / file).parent.rmdir()


class Bench:
    """Loads projects by the real loader and says what of their steps changed.

    Args:
        loader: which starts a process for each load.
        folder: where projects are written.
    """

    def __init__(self, loader: LocalLoader, folder: Path) -> None:
        self._loader = loader
        self._folder = folder
        self._before: dict[str, dict[str, object]] = {}
        self._judged: dict[tuple[str, object], tuple[set[str], set[str]]] = {}
        self._functions: dict[str, str] = {}
        """Step of the last load -> name of its function."""

    def changed(self, case: Mutation) -> tuple[set[str], set[str]]:
        """Return the steps that would run again after the edit, and those that would be kept."""
        if (known := self._judged.get((case.name, case.edits))) is None:
            known = self._judged[case.name, case.edits] = self._judge(case)
        return known

    def changed_functions(self, case: Mutation) -> tuple[set[str], set[str]]:
        """Return the same by the names of the functions that steps call."""
        again, kept = self.changed(case)
        return {self._functions[each] for each in again}, {self._functions[each] for each in kept}

    def _judge(self, case: Mutation) -> tuple[set[str], set[str]]:
        written = repr(sorted(case.files.items())) + case.target
        key = hashlib.sha256(written.encode()).hexdigest()[:12]
        folder = self._folder / key / "project"
        if key not in self._before:
            write(folder, case.files)
            self._before[key] = self._material(folder, case, {})
        before = self._before[key]
        apply(folder, case)
        try:
            after = self._material(folder, case, case.environ)
        finally:
            restore(folder, case)
        again = {path for path in after if after[path] is None or before.get(path) != after[path]}
        return again, set(after) - again

    def load(self, folder: Path, target: str = "pipeline.py", path: Sequence[str] = ()) -> Loaded:
        """Compile a target."""
        found = target_of(open_workplace(target, cwd=str(folder), environ={}, project=str(folder)))
        search = (*found.sys_path, *(os.path.normpath(folder / each) for each in path))
        return self._loader.load(LoadRequest(target=replace(found, sys_path=search), params={}, values={}))

    def _material(self, folder: Path, case: Mutation, environ: Mapping[str, str]) -> dict[str, object]:
        """Return by step what its key is made of, as far as it is known before a run; None: it runs each time."""
        loaded = self.load(folder, case.target, case.path)
        self._functions = {}
        found: dict[str, object] = {}
        nodes = [*loaded.graph.nodes, *(node for body in loaded.graph.bodies for node in body.nodes)]
        for node in nodes:
            made = loaded.prints.get(node.operation)
            if made is None:
                continue
            operation = loaded.graph.operations[node.operation]
            self._functions[node.path] = operation.call.qualname or node.path
            data = {name: _content(folder, name) for name in (*made.reads, *operation.policy.reads)}
            values = {name: environ.get(name) for name in (*made.variables, *operation.policy.env)}
            material = (made.digest, sorted(made.packages.items()), data, values, call_digest(operation))
            found[node.path] = None if made.unknown or made.source else (material, _constants(node))
        return found


def _constants(node: object) -> str:
    return repr(getattr(node, "arguments", ()))


def _content(folder: Path, pattern: str) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.glob(pattern)) if path.is_file()}


def named(cases: Iterable[Mutation]) -> list[Mutation]:
    """Return cases whose names are different.

    Raises:
        AssertionError: two have one name.
    """
    found = list(cases)
    names = [each.name for each in found]
    assert len(set(names)) == len(names), sorted(name for name in names if names.count(name) > 1)
    return found
