"""`--guard`: what an attempt used, seen by the observer and the guard, held against what its step declares."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence

from ..core.artifacts import Output
from ..core.graph import Operation
from ..core.undeclared import GUARD_NAME, GUARD_ROLE, GuardMode, Undeclared, is_guarded, without_declared
from .blobs import store
from .context import WorkerContext
from .guarding import Guard, Guarded
from .observing import Observed
from .secrets import mask_text
from .serializers import Dumped

_NAMED = 5
"""Uses that the message of a failed step names."""


class UndeclaredUse(Exception):
    """The step used something that it does not declare, and its run is strict."""


class Declarations:
    """Holds what attempts of this worker use against what their steps declare."""

    __slots__ = ("_context", "_guard")

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._guard = Guard(context.root)

    def listen(self) -> None:
        """Begin with an attempt, before its code is imported."""
        self._guard.listen()

    def settle(self) -> None:
        """Its code is imported and is about to run."""
        self._guard.settle()

    def look(
        self, operation: Operation, observed: Observed, files: Iterable[str], environ: Iterable[str]
    ) -> Undeclared | None:
        """End an attempt and return what it used undeclared; None: nothing.

        Args:
            operation: what it was an attempt of.
            observed: what the observer noted.
            files: catalog files that were restored for it, relative to the working directory.
            environ: variables that were set for it.
        """
        guarded = self._guard.end()
        if not is_guarded(operation):
            return None
        context = self._context
        restored = [self._named(os.path.join(context.cwd, path)) for path in files]
        left = without_declared(
            self._used(observed, guarded),
            operation.policy,
            known={*context.planned_files, *restored},
            given=set(environ),
        )
        return None if left.is_empty else left

    def output(self, found: Undeclared) -> Output:
        """Return the report as an output of the attempt, without secrets.

        Raises:
            StoreError: it cannot be written.
        """
        text = mask_text(json.dumps(found.to_json(), ensure_ascii=False), self._context.secrets)
        data = text.encode("utf-8", "backslashreplace")  # a file's name may be no UTF-8
        return Output(GUARD_NAME, GUARD_ROLE, store(Dumped("json", [data]), self._context.objects))

    def problem(self, found: Undeclared) -> UndeclaredUse | None:
        """Return why the step fails; None where it is only warned of, or all of it are gaps."""
        if self._context.guard is not GuardMode.STRICT or not found.uses:
            return None
        named = [f"{kind} {name}" for kind, name in found.uses[:_NAMED]]
        more = len(found.uses) - len(named)
        text = f"the step used what it does not declare: {', '.join(named)}" + (f" and {more} more" if more else "")
        return UndeclaredUse(f"{text}\ndeclare it: {found.suggestion}" if found.suggestion else text)

    def _used(self, observed: Observed, guarded: Guarded) -> Undeclared:
        return Undeclared(
            files=tuple(sorted({self._named(path) for path in (*observed.reads, *observed.outside)})),
            folders=tuple(sorted({self._named(path) for path in observed.listed})),
            variables=_variables(guarded.variables),
            sockets=observed.sockets,
            globals=guarded.globals,
            is_cut=observed.is_cut,
            children=observed.children,
            unseen=guarded.unseen,
        )

    def _named(self, path: str) -> str:
        """Return a path as `reads=` names it. Recorded code lies elsewhere: data are then below the directory alone."""
        for folder in (self._context.root, self._context.cwd):
            if path.startswith(os.path.join(folder, "")):
                return os.path.relpath(path, folder)
        return path


def _variables(asked: Sequence[str]) -> tuple[str, ...]:
    """Return the variables, all that are set as `*`: who copies the environment asks for each of them."""
    names = set(asked)
    there = {name for name in os.environ if not name.startswith("GRAFT_")}
    return ("*", *sorted(names - os.environ.keys())) if there and there <= names else tuple(asked)
