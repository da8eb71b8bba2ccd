"""Import a user's module, and say in one line what went wrong in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import FrameType, ModuleType

from ..core.errors import GraftError, InvalidError, nearest
from ..core.pipeline import Pipeline, intercepting
from .userfiles import is_user_file
from .workplace import module_of


def import_file(file: str) -> ModuleType:
    """Import a Python file under the name workers import it by; its search path is in sys.path already.

    Raises:
        InvalidError: it does not import, at the user's line; or another module has its name.
    """
    _, name = module_of(file)
    if "." in os.path.basename(file).removesuffix(".py"):
        raise InvalidError("a file with a dot in its name cannot be imported", "rename it", file=file)
    module = import_name(name, file)
    found = getattr(module, "__file__", None)
    if found is None or not os.path.samefile(found, file):
        hint = "rename the file"
        raise InvalidError(f"importing '{name}' gives {found or 'a built-in module'}, not this file", hint, file=file)
    return module


def import_name(name: str, file: str | None = None) -> ModuleType:
    """Import a module by its dotted name.

    Args:
        name: Import name.
        file: The user's file that is behind it, for messages; None when it is found by name alone.

    Raises:
        InvalidError: it does not exist or does not import, at the user's line.
    """
    with user_code(file), intercepting(_forbid):
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            missing = error.name or ""
            if file is None and (name == missing or name.startswith(missing + ".")):
                known = [each.removesuffix(".py") for each in os.listdir(sys.path[0]) if each.endswith(".py")]
                raise InvalidError(f"there is no module '{missing}'{nearest(missing, known)}") from None
            raise


@contextmanager
def user_code(file: str | None = None) -> Iterator[None]:
    """Turn whatever the user's code raises inside into an InvalidError at the user's line, ours without a place too.

    Raises:
        InvalidError: with the exception's type and text; its traceback is not told.
    """
    try:
        yield
    except GraftError as error:
        if isinstance(error, InvalidError) and error.file is None:
            error.file, error.line = user_frame(error, None)
        raise
    except SyntaxError as error:
        where = error.filename or file
        raise InvalidError(f"{type(error).__name__}: {error.msg}", file=where, line=error.lineno) from error
    except SystemExit as error:
        place, line = user_frame(error, file)
        hint = 'put what runs under `if __name__ == "__main__":`'
        raise InvalidError(
            f"it ends the process when imported: sys.exit({error.code!r})", hint, file=place, line=line
        ) from error
    except Exception as error:
        place, line = user_frame(error, file)
        raise InvalidError(_text_of(error), _hint_of(error), file=place, line=line) from error


def user_frame(error: BaseException, file: str | None) -> tuple[str | None, int | None]:
    """Return the innermost line of the user's own code, or of the given file; libraries are where it surfaced."""
    import traceback  # for those whose code fails

    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if is_user_file(frame.f_code.co_filename)
    ]
    return frames[-1] if frames else (file, None)


def refuse_import_in_step() -> None:
    """Refuse to execute a pipeline while a step of another run imports the module that does it.

    Raises:
        InvalidError: that is so; each worker of the new run would import the module too, and start the next one.
    """
    if "GRAFT_RUN" not in os.environ:
        return
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") != "__main__":
            raise _executed_in_import(frame)
        frame = frame.f_back


def _forbid(pipeline: Pipeline, params: Mapping[str, object]) -> None:
    # Workers import the module too: each would run the pipeline again, for ever.
    frame = sys._getframe(1)
    while frame.f_back is not None and not is_user_file(frame.f_code.co_filename):
        frame = frame.f_back
    raise _executed_in_import(frame)


def _executed_in_import(frame: FrameType) -> InvalidError:
    hint = 'put it under `if __name__ == "__main__":` or in main()'
    text = "the file executes a pipeline when it is imported"
    return InvalidError(text, hint, file=frame.f_code.co_filename, line=frame.f_lineno)


def _text_of(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a broken __str__
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _hint_of(error: BaseException) -> str | None:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"install it for {sys.executable}, or look at the spelling"
    return None
