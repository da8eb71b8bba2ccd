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
ACTIONS = ("run", "train", "apply", "eval")
"""What can be started, as the commands are called."""


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

    @property
    def is_lifecycle(self) -> bool:
        """Tell whether it is about generations."""
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
        if self.jobs and not (self.jobs.isdecimal() and int(self.jobs) > 0):
            raise InvalidError(f"jobs is a whole number above 0, not '{self.jobs}'", "leave it empty for all cpus")
        is_forced = self.force == YES
        return RunRequest(
            target=target,
            params={**self.params, **self._more()},
            selection=Selection(only=_names(self.only), start=_names(self.start), end=_names(self.end)),
            runner=self.runner or None,
            jobs=int(self.jobs) if self.jobs else None,
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
        given = {"-o": self.sink if self.action == "apply" else "", "--query": self.query}
        given |= {"--lower": self.lower, "--upper": self.upper}
        words = [word for option, text in given.items() if text for word in (option, text)]
        words += ["--from-start"] if self.is_from_start and self.action != "apply" else []
        return words + (["--trust"] if self.is_trusted else [])

    def _selected(self) -> list[str]:
        words: list[str] = []
        for option, text in (("--only", self.only), ("--from", self.start), ("--to", self.end)):
            words += [option, ",".join(_names(text))] if _names(text) else []
        return words

    def _more(self) -> dict[str, str]:
        try:
            texts = shlex.split(self.more)
        except ValueError as error:
            raise InvalidError(f"the further parameters cannot be read: {error}", "close the quote") from error
        found: dict[str, str] = {}
        for text in texts:
            name, equals, value = text.partition("=")
            if not equals or not name:
                raise InvalidError(f"'{text}' is no parameter", "write NAME=VALUE or STEP:NAME=VALUE")
            found[name] = value
        return found


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
