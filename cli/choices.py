"""What a person may say to any command, as a record. Apart from its declaration (`options.py`), for the terminal UI."""

from __future__ import annotations

from ..core.records import dataclass, names_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person may say to any command. None: not said."""

    config: str | None = None
    """A configuration file that wins over the project's."""
    registry: str | None = None
    runner: str | None = None
    engine: str | None = None
    store: str | None = None
    """Directory of the store."""
    project: str | None = None
    """Directory of the project."""
    is_json: bool = False
    is_plain: bool = False
    is_verbose: bool = False

    def over(self, earlier: Options) -> Options:
        """Return these options, with those not said here taken from before the command."""
        return Options(**{name: getattr(self, name) or getattr(earlier, name) for name in names_of(Options)})
