"""Comparing a run with the one it was made from: a rerun, a promoted run, with its parent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .agreement import RTOL, Agreed, Agreement, by_digest, with_verdicts
from .equality import Equality
from .errors import ConflictError, InvalidError
from .hosting import Hosting
from .ids import RunId
from .records import replace
from .reusing import Reusing
from .runs import VERIFY, RunSpec
from .session import Requests
from .verification import Pair

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports, as in hosting

HERE = "local"
"""The runner that values are compared on: where both of them are."""


class Agreeing:
    """Compares runs with their parents, on the ports of a workspace."""

    def __init__(self, parts: Parts, hosting: Hosting):
        self._parts = parts
        self._equality = Equality(parts, hosting)

    def compare(self, run: RunId, *, rtol: float = RTOL, requests: Requests | None = None) -> Agreement:
        """Compare every output: bytes first, and values of other bytes in a hidden run that imports their classes.

        What was compared once is on record, and is not read again.

        Args:
            run: it has a parent.
            rtol: relative difference up to which numbers are equal.
            requests: where a person asks to stop; what was not compared then is `unread`.

        Raises:
            InvalidError: the run has no parent.
            ConflictError: it goes on.
        """
        steps, pairs, verdicts = self._begun(run, rtol)
        left = [pair for pair in pairs if (pair.path, pair.output) not in verdicts]
        if left:
            spec = _hidden(self._parts.runs.spec(run), self._parts.machine.cores())
            verdicts |= self._equality.compare(spec, left, rtol, requests or Requests())
        return self._agreement(run, rtol, steps, pairs, verdicts)

    def known(self, run: RunId, *, rtol: float = RTOL) -> Agreement:
        """Return the same as far as it is known without reading a value; raises as `compare`."""
        return self._agreement(run, rtol, *self._begun(run, rtol))

    def _begun(self, run: RunId, rtol: float) -> tuple[list[Agreed], list[Pair], dict[tuple[str, str], str]]:
        history = self._parts.history
        found = history.run(run)
        if found.parent is None:
            text = f"run {run} was made from no other run: there is nothing to compare it with"
            raise InvalidError(text, f"'graft diff RUN {run[:6]}' compares any two runs")
        if not found.state.is_final:
            raise ConflictError(f"run {run} has not ended: it is {found.state}", f"'graft attach {run[:6]}' follows it")
        old = {step.path: step for step in history.steps(found.parent)}
        new = {step.path: step for step in history.steps(run)}
        steps, pairs = by_digest(self._parts.runs.spec(run).graph, old, new)
        return steps, pairs, self._equality.known(run, pairs, rtol) if pairs else {}

    def _agreement(
        self,
        run: RunId,
        rtol: float,
        steps: Sequence[Agreed],
        pairs: Sequence[Pair],
        verdicts: dict[tuple[str, str], str],
    ) -> Agreement:
        new = self._parts.history.run(run)
        assert new.parent is not None
        return Agreement(
            old=new.parent,
            new=run,
            old_runner=self._parts.history.run(new.parent).runner,
            new_runner=new.runner,
            rtol=rtol,
            steps=tuple(with_verdicts(steps, verdicts)),
            unread=sum((pair.path, pair.output) not in verdicts for pair in pairs),
        )


def _hidden(spec: RunSpec, cores: int) -> RunSpec:
    """Return what a hidden run is made from that has the code and directory of a run, and nothing to do yet."""
    return replace(
        spec,
        parent=spec.id,
        origin=VERIFY,
        runner=HERE,
        jobs=cores,
        selected=None,
        tags=(),
        prints={},
        lifecycle=None,
        search=None,
        reusing=Reusing(is_on=False),
        uses_snapshot=True,
        fail_fast=False,
        timeout_s=None,
        guard=None,
    )
