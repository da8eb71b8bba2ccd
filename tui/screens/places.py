"""Which screens there are beside a run's own, by name; each is imported when it is opened."""

from __future__ import annotations

from .page import Page


def screen_named(name: str, text: str = "") -> Page | None:
    """Return a new screen; None for the list of runs, which lies under all.

    Args:
        name: of a place that `g` leads to, or a command has.
        text: what it is about: the target of `new` and `watch`, the address of `registry`.
    """
    if name == "new":
        from ..wanted import Wanted
        from .newrun import NewRun

        return NewRun(Wanted(target=text))
    if name == "watch":
        from .watch import WatchPane

        return WatchPane(text)
    if name == "events":
        from .happened import Happened

        return Happened()
    if name == "functions":
        from .functions import FunctionsScreen

        return FunctionsScreen()
    if name == "workers":
        from .workers import WorkersScreen

        return WorkersScreen()
    if name == "registry":
        from .registry import RegistryScreen

        return RegistryScreen(text)
    if name == "schedules":
        from .schedules import Schedules

        return Schedules()
    return None
