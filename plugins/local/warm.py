"""One warm nursery kept between loading a pipeline and running it, so that packages are imported once.

A project with pandas and scikit-learn spends 1.5 s on imports; the loader's forkserver has done them already when the
run's workers are forked from it. While a watch goes on, the nursery stays, and is lent to one wave after the other.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from ...core.errors import InvalidError, PluginError
from ...core.ports import Loaded, LoadRequest
from ...core.runs import Target
from ...core.sources import imports_of, parse
from ...worker.reaching import reached_by
from ...worker.sourcefile import read_source
from .loader import LocalLoader, Spare
from .nursery import Nursery

_lock = threading.Lock()
_kept: Nursery | None = None
_stays = 0
"""Watches that go on."""
_shares = 0
"""Searches that go on: their runs share one nursery."""
_users: Counter[Nursery] = Counter()
"""Nurseries that loads and runs of a watch work with, and how many."""
_target: Target | None = None
"""What was loaded last by a watch."""
_spare: Spare | None = None
"""Waits for the next load of a watch."""
_lent: Nursery | None = None
"""The nursery a run works with, kept or not any more. Another run gets none then: the end of a run sweeps."""


def keep(nursery: Nursery) -> None:
    """Keep a nursery for the next run; one kept before is closed, when nobody works with it any more."""
    global _kept
    with _lock:
        before, _kept = _kept, nursery
        is_used = before in _users
    if before is not None and before is not nursery and not is_used:
        before.close()


def take(packages: Iterable[str]) -> Nursery | None:
    """Return the kept nursery when it lives and has imported these packages; it is the caller's then."""
    global _kept
    with _lock:
        if _kept is not None and (_kept is _lent or (_shares and _kept in _users)):
            return None
        nursery, _kept = _kept, None
    if nursery is None:
        return None
    if nursery.is_alive() and set(packages) == set(nursery.preload):
        return nursery
    nursery.close()
    return None


def borrow(packages: Iterable[str]) -> Nursery | None:
    """Return the kept nursery for one run while a watch goes on; None: none does, or there is none that fits.

    It is to be given back; nobody else's until then, unless it is a search that goes on.
    """
    global _lent
    with _lock:
        nursery = _kept
        if not _stays or nursery is None or _lent is not None or not _serves(nursery, packages):
            return None
        if _shares:
            nursery.is_shared = True
        else:
            _lent = nursery
        _users[nursery] += 1
        return nursery


def give_back(nursery: Nursery) -> None:
    """Give back what was borrowed. Safe to call twice where it was nobody else's."""
    global _lent
    if nursery.is_shared:
        _leave(nursery)
        return
    with _lock:
        if _lent is not nursery:
            return
        _lent = None
        target = _target if _stays and nursery is _kept else None
    if target is not None:
        _extend(nursery, target)
    _leave(nursery)


@contextmanager
def stay_warm(target: Target, *, is_shared: bool = False) -> Iterator[None]:
    """Keep a nursery for a target from run to run until the end of the block; it imports its packages from now on.

    Args:
        target: whose packages.
        is_shared: several runs work with it at once. What a step leaves behind is ended with the block then, and not
            with its run: the guardian does not know whose it is.
    """
    global _kept, _shares, _spare, _stays
    with _lock:
        _stays += 1
        _shares += is_shared
    try:
        modules: tuple[str, ...] = ()
        with suppress(InvalidError):  # told by the load
            modules = _modules(target)
        keep(Nursery(preload=modules))
        yield
    finally:
        with _lock:
            _stays -= 1
            _shares -= is_shared
            nursery = None
            if not _stays and _kept is not _lent:
                nursery, _kept = _kept, None
            spare, _spare = _spare, None
        if spare is not None:
            spare.close()
        if nursery is not None:
            nursery.close()


class WarmLoader:
    """Implements `Loader`: starts a nursery with the packages a target imports, loads in it, and keeps it."""

    def load(self, request: LoadRequest) -> Loaded:
        """Compile a target; see `LocalLoader.load`."""
        with _lock:
            stays = _kept if _stays else None
        if stays is not None and stays.is_alive():
            return _load_again(stays, request)
        packages = _packages(request.target)
        nursery = take(packages) or Nursery(preload=packages)
        try:
            loaded = LocalLoader(nursery).load(request)
        except BaseException:
            nursery.close()
            raise
        keep(nursery)
        _prepare()
        return loaded


def _load_again(nursery: Nursery, request: LoadRequest) -> Loaded:
    """Load while a watch goes on: in a child that waits for it, without a look at what is imported before.

    A package that is new is imported by the child this once; from then on by another nursery.
    """
    global _target
    with _lock:
        _users[nursery] += 1
    try:
        loaded = LocalLoader(nursery).load(request, _take_spare(nursery))
        _target = request.target
        if not _serves(nursery, loaded.preload):
            _exchange(nursery, loaded.preload)
        return loaded
    finally:
        _leave(nursery)
        _prepare()


def _extend(nursery: Nursery, target: Target) -> None:
    """Have a nursery that imports also what was added to the code, where that is something."""
    with suppress(InvalidError, PluginError):
        wanted = _modules(target)
        if not set(wanted) <= set(nursery.preload):
            _exchange(nursery, wanted)
            _prepare()


def _exchange(nursery: Nursery, modules: Iterable[str]) -> None:
    """Keep a nursery that imports these too, unless the watch is over or another one took this one's place."""
    fresh = Nursery(preload=tuple(sorted({*modules, *nursery.preload})))
    with _lock:
        is_wanted = bool(_stays) and _kept is nursery
    if is_wanted:
        keep(fresh)
    else:
        fresh.close()


def _leave(nursery: Nursery) -> None:
    """Note that a load or run no longer works with a nursery; the last one closes it when it is kept no more."""
    with _lock:
        _users[nursery] -= 1
        is_used = _users[nursery] > 0
        if not is_used:
            del _users[nursery]
        is_kept = nursery is _kept
    if not (is_used or is_kept):
        nursery.close()


def _prepare() -> None:
    """Have a child of the kept nursery wait for the next load, while a watch goes on."""
    global _spare
    with _lock:
        nursery = _kept if _stays else None
        if nursery is None or (_spare is not None and _spare.nursery is nursery):
            return
        before, _spare = _spare, None
        with suppress(PluginError):  # the forkserver is gone; the next load will tell
            _spare = Spare(nursery)
    if before is not None:
        before.close()


def _take_spare(nursery: Nursery) -> Spare | None:
    global _spare
    with _lock:
        spare, _spare = _spare, None
    if spare is None or (spare.nursery is nursery and spare.child.look() is None):
        return spare
    spare.close()
    return None


def _serves(nursery: Nursery, packages: Iterable[str]) -> bool:
    """Tell whether a nursery lives and has imported these; more than these does no harm."""
    return set(packages) <= set(nursery.preload) and nursery.is_alive()


def _modules(target: Target) -> tuple[str, ...]:
    """Return the third-party packages a target's files import, with the modules in them that they name.

    `sklearn.linear_model` and `matplotlib.pyplot` take 0.8 s, which each load and each worker would pay.
    """
    reached = reached_by(target)
    packages = set(reached.packages)
    found = set(packages)
    for file in reached.files:
        text = read_source(file) if file.endswith(".py") else None
        for each in imports_of(parse(text, file)) if text is not None else ():
            if not each.level and each.module.partition(".")[0] in packages:
                found.add(each.module)
    return tuple(sorted(found))


def _packages(target: Target) -> tuple[str, ...]:
    """Return the third-party packages a target's files import, read from their source; nothing is run."""
    return tuple(sorted(reached_by(target).packages))
