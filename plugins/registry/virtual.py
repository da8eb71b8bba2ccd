"""A registry for trying things out: it is gone when the process that made it ends."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from typing import Any, ClassVar

from .filesystem import FilesystemRegistry


class VirtualRegistry(FilesystemRegistry):
    """A registry in a directory that is deleted at the end.

    Other processes may use it by its `location` while it is there; they do not delete it.
    """

    name: ClassVar[str] = "virtual"

    def __init__(self, location: str | None = None, **options: Any):
        """Make one; with `location`, use the one that another process made."""
        made = location is None
        super().__init__(location or tempfile.mkdtemp(prefix="graftline-registry-"), **options)
        self._delete = weakref.finalize(self, shutil.rmtree, self._directory.root, True) if made else None

    def close(self) -> None:
        """Delete it, if it was made here."""
        if self._delete is not None:
            self._delete()
