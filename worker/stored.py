"""A stored artifact as a Python value, for code outside a worker: `RunResult.value`."""

from __future__ import annotations

from ..core.artifacts import ArtifactRef
from .blobs import open_value
from .recorded import install
from .serializers import load


def value_of(ref: ArtifactRef, objects: str) -> object:
    """Return the value an artifact holds; large arrays stay on disk, mapped copy-on-write.

    Raises:
        StoreError: the stored bytes are missing or damaged.
    """
    install(objects)  # the classes of a value may be those of a registered function
    if ref.inline is not None:
        return load(ref.serializer, bytearray(ref.inline))
    return open_value(objects, ref.serializer, ref.sha256, ref.size)
