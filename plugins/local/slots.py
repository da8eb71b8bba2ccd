"""Machine-wide counted resources: one lock file for each unit, given back by the kernel when its holder dies.

Two runs on one machine share its cores, gpus and licences without a daemon and without cleaning up after a crash.
Source: flock(2): a lock belongs to the open file description, so it lives exactly as long as the process.
"""

from __future__ import annotations

import fcntl
import math
import os
import time
from collections.abc import Mapping

from ...core.errors import InvalidError, StoreError

SHARE_S = 0.2
"""Seconds a run keeps a core while another run has none."""
_YIELD_S = 0.06
"""Seconds it then leaves the core to the other, which looks every 0.02 s."""
_MEMORY_UNITS = 64
"""Lock files for memory: each stands for that part of the capacity."""


class LockFile:
    """One unit: taken by at most one holder on this machine."""

    __slots__ = ("_descriptor", "_path")

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = -1

    def take(self, *, is_shared: bool = False) -> bool:
        """Take it without waiting; return whether it was free.

        Raises:
            StoreError: the file cannot be made.
        """
        if self._descriptor < 0:
            try:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as problem:
                raise StoreError(f"slot file {self._path} cannot be opened: {problem.strerror}") from problem
        try:
            fcntl.flock(self._descriptor, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Give it back."""
        if self._descriptor >= 0:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give it back and close the file. Safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Cores:
    """How many of this machine's cores a run may keep busy now.

    A run that has work but no core at all says so by a shared lock; a run that has held its cores for `SHARE_S` looks
    for that and gives one up. So runs that started first do not keep the later ones out.
    """

    def __init__(self, directory: str, *, count: int | None = None) -> None:
        """Count the cores this process may use, or take `count`; 0 means no limit."""
        total = available_cores() if count is None else count
        self._files = [LockFile(os.path.join(directory, f"core.{index}.lock")) for index in range(total)]
        self._starving = LockFile(os.path.join(directory, "core.starving.lock"))
        self._held: list[LockFile] = []
        self._is_starving = False
        self._looked = time.monotonic()
        self._barred_until = 0.0
        self._owes = False
        """The next core that comes free is promised to a run that starves."""

    @property
    def held(self) -> int:
        """Return how many cores this run holds."""
        return len(self._held)

    def hold(self, busy: int) -> bool:
        """Hold cores for so many busy workers; return whether there are enough."""
        if self._owes and busy >= len(self._held):
            return False
        while len(self._held) < busy:
            if not self._files:
                return True
            free = None if time.monotonic() < self._barred_until else self._take_one()
            if free is None:
                self._set_starving(not self._held)
                return False
            self._held.append(free)
        self._set_starving(False)
        return True

    def keep(self, busy: int) -> None:
        """Give back what more than `busy` workers would need."""
        while len(self._held) > busy:
            self._held.pop().release()
            if self._owes:
                self._owes = False
                self._barred_until = time.monotonic() + _YIELD_S
        if not busy:
            self._set_starving(False)

    def must_share(self) -> bool:
        """Tell whether a core should be given up, because another run has had none for a while. Asks seldom."""
        now = time.monotonic()
        if not self._held or self._is_starving or now - self._looked < SHARE_S:
            return False
        self._looked = now
        if self._starving.take():
            self._starving.release()
            return False
        return True

    def give_up(self, busy: int) -> None:
        """Give the run that starves a core that `busy` workers do not need, else promise it the next one."""
        self._owes = bool(self._held)
        self.keep(busy)

    def close(self) -> None:
        """Give everything back. Safe to call twice."""
        for file in (*self._files, self._starving):
            file.close()
        self._held.clear()

    def _take_one(self) -> LockFile | None:
        return next((file for file in self._files if file not in self._held and file.take()), None)

    def _set_starving(self, is_starving: bool) -> None:
        if is_starving and not self._is_starving:
            self._is_starving = self._starving.take(is_shared=True)
        elif not is_starving and self._is_starving:
            self._starving.release()
            self._is_starving = False


class MachineSlots:
    """Counted resources with a capacity (gpu, memory in bytes, named limits), shared by all runs of this machine.

    `cpus` is not among them: an executor holds cores itself, by the attempt.
    """

    def __init__(self, directory: str, capacity: Mapping[str, float]) -> None:
        """Use the lock files of a directory, which exists, for these capacities."""
        self._capacity = dict(capacity)
        self._units = {
            name: [LockFile(os.path.join(directory, f"{name}.{index}.lock")) for index in range(_count(name, amount))]
            for name, amount in capacity.items()
        }
        self._held: dict[str, dict[str, list[int]]] = {}
        self._taken = {name: set[int]() for name in capacity}

    def acquire(self, node: str, demand: Mapping[str, float]) -> bool:
        """Take all of the demand or nothing; return whether it was taken.

        Raises:
            InvalidError: no such resource, or more than there is: it could never be taken.
        """
        got: dict[str, list[int]] = {}
        self._held[node] = got
        for name, amount in demand.items():
            if name == "cpus" or amount <= 0:
                continue
            wanted = self._units_of(node, name, amount)
            got[name] = []
            for index, unit in enumerate(self._units[name]):
                if len(got[name]) < wanted and index not in self._taken[name] and unit.take():
                    self._taken[name].add(index)
                    got[name].append(index)
            if len(got[name]) < wanted:
                self.release(node)
                return False
        return True

    def release(self, node: str) -> None:
        """Give back what the node holds."""
        for name, indices in self._held.pop(node, {}).items():
            for index in indices:
                self._taken[name].discard(index)
                self._units[name][index].release()

    def environ(self, node: str) -> tuple[tuple[str, str], ...]:
        """Return CUDA_VISIBLE_DEVICES for a step that holds gpus: of those this process may see, the ones it holds."""
        indices = self.held(node, "gpu")
        if not indices:
            return ()
        visible = [each.strip() for each in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if each.strip()]
        return (("CUDA_VISIBLE_DEVICES", ",".join(visible[at] if at < len(visible) else str(at) for at in indices)),)

    def held(self, node: str, name: str) -> tuple[int, ...]:
        """Return which units of a resource the node holds: for `gpu`, the devices to make visible."""
        return tuple(self._held.get(node, {}).get(name, ()))

    def close(self) -> None:
        """Give everything back. Safe to call twice."""
        self._held.clear()
        for name, units in self._units.items():
            self._taken[name].clear()
            for unit in units:
                unit.close()

    def _units_of(self, node: str, name: str, amount: float) -> int:
        if name not in self._capacity:
            known = ", ".join(sorted(self._capacity)) or "none"
            raise InvalidError(f"step '{node}' wants {name}, which this machine does not offer (it offers: {known})")
        capacity = self._capacity[name]
        if amount > capacity:
            raise InvalidError(f"step '{node}' wants {amount:g} of {name}; this machine has {capacity:g}")
        return math.ceil(amount / capacity * _MEMORY_UNITS) if name == "memory" else math.ceil(amount)


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _count(name: str, amount: float) -> int:
    return _MEMORY_UNITS if name == "memory" else math.floor(amount)
