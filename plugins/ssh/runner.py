"""The ssh runner: what the entry point `graftline.runners: ssh` names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...core.errors import InvalidError, PluginError
from ...core.orders import RunContext
from ...core.runner import Runner

if TYPE_CHECKING:
    from ...core.runnerhealth import Health, Question
    from ..remote.executor import RemoteExecutor


class SshRunner(Runner):
    """Runs steps on hosts that the system's `ssh` reaches, where graftline is installed.

    Options: `address`, `user@host` or a Host of ssh's configuration, or a list of them; `port`, `identity` (a file),
    `options` (as `ssh -o` takes them); `graft`, the command there (shell text), or `python`, an interpreter that has
    graftline; `directory` there, for what is unpacked; `jobs`, attempts at once on each host; `labels` and `resources`
    each offers; `limit`, `artifacts`, `patience`.
    """

    is_elsewhere = True
    instance_option = "address"

    @classmethod
    def jobs(cls, options: Mapping[str, Any]) -> int | None:
        """Return the option times the hosts, else as many as the hosts take."""
        from ..pipe.opening import MANY  # with what connects; `graft plan` asks for the number alone

        jobs, address = options.get("jobs"), options.get("address")
        hosts = len(address) if isinstance(address, list) else 1
        return jobs * hosts if isinstance(jobs, int) else MANY

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Refuse options it cannot run with.

        Raises:
            InvalidError: an option is missing, not known, or of another type; two exclude each other.
            PluginError: this machine has no `ssh`.
        """
        import shutil

        from ..pipe.opening import OPEN_OPTIONS
        from ..remote.options import check_options
        from .host import OPTIONS, hosts_of

        check_options("ssh", options, {**OPTIONS, **OPEN_OPTIONS})
        if not options.get("address"):
            hint = '[runner.NAME] provider = "ssh", address = "me@box"'
            raise InvalidError("the runner 'ssh' needs an address", hint)
        hosts_of(options)
        if shutil.which("ssh") is None:
            raise PluginError(
                "the runner 'ssh' needs the program ssh, which is not on PATH", "install OpenSSH's client"
            )

    @classmethod
    def health(cls, options: Mapping[str, Any], question: Question | None = None) -> Health:
        """Return whether the hosts can be logged in to, and what each has; a station is started there and ends.

        Raises:
            InvalidError: as `check`.
            PluginError: as `check`.
        """
        from ...core.runnerhealth import Question
        from ..pipe.visit import health_of, visit
        from ..remote.answering import limit_of
        from ..remote.stations import DEFAULT_LIMIT
        from .host import hosts_of

        cls.check(options)
        sights = visit(hosts_of(options), question or Question())
        return health_of(sights, limit_of(options, DEFAULT_LIMIT), lambda sight: f"{sight.place.what} has {sight}")

    @classmethod
    def executor(cls, context: RunContext, **kwargs: Any) -> RemoteExecutor:
        """Open an executor; it connects while the run begins.

        Raises:
            InvalidError: an option is missing, not known, or of another type; two exclude each other.
            PluginError: this machine has no `ssh`.
        """
        from ..pipe.opening import OPEN_OPTIONS, open_executor
        from .host import hosts_of

        cls.check(kwargs)
        opening = {name: kwargs[name] for name in OPEN_OPTIONS if name in kwargs}
        return open_executor(context, hosts_of(kwargs), **opening)
