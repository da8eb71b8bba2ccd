"""Registries by name: `-P` and `[registry.NAME]`, those of plugins, and those that come with graftline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import discovery
from .errors import InvalidError, PluginError, nearest
from .named import NamedTuple

if TYPE_CHECKING:
    from .config import Settings
    from .registry import Registry

STORED = "sqlite"
"""The registry in the store: the default."""
BUNDLED_REGISTRIES = {
    "filesystem": "graftline.plugins.registry.filesystem:FilesystemRegistry",
    "virtual": "graftline.plugins.registry.virtual:VirtualRegistry",
}
"""What comes with graftline, as pyproject.toml registers it; why it is written here too: `core/runners.py`."""
_GROUP = "graftline.registries"


class RegistryChoice(NamedTuple):
    """A registry that was chosen, not opened yet."""

    place: str
    """What it is named by, in another process too: a name, or an absolute directory."""
    provider: type[Registry] | None
    """None: the one in a store."""
    location: str | None
    """Where it is, absolute; of one in a store the directory of that store. None: its default place."""
    options: Mapping[str, Any]


def is_directory(text: str) -> bool:
    """Tell whether the text is written as a directory (`./models`, `~/models`, `/srv/models`), not as a name."""
    return text in (".", "..", "~") or "/" in text


def choose_registry(settings: Settings, absolute: Callable[[str], str], text: str) -> RegistryChoice:
    """Return the registry of a name in the configuration, a directory, a provider's name or `module:Class`.

    Args:
        settings: the configuration in force.
        absolute: returns a directory of the configuration as an absolute path.
        text: what was asked for.

    Raises:
        InvalidError: no registry has that name, with the nearest.
        PluginError: it does not load, or is no registry.
    """
    if is_directory(text):
        place = absolute(text)
        return RegistryChoice(place, _provider(text, "filesystem"), place, {})
    tables = {name: table for name, table in settings.table("registry").items() if isinstance(table, dict)}
    options = dict(tables.get(text, {}))
    path = options.pop("path", None)
    provider = str(options.pop("provider", text))
    location = None if path is None else absolute(str(path))
    if provider == STORED:
        return RegistryChoice(text, None, location, options)
    if ":" not in provider and provider not in BUNDLED_REGISTRIES:
        _refuse_unknown(provider, list(tables))
    return RegistryChoice(text, _provider(text, provider), location, options)


def _refuse_unknown(provider: str, configured: list[str]) -> None:
    plugged = [each.name for each in discovery.plugins(_GROUP)]
    if provider in plugged:
        return
    known = sorted({*configured, STORED, *BUNDLED_REGISTRIES, *plugged})
    hint = f"there are {', '.join(known)}; a directory is written with a slash (./{provider}), a class as module:Class"
    raise InvalidError(f"there is no registry '{provider}'{nearest(provider, known)}", hint)


def _provider(text: str, provider: str) -> type[Registry]:
    from .registry import Registry

    found = discovery.load(_GROUP, BUNDLED_REGISTRIES.get(provider, provider))
    if not (isinstance(found, type) and issubclass(found, Registry)):
        raise PluginError(f"the registry '{text}' ({provider}) is no subclass of graftline.Registry")
    return found
