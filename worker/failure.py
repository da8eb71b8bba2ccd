"""Turn an exception of a step into a record that outlives the process: short, readable, without secrets.

Nothing a user's exception does (a broken `__str__`, `__reduce__`, `__cause__`) may break the report.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from ..core.errors import GraftError
from ..core.records import replace
from ..core.runs import Frame, StepError
from ..core.states import Reason
from .secrets import mask, mask_text
from .userfiles import OURS, is_user_file

if TYPE_CHECKING:
    from traceback import TracebackException

_CAP = 64 * 1024
"""Characters of a traceback and bytes of a pickled exception."""
_MAX_MESSAGE = 4096
_MAX_FRAMES = 50
_MAX_SHOWN = 80
_MAX_SHOWN_BITS = 256


class ReportedFailure(Exception):
    """A failure that was described where it happened: in another process of the step."""

    def __init__(self, error: StepError, reason: Reason) -> None:
        super().__init__(error.message)
        self.error = error
        self.reason = reason

    def described(self, inputs: Mapping[str, object], secrets: Mapping[str, str]) -> StepError:
        """Return the record, with the values the step was called with and without secrets."""
        error = self.error
        return replace(
            error,
            message=mask_text(error.message, secrets),
            traceback=mask_text(error.traceback, secrets),
            frames=tuple(_masked_frame(frame, secrets) for frame in error.frames),
            inputs={name: mask_text(describe_value(value), secrets) for name, value in inputs.items()},
            pickled=None if error.pickled is None or mask(error.pickled, secrets) != error.pickled else error.pickled,
        )


def describe_failure(problem: BaseException, inputs: Mapping[str, object], secrets: Mapping[str, str]) -> StepError:
    """Return the record of an exception. Never raises.

    Args:
        problem: what the step raised.
        inputs: the values it was called with, as far as they were made.
        secrets: name -> value; masked wherever they appear.
    """
    try:
        trace = _traceback(problem)
        frames = _frames(problem)
        return StepError(
            type=type_name(problem),
            message=mask_text(safe_message(problem), secrets),
            traceback=mask_text(_capped(trace), secrets),
            frames=tuple(_masked_frame(frame, secrets) for frame in frames),
            inputs={name: mask_text(describe_value(value), secrets) for name, value in inputs.items()},
            pickled=_pickled(problem, secrets),
        )
    except BaseException as second:  # noqa: BLE001  the exception's own code ran; the step must still be reported
        return StepError(type=type(problem).__name__, message=f"its report failed too: {type(second).__name__}")


def plain_error(kind: str, message: str, inputs: Mapping[str, object] | None = None) -> StepError:
    """Return the record of a failure that is no exception of the user's code (an exit code, a number of returns)."""
    described = {name: describe_value(value) for name, value in (inputs or {}).items()}
    return StepError(type=kind, message=message[:_MAX_MESSAGE], inputs=described)


def type_name(problem: BaseException) -> str:
    """Return the exception's qualified name, without `builtins.` or our own modules."""
    kind = type(problem)
    is_bare = kind.__module__ == "builtins" or kind.__module__.startswith("graftline.")
    return kind.__qualname__ if is_bare else f"{kind.__module__}.{kind.__qualname__}"


def safe_message(problem: BaseException) -> str:
    """Return `str()` of the exception, of our own with the line that says what to do; or what went wrong with that."""
    try:
        hint = problem.hint if isinstance(problem, GraftError) else None
        return f"{problem}\n{hint}"[:_MAX_MESSAGE] if hint else str(problem)[:_MAX_MESSAGE]
    except BaseException as second:  # noqa: BLE001  a `__str__` may raise SystemExit
        return f"<its __str__ raised {type(second).__name__}>"


def describe_value(value: object) -> str:
    """Return type, shape and size of a value; the value itself when it is short and simple. Runs no user code."""
    kind = type(value)
    if value is None:
        return "None"
    if kind is str and len(value) > _MAX_SHOWN:  # type: ignore[arg-type]
        return f"str of {len(value)} characters"  # type: ignore[arg-type]
    if kind is int and value.bit_length() > _MAX_SHOWN_BITS:  # type: ignore[attr-defined]
        return f"int of {value.bit_length()} bits"  # type: ignore[attr-defined]
    if kind in (bool, int, float, str):
        return f"{kind.__name__} {value!r}"
    if kind in (list, tuple, dict, set, frozenset, bytes, bytearray):
        return f"{kind.__name__} of {len(value)}"  # type: ignore[arg-type]
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    library = kind.__module__.partition(".")[0]
    if library not in ("numpy", "pandas", "polars", "pyarrow", "scipy", "torch"):
        return name
    shape = getattr(value, "shape", None)
    dtype = getattr(value, "dtype", None)
    size = getattr(value, "nbytes", None)
    words = [name, str(dtype) if dtype is not None else "", str(tuple(shape)) if shape is not None else ""]
    return " ".join(filter(None, words)) + (f", {size} bytes" if isinstance(size, int) else "")


def _traceback(problem: BaseException) -> str:
    import traceback  # 1.5 ms, for those that fail

    report = traceback.TracebackException.from_exception(problem, compact=True)
    _trim(report, set())
    return "".join(report.format())


def _trim(report: TracebackException, seen: set[int]) -> None:
    """Drop the outermost frames that are not the user's, in the exception and all it is chained to."""
    if id(report) in seen:
        return
    seen.add(id(report))
    stack = report.stack
    first = next((index for index, frame in enumerate(stack) if is_user_file(frame.filename)), None)
    kept = stack[first:] if first is not None else [f for f in stack if not f.filename.startswith((*OURS, "<frozen "))]
    report.stack = type(stack).from_list(kept)
    for other in (report.__cause__, report.__context__, *(getattr(report, "exceptions", None) or ())):
        if other is not None:
            _trim(other, seen)


def _frames(problem: BaseException) -> list[Frame]:
    if isinstance(problem, SyntaxError) and problem.filename and problem.lineno:
        # The line that matters is in no frame: it never ran.
        return [*_stack_frames(problem.__traceback__), _syntax_frame(problem)]
    return _stack_frames(problem.__traceback__)


def _stack_frames(trace: TracebackType | None) -> list[Frame]:
    import traceback

    found = [frame for frame in traceback.extract_tb(trace) if is_user_file(frame.filename)]
    if len(found) > _MAX_FRAMES:  # a recursion: both ends tell the story
        found = found[: _MAX_FRAMES // 2] + found[-_MAX_FRAMES // 2 :]
    return [Frame(file=f.filename, line=f.lineno or 0, function=f.name, code=(f.line or "").strip()) for f in found]


def _syntax_frame(problem: SyntaxError) -> Frame:
    text = (problem.text or "").strip()
    return Frame(file=str(problem.filename), line=problem.lineno or 0, function="<module>", code=text)


def _masked_frame(frame: Frame, secrets: Mapping[str, str]) -> Frame:
    if not secrets:
        return frame
    return Frame(file=frame.file, line=frame.line, function=frame.function, code=mask_text(frame.code, secrets))


def _capped(text: str) -> str:
    if len(text) <= _CAP:
        return text
    cut = len(text) - _CAP
    half = _CAP // 2 - 40
    return f"{text[:half]}\n... {cut} characters cut ...\n{text[-half:]}"


def _pickled(problem: BaseException, secrets: Mapping[str, str]) -> bytes | None:
    """Return the exception pickled if it comes back as the same type and holds no secret."""
    try:
        data = pickle.dumps(problem, protocol=5)
        if len(data) > _CAP or mask(data, secrets) != data or type(pickle.loads(data)) is not type(problem):
            return None
    except BaseException:  # noqa: BLE001  its `__reduce__` or `__init__` ran
        return None
    return data
