"""Values fixed at compile time: as JSON where JSON can hold them, else pickled by value."""

from __future__ import annotations

import hashlib
from math import isfinite
from typing import TypeGuard

from .artifacts import ArtifactRef
from .errors import InvalidError
from .given import Value
from .graph import Json
from .ports import Workshop
from .supply import Blob, Constant, Stored


class Constants:
    """Casts values and keeps the bytes of those that JSON cannot hold."""

    def __init__(self, workshop: Workshop):
        self._workshop = workshop
        self._known: dict[tuple[object, ...], Constant | Blob | Stored] = {}
        self.blobs: dict[str, bytes] = {}
        """sha256 -> bytes."""

    def keep(self, data: bytes) -> str:
        """Keep bytes as a blob and return their sha256."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.blobs[sha256] = data
        return sha256

    def given(self, found: Value, annotation: object) -> Constant | Blob | Stored:
        """Return a run parameter as an argument, cast; ten thousand steps that take one parameter cast it once.

        Raises:
            InvalidError: it does not cast or cannot be pickled.
        """
        # Annotation and value are in the key by identity: they may not be hashable, and they outlive the compile. One
        # key has several values when pipelines inside others have params= of their own.
        key = (id(annotation), found.origin, found.key, id(found.value))
        if key not in self._known:
            self._known[key] = self.fixed(found.value, found.origin, annotation, is_text=found.is_text)
        return self._known[key]

    def fixed(
        self, value: object, origin: str, annotation: object, *, is_text: bool = False
    ) -> Constant | Blob | Stored:
        """Return a value as an argument, cast.

        Raises:
            InvalidError: it does not cast or cannot be pickled.
        """
        if isinstance(value, ArtifactRef):
            return Stored(value, origin)
        cast = self._workshop.cast(value, annotation, is_text=is_text)
        if is_json(cast):
            return Constant(cast, origin)
        for plain in self._plain_forms(value, cast, is_text):
            if is_json(plain) and self._casts_to(plain, annotation, cast):
                return Constant(plain, origin)
        return Blob(self.keep(self._workshop.pickle(cast)), origin)

    def _plain_forms(self, value: object, cast: object, is_text: bool) -> list[object]:
        forms = [value]
        if is_text:  # a path stays text, a record becomes the JSON object it was typed as
            from inspect import Parameter  # 4 ms, of commands that compile nothing

            forms.append(self._workshop.cast(value, Parameter.empty, is_text=True))
        if type(cast) is tuple:
            forms.append(list(cast))
        return forms

    def _casts_to(self, plain: object, annotation: object, wanted: object) -> bool:
        """Tell whether the worker, which casts what it gets, makes the same value of the plain form."""
        try:
            again = self._workshop.cast(plain, annotation, is_text=False)
            return type(again) is type(wanted) and bool(again == wanted)
        except InvalidError:
            return False
        except Exception:  # noqa: BLE001 - comparing is the user's code; arrays, say, have no single truth
            return False


def is_json(value: object) -> TypeGuard[Json]:
    """Tell whether JSON gives exactly this value back: plain types alone, and numbers that are finite."""
    kind = type(value)
    if value is None or kind is str or kind is bool or kind is int:
        return True
    if isinstance(value, float):
        return kind is float and isfinite(value)
    if isinstance(value, list):
        return kind is list and all(is_json(item) for item in value)
    if isinstance(value, dict):
        return kind is dict and all(type(key) is str and is_json(item) for key, item in value.items())
    return False
