"""The local runner: what the entry point `graftline.runners: local` names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...core.orders import RunContext
from ...core.runner import Runner
from . import warm

if TYPE_CHECKING:
    from ...core.runnerhealth import Health, Question
    from .executor import LocalExecutor


class LocalRunner(Runner):
    """Runs pipelines in worker processes on this machine."""

    @classmethod
    def health(cls, options: Mapping[str, Any], question: Question | None = None) -> Health:
        """Return what this machine has: it is always there."""
        from ...core.runnerhealth import Answer, Health, Reach  # for promotions, which few runs are
        from ...core.text import plural
        from ...worker.handshake import installed
        from .slots import available_cores

        answer = Answer(name="here", packages=installed(question.packages if question else ()))
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
