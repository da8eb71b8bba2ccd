"""The arguments of an order become values: read from the store, cast and bound as the step takes them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from .bind import Binder
from .blobs import object_path, open_object, open_value
from .pickles import load_by_value
from .scalars import text_value
from .serializers import CannotSerialize, load

Value = tuple[Any, ...]
"""One value of an order; worker/messages.py says what its parts are."""


class Arguments:
    """Decodes the arguments of orders.

    Args:
        objects: absolute directory of object files.
    """

    __slots__ = ("_objects",)

    def __init__(self, objects: str) -> None:
        self._objects = objects

    def decode(self, binder: Binder | None, arguments: Sequence[Any], values: dict[str, Any]) -> None:
        """Put new values into `values` one by one, so that those are there that came before one that fails.

        Args:
            binder: of the function; None: values are taken as they are.
            arguments: (name, value) of an order.
            values: by name.

        Raises:
            CastError: one does not fit its parameter.
            StoreError: one is damaged or gone.
            BaseException: whatever unpickling raises.
        """
        for name, value in arguments:
            kind = value[0]
            if binder is None:
                values[name] = value[1] if kind == "t" else self.value(value)
            elif kind in ("c", "t"):
                values[name] = binder.constant(name, value[1], is_text=kind == "t")
            else:
                values[name] = binder.upstream(name, self.value(value))

    def value(self, value: Value) -> Any:
        """Return a new object for one value of an order."""
        match value:
            case ("c", constant):
                return constant
            case ("t", text):
                return text_value(text)
            case ("v", "json", data):
                return load("json", data)
            case ("v", serializer, data):
                return load(serializer, bytearray(data))  # so that an array over it can be written to
            case ("f", serializer, digest, size):
                return open_value(self._objects, serializer, digest, size)
            case ("b", digest):
                return load_by_value(self._object(digest))
            case ("l", items):
                return [self.value(item) for item in items]
        raise CannotSerialize(f"an argument of kind {value[0]!r} is not known to this worker")

    def _object(self, digest: str) -> memoryview:
        objects = self._objects
        return open_object(objects, digest, os.stat(object_path(objects, digest)).st_size)
