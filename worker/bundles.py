"""Bundles: everything of a run that a machine needs which sees neither the project nor the store, as one zip file.

    bundle.json         the `Manifest`
    graph.json          operations, and the nodes when whoever makes it has them
    project/PATH        the planned sources, as recorded, and the files that steps declare to read
    objects/SHA256      functions pickled by value, and the recorded code of registered functions

One content has one file: entries are sorted, times are those of zip's epoch. So its sha256 names it, and a machine that
has unpacked it once for a run never needs it again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..core.errors import PluginError, StoreError
from ..core.graph import Graph, Operation
from ..core.graphcodec import graph_from_json, graph_to_json
from ..core.orders import RunContext
from ..core.records import dataclass, field
from ..core.undeclared import GuardMode
from .blobs import object_path, store_parts
from .handshake import Speaker, here
from .recorded import PREFIX

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip file can hold."""
_MODE = 0o644 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a bundle says of itself and of its run. Paths are relative to the project root, which it carries."""

    speaker: Speaker
    requirements: Mapping[str, str]
    """Distribution -> version of the packages the project imports, where the run is hosted."""
    cwd: str
    """Where steps start; `.` is the root."""
    sys_path: tuple[str, ...]
    """Entries put before sys.path; absolute ones are outside of the project, and used where they exist."""
    planned_files: Mapping[str, str]
    params: Mapping[str, Any]
    """Any: what JSON holds."""
    code: str | None
    guard: str | None
    preload: tuple[str, ...]
    secrets: tuple[str, ...]
    """Names; values are looked up where steps run, and never travel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle as it travels."""

    digest: str
    """sha256 of the bytes."""
    data: bytes = field(default=b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A bundle on the machine where its steps run."""

    manifest: Manifest
    graph: Graph
    """Without nodes when whoever packed it gave none."""
    root: str
    """Absolute directory of the project's copy."""
    objects: str
    """Absolute directory of object files."""


def pack(
    context: RunContext, *, requirements: Mapping[str, str], files: Iterable[str] = (), graph: Graph | None = None
) -> Bundle:
    """Make the bundle of a run.

    Args:
        context: of the run; what its `contents` lack is read from the project.
        requirements: distribution -> version.
        files: further files that travel, relative to the root: what steps declare to read.
        graph: the whole graph, for places where no engine says what comes next; None: its operations alone.

    Raises:
        StoreError: a file or an object cannot be read.
    """
    entries = {
        "bundle.json": _encoded(_manifest(context, requirements)),
        "graph.json": _encoded(graph_to_json(graph or Graph(name="", nodes=(), operations=context.operations))),
    }
    for path in sorted({*context.planned_files, *files}):
        data = context.contents.get(context.planned_files.get(path, ""))
        root = context.root if path in context.planned_files else context.work_tree or context.root
        entries[f"project/{path}"] = _read(os.path.join(root, path)) if data is None else data
    for digest in sorted(_needed_objects(context.operations, context.objects)):
        entries[f"objects/{digest}"] = _read(object_path(context.objects, digest))
    data = _zipped(entries)
    return Bundle(digest=hashlib.sha256(data).hexdigest(), data=data)


def unpack(bundle: Bundle, folder: str) -> Unpacked:
    """Write a bundle into a directory, which is made.

    Raises:
        PluginError: the bytes are not those of its digest, or a name leads out of the directory.
        OSError: it cannot be written.
    """
    if hashlib.sha256(bundle.data).hexdigest() != bundle.digest:
        raise PluginError(f"bundle {bundle.digest[:12]} came damaged")
    root, objects = os.path.join(folder, "project"), os.path.join(folder, "objects")
    for each in (root, objects):
        os.makedirs(each, mode=0o700, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(bundle.data)) as archive:
        for name in archive.namelist():
            room, _, path = name.partition("/")
            if room == "objects":
                data = archive.read(name)
                store_parts([data], len(data), objects)
            elif room == "project":
                _write(root, path, archive.read(name))
        manifest = _manifest_of(json.loads(archive.read("bundle.json")))
        graph = graph_from_json(json.loads(archive.read("graph.json")))
    os.makedirs(os.path.join(root, manifest.cwd), exist_ok=True)
    return Unpacked(manifest=manifest, graph=graph, root=root, objects=objects)


def graph_in(bundle: Bundle) -> Graph:
    """Return the graph of a bundle without unpacking it."""
    with zipfile.ZipFile(io.BytesIO(bundle.data)) as archive:
        return graph_from_json(json.loads(archive.read("graph.json")))


def context_of(
    unpacked: Unpacked, *, run: str, folder: str, jobs: int, secrets: Callable[[str], str | None]
) -> RunContext:
    """Return the context of a run at the place a bundle was unpacked at.

    Args:
        unpacked: the bundle.
        run: id of the run.
        folder: absolute directory for logs and slot files, which are made.
        jobs: attempts at once.
        secrets: value by name; None: it is not set here, which fails the steps that want it.
    """
    manifest, root = unpacked.manifest, unpacked.root
    for name in ("logs", "slots"):
        os.makedirs(os.path.join(folder, name), mode=0o700, exist_ok=True)
    found = {name: value for name in manifest.secrets if (value := secrets(name)) is not None}
    return RunContext(
        run=run,  # type: ignore[arg-type]  # an id from a message
        operations=unpacked.graph.operations,
        root=root,
        cwd=os.path.normpath(os.path.join(root, manifest.cwd)),
        sys_path=tuple(_placed(root, manifest.sys_path)),
        objects=unpacked.objects,
        logs=os.path.join(folder, "logs"),
        slots=os.path.join(folder, "slots"),
        jobs=jobs,
        preload=manifest.preload,
        secrets=found,
        planned_files=manifest.planned_files,
        code=manifest.code,
        params=manifest.params,
        guard=None if manifest.guard is None else GuardMode(manifest.guard),
    )


def _manifest(context: RunContext, requirements: Mapping[str, str]) -> dict[str, Any]:
    root = context.root
    inside = _relative(context.cwd, context.work_tree or root)
    secrets = {name for operation in context.operations for name in operation.policy.secrets}
    return {
        "speaker": here()._asdict(),
        "requirements": dict(requirements),
        "cwd": "." if inside is None else inside,
        "sys_path": [_relative(entry, root) or entry for entry in context.sys_path],
        "planned_files": dict(context.planned_files),
        "params": dict(context.params),
        "code": context.code,
        "guard": None if context.guard is None else context.guard.value,
        "preload": list(context.preload),
        "secrets": sorted(secrets),
    }


def _manifest_of(given: Mapping[str, Any]) -> Manifest:
    return Manifest(
        speaker=Speaker(**given["speaker"]),
        requirements=given["requirements"],
        cwd=given["cwd"],
        sys_path=tuple(given["sys_path"]),
        planned_files=given["planned_files"],
        params=given["params"],
        code=given["code"],
        guard=given["guard"],
        preload=tuple(given["preload"]),
        secrets=tuple(given["secrets"]),
    )


def _needed_objects(operations: Iterable[Operation], objects: str) -> set[str]:
    """Return the digests of what operations call that no import finds: pickled functions, recorded code."""
    found = {operation.call.blob for operation in operations if operation.call.blob is not None}
    modules = {operation.call.module for operation in operations if operation.call.module}
    for package in {module.partition(".")[0] for module in modules if module.startswith(PREFIX)}:
        start = package.removeprefix(PREFIX)
        folder = os.path.join(objects, start[:2])
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            if name.startswith(start[2:]):
                found |= {start[:2] + name, *json.loads(_read(os.path.join(folder, name))).values()}
    return found


def _placed(root: str, entries: Iterable[str]) -> Iterable[str]:
    for entry in entries:
        path = os.path.normpath(os.path.join(root, entry))
        if os.path.isdir(path):
            yield path


def _relative(path: str, root: str) -> str | None:
    """Return a path from the root on; None when it is outside."""
    relative = os.path.relpath(path, root)
    return None if relative == os.pardir or relative.startswith(os.pardir + os.sep) else relative


def _zipped(entries: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = _MODE
            info.create_system = 3  # as on Unix, so that every machine writes the same
            archive.writestr(info, entries[name])
    return buffer.getvalue()


def _encoded(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as problem:
        raise StoreError(f"cannot be sent to another machine: {problem.strerror}", file=path) from problem


def _write(root: str, path: str, data: bytes) -> None:
    target = os.path.normpath(os.path.join(root, path))
    if not target.startswith(os.path.join(root, "")):
        raise PluginError(f"a bundle names a file outside of its project: {path}")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(data)
