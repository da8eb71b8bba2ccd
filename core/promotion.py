"""Sending a run to another runner: what is asked for, what is looked at before anything is sent, what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from .burden import Packed, Traffic
from .errors import CheckError, GraftError, InvalidError, PluginError
from .ids import RunId
from .records import dataclass
from .runnerhealth import Health
from .runs import RunSpec

CHAMPION = "champion"
"""Alias whose gates a generation meets before it is promoted."""


class Subject(StrEnum):
    """What is looked at, in the order it is told."""

    RUNNER = "runner"
    CODE = "code"
    FILES = "files"
    VALUES = "values"
    RESOURCES = "resources"
    PACKAGES = "packages"
    SECRETS = "secrets"
    GATES = "gates"


class Standing(StrEnum):
    """How a look came out."""

    GOOD = "GOOD"
    NOTED = "NOTED"
    """No obstacle, and worth knowing."""
    UNKNOWN = "UNKNOWN"
    """It cannot be found out from here."""
    BAD = "BAD"
    """Nothing is sent."""


class Fault(StrEnum):
    """Whose fault something bad is; it decides the exit code."""

    INPUT = "INPUT"
    """Exit code 2: the run, or what it wants."""
    PLACE = "PLACE"
    """Exit code 4: the runner, or what is installed there."""
    GATE = "GATE"
    """Exit code 5: a gate refuses."""


_ERRORS: dict[Fault, type[GraftError]] = {
    Fault.INPUT: InvalidError,
    Fault.PLACE: PluginError,
    Fault.GATE: CheckError,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionRequest:
    """A run that is to go to another runner."""

    run: RunId
    to: str
    """Name in the configuration, of a plugin, or `module:Class`."""
    origin: str = "cli"
    jobs: int | None = None
    """cpus that steps may use together; None: as the runner says."""
    is_forced: bool = False
    """Go although a gate refuses or a package is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    subject: Subject
    standing: Standing
    told: str
    """What was found, in one sentence."""
    details: tuple[str, ...] = ()
    """More of it, a line each."""
    remedy: str | None = None
    """What to do when it is bad."""
    fault: Fault = Fault.PLACE
    is_waivable: bool = False
    """`--force` goes on all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionPlan:
    """What a promotion would do. Nothing is written or sent yet."""

    request: PromotionRequest
    pipeline: str
    runner: str
    """On which the run ran."""
    provider: str
    """Class of the runner it goes to, in words: `dask`."""
    steps: int
    checks: tuple[Check, ...]
    """In the order of `Subject`; several of one subject when several things are wrong."""
    health: Health
    packed: Packed | None
    """None: it stays on this machine, or could not be packed."""
    traffic: Traffic | None
    """None: it stays on this machine."""
    spec: RunSpec
    """Of the new run."""

    @property
    def obstacles(self) -> list[Check]:
        """Return what stands in the way."""
        return [each for each in self.checks if each.standing is Standing.BAD and not self._is_waived(each)]

    @property
    def is_good(self) -> bool:
        """Tell whether it may go."""
        return not self.obstacles

    def refusal(self) -> GraftError | None:
        """Return why it may not go; None: it may. What a person can mend alone comes before what others must."""
        found = self.obstacles
        if not found:
            return None
        fault = min((each.fault for each in found), key=list(Fault).index)
        problems = [_problem(each) for each in found]
        text = (
            problems[0].message
            if len(found) == 1
            else f"{len(found)} checks do not hold:\n"
            + "\n".join(f"  - {each.message}{f' ({each.hint})' if each.hint else ''}" for each in problems)
        )
        error = _ERRORS[fault](f"nothing was sent to '{self.request.to}': {text}", problems[0].hint)
        error.problems = tuple(problems) if len(found) > 1 else ()
        return error

    def _is_waived(self, check: Check) -> bool:
        return check.is_waivable and self.request.is_forced


def _problem(check: Check) -> GraftError:
    return _ERRORS[check.fault](check.told, check.remedy)


def of_subject(plan: PromotionPlan) -> Iterator[tuple[Subject, list[Check]]]:
    """Yield what was looked at, by subject."""
    for subject in Subject:
        if found := [each for each in plan.checks if each.subject is subject]:
            yield subject, found
