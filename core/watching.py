"""What a watch does next: changes of files, loads, ends of waves and wishes come in, commands come out.

Pure: it knows no thread and no file. Whoever drives it (plugins/watch) hands in one event at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

from .concern import Difference, compare
from .events import AttemptDispatched, Fact
from .graph import Graph
from .ports import Loaded
from .records import dataclass, field
from .reusing import Reusing
from .states import Status
from .trail import ENDS, Trail
from .watchevents import (
    Changed,
    CodeBroken,
    CodeLoaded,
    Command,
    Event,
    Leave,
    Load,
    Own,
    Recalled,
    Start,
    Stop,
    WaveEnded,
    WaveRefused,
    WaveTold,
)
from .watchnews import (
    Broken,
    Ended,
    Noticed,
    Planned,
    Restless,
    Superseded,
    Unconcerned,
    Waiting,
    Wish,
)

GRACE_S = 0.5
"""After a wave, news of files it wrote last may still come: seconds in which they are not taken for a person's."""


@dataclass(slots=True)
class _Reasons:
    """Why the next wave is wanted."""

    is_wanted: bool = False
    is_forced: bool = False
    released: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    difference: Difference = field(default_factory=Difference)


class Watching:
    """The state of one watch.

    Args:
        configs: files, relative to the project root, that the configuration and the parameters are read from.
        holds_effects: False: effects run in every wave.
    """

    def __init__(self, *, configs: frozenset[str] = frozenset(), holds_effects: bool = True):
        self._configs = configs
        self._holds_effects = holds_effects
        self._good: Loaded | None = None
        """What was valid last."""
        self._chosen: frozenset[str] | None = None
        self._ran: Loaded | None = None
        """What the newest wave that was not stopped early ran; None: there was none."""
        self._cut: Loaded | None = None
        """What a later wave ran that was stopped early, and may have left files of; None: there was none."""
        self._is_broken = False
        self._is_loading = False
        self._saved: dict[str, None] = {}
        """What was saved since the load that goes on, or the last one, was asked for."""
        self._must_load = False
        """Something came while loading: what comes back is outdated."""
        self._must_renew = False
        self._next = _Reasons()
        self._wave: Loaded | None = None
        """What the wave that goes on runs; None: none does."""
        self._ended_at = float("-inf")
        self._was_stopped = False
        """The wave takes up nothing more."""
        self._running: dict[str, None] = {}
        self._trail = Trail()
        self._later: dict[str, str | None] = {}
        """Data files that changed while a wave went on: whether it was the wave is known when it is over."""
        self._blamed: frozenset[str] = frozenset()
        """Data files whose change during one wave made this one start."""
        self._held: tuple[str, ...] = ()
        self._stops = 0

    def begin(self) -> list[Command]:
        """Return the first commands."""
        self._next.is_wanted = True
        return self._load()

    def take(self, event: Event) -> list[Command]:
        """Take in one event and return what to do, in order."""
        if self._stops and not isinstance(event, WaveTold | WaveEnded | WaveRefused | Wish):
            return []
        if isinstance(event, Changed):
            return self._take_changes(event)
        if isinstance(event, CodeLoaded):
            return self._take_code(event)
        if isinstance(event, CodeBroken):
            return self._take_fault(event)
        if isinstance(event, WaveRefused):
            return self._take_refusal(event)
        if isinstance(event, WaveTold):
            return self._take_facts(event.facts)
        if isinstance(event, Recalled):
            for node, seen in event.seen.items():
                self._trail.recall(node, seen)
            return []
        if isinstance(event, WaveEnded):
            return self._take_end(event)
        return self._take_wish(event)

    # -- files -----------------------------------------------------------------------------------------------------

    def _take_changes(self, event: Changed) -> list[Command]:
        is_late = event.at < self._ended_at + GRACE_S
        code = [path for path in event.files if self._is_code(path, may_be_own=is_late or self._wave is not None)]
        data = {path: digest for path, digest in event.files.items() if path not in code}
        if self._wave is not None:
            self._later |= data
            return self._notice(code) if code else []
        wanted, restless = self._trail.foreign(data, self._blamed, self._graph, is_late=is_late)
        if not is_late:
            self._blamed = frozenset()
        found: list[Command] = [Restless(paths=restless)] if restless else []
        return found + self._notice(code, wanted) if code or wanted else found

    def _notice(self, code: Sequence[str], data: Sequence[str] = ()) -> list[Command]:
        """Load because of files; data files are a reason for a wave by themselves."""
        if data:
            self._next.is_wanted = True
            self._next.files = tuple(sorted({*self._next.files, *data}))
        self._saved |= dict.fromkeys((*code, *data))
        self._must_renew |= not self._configs.isdisjoint(code)
        return [Noticed(paths=tuple(sorted((*code, *data)))), *self._load()]

    def _is_code(self, path: str, *, may_be_own: bool) -> bool:
        """Tell whether a file may be a part of the pipeline. One that no import reaches yet may be what was missing."""
        if path in self._configs or (self._good is not None and path in self._good.snapshot.files):
            return True
        return path.endswith(".py" if may_be_own else _CODE)

    @property
    def _graph(self) -> Graph | None:
        return None if self._good is None else self._good.graph

    def _load(self) -> list[Command]:
        if self._is_loading:
            self._must_load = True
            return []
        self._is_loading, self._must_load = True, False
        is_renewed, self._must_renew = self._must_renew, False
        return [Load(is_renewed=is_renewed)]

    # -- code ------------------------------------------------------------------------------------------------------

    def _take_code(self, event: CodeLoaded) -> list[Command]:
        self._is_loading = False
        if self._must_load:
            return self._load()
        self._good, self._chosen = event.loaded, event.chosen
        was_broken, self._is_broken = self._is_broken, False
        saved, self._saved = tuple(sorted(self._saved)), {}
        base = self._wave or self._ran
        difference = Difference() if base is None else self._among_chosen(compare(base, event.loaded))
        if not difference.is_any and self._wave is None and self._cut is not None:
            difference = self._among_chosen(compare(self._cut, event.loaded))  # back to what ran before it
        self._next.difference = difference
        self._next.is_wanted |= difference.is_any or (self._wave is None and self._ran is None)
        if self._wave is not None:
            if difference.is_any or self._next.is_forced:
                return self._supersede(difference)
            return [] if self._next.is_wanted else self._unconcerned(saved, was_broken=was_broken)
        if self._next.is_wanted:
            return self._start()
        return [*self._unconcerned(saved, was_broken=was_broken), self._waiting()]

    def _unconcerned(self, saved: tuple[str, ...], *, was_broken: bool) -> list[Command]:
        return [Unconcerned(paths=saved)] if saved or was_broken else []

    def _among_chosen(self, difference: Difference) -> Difference:
        chosen = self._chosen
        if chosen is None:
            return difference
        return Difference(
            changed=tuple(each for each in difference.changed if each.path in chosen),
            followers=tuple(path for path in difference.followers if path in chosen),
            removed=difference.removed,
            obsolete=difference.obsolete,
        )

    def _take_fault(self, event: CodeBroken) -> list[Command]:
        self._is_loading = False
        if self._must_load:
            return self._load()
        self._is_broken = True
        self._saved = {}
        found: list[Command] = [Broken(error=event.error)]
        return found if self._wave is not None else [*found, self._waiting()]

    def _take_refusal(self, event: WaveRefused) -> list[Command]:
        self._wave = None
        if self._stops:
            return [Leave()]
        self._is_broken = self._next.is_wanted = True
        return [Broken(error=event.error), self._waiting()]

    # -- waves -----------------------------------------------------------------------------------------------------

    def _start(self) -> list[Command]:
        assert self._good is not None
        reasons, self._next = self._next, _Reasons()
        self._wave, self._was_stopped = self._good, False
        self._running, self._later, self._held = {}, {}, ()
        self._trail.begin()
        reusing = Reusing(
            is_on=not reasons.is_forced,
            sources=True,
            holds_effects=self._holds_effects,
            released=reasons.released,
        )
        planned = Planned(
            changed=reasons.difference.changed,
            followers=reasons.difference.followers,
            removed=reasons.difference.removed,
            files=reasons.files,
            released=reasons.released,
            is_forced=reasons.is_forced,
        )
        return [planned, Start(loaded=self._good, reusing=reusing)]

    def _supersede(self, difference: Difference) -> list[Command]:
        """End the wave early; what runs and still holds may end, so that the next wave finds its result."""
        assert self._wave is not None
        stale = set(self._trail.readers(self._next.files))
        graph = self._wave.graph
        cancelled = [path for path in self._running if path in stale or difference.concerns(path, graph)]
        if self._next.is_forced:
            cancelled = list(self._running)
        spared = tuple(path for path in self._running if path not in cancelled)
        self._was_stopped = True
        return [Superseded(cancelled=tuple(cancelled), spared=spared), Stop(spared=spared)]

    def _take_facts(self, facts: Sequence[Fact]) -> list[Command]:
        for fact in facts:
            if isinstance(fact, AttemptDispatched):
                self._running[fact.node] = None
            elif isinstance(fact, ENDS):
                self._running.pop(fact.node, None)
        own = self._trail.take(facts)
        return [Own(files=own)] if own else []

    def _take_end(self, event: WaveEnded) -> list[Command]:
        assert self._wave is not None
        wave, self._wave = self._wave, None
        self._ended_at = event.at
        self._running = {}
        is_whole = not self._was_stopped and event.run.state is not Status.CANCELLED
        if is_whole:
            self._ran, self._cut = wave, None
        else:
            self._cut = wave
        self._held = self._trail.held
        ended: list[Command] = [
            Ended(run=event.run, held=self._held, is_superseded=self._was_stopped and not self._stops)
        ]
        if event.error is not None:
            ended.append(Broken(error=event.error))
        if self._stops:
            return [*ended, Leave()]
        wanted, restless = self._trail.foreign(self._later, self._blamed, self._graph, is_late=True)
        self._later = {}
        found: list[Command] = [*ended, *([Restless(paths=restless)] if restless else [])]
        self._blamed = frozenset(wanted)
        if wanted:
            return found + self._notice((), wanted)
        if self._is_loading or self._is_broken or not self._next.is_wanted:
            return found if self._is_loading else [*found, self._waiting()]
        return found + self._start()

    # -- wishes ----------------------------------------------------------------------------------------------------

    def _take_wish(self, wish: Wish) -> list[Command]:
        if wish is Wish.STOP:
            self._stops += 1
            if self._wave is None:
                return [Leave()]
            return [Stop(is_hard=self._stops > 1)]
        if self._stops:
            return []
        if wish is Wish.RELEASE:
            return self._release()
        self._next.is_wanted = True
        self._next.is_forced |= wish is Wish.FORCE
        self._must_renew = True
        return self._load()

    def _release(self) -> list[Command]:
        waiting = [path for path in self._trail.held if path not in self._next.released]
        if not waiting:
            return []
        self._next.is_wanted = True
        self._next.released += (waiting[0],)
        if self._wave is not None or self._is_loading or self._is_broken:
            return []  # with the next wave
        return self._start()

    def _waiting(self) -> Waiting:
        return Waiting(is_broken=self._is_broken, held=self._held)


_CODE = (".py", ".ipynb", ".yaml", ".yml", ".toml", ".json", ".sql", ".sh", ".cfg", ".ini", ".so")
"""Endings of what compiling a pipeline may read. During a wave, and right after, `.py` alone: steps write JSON."""
