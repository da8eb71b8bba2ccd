"""What commands that start one step take alike: the options of a run, and those of the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from ..core.errors import InvalidError
from ..core.graph import Json
from ..core.records import dataclass
from ..core.requests import RunRequest
from ..core.reusing import Reusing
from ..core.runs import Target
from . import context
from .arguments import DetachOption, DryRunOption, JobsOption, ParamOption, ParamsFileOption, limit_s
from .declaring import Option, parameters_of
from .options import Options
from .parameters import typed_params

_KINDS = ("pickle", "json", "arrow", "metric", "state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How a run is started, as a person says it."""

    param: list[str] | None
    params: str | None
    jobs: int | None
    dry_run: bool
    detach: bool
    tag: list[str] | None
    timeout: str | None

    def request(self, options: Options, target: Target) -> RunRequest:
        """Return the request for a run of a target.

        Raises:
            InvalidError: a parameter or the time limit is wrong.
        """
        given = context.parameters(self.params)
        return RunRequest(
            target=target,
            params=typed_params(self.param),
            values=given.values,
            places=given.places,
            runner=options.runner,
            jobs=self.jobs,
            timeout_s=limit_s(self.timeout),
            tags=tuple(self.tag or ()),
            reusing=Reusing(is_on=False),  # who names a single step wants it run
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a person says of a single step."""

    returns: list[str] | None
    retries: int | None
    backoff: str | None
    label: list[str] | None

    def data(self) -> dict[str, Json]:
        """Return it as a YAML file would hold it; only what was said.

        Raises:
            InvalidError: a return is of no kind there is.
        """
        said: dict[str, Json] = {
            "retries": self.retries,
            "backoff": self.backoff,
            "labels": _split(self.label),
            "returns": [_return(text) for text in _split(self.returns)],
        }
        return {key: value for key, value in said.items() if value is not None and value != []}


def _declared_start(
    *,
    param: ParamOption = None,
    params: ParamsFileOption = None,
    jobs: JobsOption = None,
    dry_run: DryRunOption = False,
    detach: DetachOption = False,
    tag: Annotated[list[str] | None, Option("--tag", metavar="TAG", help="Tag the run; repeatable.")] = None,
    timeout: Annotated[
        str | None, Option("--timeout", metavar="TIME", help="Stop the run after this long, e.g. 10m.")
    ] = None,
) -> None:
    """Declare the options of `Start`; never called."""


def _declared_step(
    *,
    returns: Annotated[
        list[str] | None,
        Option("--returns", metavar="NAMES", help="What to keep: NAME, metric:NAME, ...; repeatable."),
    ] = None,
    retries: Annotated[
        int | None, Option("--retries", min=0, metavar="N", help="Further attempts after a failure.")
    ] = None,
    backoff: Annotated[
        str | None, Option("--backoff", metavar="TIME", help="Wait before the first further attempt.")
    ] = None,
    label: Annotated[list[str] | None, Option("--label", metavar="LABEL", help="Where it may run; repeatable.")] = None,
) -> None:
    """Declare the options of `Step`; never called."""


_GROUPS: dict[str, tuple[type[Any], Callable[..., None]]] = {
    "start": (Start, _declared_start),
    "step": (Step, _declared_step),
}


def starting(function: Callable[..., int]) -> Callable[..., int]:
    """Return `f(options, *, start, step=..., ...)` as a function that takes the options of each by themselves.

    A parameter `step` is optional: what has a name and policy of its own takes none.
    """
    groups = {name: group for name, group in _GROUPS.items() if name in function.__annotations__}
    declared = {name: parameters_of(declare) for name, (_, declare) in groups.items()}

    def call(options: Options, **values: Any) -> int:
        for name, (kind, _) in groups.items():
            values[name] = kind(**{each.name: values.pop(each.name) for each in declared[name]})
        return function(options, **values)

    call.__doc__ = function.__doc__
    call.parameters = (  # type: ignore[attr-defined]  # where `parameters_of` looks first
        *parameters_of(function),
        *(each for name in groups for each in declared[name]),
    )
    return call


def _split(texts: list[str] | None) -> list[str]:
    return [part.strip() for text in texts or () for part in text.split(",") if part.strip()]


def _return(text: str) -> Json:
    kind, colon, name = text.partition(":")
    if not colon:
        return text
    if kind not in _KINDS:
        raise InvalidError(f"--returns {text!r}: there is no kind of return '{kind}'", f"it has {', '.join(_KINDS)}")
    return {kind: name}
