"""Where a run takes place: the project root, its configuration, its target, its interpreter, its git state.

The impure half of `core.config` and `core.targets`: it looks at directories and files, and imports no user code.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ..core import config
from ..core.config import Layer, Settings
from ..core.errors import InvalidError, nearest
from ..core.graph import Json
from ..core.records import dataclass
from ..core.runs import CodeState, Target
from ..core.targets import Job, Named, TargetKind, of_registry, parse_target
from .userdirs import user_config_dir

CONFIG_FILE = "graftline.toml"
_GIT_LIMIT_S = 5.0
"""Seconds git may take; a run does not wait longer to learn its commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """A project on this machine."""

    root: str
    """Absolute project root."""
    settings: Settings
    target: Named
    """What is to be run, with its path absolute when it is a file or folder."""


def open_workplace(
    text: str | None,
    *,
    cwd: str,
    environ: Mapping[str, str],
    project: str | None = None,
    config_file: str | None = None,
    options: Mapping[str, object] | None = None,
) -> Workplace:
    """Find the project of a target and read its configuration.

    Args:
        text: TARGET as typed; None when nothing was.
        cwd: Absolute current directory.
        environ: Environment variables; `GRAFTLINE_*` are settings.
        project: `--project DIR`: the root, whatever lies above it; relative to `cwd`.
        config_file: `-C FILE`.
        options: Settings given as options, by dotted key; None values are not given.

    Raises:
        InvalidError: the target is none, or the configuration is wrong.
    """
    named = parse_target(text)
    base = cwd if project is None else _folder(os.path.join(cwd, project))
    if named.kind is not TargetKind.MODULE:
        named = named._replace(path=os.path.normpath(os.path.join(base, named.path)))
    root = base if project is not None else find_root(_start(named, cwd))
    return Workplace(root=root, settings=read_settings(root, environ, cwd, config_file, options), target=named)


def target_of(workplace: Workplace) -> Target:
    """Return the target a loader is handed: its file exists, its text is relative to the root.

    Raises:
        InvalidError: there is no such file, or nothing is named and the project names no pipeline.
    """
    named = workplace.target
    if named.kind is TargetKind.FOLDER:
        named = _of_folder(workplace, named.path)
    if named.kind is TargetKind.MODULE:
        text = named.path if named.name is None else f"{named.path}:{named.name}"
        return Target(text=text, root=workplace.root, cwd=workplace.root, sys_path=(workplace.root,))
    if not os.path.isfile(named.path):
        raise _no_file(named.path)
    text = os.path.relpath(named.path, workplace.root)
    search = search_path(named.path, workplace.root)
    if named.kind is TargetKind.YAML:
        from .reaching import search_path_of, yaml_data  # reading YAML costs 12 ms, and reaching knows this module

        search = search_path_of(yaml_data(named.path)[0], workplace.root, os.path.dirname(named.path))
    if named.name is not None:
        text = f"{text}:{named.name}"
    return Target(text=text, root=workplace.root, cwd=workplace.root, sys_path=search)


def job_target(workplace: Workplace, job: Job, project: str | None = None) -> Target:
    """Return the target of a step that no file holds; the file it names is written from the project root then.

    Args:
        workplace: Of the project it belongs to.
        job: What is run.
        project: `--project DIR`, which a file is written from; None: from the current directory.

    Raises:
        InvalidError: there is no such file.
    """
    from .reaching import search_path_of  # it knows this module

    meant = job.step[job.key]
    if job.project is not None:
        meant = _from_root(workplace, str(meant), project)
    definition: dict[str, Json] = {"name": job.name, "steps": [{**job.step, job.key: meant}]}
    root = workplace.root
    search = search_path_of(definition, root, root)
    return Target(text=job.text, root=root, cwd=root, sys_path=search, definition=definition)


def find_root(start: str) -> str:
    """Return the project root of a directory: the nearest parent with graftline.toml, else with `[tool.graftline]` in
    its pyproject.toml, else with .git, else the directory itself."""
    start = os.path.abspath(start)
    parents = [start]
    while (above := os.path.dirname(parents[-1])) != parents[-1]:
        parents.append(above)
    for is_root in (_has_config, _has_tool_table, _has_git):
        for folder in parents:
            if is_root(folder):
                return folder
    return start


def search_path(file: str, root: str) -> tuple[str, ...]:
    """Return what sys.path starts with for a file: the directory its module name starts from, the root, its own."""
    base, _ = module_of(file)
    return tuple(dict.fromkeys((base, root, os.path.dirname(file))))


def module_of(file: str) -> tuple[str, str]:
    """Return (directory, module name) of a file: dotted below the outermost package around it, else its stem."""
    folder, name = os.path.split(file)
    parts = [name.removesuffix(".py")]
    while os.path.isfile(os.path.join(folder, "__init__.py")) and os.path.basename(folder).isidentifier():
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    return folder, ".".join(parts)


def read_settings(
    root: str,
    environ: Mapping[str, str],
    cwd: str,
    config_file: str | None = None,
    options: Mapping[str, object] | None = None,
) -> Settings:
    """Return the settings in force: defaults, user file, project file, `-C FILE`, environment, options.

    Raises:
        InvalidError: a file is no TOML, or has unknown keys or wrong types; all of them with file and line.
    """
    layers = [Layer(name="default", data={"runner": {"default": "local"}})]
    for name, path, prefix in _files(root, cwd, config_file):
        layer = _read(name, path, prefix)
        if layer is not None:
            layers.append(layer)
    return config.merge([*layers, *config.from_environ(environ), config.options(options or {})])


def interpreter(workplace: Workplace, environ: Mapping[str, str]) -> str:
    """Return the Python user code runs under: `[project] python`, else $VIRTUAL_ENV, else .venv of the root, else this.

    Raises:
        InvalidError: `[project] python` names no program.
    """
    chosen = workplace.settings.text("project.python")
    if chosen is not None:
        path = os.path.join(workplace.root, os.path.expanduser(chosen))
        path = os.path.join(path, "bin", "python") if os.path.isdir(path) else path
        if not os.access(path, os.X_OK):
            raise InvalidError(f"[project] python names '{chosen}', and {path} is no program that can be run")
        return path
    for environment in (environ.get("VIRTUAL_ENV"), os.path.join(workplace.root, ".venv")):
        path = os.path.join(environment, "bin", "python") if environment else ""
        if path and os.access(path, os.X_OK):
            return path
    return sys.executable


def git_state(root: str) -> CodeState:
    """Return commit, branch, remote, and whether tracked files differ from the commit; all None outside git."""
    if _repository(root) is None and "GIT_DIR" not in os.environ:
        return CodeState()  # without a process, which takes 6 ms to say the same
    command = ["git", "-C", root, "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    done = _git(command)
    if done is None:
        return CodeState()
    head = dict(re.findall(r"^# branch\.(\w+) (.*)$", done, re.MULTILINE))
    commit = head.get("oid")
    return CodeState(
        git=None if commit in (None, "(initial)") else commit,
        dirty=any(not line.startswith("#") for line in done.splitlines()),
        remote=_remote(root),
        branch=None if head.get("head") == "(detached)" else head.get("head"),
    )


def uncommitted_files(root: str, files: Sequence[str]) -> list[str]:
    """Return those files, relative to a root, that git has no commit of as they are; none outside git.

    Also those it does not know or ignores: nobody finds them by the commit.
    """
    command = ["git", "-C", root, "-c", "core.quotePath=off", "status", "--porcelain=v1", "-z", "--ignored"]
    told = _git([*command, "--untracked-files=all", "--no-renames", "--", *(f":(literal){file}" for file in files)])
    top = _git(["git", "-C", root, "rev-parse", "--show-prefix"])
    if told is None or top is None:
        return []
    changed = tuple(line[3:].removeprefix(top.strip()) for line in told.split("\0") if line)
    folders = tuple(each for each in changed if each.endswith("/"))  # ignored ones stand for all in them
    return [file for file in files if file in changed or file.startswith(folders)]


def _git(command: Sequence[str]) -> str | None:
    """Return what git says; None when it fails, is not there, or takes too long."""
    import subprocess  # 4 ms: nobody but the host of a run and a release ask

    # Without the variable, status takes the index lock to refresh it and disturbs a commit made meanwhile.
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_GIT_LIMIT_S, env=environ, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout if done.returncode == 0 else None


def _from_root(workplace: Workplace, written: str, project: str | None) -> str:
    """Return `file` or `file:name` as it is written from the project root."""
    path, colon, name = written.rpartition(":") if ":" in written else (written, "", "")
    file = os.path.abspath(os.path.join(project or "", path))
    if not os.path.isfile(file):
        raise _no_file(file)
    return f"{os.path.relpath(file, workplace.root)}{colon}{name}"


def _start(named: Named, cwd: str) -> str:
    if named.kind is TargetKind.MODULE:
        return cwd
    folder = named.path if named.kind is TargetKind.FOLDER else os.path.dirname(named.path)
    while not os.path.isdir(folder):  # a path with a typo: the message about it comes with the right project
        folder = os.path.dirname(folder)
    return folder


def _folder(path: str) -> str:
    if not os.path.isdir(path):
        raise InvalidError(f"--project names '{path}', which is no directory")
    return os.path.abspath(path)


def _of_folder(workplace: Workplace, folder: str) -> Named:
    if not os.path.isdir(folder):
        raise of_registry(os.path.relpath(folder, workplace.root)) or _no_file(folder)
    listed = workplace.settings.text("project.pipeline")
    if listed is not None and os.path.samefile(folder, workplace.root):
        named = parse_target(listed)
        if named.kind is TargetKind.MODULE:
            return named
        return named._replace(path=os.path.join(workplace.root, named.path))
    file = os.path.join(folder, "pipeline.py")
    if os.path.isfile(file):
        return Named(TargetKind.FILE, file)
    hint = f"name a file, or write [project] pipeline = 'FILE.py:NAME' in {CONFIG_FILE}"
    raise InvalidError(f"nothing to run: no target is named and there is no pipeline.py in {folder}", hint)


def _no_file(path: str) -> InvalidError:
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        return InvalidError("there is no such directory", file=folder)
    return InvalidError(
        f"there is no such file{nearest(os.path.basename(path), sorted(os.listdir(folder)))}", file=path
    )


def _has_config(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, CONFIG_FILE))


def _has_tool_table(folder: str) -> bool:
    try:
        with open(os.path.join(folder, "pyproject.toml"), encoding="utf-8") as file:
            return re.search(r"^\s*\[tool\.graftline\b", file.read(), re.MULTILINE) is not None
    except (OSError, UnicodeDecodeError):
        return False


def _has_git(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, ".git"))


def _files(root: str, cwd: str, config_file: str | None) -> list[tuple[str, str, tuple[str, ...]]]:
    project = (CONFIG_FILE, ()) if _has_config(root) else ("pyproject.toml", ("tool", "graftline"))
    files: list[tuple[str, str, tuple[str, ...]]] = [
        ("user", os.path.join(user_config_dir(), "config.toml"), ()),
        ("project", os.path.join(root, project[0]), project[1]),
    ]
    if config_file is not None:
        path = os.path.normpath(os.path.join(cwd, config_file))
        if not os.path.isfile(path):
            raise InvalidError(f"there is no configuration file {path}", "it was named by -C")
        files.append(("-C", path, ()))
    return files


def _read(name: str, path: str, prefix: tuple[str, ...]) -> Layer | None:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(f"it cannot be read: {error}", file=path) from error
    import tomllib  # 4 ms, which the loader of a pipeline need not pay

    try:
        data: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        raise InvalidError(f"it is no TOML: {error}", file=path, line=int(at.group(1)) if at else None) from error
    for table in prefix:
        data = data.get(table, {})
    return Layer(name=name, data=data, file=path, text=text, prefix=prefix)


def _remote(root: str) -> str | None:
    """Return the url of `origin` without a password in it, read from the file: a second git costs 3 ms more."""
    repository = _repository(root)
    try:
        with open(os.path.join(repository or root, ".git", "config"), encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError):
        return None
    found = re.search(r'^\[remote "origin"\][^\[]*?^\s*url\s*=\s*(\S+)', text, re.MULTILINE)
    return re.sub(r"//[^/@]*@", "//", found.group(1)) if found else None


def _repository(root: str) -> str | None:
    """Return the directory at or above a root that has a `.git`; None when it is in no repository."""
    folder = root
    while not os.path.exists(os.path.join(folder, ".git")):  # a file in a worktree
        if folder == os.path.dirname(folder):
            return None
        folder = os.path.dirname(folder)
    return folder
