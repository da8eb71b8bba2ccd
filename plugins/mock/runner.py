"""The mock runner: what the entry point `graftline.runners: mock` names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.orders import RunContext
from ...core.runner import Runner
from .executor import MockExecutor


class MockRunner(Runner):
    """Runs pipelines without their steps: engine, run log and store are real, the work is not done.

    In this process and one step at a time, so that what stands in for a step may be a closure, a `Mock`, or stop in a
    debugger. Limits of time are not kept.
    """

    takes_resources = False

    @classmethod
    def executor(
        cls, context: RunContext, *, patches: Mapping[str, object] | None = None, **kwargs: Any
    ) -> MockExecutor:
        """Open an executor for a run.

        Args:
            context: what all attempts share.
            patches: by path or name of a step, a function to be called in its place, or the value it is to return.
            kwargs: options of other runners, which mean nothing here.
        """
        return MockExecutor(context, patches or {})
