"""An executor of executors: each attempt goes to the site its labels lead to, and what comes back is one stream.

Composition over the port alone, used by one thread as they are: while attempts of several sites are under way, it waits
for one of them a moment at a time and looks at the others between.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from .errors import GraftError
from .events import AttemptEnded, AttemptFailed, StepProgressed, StepTold, StepYielded, never_begun
from .lateness import Arriving, Expecting
from .orders import Order
from .ports import Clock, Executor
from .records import dataclass, replace
from .routes import Sites
from .runs import StepError
from .states import Reason

SLICE_S = 0.02
"""How late an end may be heard of while another site is waited for: a fiftieth of a second, where the answer of a
cluster takes longer than that, and an engine that wakes so often uses less than a hundredth of a core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Another runner that steps of a run go to."""

    name: str
    jobs: int
    """cpus its steps may use together."""
    open: Callable[[], Executor]
    """Opens its executor for this run; PluginError or InvalidError when it cannot."""


class Spread:
    """Implements `Executor` by those of several runners, opened when something goes there.

    A site that is lost on the way fails the attempts it has, and those that go there later; the others go on. Before
    anything has run it fails the run.

    Args:
        home: executor of the run's own runner: site 0.
        away: the other runners: site 1, site 2, ...
        sites: where each operation goes.
        clock: wall time, of the ends of what is lost.
    """

    def __init__(self, home: Executor, away: Sequence[Away], sites: Sites, clock: Clock):
        self._clock = clock
        self._away = away
        self._sites = sites
        self._executors: dict[int, Executor] = {0: home}
        self._opened: set[int] = set()
        self._lost: dict[int, GraftError] = {}
        self._under_way: dict[str, tuple[int, Order]] = {}
        """By path, of attempts that have not ended."""
        self._news: list[AttemptEnded | StepTold] = []
        self._has_begun = False

    def open(self, operations: Collection[int]) -> None:
        """Open the executors that operations go to; what is wrong with one comes out here, or of the next `wait`."""
        for site in sorted({self._sites.of[each] for each in operations}):
            executor = self._open(site)
            if isinstance(executor, Expecting):
                executor.expect([each for each in operations if self._sites.of[each] == site])

    def has_arrived(self, sites: Collection[int]) -> bool:
        """Tell whether these sites, and all that were opened, were reached; those that are not open yet are opened."""
        for site in sorted(sites):
            self._open(site)
        return not any(self._is_arriving(site) for site in self._opened)

    def room_at(self, site: int) -> int:
        """Return how many more orders a site takes now; a lost one takes all there are, and fails them."""
        return 1 << 20 if site in self._lost else self._open(site).room()

    def room(self) -> int:
        """Return how many more orders it takes now at all sites that are open."""
        return sum(self.room_at(site) for site in self._opened)

    def submit(self, orders: Sequence[Order]) -> None:
        """Take orders."""
        self._has_begun = True
        by_site: dict[int, list[Order]] = {}
        for order in orders:
            site = self._sites.of[order.operation]
            self._under_way[order.node] = site, order
            by_site.setdefault(site, []).append(order)
        for site, some in by_site.items():
            if site in self._lost:
                self._fail(site, "it is out of reach")
                continue
            try:
                self._open(site).submit(some)
            except GraftError as problem:
                self._lose(site, problem)

    def cancel(self, nodes: Sequence[str], *, grace_s: float) -> None:
        """Stop attempts, wherever they are. Each still yields its end."""
        by_site: dict[int, list[str]] = {}
        for node in nodes:
            if node in self._under_way:
                by_site.setdefault(self._under_way[node][0], []).append(node)
        for site, some in by_site.items():
            self._executors[site].cancel(some, grace_s=grace_s)

    def wait(self, timeout_s: float | None) -> list[AttemptEnded | StepTold]:
        """Block until something ended anywhere, or a site was reached, or the time is over.

        Raises:
            GraftError: the run's own runner is out of reach for good, or another one before anything ran.
        """
        left = timeout_s
        while True:
            arriving = {site for site in self._opened if self._is_arriving(site)}
            busy = sorted({site for site, _ in self._under_way.values()} | arriving) or [0]
            for site in busy if len(busy) > 1 or arriving else ():
                self._hear(site, 0.0)
            if self._news or any(not self._is_arriving(site) for site in arriving):
                news, self._news = self._news, []
                return news
            is_alone = len(busy) == 1 and not arriving
            self._hear(busy[0], left if is_alone else SLICE_S if left is None else min(left, SLICE_S))
            left = None if left is None else left - SLICE_S
            if self._news or is_alone or (left is not None and left <= 0):
                news, self._news = self._news, []
                return news

    def close(self) -> None:
        """End the workers of all sites and wait for them. Safe to call twice."""
        problems: list[BaseException] = []
        for executor in self._executors.values():
            try:
                executor.close()
            except Exception as problem:  # noqa: BLE001  the others are to be closed all the same
                problems.append(problem)
        if problems:
            raise problems[0]

    def _open(self, site: int) -> Executor:
        if site not in self._executors:
            self._executors[site] = self._away[site - 1].open()
        self._opened.add(site)
        return self._executors[site]

    def _is_arriving(self, site: int) -> bool:
        executor = self._executors[site]
        return site not in self._lost and isinstance(executor, Arriving) and not executor.has_arrived()

    def _hear(self, site: int, timeout_s: float | None) -> None:
        try:
            found = self._executors[site].wait(timeout_s)
        except GraftError as problem:
            self._lose(site, problem)
            return
        self._take(site, found)

    def _take(self, site: int, found: Iterable[AttemptEnded | StepTold]) -> None:
        for fact in found:
            if not isinstance(fact, StepYielded | StepProgressed):
                known = self._under_way.get(fact.node)
                if known is not None and known[1].attempt == fact.attempt:
                    del self._under_way[fact.node]
                if site and fact.worker is not None:
                    fact = replace(fact, worker=f"{self._sites.names[site]}/{fact.worker}")
            self._news.append(fact)

    def _lose(self, site: int, problem: GraftError) -> None:
        """Fail what a site had, if the run can do without it."""
        if site == 0 or not self._has_begun:
            raise problem
        self._lost[site] = problem
        self._fail(site, "it was lost while it had the step")

    def _fail(self, site: int, why: str) -> None:
        problem = self._lost[site]
        hint = f" ({problem.hint})" if problem.hint else ""
        message = f"runner '{self._sites.names[site]}': {why}: {problem.message}{hint}"
        for node, (where, order) in list(self._under_way.items()):
            if where == site:
                del self._under_way[node]
                self._news.append(_lost(order, message, self._clock()))


def _lost(order: Order, message: str, now: float) -> AttemptFailed:
    told = StepError(type="WorkerLost", message=message)
    return never_begun(order.node, order.attempt, Reason.LOST, told, at=now)
