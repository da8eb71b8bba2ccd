"""The base of runners that write pipelines down: what their verbs return is what was written, for there is no run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .errors import PluginError
from .runner import Runner

if TYPE_CHECKING:
    from .pipeline import Pipeline
    from .translating import Sheet, Translation


class WritingRunner(Runner):
    """A runner with `translate`. Nothing it does is a run: no verb of it returns one.

    A runner may as well derive from `Runner` and set `executes = False`; type checkers then take it for one that runs.
    """

    executes = False

    @classmethod
    def translate(cls, sheet: Sheet, *, is_dry: bool, **kwargs: Any) -> Translation:
        """Write a graph down; see `Runner.translate`."""
        raise PluginError(f"runner {cls.__qualname__} must override `translate`")

    def job(  # type: ignore[override]  # what is no run cannot be returned as one
        self, pipeline: Pipeline, params: Mapping[str, object] | None = None, **options: Any
    ) -> Translation:
        """Write a pipeline down and return what was written, and where.

        Args:
            pipeline: what would be run.
            params: parameters by name.
            options: none.

        Raises:
            InvalidError: the pipeline, a parameter or an option is wrong; the graph cannot be said that way.
            PluginError: what it needs is not installed.
        """
        return self._written("job", pipeline, params, options)

    def train(  # type: ignore[override]  # as above
        self, pipeline: Pipeline, params: Mapping[str, object] | None = None, **options: Any
    ) -> Translation:
        """Write down how it is trained; as `job`, with `registry`, `lower`, `upper`, `from_start`, `query`."""
        return self._written("train", pipeline, params, options)

    def apply(  # type: ignore[override]  # as above
        self, pipeline: Pipeline, params: Mapping[str, object] | None = None, **options: Any
    ) -> Translation:
        """Write down how the last generation is applied; as `train`."""
        return self._written("apply", pipeline, params, options)

    def eval(  # type: ignore[override]  # as above
        self, pipeline: Pipeline, params: Mapping[str, object] | None = None, **options: Any
    ) -> Translation:
        """Write down how it is evaluated; as `train`."""
        return self._written("eval", pipeline, params, options)

    def _written(
        self, action: str, pipeline: Pipeline, params: Mapping[str, object] | None, options: dict[str, Any]
    ) -> Translation:
        found: Any = self._carry(action, pipeline, params, options)
        written: Translation = found
        return written
