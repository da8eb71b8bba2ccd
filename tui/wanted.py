"""A new run as a person has described it so far: as texts, as a request, as the command that does the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from ..core.addresses import is_address
from ..core.errors import InvalidError
from ..core.records import dataclass, field
from ..core.requests import RunRequest
from ..core.reusing import Reusing
from ..core.runs import Target
from ..core.selection import Selection
from ..core.text import clean

NO, YES = "no", "yes"
ACTIONS = ("run", "train", "apply", "eval", "tune", "sweep")
"""What can be started, as the commands are called."""
SEARCHES = ("tune", "sweep")
"""Those that are many runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was typed and chosen. Empty texts: as if it were not given."""

    target: str = ""
    """What is run; of a lifecycle action also an address of the registry."""
    action: str = "run"
    """One of `ACTIONS`."""
    registry: str = ""
    """As `-P` names it; empty: the one at hand."""
    engine: str = ""
    sink: str = ""
    """File that apply writes."""
    query: str = ""
    lower: str = ""
    upper: str = ""
    from_start: str = NO
    trust: str = NO
    params: Mapping[str, str] = field(default_factory=dict)
    """Key -> text, of fields that were changed."""
    more: str = ""
    """Further parameters, `NAME=VALUE STEP:NAME=VALUE`, quoted as in a shell."""
    only: str = ""
    start: str = ""
    end: str = ""
    force: str = NO
    """`no`, `yes` for every step, or names of steps."""
    fail_fast: str = NO
    jobs: str = ""
    tags: str = ""
    runner: str = ""
    spaces: str = ""
    """What is searched, `C=0.1,1,10 depth=2:6`, quoted as in a shell; of a tuning empty: as the pipeline says."""
    trials: str = ""
    """Of a sweep how many combinations are drawn, empty: all are tried; of a tuning the most there are."""
    metric: str = ""
    """What trials are judged by; with `-` before it less is better."""
    method: str = ""
    """How a tuning chooses; empty: as the pipeline says."""

    @property
    def is_search(self) -> bool:
        """Tell whether it is many runs."""
        return self.action in SEARCHES

    @property
    def searched(self) -> tuple[str, ...]:
        """Return what is searched, as `-S` takes it.

        Raises:
            InvalidError: a quote is open.
        """
        return tuple(_split(self.spaces, "what is searched"))

    @property
    def trial_count(self) -> int | None:
        """Return how many trials are asked for; None: nobody said.

        Raises:
            InvalidError: it is no number.
        """
        return _whole("trials", self.trials, "leave it empty for all combinations, or as the pipeline says")

    @property
    def judged_by(self) -> tuple[str | None, bool]:
        """Return the metric, and whether more of it is better."""
        return self.metric.removeprefix("-") or None, not self.metric.startswith("-")

    @property
    def is_lifecycle(self) -> bool:
        """Tell whether it is about generations, or many runs."""
        return self.action != "run"

    @property
    def words(self) -> tuple[str, ...]:
        """Return the address that is trained, applied or scored; empty: the working copy is."""
        is_registered = self.is_lifecycle and bool(self.target) and is_address(self.target)
        return (self.target,) if is_registered else ()

    @property
    def is_from_start(self) -> bool:
        """Tell whether every row is read."""
        return self.from_start == YES

    @property
    def is_trusted(self) -> bool:
        """Tell whether pickles of others may be loaded."""
        return self.trust == YES

    def request(self, target: Target) -> RunRequest:
        """Return what to ask the workspace for.

        Raises:
            InvalidError: a text is not what its field takes.
        """
        is_forced = self.force == YES
        return RunRequest(
            target=target,
            params={**self.params, **self._more()},
            selection=Selection(only=_names(self.only), start=_names(self.start), end=_names(self.end)),
            runner=self.runner or None,
            jobs=_whole("jobs", self.jobs, "leave it empty for all cpus"),
            fail_fast=self.fail_fast == YES,
            tags=_names(self.tags),
            origin="ui",
            reusing=Reusing(is_on=not is_forced, forced=() if self.force in (NO, YES) else _names(self.force)),
        )

    @property
    def command(self) -> str:
        """Return the command that starts the same run."""
        before = {"-P": self.registry, "-R": self.runner, "-E": self.engine if self.is_lifecycle else ""}
        words = ["graft", *(word for flag, text in before.items() if text for word in (flag, text)), self.action]
        words += [self.target] if self.target else []
        words += [word for key, text in self.params.items() for word in ("-p", f"{key}={text}")]
        try:
            words += [word for key, text in self._more().items() for word in ("-p", f"{key}={text}")]
        except InvalidError:
            words += ["-p", self.more]
        words += self._of_search() if self.is_search else []
        words += self._of_lifecycle() if self.is_lifecycle else self._selected()
        if self.force == YES:
            words += ["--force"]
        elif self.force != NO and _names(self.force):
            words += ["--force-step", ",".join(_names(self.force))]
        words += ["--fail-fast"] if self.fail_fast == YES else []
        words += ["-j", self.jobs] if self.jobs else []
        words += [word for tag in _names(self.tags) for word in ("--tag", tag)]
        return " ".join(shlex.quote(clean(word)) for word in words)

    def _of_lifecycle(self) -> list[str]:
        given = {"-o": self.sink if self.action == "apply" else ""}
        given |= {"--query": self.query, "--lower": self.lower, "--upper": self.upper} if self.action != "sweep" else {}
        words = [word for option, text in given.items() if text for word in (option, text)]
        words += ["--from-start"] if self.is_from_start and self.action in ("train", "eval") else []
        return words + (["--trust"] if self.is_trusted else [])

    def _of_search(self) -> list[str]:
        try:
            searched = self.searched
        except InvalidError:
            searched = (self.spaces,)
        words = [word for text in searched for word in ("-S", text)]
        metric, is_maximum = self.judged_by
        if self.action == "sweep":
            words += ["--random", self.trials] if self.trials else []
            return words + (["--by", metric, *([] if is_maximum else ["--minimize"])] if metric else [])
        words += ["--method", self.method] if self.method else []
        words += ["--trials", self.trials] if self.trials else []
        return words + (["--maximize" if is_maximum else "--minimize", metric] if metric else [])

    def _selected(self) -> list[str]:
        words: list[str] = []
        for option, text in (("--only", self.only), ("--from", self.start), ("--to", self.end)):
            words += [option, ",".join(_names(text))] if _names(text) else []
        return words

    def _more(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for text in _split(self.more, "the further parameters"):
            name, equals, value = text.partition("=")
            if not equals or not name:
                raise InvalidError(f"'{text}' is no parameter", "write NAME=VALUE or STEP:NAME=VALUE")
            found[name] = value
        return found


def _split(text: str, what: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InvalidError(f"{what} cannot be read: {error}", "close the quote") from error


def _whole(name: str, text: str, hint: str) -> int | None:
    if not text:
        return None
    if not (text.isdecimal() and int(text) > 0):
        raise InvalidError(f"{name} is a whole number above 0, not '{text}'", hint)
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
