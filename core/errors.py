"""The errors graftline raises itself, by what the person can do about them.

    GraftError                      one base: message, hint, exit code
    ├── InvalidError        2       the input is wrong: fix it; nothing was started
    ├── MissingError        3       a name that does not exist
    ├── ConflictError       4       somebody else holds it, and who
    ├── StoreError          4       the store cannot be read or written
    ├── PluginError         4       a plugin or the environment broke its contract
    ├── CheckError          5       a check did not hold
    ├── FailedError         1       the user's code failed
    │   └── StepFailed      1       one step of a run, with its cause
    └── Cancelled         130       the person stopped it

A failing user step is not one of these while it runs: it is an `AttemptFailed` event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence


class GraftError(Exception):
    """Something graftline can explain: what is wrong, where, and what to do next."""

    exit_code = 4

    def __init__(self, message: str, hint: str | None = None, *, file: str | None = None, line: int | None = None):
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.file = file
        """Path of the file to look at; None when no file is at fault."""
        self.line = line
        """1-based line in `file`; None when unknown."""
        self.problems: tuple[GraftError, ...] = ()
        """What is wrong, one by one, when `message` tells of several."""

    def __str__(self) -> str:
        has_place = self.file and not any(problem.file for problem in self.problems)
        where = "" if not has_place else f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        return f"{where}{self.message}"

    def rename_files(self, shown: Callable[[str], str]) -> None:
        """Show every file that is told of by another path, e.g. from where the person stands."""
        for problem in self.problems:
            problem.rename_files(shown)
        self.file = self.file and shown(self.file)
        if self.problems:
            self.message = _listed(self.problems)


class InvalidError(GraftError):
    """The input is wrong; found before anything started."""

    exit_code = 2

    @classmethod
    def all_of(cls, problems: Sequence[InvalidError]) -> InvalidError:
        """Return one error that reports every problem at once (itself when there is one)."""
        if len(problems) == 1:
            return problems[0]
        told = cls(_listed(problems), file=problems[0].file, line=problems[0].line)
        told.problems = tuple(problems)
        return told


class MissingError(GraftError):
    """A name that does not exist."""

    exit_code = 3


class ConflictError(GraftError):
    """Somebody else holds it; the message names them."""


class StoreError(GraftError):
    """The store cannot be read or written."""


class PluginError(GraftError):
    """A plugin, or the environment it needs, broke its contract."""


class CheckError(GraftError):
    """A check did not hold."""

    exit_code = 5


class FailedError(GraftError):
    """The user's code failed."""

    exit_code = 1


class StepFailed(FailedError):
    """A step of a finished run failed; raised by `execute()`."""

    def __init__(self, message: str, hint: str | None = None, *, run: str, step: str | None, reason: str | None):
        super().__init__(message, hint)
        self.run = run
        self.step = step
        """Path of the first failed step; None when the run itself failed (time limit)."""
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_step_failed, (self.message, self.hint, self.run, self.step, self.reason)


class Cancelled(GraftError):
    """The person stopped it."""

    exit_code = 130


def nearest(name: str, known: Sequence[str]) -> str:
    """Return "; did you mean 'x'?" for the closest known name, or an empty string."""
    from difflib import get_close_matches  # 1.5 ms that a command without a mistake is spared

    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def _listed(problems: Sequence[GraftError]) -> str:
    lines = "\n".join(f"  - {problem}{_hint(problem)}" for problem in problems)
    return f"{len(problems)} problems:\n{lines}"


def _hint(problem: GraftError) -> str:
    return f" ({problem.hint})" if problem.hint else ""


def _rebuild_step_failed(message: str, hint: str | None, run: str, step: str | None, reason: str | None) -> StepFailed:
    return StepFailed(message, hint, run=run, step=step, reason=reason)
