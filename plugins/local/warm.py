"""One warm nursery kept between loading a pipeline and running it, so that packages are imported once.

A project with pandas and scikit-learn spends 1.5 s on imports; the loader's forkserver has done them already when the
run's workers are forked from it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from ...core.ports import Loaded, LoadRequest
from ...core.runs import Target
from ...worker.reaching import reached_by
from .loader import LocalLoader
from .nursery import Nursery

_lock = threading.Lock()
_kept: Nursery | None = None


def keep(nursery: Nursery) -> None:
    """Keep a nursery for the next run; one kept before is closed."""
    global _kept
    with _lock:
        before, _kept = _kept, nursery
    if before is not None and before is not nursery:
        before.close()


def take(packages: Iterable[str]) -> Nursery | None:
    """Return the kept nursery when it lives and has imported these packages; it is the caller's then."""
    global _kept
    with _lock:
        nursery, _kept = _kept, None
    if nursery is None:
        return None
    if nursery.is_alive() and set(packages) == set(nursery.preload):
        return nursery
    nursery.close()
    return None


class WarmLoader:
    """Implements `Loader`: starts a nursery with the packages a target imports, loads in it, and keeps it."""

    def load(self, request: LoadRequest) -> Loaded:
        """Compile a target; see `LocalLoader.load`."""
        packages = _packages(request.target)
        nursery = take(packages) or Nursery(preload=packages)
        try:
            loaded = LocalLoader(nursery).load(request)
        except BaseException:
            nursery.close()
            raise
        keep(nursery)
        return loaded


def _packages(target: Target) -> tuple[str, ...]:
    """Return the third-party packages a target's files import, read from their source; nothing is run."""
    return tuple(sorted(reached_by(target).packages))
