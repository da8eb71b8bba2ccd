"""The door to everything beneath: a workspace, a target, settings. The one file of the command line that knows
wiring, and storeless beside it.

They are imported when called for: `graft --help` needs nothing of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..core.errors import MissingError
from ..core.given import NO_FILE, ParameterFile
from ..core.ids import RunId
from .choices import Options
from .environment import enter
from .printer import remark
from .text import clean

if TYPE_CHECKING:
    from ..core.backups import Copied
    from ..core.beginning import Begun, Template
    from ..core.cleaning import Housekeeping
    from ..core.config import Settings
    from ..core.discovery import Plugin
    from ..core.events import AttemptFailed, AttemptSucceeded
    from ..core.health import Finding
    from ..core.keeper import Keeper
    from ..core.proposals import Proposal
    from ..core.runners import RunnerChoice
    from ..core.runs import Target
    from ..core.targets import Job
    from ..core.workspace import Workspace

SHORTEST = 4
"""Characters of a run id that are always shown."""


def workspace(
    options: Options,
    target: str | None = None,
    *,
    needs_code: bool = False,
    warn: Callable[[str], None] | None = None,
) -> Workspace:
    """Open the workspace these options, and the target, name.

    Args:
        target: as the person wrote it; its project is the workspace's. None: the current directory's.
        needs_code: user code will be imported, so the command goes on under the project's own Python.
        warn: told what is odd about a pipeline; None: it is written to stderr.
    """
    from .. import wiring

    if needs_code:
        enter(wiring.interpreter_of(options, target))
    return wiring.open_workspace(options, target, warn=warn or (lambda text: remark(f"warning: {clean(text)}")))


def target(options: Options, text: str | None) -> Target:
    """Find what a person named to be run; the project's own pipeline when nothing was named."""
    from ..wiring import find_target

    return find_target(text, options)


def pipelines(options: Options) -> Sequence[str]:
    """Return the targets that the project's sources show; no code is imported."""
    from ..wiring import find_pipelines

    return find_pipelines(options)


def job(options: Options, wanted: Job) -> Target:
    """Return the target of a step that is run alone."""
    from ..wiring import find_job

    return find_job(wanted, options)


def runner(options: Options, name: str) -> RunnerChoice:
    """Return a runner by name; the store is not looked at."""
    from ..wiring import find_runner

    return find_runner(options, name)


def parameters(file: str | None) -> ParameterFile:
    """Return the parameters of a file; none for None."""
    if file is None:
        return NO_FILE
    from ..wiring import read_parameters

    return read_parameters(file)


def settings(options: Options, target: str | None = None) -> Settings:
    """Return the merged configuration of a target's project; None: of the current directory's."""
    from ..wiring import settings_of

    return settings_of(options, target)


def registry_place(text: str) -> str:
    """Return a registry that a person named, a relative directory as an absolute one."""
    import os

    from ..wiring import registry_named

    return registry_named(text, os.getcwd())


def root(options: Options) -> str:
    """Return the absolute root of the project at hand."""
    from ..wiring import workplace_of

    return workplace_of(options).root


def vault(options: Options) -> Keeper:
    """Return where secrets of the project are looked for and kept."""
    from .. import wiring

    return wiring.vault_of(options)


def plugins() -> Sequence[Plugin]:
    """Return the installed plugins of all groups, without importing them."""
    from ..core.discovery import plugins as of_group
    from ..wiring import PLUGIN_GROUPS

    return [plugin for group in PLUGIN_GROUPS for plugin in of_group(group)]


def housekeeping(options: Options) -> Housekeeping:
    """Return what cleans the store and the registry at hand."""
    from .. import wiring

    return wiring.housekeeping(options)


def back_up(options: Options, target: str, tell: Callable[[int, int], None]) -> Copied:
    """Copy the store to a directory that is not there yet."""
    from .. import wiring

    return wiring.back_up(options, target, tell)


def examine(options: Options, *, repair: bool) -> Sequence[Finding]:
    """Check the store and the environment, and repair what can be repaired without losing anything."""
    from ..wiring import examine as look

    return look(options, repair=repair)


def templates() -> Sequence[Template]:
    """Return what a project can begin as."""
    from ..storeless import templates as known

    return known()


def begin(folder: str, template: str, *, with_git: bool, is_dry: bool) -> Begun:
    """Write a project from a template into a folder."""
    from ..storeless import begin_project

    return begin_project(folder, template, with_git=with_git, is_dry=is_dry)


def propose(options: Options, words: Sequence[str], *, is_dry: bool) -> tuple[Proposal, Sequence[str]]:
    """Propose a pipeline of scripts; return it and the files that were written, or would be."""
    from ..storeless import propose_pipeline

    return propose_pipeline(options.project, words, is_dry=is_dry)


def short(space: Workspace, run: RunId) -> str:
    """Return the shortest prefix of a run id that names it alone, at least four characters."""
    for length in range(SHORTEST, len(run)):
        try:
            if space.find(run[:length], all_projects=True) == run:
                return run[:length]
        except MissingError:
            continue
    return run


def rendered(source: str, form: str) -> bytes:
    """Return a picture of a graph in the DOT language, as `svg`, `png` or `pdf`."""
    from ..storeless import render

    return render(source, form)


def execute_node(folder: str, run: str, path: str, **options: Any) -> AttemptSucceeded | AttemptFailed:
    """Execute one node from a directory of artifacts; no store and no project take part."""
    from ..storeless import execute_node

    return execute_node(folder, run, path, **options)


def serve_station(nonce: str) -> None:
    """Execute attempts that come through stdin until it ends; no store and no project take part."""
    from ..storeless import serve_station

    serve_station(nonce)
