"""The local runner: what the entry point `graftline.runners: local` names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...core.orders import RunContext
from ...core.runner import Runner
from ...core.runnerhealth import NOTHING, Answer, Health, Question, Reach
from ...core.text import plural
from . import warm

if TYPE_CHECKING:
    from .executor import LocalExecutor


class LocalRunner(Runner):
    """Runs pipelines in worker processes on this machine."""

    @classmethod
    def health(cls, options: Mapping[str, Any], question: Question = NOTHING) -> Health:
        """Return what this machine has: it is always there."""
        from ...worker.handshake import installed  # versions of packages, which no run asks for here
        from .slots import available_cores

        answer = Answer(name="here", packages=installed(question.packages))
        return Health(reach=Reach.UP, told=f"this machine, {plural(available_cores(), 'core')}", answers=(answer,))

    @classmethod
    def executor(cls, context: RunContext, **kwargs: Any) -> LocalExecutor:
        """Open an executor for a run.

        It takes over the nursery that loaded the pipeline, when there is one; while a watch goes on it borrows it.
        """
        from .borrowing import BorrowingExecutor
        from .executor import LocalExecutor  # 4 ms that a run which reuses everything is spared

        nursery = warm.borrow(context.preload)
        if nursery is not None:
            return BorrowingExecutor(context, nursery)
        return LocalExecutor(context, nursery=warm.take(context.preload), is_owner=True)
