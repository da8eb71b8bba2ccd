"""`graft backup`: a copy of the store while runs go on."""

from __future__ import annotations

import sys
import time
from typing import Annotated

from ...core.document import SCHEMA
from ...core.errors import CheckError
from ...core.quantities import size_text
from .. import context
from ..declaring import Argument
from ..options import Options
from ..printer import put, put_document, remark
from ..text import clean, plural

_EVERY_S = 1.0
"""Seconds between two words of how far it is."""


def backup(
    options: Options,
    *,
    directory: Annotated[str, Argument(metavar="DIR", help="Where to; nothing may be there yet.")],
) -> int:
    """Copy the store to a directory, while runs go on. The copy is a store itself: --store DIR opens it."""
    copied = context.back_up(options, directory, _Progress(is_on=sys.stderr.isatty() and not options.is_json))
    if options.is_json:
        document = {"runs": copied.runs, "objects": copied.objects, "bytes": copied.size, "damaged": copied.damaged}
        put_document({"schema": SCHEMA, "directory": directory, **document})
    else:
        put(f"{clean(directory)} holds {plural(copied.runs, 'run')} and {plural(copied.objects, 'object')},")
        put(f"  {size_text(copied.size)}, every byte of it verified")
        for sha256 in copied.damaged:
            remark(
                f"  the store has not {sha256[:12]} as it was written: it is not in the copy ('graft doctor' says more)"
            )
    return CheckError.exit_code if copied.damaged else 0


class _Progress:
    """Says now and then how far it is."""

    def __init__(self, *, is_on: bool):
        self._is_on = is_on
        self._next = time.monotonic() + _EVERY_S

    def __call__(self, done: int, total: int) -> None:
        if self._is_on and time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY_S
            remark(f"copied {size_text(done)} of {size_text(total)}")
