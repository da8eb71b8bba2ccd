"""The celery runner: what the entry point `graftline.runners: celery` names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ...core.demands import DEFAULT_LABEL
from ...core.errors import InvalidError, PluginError, nearest
from ...core.orders import RunContext
from ...core.runner import Runner
from .names import QUEUE, START_THE_BROKER

if TYPE_CHECKING:
    from ...core.runnerhealth import Health, Question
    from ..remote.executor import RemoteExecutor

_NUMBER = (int, float)
OPTIONS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "broker": (str, "the URL of a broker: redis://10.0.0.1/0, amqp://..., filesystem:///shared/broker"),
    "transport": (dict, "a table of kombu's transport options"),
    "queue": (str, "the name of a queue"),
    "prefix": (str, "text before the names of queues"),
    "limit": (int, "a number of bytes"),
    "artifacts": (str, "the absolute path of a directory that all machines see"),
    "patience": (_NUMBER, "a number of seconds"),
    "jobs": (int, "a number of attempts"),
}
"""Of `[runner.NAME]`: type, and what it is in words."""
_MANY = 4096
"""Attempts that may be dispatched when nobody says how many: the workers, which `room` knows, are the limit."""


class CeleryRunner(Runner):
    """Runs steps on celery workers; scheduling, run log, retry and reuse stay with the host of the run.

    Options: `broker`, its URL; `transport`, kombu's options for it; `queue` of steps without labels; `prefix` of the
    names of queues; `limit`, bytes of values that travel with one attempt; `artifacts`, a directory all machines see,
    through which values go instead; `patience`, seconds it tries to reach the broker; `jobs`, attempts under way.
    """

    is_elsewhere = True
    instance_option = "broker"

    @classmethod
    def jobs(cls, options: Mapping[str, Any]) -> int | None:
        """Return the option, else as many as the workers take."""
        return int(options.get("jobs") or _MANY)

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Refuse options it cannot run with.

        Raises:
            InvalidError: an option is missing, not known, or of the wrong type.
            PluginError: celery is not installed.
        """
        _check(options)

    @classmethod
    def health(cls, options: Mapping[str, Any], question: Question | None = None) -> Health:
        """Return whether the broker answers, which workers are there, and what each has.

        Raises:
            InvalidError: as `check`.
            PluginError: as `check`.
        """
        from ...core.runnerhealth import Question
        from ..remote.apart import health_apart

        cls.check(options)
        question, module = question or Question(), "graftline.plugins.celery.health"
        return health_apart(module, options, question, what="the celery broker", remedy=START_THE_BROKER)

    @classmethod
    def executor(cls, context: RunContext, **kwargs: Any) -> RemoteExecutor:
        """Open an executor; it connects while the run begins.

        Raises:
            InvalidError: an option is missing, not known, or of the wrong type.
            PluginError: celery is not installed.
        """
        cls.check(kwargs)
        from .opening import open_executor

        return open_executor(context, **kwargs)

    @classmethod
    def serve(cls, labels: Sequence[str], jobs: int | None, say: Callable[[str], None], /, **kwargs: Any) -> int:
        """Be a celery worker until it is stopped; return the exit code.

        Args:
            labels: those it serves: each is a queue.
            jobs: attempts at once; None: one for each core.
            say: tells the person.
            kwargs: the runner's options.

        Raises:
            InvalidError: as `executor`.
            PluginError: as `executor`.
        """
        cls.check(kwargs)
        from .broker import Broker
        from .serving import serve

        prefix, default = kwargs.get("prefix", ""), kwargs.get("queue", QUEUE)
        queues = [prefix + (default if label == DEFAULT_LABEL else label) for label in labels]
        broker = Broker(url=kwargs["broker"], transport=kwargs.get("transport", {}))
        return serve(broker, queues, jobs=jobs, say=say)


def _check(options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if name not in OPTIONS:
            raise InvalidError(
                f"the runner 'celery' has no option '{name}'{nearest(name, list(OPTIONS))}",
                f"options: {', '.join(OPTIONS)}",
            )
        kind, words = OPTIONS[name]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise InvalidError(f"the runner 'celery' takes {words} as '{name}', not {value!r}")
    for name in ("limit", "patience", "jobs"):
        if options.get(name, 1) <= 0:
            raise InvalidError(f"the runner 'celery' takes a positive number as '{name}', not {options[name]!r}")
    if not options.get("broker"):
        raise InvalidError("the runner 'celery' needs a broker", f"[runner.NAME] broker is {OPTIONS['broker'][1]}")
    if "://" not in options["broker"]:
        raise InvalidError(f"the runner 'celery' takes {OPTIONS['broker'][1]} as 'broker', not {options['broker']!r}")
    if find_spec("celery") is None:  # not imported: 120 ms, of which a run that reuses everything needs none
        raise PluginError("the runner 'celery' needs celery", "pip install 'graftline[celery]'")
