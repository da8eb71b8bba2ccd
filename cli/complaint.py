"""How errors reach the person: one message on stderr, what and where, then what to do; and with `--json` a document."""

from __future__ import annotations

import os
from functools import partial

from ..core.errors import GraftError, InvalidError, nearest
from ..core.place import seen_from
from .printer import put_document, remark
from .text import clean

_PLAINER = {
    "Got unexpected extra argument(s)": "Too many words:",
    "a valid int range": "a whole number",
    "a valid integer range": "a whole number",
    "a valid integer": "a whole number",
    "a valid int": "a whole number",
    "is not in the range x>=": "must be at least ",
}
"""What typer says -> what a person understands."""


def complain(error: GraftError, *, is_json: bool, is_verbose: bool) -> int:
    """Report an error of ours and return its exit code."""
    error.rename_files(partial(seen_from, here()))
    if is_json:
        from ..core.document import error_document  # brings the records of runs: 25 ms that `--help` saves

        put_document(error_document(error))
    if is_verbose:
        import traceback  # with `textwrap` 3 ms, of which a command that works has no use

        traceback.print_exception(error)
    remark(f"graft: {clean(str(error), keep_lines=True)}")
    if error.hint:
        from textwrap import indent  # as above

        remark(indent(clean(error.hint, keep_lines=True), "  "))
    return error.exit_code


def complain_of_bug(error: Exception, *, is_json: bool, is_verbose: bool) -> int:
    """Report an error that nobody foresaw and return its exit code, 4."""
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        told = GraftError(f"{error.strerror or error}{where}", "run again with -v for the traceback")
    else:
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        told = GraftError(f"unexpected {what}", "this is a fault of graftline; -v shows the traceback to report")
    told.__cause__ = error
    return complain(told, is_json=is_json, is_verbose=is_verbose)


def usage_error(problem: Exception) -> GraftError:
    """Return what typer says of wrong options in our words, with the nearest option there is."""
    context = getattr(problem, "ctx", None)
    command = context.command_path if context is not None else "graft"
    hint = f"{command} --help shows what it takes"
    option = getattr(problem, "option_name", None)
    if option is not None and type(problem).__name__ == "NoSuchOption" and context is not None:
        known = [name for parameter in context.command.params for name in parameter.opts if name.startswith("--")]
        return InvalidError(f"{command!r} has no option {option!r}{nearest(option, known)}", hint)
    text = problem.format_message() if hasattr(problem, "format_message") else str(problem)
    for theirs, ours in _PLAINER.items():
        text = text.replace(theirs, ours)
    return InvalidError(f"{text[:1].lower()}{text[1:]}".rstrip("."), hint)


def here() -> str:
    """Return the directory the person stands in: where files are named from."""
    try:
        return os.getcwd()
    except OSError:
        return "/"  # it was removed
