"""Registries of a workspace: each is opened when it is first asked for, once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ...core.registries import STORED, choose_registry, is_directory

if TYPE_CHECKING:
    from ...core.config import Settings
    from ...core.exchanging import Bundles
    from ...core.registries import RegistryChoice
    from ...core.registry import Registry


class Opening:
    """Opens registries. Any thread may ask.

    Args:
        choose: returns the registry of a name or directory; of None the one at hand.
        stored: opens the registry in a store, given its directory; None: in the store at hand.
        named: what the registry at hand is named by.
    """

    def __init__(
        self, choose: Callable[[str], RegistryChoice], stored: Callable[[str | None], Registry], named: str
    ) -> None:
        self._choose = choose
        self._stored = stored
        self._named = named
        self._open: dict[str, Registry] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, settings: Settings, root: str, stored: Callable[[str | None], Registry]) -> Opening:
        """Return what opens the registries of a configuration, whose directories are relative to the project root."""
        absolute = partial(_within, root)
        named = registry_named(settings.text("registry.default") or STORED, root)
        return cls(partial(choose_registry, settings, absolute), stored, named)

    def here(self) -> Registry:
        """Return the registry at hand; raises as `at`."""
        return self.at(None)

    def at(self, text: str | None) -> Registry:
        """Return any registry, by name or directory; of None the one at hand.

        Raises:
            InvalidError: there is none of that name, or the directory is no registry.
            PluginError: its provider does not load.
            StoreError: it cannot be opened.
        """
        choice = self._choose(text or self._named)
        with self._lock:
            if choice.place not in self._open:
                self._open[choice.place] = self._opened(choice)
            return self._open[choice.place]

    def place(self) -> str:
        """Return what another process finds the registry at hand by; nothing is opened or checked for it."""
        opened = self._open.get(self._named)
        # A virtual one is a directory by now; who asks by that does not delete it.
        return (opened.location if opened is not None and opened.name == "virtual" else None) or self._named

    def _opened(self, choice: RegistryChoice) -> Registry:
        if choice.provider is None:
            return self._stored(choice.location)
        return choice.provider(choice.location, **choice.options)


def registry_named(text: str, folder: str) -> str:
    """Return a registry as a person names it in a directory so that it means the same everywhere."""
    return _within(folder, text) if is_directory(text) else text


def _within(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder, os.path.expanduser(path)))


def zipped() -> Bundles:
    """Return registries as single files."""
    from .bundle import ZippedRegistries  # zip and temporary files, for two commands

    return ZippedRegistries()
