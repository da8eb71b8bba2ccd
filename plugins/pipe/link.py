"""The link through pipes: which attempt goes to which place, and what becomes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from ...core.errors import GraftError
from ...core.events import StepTold
from ...worker.bundles import Bundle
from ..remote.link import Broken, Inbox, LinkDown, Lost, Reported, Shipment, Told, Unbegun, Unsendable, Up
from ..remote.logs import LogCopies
from .line import Line, OutOfReach, Terms
from .load import Load, lacking
from .place import Place


class PipeLink:
    """Sends parcels through pipes to one place or several. Implements `Link`; made, it begins to connect."""

    bulk_from = 64 * 1024

    def __init__(
        self,
        inbox: Inbox,
        places: Sequence[Place],
        *,
        run: str,
        bundle: Bundle,
        requirements: Mapping[str, str],
        read: Callable[[str], bytes],
        logs: LogCopies,
        limit_bytes: int,
        patience_s: float,
    ) -> None:
        """Begin to connect to every place.

        Args:
            inbox: takes what comes back.
            places: where stations can be started; the first that is up takes attempts.
            run: id of the run.
            bundle: of the run.
            requirements: distribution -> version here, compared with those there.
            read: brings the bytes of a stored value.
            logs: where the logs of stations go.
            limit_bytes: values that travel in one report.
            patience_s: how long to try before a place is given up.
        """
        self._inbox = inbox
        self._logs = logs
        self._read = read
        self._lock = threading.RLock()
        self._backlog: list[Shipment] = []
        self._sent: dict[str, tuple[Line, Shipment]] = {}
        self._named: set[str] = set()
        """Digests of the values that attempts were sent with: nothing else of the store is told."""
        self._is_closed = False
        terms = Terms(
            run=run,
            bundle=bundle,
            requirements=requirements,
            read=self._value,
            logs=logs,
            limit_bytes=limit_bytes,
            patience_s=patience_s,
        )
        self.lines = [Line(place, number, terms, self) for number, place in enumerate(places)]
        for line in list(self.lines):
            line.begin()

    def threads(self) -> int:
        """Return how many attempts all places that are up execute at once; 1 while it is not known."""
        return sum(line.threads for line in list(self.lines)) or 1

    def send(self, shipments: Sequence[Shipment]) -> None:
        """Send parcels, or keep them until a place has what they demand.

        Raises:
            LinkDown: no place is up.
        """
        with self._lock:
            if not any(line.threads for line in self.lines):
                raise LinkDown
            for shipment in shipments:
                self._named.update(shipment.bulk)
            self._backlog += shipments
            self._pump()

    def cancel(self, tokens: Sequence[str], *, grace_s: float) -> None:
        """Stop attempts: where they run, and before they run."""
        wanted = set(tokens)
        with self._lock:
            idle = [each for each in self._backlog if each.token in wanted]
            self._backlog = [each for each in self._backlog if each.token not in wanted]
            for shipment in idle:
                self._inbox.put(Unbegun(token=shipment.token))
            for line in self.lines:
                if mine := [token for token in tokens if token in self._sent and self._sent[token][0] is line]:
                    line.cancel(mine, grace_s)

    def close(self) -> None:
        """End every station, with the rest of its logs."""
        self._is_closed = True
        lines = list(self.lines)
        for line in lines:
            line.end()
        for line in lines:
            line.close()

    def is_up(self, line: Line) -> None:
        """Send to a place that has come up."""
        with self._lock:
            self._pump()
        self._inbox.put(Up())

    def reported(self, token: str, data: bytes) -> None:
        """Hand a report on; its place has room again."""
        with self._lock:
            if token in self._sent:
                line, shipment = self._sent.pop(token)
                line.load.give(shipment.demand)
            if self._backlog:
                self._pump()
        self._inbox.put(Reported(token=token, data=data))

    def told(self, facts: Sequence[StepTold]) -> None:
        """Hand on what attempts told of themselves."""
        self._inbox.put(Told(facts=tuple(facts)))

    def is_cut(self, line: Line, why: str) -> None:
        """Tell of the attempts that are lost with a connection."""
        self._lose(line, why)
        self._logs.note(f"{why}; connecting again")

    def is_given_up(self, line: Line, error: GraftError) -> None:
        """Go on without a place that was out of reach, while there are others; what must be mended ends the run."""
        self._lose(line, str(error))
        with self._lock:
            if self._is_closed:
                return
            self.lines.remove(line)
            is_wrong = not line.was_up and not isinstance(error, OutOfReach)
            if is_wrong or not self.lines:
                self._inbox.put(Broken(error=error))
                return
            self._pump()
        self._logs.note(f"{error}; going on without it")

    def _lose(self, line: Line, why: str) -> None:
        with self._lock:
            for token in [token for token, (at, _) in self._sent.items() if at is line]:
                del self._sent[token]
                self._inbox.put(Lost(token=token, why=why))
            line.load = Load()

    def _pump(self) -> None:
        """Send what has a place now, the first first: nothing overtakes one that waits for cores."""
        left: list[Shipment] = []
        is_held = False
        for shipment in self._backlog:
            line = None if is_held else self._choose(shipment)
            if line is not None:
                self._sent[shipment.token] = line, shipment
                line.load.take(shipment.demand)
                line.send(shipment)
            elif is_held or not self._is_refused(shipment):
                left.append(shipment)
                is_held = is_held or self._waits_for_cores(shipment)
        self._backlog = left

    def _choose(self, shipment: Shipment) -> Line | None:
        """Return the place with the fewest attempts for its cores that has what is demanded; None: not now."""
        fitting = [line for line in self._offering(shipment) if line.load.has_cores(shipment.demand, line.threads)]
        return min(fitting, key=lambda line: line.load.busy / line.threads, default=None)

    def _offering(self, shipment: Shipment) -> list[Line]:
        """Return the places that have what is demanded by name free now."""
        return [
            line
            for line in self.lines
            if line.threads and self._lacking(shipment, line) is None and line.load.has(shipment.demand, line.offered)
        ]

    def _lacking(self, shipment: Shipment, line: Line) -> str | None:
        """Return what a place can never give to an attempt; all serve a label that was routed here and none offers."""
        offered = {name for each in self.lines for name in each.offered}
        free = shipment.routed - offered
        return lacking({name: each for name, each in shipment.demand.items() if name not in free}, line.offered)

    def _waits_for_cores(self, shipment: Shipment) -> bool:
        return bool(self._offering(shipment))

    def _is_refused(self, shipment: Shipment) -> bool:
        """Tell of an attempt that no place can ever execute; return whether it is one."""
        if not all(line.threads for line in self.lines):
            return False  # one that is to come may
        missing = [self._lacking(shipment, line) for line in self.lines]
        if None in missing or not missing:
            return False
        name = str(missing[0])
        wanted, most = shipment.demand[name], max(line.offered.get(name, 0.0) for line in self.lines)
        where = " and ".join(line.place.what for line in self.lines)
        offered = ", ".join(sorted({each for line in self.lines for each in line.offered})) or "nothing by name"
        why = f"wants {wanted:g} of '{name}', and there is {most:g} at most" if most else f"wants '{name}'"
        self._inbox.put(
            Unsendable(
                token=shipment.token,
                why=f"the step {why}; offered by {where}: {offered}",
                hint=f"[runner.NAME] labels = ['{name}'], or resources = {{{name} = {wanted:g}}}",
            )
        )
        return True

    def _value(self, digest: str) -> bytes | None:
        with self._lock:
            if digest not in self._named:
                return None
        return self._read(digest)
