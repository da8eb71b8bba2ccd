"""A pipeline that a runner writes down instead of executing it: the file, what is said of it, the document."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ..core.document import SCHEMA
from ..core.errors import InvalidError
from ..core.quantities import size_text
from ..core.translating import Translating
from ..storeless import write_whole
from .options import Options
from .printer import put, put_document, remark
from .text import clean

if TYPE_CHECKING:
    from ..core.lifecycle import Prepared
    from ..core.requests import RunRequest
    from ..core.translating import Translation
    from ..core.workspace import Workspace


def check_stays(space: Workspace, options: Options, *, detach: bool) -> None:
    """Refuse to leave it to another process: there is nothing that goes on.

    Raises:
        InvalidError: a person wants that.
    """
    if detach:
        name = options.runner or space.parts.default_runner
        raise InvalidError(f"the runner '{clean(name)}' only writes pipelines down: nothing goes on", "leave -d out")


def translate(space: Workspace, options: Options, request: RunRequest, *, is_dry: bool) -> int:
    """Have a pipeline written down, or only shown; return the exit code."""
    return _hand_over(options, space, Translating(space.parts).run(request, is_dry=is_dry))


def translate_prepared(space: Workspace, options: Options, prepared: Prepared, *, is_dry: bool) -> int:
    """Do the same with what is trained, applied or evaluated."""
    return _hand_over(options, space, Translating(space.parts).prepared(prepared, is_dry=is_dry))


def _hand_over(options: Options, space: Workspace, found: Translation) -> int:
    is_binary = found.form in ("png", "pdf")
    if found.file is None and is_binary and sys.stdout.isatty() and not options.is_json:
        raise InvalidError(f"{found.form} is not for a terminal", "give the runner a path")
    found.lay_out()
    if found.file is not None:
        write_whole(found.data, found.file)
    if options.is_json:
        document = {
            "schema": SCHEMA,
            "runner": options.runner or space.parts.default_runner,
            "form": found.form,
            "file": found.file,
            "bytes": len(found.data),
            "notes": list(found.notes),
            **found.details,
        }
        put_document(document if found.file or is_binary else {**document, "text": found.data.decode()})
        return 0
    if found.file is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(found.data)
        sys.stdout.buffer.flush()
    else:
        put(f"wrote {clean(_shown(found.file))} ({size_text(len(found.data))}); nothing was executed")
    for note in found.notes:
        remark(clean(note))
    return 0


def _shown(file: str) -> str:
    """Return a path as it is shortest from where the person stands."""
    return min(file, os.path.relpath(file), key=len)
