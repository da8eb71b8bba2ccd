"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, TypeAlias

from ..core.errors import InvalidError
from ..core.quantities import seconds
from ..core.requests import Stale
from ..core.reusing import Reusing
from ..core.selection import Selection
from ..core.undeclared import GuardMode
from .completion import complete_asked, complete_runs, complete_steps
from .declaring import Argument, Option

LAST = "@last"
LAST_FAILED = "@last-failed"

RunArgument: TypeAlias = Annotated[
    str,
    Argument(
        metavar="[RUN]",
        complete=complete_runs,
        help="Run id or unique prefix, @last, @last~1, @last-failed, or a tag.",
        show_default=True,
    ),
]
RunOrStepArgument: TypeAlias = Annotated[
    str,
    Argument(
        metavar="[RUN]",
        complete=complete_asked,
        help="Run id or unique prefix, @last, @last~1, @last-failed, a tag; or just a STEP of the default.",
        show_default=True,
    ),
]
StepArgument: TypeAlias = Annotated[
    str | None,
    Argument(metavar="[STEP]", complete=complete_steps, help="Path or name of a step; default: all."),
]
TargetArgument: TypeAlias = Annotated[
    str | None,
    Argument(
        metavar="[TARGET]",
        help="FILE.py[:NAME], package.module:NAME, a script or a project directory; default: the project's pipeline.",
    ),
]
ParamOption: TypeAlias = Annotated[
    list[str] | None, Option("-p --param", metavar="[STEP:]NAME=VALUE", help="Set a parameter; repeatable.")
]
ParamsFileOption: TypeAlias = Annotated[
    str | None, Option("--params", metavar="FILE", help="Read parameters from a TOML, JSON or YAML file.")
]
JobsOption: TypeAlias = Annotated[
    int | None, Option("-j --jobs", min=1, metavar="N", help="cpus that steps may use; default: all.")
]
KeepGoingOption: TypeAlias = Annotated[
    bool, Option("-k --keep-going", help="Run what does not depend on a failed step (default).")
]
FailFastOption: TypeAlias = Annotated[bool, Option("-x --fail-fast", help="Stop at the first failure.")]
DryRunOption: TypeAlias = Annotated[bool, Option("-n --dry-run", help="Say what would run; run nothing.")]
GuardOption: TypeAlias = Annotated[
    GuardMode | None,
    Option(
        "--guard",
        metavar="[=strict]",
        alone="warn",
        help="Report what steps use and do not declare; --guard=strict fails them.",
    ),
]
DetachOption: TypeAlias = Annotated[bool, Option("-d --detach", help="Run in a process of its own and return at once.")]
OnlyOption: TypeAlias = Annotated[
    list[str] | None,
    Option("--only", metavar="STEPS", help="These steps alone, on the newest outputs of what they need."),
]
FromOption: TypeAlias = Annotated[
    list[str] | None, Option("--from", metavar="STEPS", help="These steps and what follows them.")
]
ToOption: TypeAlias = Annotated[
    list[str] | None, Option("--to", metavar="STEPS", help="These steps and what they need.")
]


class ModeName(StrEnum):
    """What a pipeline is compiled for."""

    JOB = "job"
    TRAIN = "train"
    APPLY = "apply"
    TUNE = "tune"
    EVAL = "eval"


ModeOption: TypeAlias = Annotated[
    ModeName | None,
    Option("--mode", help="As it is compiled for this; default: job, every step.", show_default=False),
]
ForceOption: TypeAlias = Annotated[bool, Option("--force", help="Run every step; reuse no earlier result.")]
ForceStepOption: TypeAlias = Annotated[
    list[str] | None,
    Option("--force-step", metavar="STEPS", help="Run these steps whatever is known; others are reused."),
]
StaleOption: TypeAlias = Annotated[
    Stale | None,
    Option("--stale", help="Kept steps that would come out otherwise now: keep (default; a terminal asks) or rerun."),
]


def reusing(force: bool, steps: Sequence[str] | None) -> Reusing:
    """Return what `--force` and `--force-step` make of earlier results.

    Raises:
        InvalidError: both are given.
    """
    if force and steps:
        raise InvalidError("--force and --force-step exclude each other")
    return Reusing(is_on=not force, forced=_names(steps))


def selection(only: Sequence[str] | None, start: Sequence[str] | None, end: Sequence[str] | None) -> Selection:
    """Return the selection of `--only`, `--from` and `--to`, each a list of names separated by commas."""
    return Selection(only=_names(only), start=_names(start), end=_names(end))


def limit_s(text: str | None) -> float | None:
    """Return a time limit in seconds; None when there is none."""
    return None if text is None else seconds(text)


def _names(texts: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(name.strip() for text in texts or () for name in text.split(",") if name.strip())
