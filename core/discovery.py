"""Plugins by entry point: their names without importing them, and loading exactly one."""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module

from .errors import InvalidError, PluginError, nearest
from .named import NamedTuple


class Plugin(NamedTuple):
    """An entry point that is installed."""

    group: str
    """`graftline.runners`, `graftline.serializers`, ..."""
    name: str
    value: str
    """`module:attribute`."""
    distribution: str
    """Name of the package that brings it; empty when it does not say."""

    @property
    def kind(self) -> str:
        """What it is, as one word: `runner`, `registry`."""
        return kind_of(self.group)


def kind_of(group: str) -> str:
    """Return the word for one plugin of a group: `registry` for `graftline.registries`."""
    plural = group.rpartition(".")[2]
    return f"{plural[:-3]}y" if plural.endswith("ies") else plural.removesuffix("s")


def plugins(group: str) -> list[Plugin]:
    """Return the plugins of a group by name, without importing any of them."""
    from importlib.metadata import entry_points  # costs 15 ms, and most commands need no plugin

    found = (
        Plugin(group, each.name, each.value, each.dist.name if each.dist is not None else "")
        for each in entry_points(group=group)
    )
    return sorted(found, key=lambda plugin: plugin.name)


def version_of(distribution: str) -> str:
    """Return the version of an installed package; empty when there is none."""
    from importlib.metadata import PackageNotFoundError, version  # as above

    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def load(group: str, name: str, also: Collection[str] = ()) -> object:
    """Import one plugin, by its name or as `module:attribute`.

    Args:
        group: of entry points.
        name: of the plugin.
        also: further names a person may have meant, for the message.

    Raises:
        InvalidError: no plugin of the group has this name; the known ones are listed.
        PluginError: it is there and cannot be imported.
    """
    if ":" in name:
        return _import(Plugin(group, name, name, ""))
    known = plugins(group)
    for plugin in known:
        if plugin.name == name:
            return _import(plugin)
    names = sorted({*also, *(plugin.name for plugin in known)})
    kind = kind_of(group)
    listed = f"known are {', '.join(names)}" if names else f"no {kind} is installed"
    raise InvalidError(f"there is no {kind} '{name}'{nearest(name, names)}", f"{listed}; or write module:Class")


def _import(plugin: Plugin) -> object:
    module, _, attribute = plugin.value.partition(":")
    try:
        found: object = import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except Exception as error:  # a plugin may raise anything when imported
        brought = f" of the package '{plugin.distribution}'" if plugin.distribution else ""
        text = f"the plugin '{plugin.name}'{brought} ({plugin.value}) does not load: {type(error).__name__}: {error}"
        raise PluginError(text, "install what it needs, or remove it from the configuration") from error
    return found
