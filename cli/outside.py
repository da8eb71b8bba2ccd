"""What the terminal UI is handed of the command line: its words, its grammar, how lines are run, targets, settings."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING

from ..core.ids import RunId
from ..core.registries import STORED
from ..core.workspace import Workspace
from ..tui.outside import Outside
from . import context
from .choices import Options
from .complaint import here

if TYPE_CHECKING:
    from ..core.config import Settings
    from ..core.plans import Plan, Planned
    from ..core.whys import Because
    from ..tui.outside import Candidate


class Words:
    """The words of `graft plan`, `why` and `diff`; their modules are imported by the first that is asked for: 30 ms."""

    def __init__(self, space: Workspace) -> None:
        from .look import look_of

        self._clock = space.parts.clock
        self._look = look_of(sys.stderr, is_plain=True)  # the UI is drawn on stderr, and colours are its own
        self._short = cache(lambda run: context.short(space, RunId(run)))

    def summary(self, plan: Plan) -> str:
        """Return "2 steps run, 9 reused, about 12s"."""
        from .plantext import summary

        return summary(plan)

    def why(self, step: Planned, plan: Plan) -> str:
        """Return why a step would run, be reused, or depend on others."""
        from .plantext import step_why
        from .whytext import Around

        around = Around(look=self._look, short=self._short, now=self._clock(), here=here())
        return step_why(around, step, plan)

    def because(self, because: Because) -> str:
        """Return one cause."""
        from .causes import cause_text

        return cause_text(self._look, because)


def outside_of(options: Options, space: Workspace, warnings: list[str], *, is_read_only: bool = False) -> Outside:
    """Return what the UI is opened with.

    Raises:
        InvalidError: the configuration is wrong.
    """
    settings = context.settings(options)
    return Outside(
        program=(sys.executable, "-m", "graftline", *common_words(options)),
        complete=lambda line, asked: _candidates(line, options),
        target=lambda text: context.target(options, text or None),
        targets=lambda: context.pipelines(options),
        phrases=Words(space),
        warnings=warnings,
        root=context.root(options),
        memory=os.path.join(_state_directory(settings), "ui.json"),
        keys=_keys(settings),
        notify=settings.text("ui.notify") or "away",
        registries=lambda: _registries(settings),
        registry_place=context.registry_place,
        version=lambda: settings.text("project.version"),
        is_read_only=is_read_only,
    )


def _candidates(line: str, options: Options) -> list[Candidate]:
    from .grammar import candidates  # for whoever types a line

    return candidates(line, options)


def _registries(settings: Settings) -> list[str]:
    """Return the registry at hand, that of the store, and those the configuration names."""
    tables = [name for name, table in settings.table("registry").items() if isinstance(table, dict)]
    return list(dict.fromkeys([settings.text("registry.default") or STORED, STORED, *tables]))


def _state_directory(settings: Settings) -> str:
    """Return where the UI remembers: in the store's directory where that was moved, so that all of it moves."""
    home = settings.text("store.home")
    if home is not None:
        return os.path.abspath(os.path.expanduser(home))
    import platformdirs  # 4 ms that --store saves

    return platformdirs.user_state_dir("graftline")


def _keys(settings: Settings) -> dict[str, str]:
    """Return `[ui.keys]`; `run.retry = "t"` is a table `run` in TOML, and means the id all the same."""
    found: dict[str, str] = {}
    for name, value in settings.table("ui.keys").items():
        if isinstance(value, dict):
            found |= {f"{name}.{inner}": str(text) for inner, text in value.items()}
        else:
            found[name] = str(value)
    return found


def common_words(options: Options) -> list[str]:
    """Return the options that have a child work on the same store and project."""
    found: list[str] = []
    for flag, value in (
        ("--store", options.store),
        ("--project", options.project),
        ("-C", options.config),
        ("-P", options.registry),
        ("-R", options.runner),
        ("-E", options.engine),
    ):
        found += [flag, value] if value is not None else []
    return found
