"""The code of a function that is to be registered: fetched from a module, a file, inline code, git or a zip.

Nothing of it is run: what a Python file defines is read from its syntax. What is kept is the file and the project files
it imports, laid out as they are found from one directory on sys.path.
"""

from __future__ import annotations

import ast
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from importlib.machinery import PathFinder

from ..core.errors import InvalidError, PluginError, nearest
from ..core.graph import Json
from ..core.library import Fetched, FunctionRequest
from ..core.named import NamedTuple
from ..core.place import relative_to
from ..core.sources import parse, reach
from .naming import files_named, modules_named
from .reaching import yaml_data
from .sourcefile import read_source
from .unpacking import manifest_of
from .workplace import module_of, search_path

LARGEST_BYTES = 64 * 1024 * 1024
"""Of all files of a repository or zip that are looked at."""
GIT_LIMIT_S = 120.0
_GIT = re.compile(
    # An @ before the host belongs to the url: user:password@host/path, git@host:path.
    r"git\+(?P<url>(?:[\w+.-]+://[^/#]*|[^@/:#]+@[^:/#]+:)?[^@#]*)(?:@(?P<ref>[^#]+))?#(?P<path>[^#]+)"
)
_ZIP = re.compile(r"(?P<file>.+\.zip)#(?P<path>[^#]+)")
_INLINE = {"python": "inline.py", "shell": "inline.sh", "pipeline": "inline.yaml"}


class _Code(NamedTuple):
    """The files of a function's code."""

    path: str
    """The file its source names, as the others are laid out."""
    files: dict[str, bytes]


def fetch(request: FunctionRequest, kind: str, *, root: str, cwd: str) -> Fetched:
    """Return the code of a function and what is recorded of where it is from.

    Args:
        request: What a person wants to register.
        kind: Its kind.
        root: Absolute project root.
        cwd: Absolute directory that paths were written from.

    Raises:
        InvalidError: there is no such file, repository, commit or function in it.
        PluginError: git is not installed, or takes too long.
    """
    if request.code is not None:
        return _inline(request.name, request.code, kind)
    source = request.source or ""
    if source.startswith("git+"):
        return _from_git(source, cwd)
    if match := _ZIP.fullmatch(source):
        return _from_zip(match["file"], match["path"], source, cwd)
    path, name = _split(source)
    if "/" not in path and os.path.splitext(path)[1] not in _FILES and not os.path.exists(os.path.join(cwd, path)):
        return _module(path, name, source, (cwd, root, *sys.path))
    file = os.path.normpath(os.path.join(cwd, path))
    if not os.path.isfile(file):
        folder = os.path.dirname(file)
        known = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        raise InvalidError(f"there is no file '{path}'{nearest(os.path.basename(path), known)}")
    base = root if file.startswith(os.path.join(root, "")) else os.path.dirname(file)
    return _fetched("file", _gathered(file, base, name), name, source)


_FILES = (".py", ".ipynb", ".sh", ".bash", ".yaml", ".yml")


def _inline(name: str, code: str, kind: str) -> Fetched:
    if not code.strip():
        raise InvalidError("--code is empty")
    path = _INLINE.get(kind, "inline.txt")
    found: str | None = None
    if path.endswith(".py"):
        tree = parse(code, "--code")
        functions = [each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
        if name not in functions and len(functions) != 1:
            held = f"it defines {', '.join(functions)}" if functions else "it defines none"
            raise InvalidError(f"--code holds no function '{name}', and not exactly one: {held}")
        found = name if name in functions else functions[0]
    return _fetched("inline", _Code(path, {path: code.encode()}), found, f"inline {path.rpartition('.')[2]}")


def _module(module: str, name: str | None, source: str, search: Sequence[str]) -> Fetched:
    if not all(part.isidentifier() for part in module.split(".")):
        raise InvalidError(
            f"'{source}' names no code", "write package.module:NAME, FILE.py:NAME, git+URL@REF#FILE:NAME"
        )
    path: Sequence[str] | None = list(search)
    parts = module.split(".")
    file: str | None = None
    for count in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:count]), path)
        if spec is None:
            raise InvalidError(f"there is no module '{'.'.join(parts[:count])}'", f"looked for in {search[0]} first")
        file, path = spec.origin, spec.submodule_search_locations and list(spec.submodule_search_locations)
    if file is not None and file.endswith(".py"):
        _check_name(file, name)
    return Fetched(source={"type": "module", "module": module, "name": name}, origin=source)


def _from_git(source: str, cwd: str) -> Fetched:
    match = _GIT.fullmatch(source)
    if match is None:
        raise InvalidError(f"'{source}' names no code in git", "write git+URL@REF#path/file.py:NAME")
    url, ref = match["url"], match["ref"] or "HEAD"
    path, name = _split(match["path"])
    place = url if re.match(r"[\w+.-]+://|[\w.-]+@[\w.-]+:", url) else os.path.abspath(os.path.join(cwd, url))
    shown = re.sub(r"//[^/@]*@", "//", url)  # never a password
    with tempfile.TemporaryDirectory(prefix="graft-git-") as folder:
        bare, tree = os.path.join(folder, "bare"), os.path.join(folder, "tree")
        _git("clone", "--quiet", "--bare", "--", place, bare, what=f"'{shown}' cannot be cloned")
        what = f"'{shown}' has no commit '{ref}'"
        commit = _git("-C", bare, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", what=what).decode().strip()
        packed = _git("-C", bare, "archive", "--format=tar", commit, what=f"commit {commit} cannot be read")
        _check_size(len(packed), shown)
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(tree, filter="data")
        code = _unpacked_code(tree, path, f"commit {commit[:12]}", name)
    origin = source.replace(url, shown)
    return _fetched("git", code, name, origin, url=shown, commit=commit)


def _from_zip(bundle: str, inside: str, source: str, cwd: str) -> Fetched:
    path, name = _split(inside)
    try:
        with open(os.path.join(cwd, bundle), "rb") as file:
            data = file.read()
        archive = zipfile.ZipFile(io.BytesIO(data))
    except OSError as error:
        raise InvalidError(f"'{bundle}' cannot be read: {error.strerror}") from error
    except zipfile.BadZipFile as error:
        raise InvalidError(f"'{bundle}' is no zip file: {error}") from error
    _check_size(sum(each.file_size for each in archive.infolist()), bundle)
    with tempfile.TemporaryDirectory(prefix="graft-zip-") as folder:
        tree = os.path.realpath(folder)
        for member in archive.infolist():
            target = os.path.normpath(os.path.join(tree, member.filename))
            if not target.startswith(os.path.join(tree, "")) and not member.is_dir():
                raise InvalidError(f"'{bundle}' holds a file outside of itself: {member.filename}")
        try:
            archive.extractall(tree)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:  # damaged, or with a password
            raise InvalidError(f"'{bundle}' cannot be unpacked: {error}") from error
        code = _unpacked_code(tree, path, f"'{bundle}'", name)
    return _fetched("zip", code, name, source, sha256=hashlib.sha256(data).hexdigest())


def _unpacked_code(tree: str, path: str, where: str, name: str | None) -> _Code:
    file = os.path.normpath(os.path.join(tree, path))
    if not _is_in(file, tree) or not os.path.isfile(file):
        known = [relative_to(tree, os.path.join(folder, each)) for folder, _, names in os.walk(tree) for each in names]
        raise InvalidError(f"{where} has no file '{path}'{nearest(path, known)}")
    try:
        return _gathered(file, tree, name)
    except InvalidError as problem:
        problem.rename_files(lambda each: relative_to(tree, each))  # the directory is gone when a person reads it
        raise


def _gathered(file: str, root: str, name: str | None) -> _Code:
    """Return a file with the project files it needs, each where a directory on sys.path would have it."""
    if file.endswith(".py"):
        _check_name(file, name)
        search = search_path(file, root)
        reached = reach(file, search, read_source).files
        return _laid_out(file, module_of(file)[0], reached, [entry for entry in search if _is_in(entry, root)])
    if file.endswith((".yaml", ".yml")):
        data = yaml_data(file)[0]
        files = [file]
        for each in (*files_named(data, root), *modules_named(data, root)):
            files += reach(each, search_path(each, root), read_source).files
        return _laid_out(file, root, files, [root])
    return _laid_out(file, os.path.dirname(file), [file], [os.path.dirname(file)])


def _laid_out(file: str, base: str, files: Iterable[str], search: Sequence[str]) -> _Code:
    found: dict[str, bytes] = {}
    for each in sorted({file, *files}):
        with open(each, "rb") as source:
            data = source.read()
        # A file that two entries of sys.path reach has a name from each.
        for entry in search:
            if _is_in(each, entry):
                found.setdefault(os.path.relpath(each, entry), data)
    return _Code(os.path.relpath(file, base), found)


def _fetched(kind: str, code: _Code, name: str | None, origin: str, **more: Json) -> Fetched:
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in code.files.items()}
    manifest = manifest_of(digests)
    key = hashlib.sha256(manifest).hexdigest()
    contents = {digests[path]: data for path, data in code.files.items()} | {key: manifest}
    source: dict[str, Json] = {"type": kind, "path": code.path, "code": key, **more}
    return Fetched(source=source if name is None else {**source, "name": name}, code=contents, origin=origin)


def _check_name(file: str, name: str | None) -> None:
    """Refuse a name that the top of a Python file does not have; where `import *` may bring it, it is believed."""
    text = read_source(file)
    if text is None:
        raise InvalidError("it is no Python source", file=file)
    tree = parse(text, file)
    if name is None or any(
        isinstance(each, ast.ImportFrom) and any(alias.name == "*" for alias in each.names) for each in ast.walk(tree)
    ):
        return
    known = _names_at_top(tree.body)
    first = name.partition(".")[0]
    if first not in known:
        raise InvalidError(f"there is no '{name}' in it{nearest(first, known)}", file=file)


def _names_at_top(body: Sequence[ast.stmt]) -> list[str]:
    found: list[str] = []
    for each in body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.append(each.name)
        elif isinstance(each, ast.Import | ast.ImportFrom):
            found += [alias.asname or alias.name.partition(".")[0] for alias in each.names]
        elif isinstance(each, ast.If | ast.Try | ast.With | ast.For | ast.While):
            inner = [*each.body, *getattr(each, "orelse", []), *getattr(each, "finalbody", [])]
            inner += [line for handler in getattr(each, "handlers", []) for line in handler.body]
            found += _names_at_top(inner)
        else:
            found += [node.id for node in ast.walk(each) if isinstance(node, ast.Name)]
    return found


def _split(text: str) -> tuple[str, str | None]:
    path, colon, name = text.rpartition(":")
    return (path, name) if colon and "/" not in name else (text, None)


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))


def _check_size(size: int, what: str) -> None:
    if size > LARGEST_BYTES:
        raise InvalidError(f"'{what}' holds more than {LARGEST_BYTES // 1024**2} MB: code has less")


def _git(*arguments: str, what: str) -> bytes:
    environ = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, timeout=GIT_LIMIT_S, env=environ, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError as error:
        raise PluginError("git is not installed, and the source is a git repository", "install git") from error
    except subprocess.TimeoutExpired as error:
        raise PluginError(f"{what}: git takes longer than {GIT_LIMIT_S:g} s") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise InvalidError(what, re.sub(r"//[^/@\s]*@", "//", said[-1]) if said else None)
    return done.stdout
