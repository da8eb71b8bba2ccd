"""A registry of somebody else, and what is none."""

from __future__ import annotations

from typing import ClassVar

from graftline.plugins.registry.filesystem import FilesystemRegistry


class MyRegistry(FilesystemRegistry):
    """One with a name of its own."""

    name: ClassVar[str] = "mine"


class NoRegistry:
    """Something else."""
