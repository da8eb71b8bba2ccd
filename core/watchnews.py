"""What a watch is asked, what it tells, and the port to one that is going on, for the command line and the screens.

Apart from the machine that decides (`core/watching.py`), because faces need no more than this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol, TypeAlias

from .concern import Concern
from .errors import GraftError
from .events import Fact
from .graph import Graph
from .ids import RunId
from .records import dataclass
from .requests import RunRequest
from .runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRequest:
    """What to watch."""

    run: Callable[[], RunRequest]
    """Makes the request of its waves: called at the beginning, and again when one of `configs` was saved, so that it
    can read parameter files anew. What it raises (GraftError) is told, and the watch goes on. Called by any thread."""
    configs: tuple[str, ...] = ()
    """Further files that `run` reads, absolute: the parameter file. One outside the project is not watched."""
    holds_effects: bool = True
    """False: effects run in each wave."""


class Wish(StrEnum):
    """What a person asks of a watch while it goes on."""

    AGAIN = "again"
    """Load anew, and run what is not up to date."""
    FORCE = "force"
    """Load anew, and run every step whatever is known."""
    RELEASE = "release"
    """Run the next effect that is held."""
    STOP = "stop"
    """Cancel what runs and leave; once more: kill it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """Files were saved that may concern the pipeline; it is loaded now."""

    paths: tuple[str, ...]
    """Relative to the project root, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The code, a parameter or the configuration is wrong now. The last good graph stays, nothing is started."""

    error: GraftError


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconcerned:
    """It was loaded, and no step is concerned."""

    paths: tuple[str, ...]
    """What was saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A wave is about to start, or starts when what still runs has ended."""

    changed: tuple[Concern, ...]
    """Steps that are another now, and why; empty in the first wave, whose causes the run itself tells."""
    followers: tuple[str, ...] = ()
    """Steps behind them: they run unless what they get stays equal."""
    removed: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Data files that changed."""
    released: tuple[str, ...] = ()
    """Effects that run although they are held."""
    is_forced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """A newer save made a part of the wave obsolete: it takes up nothing more."""

    cancelled: tuple[str, ...]
    """Running steps that are stopped."""
    spared: tuple[str, ...]
    """Running steps that may end: their results still hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A wave started; its facts follow."""

    run: RunId
    number: int
    """From 1."""
    graph: Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A wave is over."""

    run: Run
    held: tuple[str, ...]
    """Effects that were held, in definition order."""
    is_superseded: bool
    """It ended early, for a newer one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restless:
    """Files that change with each wave are no longer a reason for another one."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarked:
    """Something a person should know of how files are watched: that all are looked at again and again."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Nothing is going on."""

    is_broken: bool
    """It waits for valid code."""
    held: tuple[str, ...] = ()
    """Effects that `Wish.RELEASE` would run, the next one first."""


News: TypeAlias = Noticed | Broken | Unconcerned | Planned | Superseded | Begun | Ended | Restless | Remarked | Waiting


class Listener(Protocol):
    """Is told of a watch, by one thread at a time for each method, in order."""

    def tell(self, news: News, /) -> None:
        """Take news."""
        ...

    def observe(self, facts: Sequence[Fact], /) -> None:
        """Take facts of the wave that runs, after they were committed."""
        ...


class Watch(Protocol):
    """A watch of one target: a first run at once, another after each change that concerns it. Never two at a time."""

    session: str
    """Its waves have the tag `watch:SESSION`."""

    def run(self) -> None:
        """Watch until `Wish.STOP`; no process of it survives. Once, in any thread.

        Raises:
            GraftError: what there is to watch cannot be opened at all (the target does not exist), or the store failed.
        """
        ...

    def ask(self, wish: Wish) -> None:
        """Ask for something; safe in a signal handler and in any thread."""
        ...
